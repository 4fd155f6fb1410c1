//! Many connections that want nothing: Slack and the probes get through all the same.

use std::time::Duration;

use harness::stack::get;
use slack_simulator::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{Web, plain};

const OPEN: &str = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"open\"\nname = \"Open\"\n";
/// More than the bot serves at once.
const CROWD: usize = 600;
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections that send this and stay.
async fn crowd(web: &Web, size: usize, sent: &str) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..size {
        let mut stream = TcpStream::connect(web.url.trim_start_matches("http://")).await.unwrap();
        // One that was let go of in the meantime is no longer there to take it.
        let _ = stream.write_all(sent.as_bytes()).await;
        crowd.push(stream);
    }
    crowd
}

async fn served(web: &Web, crowd: &str) {
    let ran = web.slack.person("U0REQUESTER").command("C0DEPLOYS01", "/provision", "").await;
    assert_eq!(ran.error, None, "{crowd}: Slack gets its answer in time");
    ran.modal.unwrap_or_else(|| panic!("{crowd}: no form")).close().await.unwrap();
    let health = timeout(PATIENCE, get(&format!("{}/healthz", web.url))).await.expect("an answer");
    assert_eq!(health.unwrap().0, 200, "{crowd}");
}

#[test]
fn silent_connections_shut_nobody_out() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let fresh = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let half_a_body = format!(
            "POST /slack/commands HTTP/1.1\r\nHost: bot\r\nContent-Length: 100\r\nX-Slack-Request-Timestamp: \
             {fresh}\r\nX-Slack-Signature: v0={}\r\n\r\ntext=",
            "5a".repeat(32)
        );
        for sent in ["", "POST /slack/comm", "GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n", &half_a_body] {
            let crowd = crowd(&web, CROWD, sent).await;
            served(&web, sent).await;
            drop(crowd);
        }
        // Of all kinds, and many more of them.
        let mut all = Vec::new();
        for sent in ["", "POST /slack/comm", &half_a_body] {
            all.extend(crowd(&web, 1_000, sent).await);
        }
        served(&web, "all of them").await;
        drop(all);
    });
}

#[test]
fn a_connection_that_is_used_outlives_a_crowd() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let ask = async |stream: &mut TcpStream| {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n").await.unwrap();
            let mut answer = [0; 12];
            timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer").unwrap();
            assert_eq!(&answer[9..], b"200");
            let mut rest = [0; 512];
            timeout(PATIENCE, stream.read(&mut rest)).await.expect("the rest").unwrap();
        };
        let mut kept = TcpStream::connect(web.url.trim_start_matches("http://")).await.unwrap();
        ask(&mut kept).await;
        let crowd = crowd(&web, CROWD, "").await;
        ask(&mut kept).await;
        drop(crowd);
    });
}

#[test]
fn a_crowd_that_asks_whether_it_is_ready_shuts_nobody_out() {
    plain(async || {
        let web = Web::start(OPEN).await;
        served(&web, "nobody else").await;
        // Slack hangs, so that nobody knows whether it takes the token.
        web.slack.fail_times("auth.test", Fault::Hang, 1_000);
        let asked = "GET /readyz HTTP/1.1\r\nHost: bot\r\n\r\n";
        let mut crowd = crowd(&web, CROWD, asked).await;
        served(&web, "while all of them are looked for").await;
        for stream in &mut crowd {
            let mut answer = [0; 12];
            // Some had to go; nobody waits for ever.
            if timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an end").is_ok() {
                assert_eq!(&answer[9..], b"503");
            }
        }
        let looks = web.slack.calls_of("auth.test").len();
        assert!(looks <= 20, "Slack was asked {looks} times for {CROWD}");
    });
}
