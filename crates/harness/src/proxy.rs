//! A proxy in front of a server, and everything that can go wrong between the
//! two: the plug that is pulled, the answer that is lost, the error that S3 gives
//! on a bad day. The bot only ever knows the proxy's address; whoever wants to
//! see how things really are asks the server itself.
//!
//! Of HTTP/1 the proxy knows where a request begins and ends, so that a fault
//! hits the request that is meant. Anything else (Temporal's gRPC) is passed on
//! as it is, and can be cut.

mod http;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::http::{Found, refusal, request};

/// How long is waited for a request that meets a fault.
const PATIENCE: Duration = Duration::from_secs(20);

/// What goes wrong on the way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The plug is pulled: connections are cut, and new ones closed at once. It
    /// concerns all that goes through, not single requests.
    Cut,
    /// The request waits here until the fault is gone, then goes on.
    Hold,
    /// The request is taken and never answered; the server hears nothing of it.
    Swallow,
    /// The server does what it is asked, and its answer is lost with the connection.
    LoseAnswer,
    /// The answer is an error, in S3's words; the server hears nothing of it.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// S3's code, such as `SlowDown`.
        code: String,
        /// S3's explanation.
        message: String,
    },
}

impl Fault {
    /// S3 refuses with this status and code, and says nothing remarkable.
    pub fn refuse(status: u16, code: &str) -> Self {
        Self::Refuse { status, code: code.to_owned(), message: format!("{code}, says S3") }
    }
}

/// A fault that is in force.
#[derive(Clone)]
struct Rule {
    what: String,
    fault: Fault,
    /// How many requests it hits; any number if `None`.
    times: Option<usize>,
    /// How many it has hit.
    met: usize,
}

impl Rule {
    /// Whether the request with this first line is meant.
    fn means(&self, line: &str) -> bool {
        self.fault != Fault::Cut && self.what.split_whitespace().all(|word| line.contains(word))
    }
}

/// A running proxy. The clones are the same proxy; it ends with the last of them.
///
/// `what` names requests by words that all stand in their first line, such as
/// `PUT ?versioning`; no word at all names every request.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    _serving: Arc<JoinSet<()>>,
}

struct Shared {
    /// `host:port` of the server.
    server: String,
    rules: watch::Sender<Vec<Rule>>,
    /// How many requests met a fault.
    hit: watch::Sender<usize>,
}

impl Proxy {
    /// A proxy in front of `server`, which is a `host:port` or an `http://` URL of these.
    pub async fn start(server: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("a port for the proxy")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            server: server.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            rules: watch::Sender::new(Vec::new()),
            hit: watch::Sender::new(0),
        });
        let mut serving = JoinSet::new();
        serving.spawn(shared.clone().serve(listener));
        Ok(Self { port, shared, _serving: Arc::new(serving) })
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Everything that comes meets this fault, until it is healed.
    pub fn fail(&self, fault: Fault) {
        self.fail_each("", fault);
    }

    /// Each of these requests meets this fault, until it is healed.
    pub fn fail_each(&self, what: &str, fault: Fault) {
        self.add(what, fault, None);
    }

    /// The next so many of these requests meet this fault.
    pub fn fail_times(&self, what: &str, fault: Fault, times: usize) {
        self.add(what, fault, Some(times));
    }

    fn add(&self, what: &str, fault: Fault, times: Option<usize>) {
        let rule = Rule { what: what.to_owned(), fault, times, met: 0 };
        self.shared.rules.send_modify(|rules| rules.push(rule));
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.shared.rules.send_modify(Vec::clear);
    }

    /// Ends the faults of these requests, named as when they began.
    pub fn heal_each(&self, what: &str) {
        self.shared.rules.send_modify(|rules| rules.retain(|rule| rule.what != what));
    }

    /// From now on holds these requests.
    pub fn hold(&self, what: &str) {
        self.fail_each(what, Fault::Hold);
    }

    /// Lets everything through that is held.
    pub fn open(&self) {
        self.shared.rules.send_modify(|rules| rules.retain(|rule| rule.fault != Fault::Hold));
    }

    /// How many of these requests (or connections, where the plug is pulled) have
    /// met their fault, named as when it began.
    pub fn met(&self, what: &str) -> usize {
        self.shared.rules.borrow().iter().filter(|rule| rule.what == what).map(|rule| rule.met).sum()
    }

    /// The same for all faults.
    pub fn held_so_far(&self) -> usize {
        *self.shared.hit.borrow()
    }

    /// Waits until one more request has met a fault than `before`.
    pub async fn wait_for_one(&self, before: usize) -> anyhow::Result<()> {
        let mut hit = self.shared.hit.subscribe();
        timeout(PATIENCE, hit.wait_for(|count| *count > before)).await.context("no request met the fault")??;
        Ok(())
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            while connections.try_join_next().is_some() {}
            connections.spawn(self.clone().pass_unless_cut(client));
        }
    }

    async fn pass_unless_cut(self: Arc<Self>, client: TcpStream) {
        let mut rules = self.rules.subscribe();
        let cut = async { drop(rules.wait_for(|rules| rules.iter().any(|rule| rule.fault == Fault::Cut)).await) };
        tokio::select! {
            biased;
            () = cut => drop(self.meet(|rule| rule.fault == Fault::Cut)),
            _ = self.pass(client) => {}
        }
    }

    /// Passes one connection on, until either side closes it.
    async fn pass(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut server = TcpStream::connect(&self.server).await?;
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        let mut lose_answer = false;
        loop {
            tokio::select! {
                size = client.read_buf(&mut asked) => if size? == 0 { return Ok(()) },
                size = server.read_buf(&mut answered) => {
                    if size? == 0 || lose_answer {
                        return Ok(());
                    }
                    client.write_all(&answered).await?;
                    answered.clear();
                }
            }
            loop {
                let (line, length) = match request(&asked) {
                    Found::Request { line, length } if length <= asked.len() => (line, length),
                    Found::Request { .. } | Found::Begun => break,
                    Found::Foreign => {
                        server.write_all(&asked).await?;
                        copy_bidirectional(&mut client, &mut server).await?;
                        return Ok(());
                    }
                };
                match self.meet(|rule| rule.means(&line)) {
                    None => {}
                    Some(Fault::Hold) => self.hold(&line, &mut client, &mut asked).await?,
                    Some(Fault::LoseAnswer) => lose_answer = true,
                    Some(Fault::Refuse { status, code, message }) => {
                        client.write_all(refusal(status, &code, &message).as_bytes()).await?;
                        asked.drain(..length);
                        continue;
                    }
                    Some(Fault::Swallow | Fault::Cut) => {
                        asked.drain(..length);
                        continue;
                    }
                }
                server.write_all(&asked[..length]).await?;
                asked.drain(..length);
            }
        }
    }

    /// The first fault of this kind that is in force, and one more that met it.
    fn meet(&self, which: impl Fn(&Rule) -> bool) -> Option<Fault> {
        let mut met = None;
        self.rules.send_if_modified(|rules| {
            let in_force = |rule: &&mut Rule| rule.times.is_none_or(|times| rule.met < times) && which(rule);
            if let Some(rule) = rules.iter_mut().find(in_force) {
                rule.met += 1;
                met = Some(rule.fault.clone());
            }
            false // nobody waits for a count
        });
        if met.is_some() {
            self.hit.send_modify(|count| *count += 1);
        }
        met
    }

    /// Waits until nothing holds the request any more; an error if its client is
    /// gone by then.
    async fn hold(&self, line: &str, client: &mut TcpStream, asked: &mut Vec<u8>) -> std::io::Result<()> {
        let mut rules = self.rules.subscribe();
        let released = rules.wait_for(|rules| !rules.iter().any(|rule| rule.fault == Fault::Hold && rule.means(line)));
        let mut released = std::pin::pin!(released);
        loop {
            tokio::select! {
                _ = &mut released => return Ok(()),
                size = client.read_buf(asked) => if size? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                },
            }
        }
    }
}
