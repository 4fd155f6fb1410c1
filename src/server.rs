//! Connections: how many at once, and how long a client may take to say what it
//! wants. A client that sends nothing, or never ends, is let go of.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// The pause after the system refused to hand out a connection, as it does when
/// it is out of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// What clients may take of the process.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once. More of them wait in the system's queue.
    pub connections: usize,
    /// How long a connection may go without the whole head of a request.
    pub head_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        // Proxies keep idle connections for a minute, and should be the ones who
        // close them: else they send a request into a closed one.
        Self { connections: 512, head_within: Duration::from_secs(75) }
    }
}

/// Serves `router` until `stopping` says true, and then what is under way.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, mut stopping: watch::Receiver<bool>) {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(bounds.head_within);
    let room = Arc::new(Semaphore::new(bounds.connections));
    let under_way = GracefulShutdown::new();
    let accept = async || {
        let place = room.clone().acquire_owned().await;
        (place, listener.accept().await)
    };
    loop {
        let (place, accepted) = tokio::select! {
            accepted = accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // An answer is sent at once, not held until the one before is acknowledged.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
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

    #[tokio::test]
    async fn connections_beyond_the_bound_wait_for_their_turn() {
        let bounds = Bounds { connections: 2, ..Bounds::default() };
        let (address, _stop, _server) = started(bounds).await;
        let mut served = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream).await;
            answered(&mut stream).await;
            served.push(stream);
        }
        let mut waiting = TcpStream::connect(address).await.unwrap();
        ask(&mut waiting).await;
        // The two before are answered again; the third has its turn when one of them leaves.
        for stream in &mut served {
            ask(stream).await;
            answered(stream).await;
        }
        let mut byte = [0];
        let early = waiting.try_read(&mut byte);
        assert!(early.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "served beyond the bound");
        served.pop();
        answered(&mut waiting).await;
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
