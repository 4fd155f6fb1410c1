//! Bytes that are no request of Slack's, on every route: refused with a status, in
//! bounded memory, and the bot works on.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use provision_bot::doors::slack::http::BODY_MAX;
use sha2::Sha256;
use slack_simulator::deliveries::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::process::Process;
use crate::world::{Web, plain};

const OPEN: &str = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"open\"\nname = \"Open\"\n";
const FROM_SLACK: [&str; 4] = [COMMANDS, INTERACTIONS, OPTIONS, EVENTS];
/// Longer than any deadline of the bot's for a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// The headers of Slack's signature over these bytes.
fn signed(web: &Web, body: &[u8]) -> String {
    let now = now();
    let mut mac = Hmac::<Sha256>::new_from_slice(web.slack.signing_secret().as_bytes()).unwrap();
    mac.update(format!("v0:{now}:").as_bytes());
    mac.update(body);
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={signature}\r\n")
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// The headers of a signature that anybody may make up.
fn made_up() -> String {
    format!("X-Slack-Request-Timestamp: {}\r\nX-Slack-Signature: v0={}\r\n", now(), "5a".repeat(32))
}

async fn open(web: &Web) -> TcpStream {
    TcpStream::connect(web.url.trim_start_matches("http://")).await.unwrap()
}

/// Sends a head and a body as they are; the status of the answer.
async fn status(web: &Web, head: &str, body: &[u8]) -> u16 {
    let mut stream = open(web).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    // A body that is refused early need not be taken.
    let _ = stream.write_all(body).await;
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer in time").unwrap();
    String::from_utf8_lossy(&answer[9..]).parse().unwrap()
}

async fn request(web: &Web, method: &str, path: &str, headers: &str, body: &[u8]) -> u16 {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: bot\r\nContent-Length: {length}\r\n{headers}\r\n");
    status(web, &head, body).await
}

async fn still_works(web: &Web) {
    let ran = web.slack.person("U0REQUESTER").command("C0DEPLOYS01", "/provision", "").await;
    ran.modal.expect("the form").close().await.unwrap();
}

#[test]
fn bytes_that_make_no_sense_are_refused_on_every_route() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let deep = [b"payload=".as_slice(), &b"[".repeat(200_000)].concat();
        let deep_field = format!(
            "payload={{\"type\":\"x\",\"user\":{{\"id\":\"U1\"}},\"x\":{}1{}}}",
            "[".repeat(90_000),
            "]".repeat(90_000)
        );
        let bodies: [&[u8]; 9] = [
            b"",
            b"\xff\xfe\x00\xd8",
            b"payload=\xff\xfe",
            b"\0\0\0\0",
            b"payload=%7B%22type%22%3A%22block_actio",
            &deep,
            deep_field.as_bytes(),
            &b"&=".repeat(BODY_MAX / 2),
            &b"{\"type\":\"x\",".repeat(10_000),
        ];
        for body in bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            for path in FROM_SLACK {
                assert_eq!(request(&web, "POST", path, "", body).await, 401, "{path} {shown}");
                let status = request(&web, "POST", path, &signed(&web, body), body).await;
                // Something new that is only deep where nobody looks is let pass.
                let unread = body == deep_field.as_bytes() && [INTERACTIONS, OPTIONS].contains(&path);
                assert!(status == 400 || (unread && status == 200), "{path} {shown}: {status}");
                assert_eq!(request(&web, "GET", path, &signed(&web, body), body).await, 405, "{path} {shown}");
            }
            for path in ["/healthz", "/readyz", "/metrics"] {
                assert_eq!(request(&web, "POST", path, &signed(&web, body), body).await, 405, "{path} {shown}");
            }
            for path in ["/", "/slack", "/slack/commands/", "/%00", "/..%2f"] {
                assert_eq!(request(&web, "POST", path, &signed(&web, body), body).await, 404, "{path} {shown}");
            }
        }
        still_works(&web).await;
    });
}

#[test]
fn no_more_than_the_limit_is_read_whether_announced_or_not() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let whole = vec![b'a'; BODY_MAX];
        assert_eq!(request(&web, "POST", COMMANDS, &signed(&web, &whole), &whole).await, 400, "as much as may be");
        for path in FROM_SLACK {
            let head =
                |more: &str| format!("POST {path} HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n{more}\r\n");
            let mut body = format!("{:x}\r\n", BODY_MAX + 1).into_bytes();
            body.resize(body.len() + BODY_MAX + 1, b'a');
            assert_eq!(status(&web, &head(&made_up()), &body).await, 413, "{path}");
            assert_eq!(status(&web, &head(""), &body).await, 401, "{path}");
            // Announced, it need not come.
            let length = format!("Content-Length: {}\r\n", BODY_MAX + 1);
            let head = format!("POST {path} HTTP/1.1\r\nHost: bot\r\n{length}{}\r\n", made_up());
            assert_eq!(status(&web, &head, b"").await, 413, "{path}");
        }
        let mut head = "GET /healthz HTTP/1.1\r\nHost: bot\r\n".to_owned();
        head.extend(std::iter::repeat_n("X: y\r\n", 1_000));
        assert_eq!(status(&web, &(head + "\r\n"), b"").await, 431);
        assert_eq!(status(&web, "\0\0\0\r\n\r\n", b"").await, 400);
        still_works(&web).await;
    });
}

#[test]
fn a_body_that_never_comes_ends_the_connection() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let never = async |path: &str, sent: &str| {
            let mut stream = open(&web).await;
            let head = format!("POST {path} HTTP/1.1\r\nHost: bot\r\n{}{sent}", made_up());
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "{path}: still open");
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        };
        tokio::join!(
            never(COMMANDS, "Content-Length: 100\r\n\r\ntext="),
            never(INTERACTIONS, "Transfer-Encoding: chunked\r\n\r\n5\r\npaylo"),
            // A length reserves nothing.
            never(OPTIONS, "Content-Length: 1048576\r\n\r\n"),
            never(EVENTS, "Content-Length: 100\r\n\r\n{"),
        );
        still_works(&web).await;
    });
}

#[test]
fn what_no_signature_announces_is_refused_before_it_comes() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let signature = format!("X-Slack-Signature: v0={}\r\n", "5a".repeat(32));
        let at = |time: u64| format!("X-Slack-Request-Timestamp: {time}\r\n");
        for head in [
            String::new(),
            signature.clone(),
            at(now()),
            at(now() - 400) + &signature,
            at(now() + 400) + &signature,
            at(u64::MAX) + &signature,
            at(now()) + "X-Slack-Signature: v1=5a\r\n",
            at(now()) + "X-Slack-Signature: v0=5a\r\n",
            at(now()) + &signature.replace("5a", "xy"),
            format!("X-Slack-Request-Timestamp: soon\r\n{signature}"),
        ] {
            for path in FROM_SLACK {
                for size in ["Content-Length: 100", "Content-Length: 9223372036854775807", "Transfer-Encoding: chunked"]
                {
                    let head = format!("POST {path} HTTP/1.1\r\nHost: bot\r\n{size}\r\n{head}\r\n");
                    assert_eq!(status(&web, &head, b"").await, 401, "{head}");
                }
            }
        }
        still_works(&web).await;
    });
}

/// More of them than one can hold in the memory that is given for bodies.
const CROWD: usize = 400;
/// What they may take of it all together, in MiB: much less than all of them sent.
const CROWD_TAKES_AT_MOST: u64 = 150;

#[test]
fn a_crowd_of_large_bodies_takes_bounded_memory_and_shuts_nobody_out() {
    plain(async || {
        let web = Web::start(OPEN).await;
        still_works(&web).await;
        let bot = Process::serving(&web.url);
        let before = bot.memory();
        // All but the last byte, so that it cannot be judged; again and again, as the first are let go.
        let body = vec![b'a'; BODY_MAX - 1];
        for signature in [made_up(), String::new()] {
            let head =
                format!("POST {COMMANDS} HTTP/1.1\r\nHost: bot\r\nContent-Length: {BODY_MAX}\r\n{signature}\r\n");
            let send = async || {
                let mut stream = open(&web).await;
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&body).await;
                stream
            };
            let crowd = futures::future::join_all((0..CROWD).map(|_| send())).await;
            still_works(&web).await;
            let mut told = std::collections::BTreeSet::new();
            for mut stream in crowd {
                let mut answer = [0; 12];
                // Who is closed on has no answer.
                if timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an end").is_ok() {
                    told.insert(String::from_utf8_lossy(&answer[9..]).into_owned());
                }
            }
            let expected: &[&str] = if signature.is_empty() { &["401"] } else { &["408", "503"] };
            assert!(told.iter().all(|status| expected.contains(&status.as_str())), "{told:?}");
        }
        let took = bot.peak_memory().saturating_sub(before);
        assert!(took <= CROWD_TAKES_AT_MOST, "{took} MiB");
        still_works(&web).await;
    });
}
