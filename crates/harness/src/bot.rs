//! A process of the bot: the real program, on a port of its own.

use std::time::Duration;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::backends::child::Child;
use crate::ports::Port;

/// How long the bot gets to be ready, and to end.
const READY_WITHIN: Duration = Duration::from_secs(30);
const END_WITHIN: Duration = Duration::from_secs(15);
/// How often readiness is asked for.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A running bot. Dropped, it is ended.
pub struct Bot {
    process: Child,
    port: u16,
    /// Held as long as the bot runs, unless somebody else does.
    _held: Option<Port>,
}

impl Bot {
    /// Starts `command`, which serves on `port`, without waiting for anything.
    pub(crate) fn launch(command: &mut Command, port: u16) -> anyhow::Result<Self> {
        let process = Child::spawn(command).context("the bot cannot be started")?;
        Ok(Self { process, port, _held: None })
    }

    /// The same, on a port that is this bot's alone.
    pub(crate) fn launch_alone(command: &mut Command, port: Port) -> anyhow::Result<Self> {
        let bot = Self::launch(command, port.number())?;
        Ok(Self { _held: Some(port), ..bot })
    }

    /// The address it serves on.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Waits until it says that it is ready.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        let mut last = String::new();
        while Instant::now() < deadline {
            if let Some(status) = self.process.ended()? {
                bail!("the bot ended while it started: {status}");
            }
            match get(&format!("{}/readyz", self.url())).await {
                Ok((200, _)) => return Ok(()),
                Ok((_, why)) => last = why,
                Err(error) => last = error.to_string(),
            }
            sleep(ASK_EVERY).await;
        }
        bail!("the bot is not ready: {last}")
    }

    /// Freezes it, as a machine that is moved or short of time does.
    pub async fn freeze(&mut self) -> anyhow::Result<()> {
        self.process.signal("STOP").await
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub async fn thaw(&mut self) -> anyhow::Result<()> {
        self.process.signal("CONT").await
    }

    /// Kills it with no warning.
    pub async fn kill(self) {
        self.process.kill().await;
    }

    /// Asks it to stop, and waits until it has: its exit code.
    pub async fn stop(mut self) -> anyhow::Result<Option<i32>> {
        // It may have ended by itself, which is what is wanted.
        let _ = self.process.signal("TERM").await;
        match timeout(END_WITHIN, self.process.wait()).await {
            Ok(status) => Ok(status?.code()),
            Err(_) => {
                self.process.kill().await;
                bail!("the bot did not stop within {END_WITHIN:?}")
            }
        }
    }
}

/// The address of a bot on this port.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A page over HTTP: its status and its text.
pub async fn get(url: &str) -> anyhow::Result<(u16, String)> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<axum::body::Bytes>>();
    let answer = timeout(END_WITHIN, client.get(url.parse()?)).await??;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
