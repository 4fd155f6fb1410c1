//! The measured programs: a fresh Temporal dev server, moto, and the bot's
//! release binary, each its own process; and what the system says of them.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use harness::aws_files::AwsFiles;
use harness::backends::{S3Server, TemporalOptions, TemporalServer, Tools};
use harness::ports::Port;
use harness::stack::get;
use provisioner_s3::Aws;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::slack::{AUTHORIZER, REQUESTER, SECRET, Slack, TOKEN};

/// Ticks of the system's clock for CPU time: 100 a second on every Linux.
const TICK: Duration = Duration::from_millis(10);
const READY_WITHIN: Duration = Duration::from_secs(30);
const CONFIG_FILE: &str = "provision-bot.toml";

pub struct Stack {
    pub slack: Slack,
    pub temporal: TemporalServer,
    pub s3: S3Server,
    aws: AwsFiles,
    api: String,
    port: Port,
    folder: TempDir,
    bot: Option<Child>,
    program: String,
}

/// One more bot on the same servers. It ends with this.
pub struct Beside {
    pub url: String,
    bot: Child,
    _port: Port,
}

impl Beside {
    /// The CPU time that it took so far.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(self.bot.id().context("the bot does not run")?)
    }
}

/// A moment's CPU time of each program.
#[derive(Clone, Copy)]
pub struct Cpu {
    pub bot: Duration,
    pub temporal: Duration,
    pub moto: Duration,
    /// This process: the people and their Slack.
    pub people: Duration,
}

impl Stack {
    /// Everything but the bot, with these settings of the Temporal server.
    pub async fn start(program: &str, dynamic_config: &[String]) -> anyhow::Result<Self> {
        let tools = Tools::find_or_install(|line| eprintln!("{line}")).await?;
        let folder = tempfile::tempdir()?;
        let aws = AwsFiles::write_demo(folder.path())?;
        let options = TemporalOptions { dynamic_config: dynamic_config.to_vec(), ..Default::default() };
        let temporal = TemporalServer::start(&tools, options).await?;
        let s3 = S3Server::start(&tools).await?;
        let slack = Slack::default();
        let api = slack.start().await?;
        let port = Port::take()?;
        fs::write(folder.path().join(CONFIG_FILE), configuration(""))?;
        Ok(Self { slack, temporal, s3, aws, api, port, folder, bot: None, program: program.to_owned() })
    }

    /// Where the profiles are.
    pub fn aws(&self) -> Aws {
        let (config, credentials) = (self.aws.config.clone(), self.aws.credentials.clone());
        Aws {
            endpoint_url: Some(self.s3.endpoint()),
            config_file: Some(config),
            credentials_file: Some(credentials),
            ..Aws::default()
        }
    }

    pub fn bot_url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Starts the bot, and returns how long it took until it was ready.
    pub async fn start_bot(&mut self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        self.bot = Some(self.launch(CONFIG_FILE, &self.port)?);
        until_ready(&self.bot_url(), started).await
    }

    /// Starts one more bot on the same servers, with `more` behind its configuration.
    pub async fn beside(&self, more: &str) -> anyhow::Result<Beside> {
        const FILE: &str = "beside.toml";
        fs::write(self.folder.path().join(FILE), configuration(more))?;
        let port = Port::take()?;
        let bot = self.launch(FILE, &port)?;
        let url = format!("http://{}", port.address());
        until_ready(&url, Instant::now()).await?;
        Ok(Beside { url, bot, _port: port })
    }

    fn launch(&self, config: &str, port: &Port) -> anyhow::Result<Child> {
        let bot = Command::new(&self.program)
            .arg("run")
            .env_clear()
            .env("SLACK_BOT_TOKEN", TOKEN)
            .env("SLACK_SIGNING_SECRET", SECRET)
            .env("SLACK_API_URL", &self.api)
            .env("TEMPORAL_ADDRESS", self.temporal.address())
            .env("AWS_ENDPOINT_URL", self.s3.endpoint())
            .env("AWS_CONFIG_FILE", &self.aws.config)
            .env("AWS_SHARED_CREDENTIALS_FILE", &self.aws.credentials)
            .env("PROVISION_BOT_CONFIG", self.folder.path().join(config))
            .env("PROVISION_BOT_LISTEN", port.address())
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(bot)
    }

    pub async fn stop_bot(&mut self) -> anyhow::Result<()> {
        if let Some(mut bot) = self.bot.take() {
            bot.kill().await?;
        }
        Ok(())
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop_bot().await?;
        self.s3.stop().await;
        self.temporal.stop().await;
        Ok(())
    }

    fn pid(&self) -> anyhow::Result<u32> {
        self.bot.as_ref().and_then(Child::id).context("the bot does not run")
    }

    /// Resident memory of the bot now, and at its highest, in MiB.
    pub fn memory(&self) -> anyhow::Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<f64>().ok())
        };
        let mib = |name| kib(name).map(|kib| kib / 1024.0).with_context(|| format!("no {name}"));
        Ok((mib("VmRSS:")?, mib("VmHWM:")?))
    }

    pub fn cpu(&self) -> anyhow::Result<Cpu> {
        let port = |address: &str| address.rsplit(':').next().unwrap_or_default().to_owned();
        Ok(Cpu {
            bot: cpu_of(self.pid()?)?,
            temporal: cpu_of(listening(&["start-dev", &port(&self.temporal.address())])?)?,
            moto: cpu_of(listening(&["moto_server", &port(&self.s3.endpoint())])?)?,
            people: cpu_of(std::process::id())?,
        })
    }
}

/// The configuration of all bots here, and `more` behind it.
fn configuration(more: &str) -> String {
    format!(
        "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[authorization]\ntimeout = \"1h\"\n\
         [[teams]]\nid = \"payments\"\nname = \"Payments\"\nmembers = [\"{REQUESTER}\"]\nauthorizers = [\"{AUTHORIZER}\"]\n{more}"
    )
}

/// Waits until the bot there is ready: how long since `started`.
async fn until_ready(url: &str, started: Instant) -> anyhow::Result<Duration> {
    let readyz = format!("{url}/readyz");
    while started.elapsed() < READY_WITHIN {
        if let Ok((200, _)) = get(&readyz).await {
            return Ok(started.elapsed());
        }
        sleep(Duration::from_millis(2)).await;
    }
    bail!("the bot is not ready")
}

/// The process whose command line has all these words, and is no shell.
fn listening(words: &[&str]) -> anyhow::Result<u32> {
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
        let line: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let is_shell = line.first().is_some_and(|program| program.ends_with("sh"));
        if !is_shell && words.iter().all(|word| line.iter().any(|part| part.contains(word))) {
            return Ok(pid);
        }
    }
    bail!("no process runs {words:?}")
}

/// User and system time of a process (proc(5), fields 14 and 15 of `stat`).
fn cpu_of(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = &stat[stat.rfind(')').context("no name")? + 2..];
    let ticks = after.split(' ').skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}
