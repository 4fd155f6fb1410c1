//! The servers as they run: each is started, and waited for until it answers; a start
//! that lost its port to somebody else is tried again.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail};
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{Connection, ConnectionOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::child::{Child, Command, complaint};
use super::tools::{Program, Tools};
use crate::ports::Port;

/// Slow starts are the first ones: Python compiles moto, the dev server creates
/// its database, both from a cold disk.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Between two looks whether a server answers.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// One look.
const LOOK: Duration = Duration::from_secs(2);
/// The Temporal dev server chooses ports for its own parts, and whoever else looks for a
/// free one may take them before it listens: then it ends at once.
const STARTS: u32 = 5;
const START_AGAIN: Duration = Duration::from_millis(200);
/// The namespace that the dev server has from its beginning.
pub(crate) const NAMESPACE: &str = "default";

/// How the Temporal dev server is started.
#[derive(Clone, Debug, Default)]
pub struct TemporalOptions {
    /// With its web page.
    pub ui: bool,
    /// A file that keeps its state; without one the state dies with the process.
    pub db: Option<PathBuf>,
    /// The port to listen on; any free one if `None`.
    pub port: Option<u16>,
    /// The port of the web page; any free one if `None`.
    pub ui_port: Option<u16>,
    /// Settings of the server itself, as `KEY=VALUE` with the value in JSON.
    pub dynamic_config: Vec<String>,
}

/// A running Temporal dev server.
pub struct TemporalServer {
    server: Server,
    ui: Option<Place>,
}

impl TemporalServer {
    /// Starts one, and returns when it serves its namespace.
    pub async fn start(tools: &Tools, options: TemporalOptions) -> anyhow::Result<Self> {
        let place = Place::of(options.port)?;
        let ui = if options.ui { Some(Place::of(options.ui_port)?) } else { None };
        let mut args = words(&["server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn", "--port"]);
        args.push(place.number().to_string());
        match &ui {
            Some(ui) => args.extend(["--ui-port".to_owned(), ui.number().to_string()]),
            None => args.push("--headless".to_owned()),
        }
        if let Some(db) = &options.db {
            args.extend(["--db-filename".to_owned(), db.display().to_string()]);
        }
        for setting in &options.dynamic_config {
            args.extend(["--dynamic-config-value".to_owned(), setting.clone()]);
        }
        let command = Command::new("Temporal dev server", tools.temporal(), args);
        let mut this = Self { server: Server::new(command, place)?, ui };
        this.start_again().await?;
        Ok(this)
    }

    /// Starts the test server, whose time can be skipped. It is given by
    /// [`Tools::time_skipping_server`], has no web page and forgets everything.
    pub async fn start_time_skipping(program: &Program) -> anyhow::Result<Self> {
        let place = Place::of(None)?;
        let command = Command::new("Temporal test server", program, vec![place.number().to_string()]);
        let mut this = Self { server: Server::new(command, place)?, ui: None };
        this.start_again().await?;
        Ok(this)
    }

    /// `host:port`, as `TEMPORAL_ADDRESS` wants it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.place.number())
    }

    /// The address of its web page, if it has one.
    pub fn ui_url(&self) -> Option<String> {
        self.ui.as_ref().map(|place| format!("http://127.0.0.1:{}", place.number()))
    }

    /// Starts it again on the same ports, after [`stop`](Self::stop) or [`kill`](Self::kill).
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let (port, ui_port) = (self.server.place.number(), self.ui.as_ref().map(Place::number));
        self.server
            .start(|| async move { temporal_answers(port).await && (ui_port.is_none() || listens(ui_port).await) })
            .await
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.server.kill().await;
    }

    /// Freezes it: it takes connections and answers nothing.
    pub async fn freeze(&mut self) -> anyhow::Result<()> {
        self.server.signal("STOP").await
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub async fn thaw(&mut self) -> anyhow::Result<()> {
        self.server.signal("CONT").await
    }
}

/// A running S3 server. Its buckets live in its memory: they die with it.
pub struct S3Server {
    server: Server,
}

impl S3Server {
    /// Starts one, and returns when it answers.
    pub async fn start(tools: &Tools) -> anyhow::Result<Self> {
        let place = Place::of(None)?;
        let mut args = words(&["-H", "127.0.0.1", "-p"]);
        args.push(place.number().to_string());
        // As at Amazon's: another account's buckets are out of reach.
        let command = Command::new("S3 server (moto)", tools.moto_server(), args)
            .env("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false");
        let mut this = Self { server: Server::new(command, place)? };
        this.start_again().await?;
        Ok(this)
    }

    /// Its address, as `AWS_ENDPOINT_URL` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.place.number())
    }

    /// Starts it again on the same port, empty.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let port = self.server.place.number();
        self.server.start(|| async move { http_answers(port, "/moto-api/").await }).await
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) {
        self.server.kill().await;
    }

    /// Freezes it: it takes connections and answers nothing.
    pub async fn freeze(&mut self) -> anyhow::Result<()> {
        self.server.signal("STOP").await
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub async fn thaw(&mut self) -> anyhow::Result<()> {
        self.server.signal("CONT").await
    }
}

/// A running CloudFormation server, with the services that stacks are made of. Everything lives
/// in its memory.
pub struct CloudFormationServer {
    server: Server,
}

impl CloudFormationServer {
    /// Starts one, given by [`Tools::cloudformation_server`], and returns when it answers.
    pub async fn start(program: &Program) -> anyhow::Result<Self> {
        let place = Place::of(None)?;
        let command = Command::new("CloudFormation server (ministack)", program, Vec::new())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", &place.number().to_string());
        let mut this = Self { server: Server::new(command, place)? };
        this.start_again().await?;
        Ok(this)
    }

    /// Its address, as `AWS_ENDPOINT_URL` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.place.number())
    }

    /// Starts it again on the same port, empty.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let port = self.server.place.number();
        self.server.start(|| async move { http_answers(port, "/_ministack/health").await }).await
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }
}

/// What the servers have in common: a command, its log, and the child if it runs.
struct Server {
    command: Command,
    place: Place,
    dir: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    fn new(command: Command, place: Place) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("provision-bot-").tempdir().context("a folder for the log")?;
        Ok(Self { command, place, dir, child: None })
    }

    async fn start<F: Future<Output = bool>>(&mut self, answers: impl Fn() -> F) -> anyhow::Result<()> {
        self.stop().await;
        let (name, port) = (self.command.name, self.place.number());
        if listens(Some(port)).await {
            bail!("the {name} cannot start: something else listens on port {port}");
        }
        let mut starts = 1;
        while let Err(said) = self.start_once(&answers).await? {
            if starts == STARTS || !is_about_a_port(&said.all) {
                bail!("the {name} ended at once ({}). It said:\n{}", said.status, said.complaint());
            }
            starts += 1;
            sleep(START_AGAIN).await;
        }
        Ok(())
    }

    /// The inner error: it ended at once.
    async fn start_once<F: Future<Output = bool>>(
        &mut self,
        answers: impl Fn() -> F,
    ) -> anyhow::Result<Result<(), LastWords>> {
        let mut child = Child::start(&self.command, &self.dir.path().join("log"))?;
        let deadline = Instant::now() + READY_WITHIN;
        while !timeout(LOOK, answers()).await.unwrap_or(false) {
            if let Some(status) = child.ended()? {
                return Ok(Err(LastWords { status, all: child.said() }));
            }
            if Instant::now() > deadline {
                let said = complaint(&child.said());
                child.kill().await;
                let (name, port) = (self.command.name, self.place.number());
                bail!("the {name} does not answer on port {port} after {READY_WITHIN:?}. It said:\n{said}");
            }
            sleep(LOOK_AGAIN).await;
        }
        self.child = Some(child);
        Ok(Ok(()))
    }

    async fn stop(&mut self) {
        if let Some(child) = self.child.take() {
            child.stop().await;
        }
    }

    async fn kill(&mut self) {
        if let Some(child) = self.child.take() {
            child.kill().await;
        }
    }

    async fn signal(&mut self, name: &str) -> anyhow::Result<()> {
        let child = self.child.as_mut().with_context(|| format!("the {} does not run", self.command.name))?;
        child.signal(name).await
    }
}

/// What is left of a program that ended.
struct LastWords {
    status: ExitStatus,
    all: String,
}

impl LastWords {
    fn complaint(&self) -> String {
        complaint(&self.all)
    }
}

/// Where a server listens: on a port that was given, or on one that is held.
enum Place {
    Given(u16),
    Held(Port),
}

impl Place {
    fn of(given: Option<u16>) -> io::Result<Self> {
        given.map_or_else(|| Port::take().map(Self::Held), |port| Ok(Self::Given(port)))
    }

    fn number(&self) -> u16 {
        match self {
            Self::Given(port) => *port,
            Self::Held(port) => port.number(),
        }
    }
}

/// Whether a program complains that somebody else has a port.
fn is_about_a_port(said: &str) -> bool {
    let said = said.to_lowercase();
    ["address already in use", "in use by another program", "failed to bind", "bind: "]
        .iter()
        .any(|words| said.contains(words))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

async fn listens(port: Option<u16>) -> bool {
    let Some(port) = port else { return false };
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.is_ok()
}

/// Whether a Temporal server serves its namespace there.
async fn temporal_answers(port: u16) -> bool {
    let Ok(url) = url::Url::parse(&format!("http://127.0.0.1:{port}")) else { return false };
    // Connecting retries within itself for seconds: not before somebody listens.
    if !listens(Some(port)).await {
        return false;
    }
    let Ok(connection) = Connection::connect(ConnectionOptions::new(url).build()).await else { return false };
    let request = DescribeNamespaceRequest { namespace: NAMESPACE.to_owned(), ..Default::default() };
    connection.workflow_service().describe_namespace(request.into_request()).await.is_ok()
}

/// Whether an HTTP server answers `path` with success there.
async fn http_answers(port: u16, path: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
        let mut answer = [0; 12]; // "HTTP/1.1 200"
        stream.read_exact(&mut answer).await?;
        io::Result::Ok(answer)
    };
    asked.await.is_ok_and(|answer| answer.starts_with(b"HTTP/1.") && answer.ends_with(b" 200"))
}
