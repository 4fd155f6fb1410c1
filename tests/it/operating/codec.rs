//! The codec server without a token: whoever may ask it, and who only seems to.

use std::process::Stdio;
use std::time::Duration;

use harness::ports::Port;
use harness::stack::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::world::{BOT, eventually, plain};

const PATIENCE: Duration = Duration::from_secs(60);
const KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

struct Server {
    port: u16,
    _held: Port,
    _process: Child,
}

impl Server {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let port = Port::take().unwrap();
        let listen = port.address();
        let mut command = Command::new(BOT);
        command.args(["codec-server", "--listen", &listen]).env_clear().env("PROVISION_BOT_ENCRYPTION_KEYS", KEYS);
        command.env("RUST_LOG", "error").envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().unwrap();
        eventually("the codec server", async || get(&format!("http://{listen}/healthz")).await.ok()).await;
        Self { port: port.number(), _held: port, _process: process }
    }

    /// The status of an answer to these bytes.
    async fn answer(&self, sent: &[u8]) -> u16 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let _ = stream.write_all(sent).await;
        let mut answer = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer").unwrap();
        String::from_utf8_lossy(&answer[9..]).parse().unwrap()
    }

    /// The same for no payloads, under these headers.
    async fn asked(&self, target: &str, headers: &[String]) -> u16 {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let body = "{\"payloads\":[]}";
        let length = body.len();
        let head = format!("POST {target} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.answer(head.as_bytes()).await
    }
}

#[test]
fn without_a_token_it_answers_this_machine_alone() {
    plain(async || {
        let server = Server::start(&[]).await;
        let port = server.port;
        let json = "Content-Type: application/json".to_owned();
        let host = |name: &str| vec![format!("Host: {name}"), json.clone()];
        for name in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            for path in ["/decode", "/encode"] {
                assert_eq!(server.asked(path, &host(&name)).await, 200, "{name}");
            }
        }
        let here = || host(&format!("localhost:{port}"));
        for name in ["evil.example", "localhost.evil.example", "10.0.0.1", ""] {
            for path in ["/decode", "/encode"] {
                assert_eq!(server.asked(path, &host(&format!("{name}:{port}"))).await, 403, "{name}");
            }
        }
        let with = |more: &str| [here(), vec![more.to_owned()]].concat();
        assert_eq!(server.asked("/decode", std::slice::from_ref(&json)).await, 403, "no host at all");
        assert_eq!(server.asked("/decode", &with("Host: evil.example")).await, 403, "two hosts");
        assert_eq!(server.asked(&format!("http://evil.example:{port}/decode"), &here()).await, 403);
        assert_eq!(server.asked("/decode", &with("X-Forwarded-Host: codec.example.com")).await, 403);
        assert_eq!(server.asked("/decode", &with(&format!("Origin: http://evil.example:{port}"))).await, 403);
        assert_eq!(server.asked("/decode", &with("Origin: null")).await, 403);
        assert_eq!(server.asked("/decode", &with("Origin: http://localhost:8233")).await, 200, "Temporal's Web UI");
        // A form of a page needs no leave of ours to be sent.
        let plain = vec![format!("Host: localhost:{port}"), "Content-Type: text/plain".to_owned()];
        assert_eq!(server.asked("/decode", &plain).await, 415);
        let asks =
            format!("OPTIONS /decode HTTP/1.1\r\nHost: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n");
        assert_eq!(server.answer(format!("{asks}Access-Control-Request-Method: POST\r\n\r\n").as_bytes()).await, 403);
        // Those who watch whether it lives learn nothing else.
        assert_eq!(server.answer(b"GET /healthz HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n").await, 200);
    });
}

#[test]
fn with_a_token_it_answers_under_any_name_and_reads_nothing_before_it() {
    plain(async || {
        let server = Server::start(&[("PROVISION_BOT_CODEC_TOKEN", "open-sesame")]).await;
        let host = ["Host: codec.example.com".to_owned(), "Content-Type: application/json".to_owned()];
        let with = |token: &str| [&host[..], &[format!("Authorization: Bearer {token}")]].concat();
        assert_eq!(server.asked("/decode", &with("open-sesame")).await, 200);
        for wrong in ["open-sesam", "open-sesame-", "", "Open-Sesame"] {
            assert_eq!(server.asked("/decode", &with(wrong)).await, 401, "{wrong}");
        }
        // No body is waited for.
        let head = "POST /decode HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n";
        assert_eq!(server.answer(format!("{head}\r\n").as_bytes()).await, 401);
        let large = head.replace("1000", "9999999");
        assert_eq!(server.answer(format!("{large}Authorization: Bearer open-sesame\r\n\r\n").as_bytes()).await, 413);
    });
}

#[test]
fn idle_connections_shut_nobody_out_of_it() {
    plain(async || {
        let server = Server::start(&[]).await;
        let mut crowd = Vec::new();
        for _ in 0..600 {
            crowd.push(TcpStream::connect(("127.0.0.1", server.port)).await.unwrap());
        }
        let host = [format!("Host: localhost:{}", server.port), "Content-Type: application/json".to_owned()];
        assert_eq!(server.asked("/decode", &host).await, 200);
        drop(crowd);
    });
}
