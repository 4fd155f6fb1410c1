//! A gate in front of a server: requests go through, except those that are held
//! until the gate opens. So a test can stop a bot in the middle of a step.

use std::sync::{Arc, Mutex};

use provision_bot::demo::people::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// Where an HTTP request begins, the head comes in one piece of this size at most.
const PIECE: usize = 64 * 1024;

#[derive(Clone)]
pub struct Gate {
    port: u16,
    /// `host:port` of the server behind.
    target: Arc<Mutex<String>>,
    /// What is held: requests whose first line contains this.
    held: watch::Sender<Option<&'static str>>,
    /// How many requests have been held.
    waiting: watch::Sender<usize>,
}

impl Gate {
    /// An open gate; [`Gate::lead_to`] says where it leads.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate =
            Self { port, target: Arc::default(), held: watch::Sender::new(None), waiting: watch::Sender::new(0) };
        let serving = gate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serving.clone().pass(client));
            }
        });
        gate
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn lead_to(&self, url: &str) {
        *self.target.lock().unwrap() = url.trim_start_matches("http://").to_owned();
    }

    /// From now on holds the requests whose first line contains this, such as
    /// `?versioning`.
    pub fn hold(&self, what: &'static str) {
        self.held.send_replace(Some(what));
    }

    pub fn held_so_far(&self) -> usize {
        *self.waiting.borrow()
    }

    /// Waits until one more request is held than `before`.
    pub async fn wait_for_one(&self, before: usize) {
        let mut waiting = self.waiting.subscribe();
        let one = waiting.wait_for(|count| *count > before);
        timeout(PATIENCE, one).await.expect("a request to hold").unwrap();
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.held.send_replace(None);
    }

    async fn pass(self, mut client: TcpStream) {
        let target = self.target.lock().unwrap().clone();
        let Ok(mut server) = TcpStream::connect(target).await else { return };
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let there = async {
            let mut piece = vec![0; PIECE];
            loop {
                let Ok(size @ 1..) = from_client.read(&mut piece).await else { return };
                let line = piece[..size].split(|byte| *byte == b'\n').next().unwrap_or_default();
                let line = String::from_utf8_lossy(line).into_owned();
                let is_held = |what: &Option<&str>| what.is_some_and(|what| line.contains(what));
                let mut held = self.held.subscribe();
                if is_held(&held.borrow()) {
                    self.waiting.send_modify(|count| *count += 1);
                }
                let _ = held.wait_for(|what| !is_held(what)).await;
                if to_server.write_all(&piece[..size]).await.is_err() {
                    return;
                }
            }
        };
        // Whoever closes ends both directions.
        tokio::select! {
            () = there => {}
            _ = copy(&mut from_server, &mut to_client) => {}
        }
    }
}
