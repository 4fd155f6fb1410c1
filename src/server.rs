//! Connections: how many at once, how long a client may take to say what it wants,
//! and who gives way when there is no room. A client that sends nothing, or never
//! ends, is let go of; the sooner, the more others want its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

/// The pause after the system refused to hand out a connection, as it does when
/// it is out of file descriptors. One connection was asked to leave before.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long somebody asked to leave is waited for until somebody else is asked.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// What is held of a connection's input, in bytes, and the largest head of a
/// request. Slack's heads take one or two KiB, those that proxies add to some more.
const BUFFER_MAX: usize = 64 * 1024;

/// What clients may take of the process.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once. For one more, one that waits for its client is closed;
    /// when none does, it waits in the system's queue.
    pub connections: usize,
    /// How long a connection may go without the whole head of a request.
    pub head_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        // What is dialled and read needs files, too.
        let connections = files().map_or(512, |files| (files / 2).clamp(1, 512));
        // Proxies keep idle connections for a minute, and should be the ones who
        // close them: else they send a request into a closed one.
        Self { connections, head_within: Duration::from_secs(75) }
    }
}

/// How many files and connections the system lets this process have open, where it
/// tells, which Linux does.
fn files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What a connection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// The client has not said yet what it wants, or all of it, or nothing of weight.
    Asking,
    /// We work on what it wants.
    Answering,
    /// It was answered, and may ask again.
    Answered,
}

/// A connection's place among the others. What it is about is told here by whoever
/// knows: the server, and who reads a body.
#[derive(Clone)]
pub struct Seat(Arc<Place>);

struct Place {
    state: Mutex<State>,
    leave: Notify,
}

#[derive(Clone, Copy)]
struct State {
    doing: Doing,
    since: Instant,
    /// Asked to leave.
    leaving: bool,
}

impl Seat {
    fn new() -> Self {
        let state = State { doing: Doing::Asking, since: Instant::now(), leaving: false };
        Self(Arc::new(Place { state: Mutex::new(state), leave: Notify::new() }))
    }

    /// Who needs its place may have it: the client has to send the rest of its
    /// request, or is owed nothing that it could not ask for again.
    pub fn gives_way(&self) {
        self.is(Doing::Asking);
    }

    /// Everything is there to work with.
    pub fn works(&self) {
        self.is(Doing::Answering);
    }

    fn is(&self, doing: Doing) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.doing, state.since) = (doing, Instant::now());
    }

    fn state(&self) -> State {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until it is asked to leave while nobody works for it.
    async fn given_up(&self) {
        loop {
            self.0.leave.notified().await;
            if self.state().doing != Doing::Answering {
                return;
            }
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner).leaving = false;
        }
    }
}

/// All connections.
#[derive(Clone)]
struct Seats {
    room: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<u64, Seat>>>,
}

/// Leaves when it is dropped.
struct Seated {
    seats: Seats,
    number: u64,
    _place: OwnedSemaphorePermit,
}

impl Seats {
    fn new(connections: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(connections)), taken: Arc::default() }
    }

    /// Waits for a place, which somebody else may have to leave.
    async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = self.room.clone().try_acquire_owned() {
                return place;
            }
            self.ask_one_to_leave();
            if let Ok(Ok(place)) = timeout(ASK_AGAIN, self.room.clone().acquire_owned()).await {
                return place;
            }
        }
    }

    fn seat(&self, number: u64, place: OwnedSemaphorePermit) -> (Seat, Seated) {
        let seat = Seat::new();
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(number, seat.clone());
        (seat, Seated { seats: self.clone(), number, _place: place })
    }

    /// Who has kept us waiting for longest leaves. Those who have asked for something
    /// before stay as long as there are others: a proxy will ask again.
    fn ask_one_to_leave(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = taken.values().map(|seat| (seat.state(), seat));
        let waiting = waiting.filter(|(state, _)| state.doing != Doing::Answering && !state.leaving);
        if let Some((_, seat)) = waiting.min_by_key(|(state, _)| (state.doing == Doing::Answered, state.since)) {
            seat.0.state.lock().unwrap_or_else(PoisonError::into_inner).leaving = true;
            seat.0.leave.notify_one();
        }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// Serves `router` until `stopping` says true, and then what is under way.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, mut stopping: watch::Receiver<bool>) {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(bounds.head_within).max_buf_size(BUFFER_MAX);
    let seats = Seats::new(bounds.connections);
    let under_way = GracefulShutdown::new();
    let accept = async || match listener.accept().await {
        Ok((stream, _)) => Ok((stream, seats.place().await)),
        Err(error) => Err(error),
    };
    for number in 0.. {
        let accepted = tokio::select! {
            accepted = accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                seats.ask_one_to_leave();
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // An answer is sent at once, not held until the one before is acknowledged.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        let (seat, seated) = seats.seat(number, place);
        let (router, its_seat) = (TowerToHyperService::new(router.clone()), seat.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let seat = its_seat.clone();
            request.extensions_mut().insert(seat.clone());
            seat.is(Doing::Answering);
            let answer = router.call(request);
            async move {
                let answer = answer.await;
                seat.is(Doing::Answered);
                answer
            }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            let _seated = seated;
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                }
                () = seat.given_up() => tracing::debug!("a connection gave way to another"),
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    /// Longer than anything here should take.
    const PATIENCE: Duration = Duration::from_secs(30);

    async fn started(bounds: Bounds) -> (std::net::SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let router = Router::new().route("/", get(|| async { "hello" }));
        (address, stop, tokio::spawn(serve(listener, router, bounds, stopping)))
    }

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    }

    async fn answered(stream: &mut TcpStream) {
        let mut answer = vec![0; 512];
        let size = timeout(PATIENCE, stream.read(&mut answer)).await.expect("an answer").unwrap();
        let answer = String::from_utf8_lossy(&answer[..size]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn a_head_that_never_ends_ends_the_connection() {
        let bounds = Bounds { head_within: Duration::from_millis(300), ..Bounds::default() };
        let (address, _stop, _server) = started(bounds).await;
        for sent in ["", "GET", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let read = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
            assert!(read.is_ok(), "{sent:?}: still open");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await;
        answered(&mut stream).await;
    }

    /// Sends this, and nothing more.
    async fn stuck(address: std::net::SocketAddr, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream
    }

    async fn is_closed(stream: &mut TcpStream) {
        let closed = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        assert!(closed.is_ok(), "still open");
    }

    #[tokio::test]
    async fn who_says_nothing_gives_way_to_who_asks() {
        let bounds = Bounds { connections: 2, ..Bounds::default() };
        let (address, _stop, _server) = started(bounds).await;
        for sent in ["", "GET", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
            let mut kept = stuck(address, "").await;
            ask(&mut kept).await;
            answered(&mut kept).await;
            let mut crowd = Vec::new();
            for _ in 0..5 {
                crowd.push(stuck(address, sent).await);
            }
            let mut newcomer = TcpStream::connect(address).await.unwrap();
            ask(&mut newcomer).await;
            answered(&mut newcomer).await;
            // Only those who never asked had to go.
            for stream in &mut crowd {
                is_closed(stream).await;
            }
            ask(&mut kept).await;
            answered(&mut kept).await;
        }
    }

    #[tokio::test]
    async fn who_was_answered_longest_ago_gives_way_when_nobody_else_can() {
        let bounds = Bounds { connections: 2, ..Bounds::default() };
        let (address, _stop, _server) = started(bounds).await;
        let mut served = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream).await;
            answered(&mut stream).await;
            served.push(stream);
        }
        is_closed(&mut served[0]).await;
        for stream in &mut served[1..] {
            ask(stream).await;
            answered(stream).await;
        }
    }

    #[tokio::test]
    async fn nobody_gives_way_who_is_worked_for() {
        let (answer, hold) = watch::channel(false);
        let slow = async move || {
            let _ = hold.clone().wait_for(|now| *now).await;
            "hello"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_stop, stopping) = watch::channel(false);
        let bounds = Bounds { connections: 2, ..Bounds::default() };
        tokio::spawn(serve(listener, Router::new().route("/", get(slow)), bounds, stopping));
        let mut all = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream).await;
            all.push(stream);
        }
        tokio::time::sleep(ASK_AGAIN * 2).await;
        answer.send(true).unwrap();
        for stream in &mut all {
            answered(stream).await;
        }
    }

    #[tokio::test]
    async fn asked_to_stop_it_closes_what_is_idle() {
        let (address, stop, server) = started(Bounds::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await;
        answered(&mut stream).await;
        stop.send(true).unwrap();
        timeout(PATIENCE, server).await.expect("it stops").unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }
}
