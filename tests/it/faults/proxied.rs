//! A network that lets nothing out but by its proxy: who is asked for there, by the
//! bot and by `check`, and who is not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use harness::ports::Port;
use harness::stack::get;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::operating::check::setup;
use crate::world::{BOT, eventually, plain, policy};

/// A proxy that notes what it is asked, and opens no way.
#[derive(Clone)]
struct Asked {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Asked {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let asked = Self { address: listener.local_addr().unwrap().to_string(), heads: Arc::default() };
        let heads = asked.heads.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heads = heads.clone();
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.is_ok_and(|read| read > 0) {}
                    heads.lock().unwrap().push(head);
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        asked
    }

    /// What was asked for, each once.
    fn lines(&self) -> BTreeSet<String> {
        let heads = self.heads.lock().unwrap();
        heads.iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

#[test]
fn check_asks_the_proxy_for_slack_and_for_aws_and_says_what_it_answers() {
    plain(async || {
        let (proxy, other) = (Asked::start(DENIED).await, Asked::start(DENIED).await);
        let folder = tempfile::tempdir().unwrap();
        let config =
            "regions = [\"eu-west-1\"]\nprofiles = [\"p\", \"machine\"]\n[[teams]]\nid = \"a\"\nname = \"A\"\n";
        std::fs::write(folder.path().join("provision-bot.toml"), config).unwrap();
        let keys = "[p]\naws_access_key_id = A\naws_secret_access_key = B\n[machine]\nregion = eu-west-1\n";
        std::fs::write(folder.path().join("credentials"), keys).unwrap();
        let address = format!("http://bot:hush@{}", proxy.address);
        let elsewhere = format!("http://{}", other.address);
        let variables = [
            ("SLACK_BOT_TOKEN", "xoxb-1".to_owned()),
            ("SLACK_APP_TOKEN", "xapp-1".to_owned()),
            ("TEMPORAL_ADDRESS", "127.0.0.1:1".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("credentials").display().to_string()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1".to_owned()),
            ("https_proxy", address),
            // Of no meaning here, and not asked by what the SDKs bring along either.
            ("HTTP_PROXY", elsewhere.clone()),
            ("ALL_PROXY", elsewhere),
        ];
        let checked = setup::run(folder.path(), &[], variables.clone()).await;
        let said = &checked.said;
        let asked = proxy.lines();
        for host in ["slack.com", "s3.eu-west-1.amazonaws.com"] {
            assert!(asked.contains(&format!("CONNECT {host}:443 HTTP/1.1")), "{host}: {asked:?}\n{said}");
        }
        let heads = proxy.heads.lock().unwrap().clone();
        for head in heads {
            assert!(head.to_lowercase().contains("proxy-authorization: basic ym90omh1c2g="), "{head}");
        }
        assert_eq!(other.lines(), BTreeSet::new(), "{said}");
        let line = format!(
            "FAIL proxy: http://{} opens no way to slack.com:443: tunnel error: unsuccessful. Have the proxy allow CONNECT",
            proxy.address
        );
        assert!(said.contains(&line) && !said.contains("hush"), "{said}");
        assert_eq!(checked.code, Some(1));

        // What NO_PROXY names is not asked for.
        let before = proxy.lines();
        proxy.heads.lock().unwrap().clear();
        let exempt = ("NO_PROXY", "slack.com, .amazonaws.com".to_owned());
        let said = setup::run(folder.path(), &[], [&variables[..], &[exempt]].concat()).await.said;
        let asked: Vec<_> = proxy.lines().into_iter().filter(|line| before.contains(line)).collect();
        assert!(asked.is_empty(), "{asked:?}\n{said}");
        let line =
            format!("ok   proxy: http://{} is there, and not asked for Slack; directly to slack.com", proxy.address);
        assert!(said.contains(&line), "{said}");
    });
}

#[test]
fn the_bot_asks_the_proxy_for_slack_and_for_its_socket() {
    plain(async || {
        let proxy = Asked::start("HTTP/1.1 407 Who\r\n\r\n").await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bot.toml");
        std::fs::write(&file, policy("")).unwrap();
        let port = Port::take().unwrap();
        let listen = port.address();
        let mut bot = Command::new(BOT);
        bot.args(["run", "--only", "web"])
            .env_clear()
            .env("SLACK_BOT_TOKEN", "xoxb-1")
            .env("SLACK_APP_TOKEN", "xapp-1");
        bot.env("PROVISION_BOT_CONFIG", &file).env("PROVISION_BOT_LISTEN", &listen).env("RUST_LOG", "off");
        bot.env("TEMPORAL_ADDRESS", "127.0.0.1:1").env("HTTPS_PROXY", &proxy.address);
        let _bot = bot.kill_on_drop(true).spawn().unwrap();
        let why = eventually("the bot to say why it is not ready", async || {
            let (_, why) = get(&format!("http://{listen}/readyz")).await.ok()?;
            why.contains("Socket Mode: apps.connections.open").then_some(why)
        })
        .await;
        for line in ["slack: auth.test: ", "Socket Mode: apps.connections.open: "] {
            let line = format!("{line}the proxy opens no way: proxy authorization required");
            assert!(why.contains(&line), "{line}: {why}");
        }
        assert_eq!(proxy.lines(), BTreeSet::from(["CONNECT slack.com:443 HTTP/1.1".to_owned()]));
    });
}

#[test]
fn a_proxy_that_is_none_is_told_at_the_start() {
    plain(async || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("provision-bot.toml"), policy("")).unwrap();
        for (name, value) in [("HTTPS_PROXY", "socks5://bot:hush@proxy:1080"), ("no_proxy", "10.0.0.0/99")] {
            let mut bot = Command::new(BOT);
            bot.arg("run").env_clear().env("SLACK_BOT_TOKEN", "xoxb-1").env("SLACK_SIGNING_SECRET", "s3cret");
            bot.env("https_proxy", "http://127.0.0.1:1").env(name, value).current_dir(folder.path());
            let output = bot.kill_on_drop(true).output().await.unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.starts_with(&format!("{name} ")) && !said.contains("hush"), "{said}");
        }
    });
}
