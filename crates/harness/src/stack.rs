//! Everything a request needs, started together and stopped in reverse.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use slack_simulator::{Panel, Rules, Simulator, SimulatorOptions};
use tempfile::TempDir;
use tokio::process::Command;

use crate::app;
use crate::aws_files::AwsFiles;
use crate::backends::child::on_a_lifeline;
use crate::backends::{
    CloudFormationServer, NAMESPACE, S3Server, Shared, TemporalOptions, TemporalServer, Tools, Used,
};
pub use crate::bot::get;
use crate::bot::{self, Bot};
use crate::environment::environment;
use crate::offer;
use crate::ports::Port;
use crate::proxy::Proxy;

/// The demo's configuration: what an admin would write.
pub const CONFIG: &str = r#"regions  = ["us-east-1", "eu-west-1"]
profiles = ["sandbox", "production"]

[authorization]
timeout  = "2m"
reminder = "1m"

[[teams]]
id          = "payments"
name        = "Payments"
members     = ["U0REQUESTER", "S0USERGROUP"]
authorizers = ["U0AUTHORIZER", "U0ADMIN0001", "client:scanner"]

[[teams]]
id          = "search"
name        = "Search"
members     = ["U0REQUESTER"]
authorizers = ["U0ADMIN0001"]

# A program that asks; its token is "demo".
[[clients]]
id           = "ci"
token_sha256 = "2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea"
may          = ["ask", "read"]
teams        = ["payments", "search"]
owner        = "U0REQUESTER"
channel      = "C0DEPLOYS01"

# A program that signs where it is named; its token is "scanner".
[[clients]]
id           = "scanner"
token_sha256 = "6105d8625ada3c9bf514062b5696e9d7aa11e4b5e2c3d8629713f0bf2e45f6fd"
may          = ["decide", "read"]
teams        = ["payments"]
"#;

/// The token of the client that asks, in [`CONFIG`].
pub const TOKEN: &str = "demo";

/// How a stack is started.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The program to run as the bot.
    pub bot: PathBuf,
    /// The configuration file of the bot.
    pub config: String,
    /// Where the page of the workspace is; any free port if `None`.
    pub page: Option<SocketAddr>,
    /// What that page shows beside the workspace.
    pub panel: Option<Panel>,
    /// With Temporal's own page.
    pub temporal_ui: bool,
    /// Keep Temporal's state on disk, so that it survives a restart.
    pub temporal_on_disk: bool,
    /// With a CloudFormation server, and the templates of [`offer`] beside the configuration.
    pub stacks: bool,
    /// Servers that other stacks use, too; of its own if `None`. There the stack has a
    /// namespace of its own, and what was said above of Temporal does not count.
    pub shared: Option<Arc<Shared>>,
    /// The app is set up for Socket Mode.
    pub socket_mode: bool,
    /// `RUST_LOG` of the bot.
    pub log: String,
    /// More variables for the bot; they win over the stack's own.
    pub env: Vec<(String, String)>,
}

impl StackOptions {
    /// A stack around this bot, with nothing special.
    pub fn new(bot: PathBuf) -> Self {
        Self {
            bot,
            config: CONFIG.to_owned(),
            page: None,
            panel: None,
            temporal_ui: false,
            temporal_on_disk: false,
            stacks: false,
            shared: None,
            socket_mode: false,
            log: environment("RUST_LOG").unwrap_or_else(|| "warn".to_owned()),
            env: Vec::new(),
        }
    }

    /// A stack around this bot, with what the demo offers: a bucket alone, or all of [`offer`]
    /// where the bot builds `stacks`.
    pub fn demo(bot: PathBuf, stacks: bool) -> Self {
        let blueprints = if stacks { offer::BLUEPRINTS } else { "" };
        Self { config: format!("{CONFIG}{blueprints}"), stacks, ..Self::new(bot) }
    }
}

/// A running stack.
pub struct Stack {
    /// The workspace, served.
    pub slack: Simulator,
    /// The Temporal server itself.
    pub temporal: Used<TemporalServer>,
    /// The namespace of the bot.
    pub namespace: String,
    /// The S3 server itself.
    pub s3: Used<S3Server>,
    /// The CloudFormation server itself, and what stands between it and the bot, where there is one.
    pub cloudformation: Option<(CloudFormationServer, Proxy)>,
    /// All that stands between the bot and Temporal.
    pub temporal_proxy: Proxy,
    /// All that stands between the bot and S3.
    pub s3_proxy: Proxy,
    /// The profiles that the bot has.
    pub aws: AwsFiles,
    options: StackOptions,
    folder: TempDir,
    port: Port,
    bot: Option<Bot>,
}

impl Stack {
    /// Starts everything, and returns when the bot is ready. `tell` hears what is
    /// going on.
    pub async fn start(options: StackOptions, tell: impl Fn(&str)) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let aws = AwsFiles::write_demo(folder.path())?;
        let (temporal, s3, namespace) = match &options.shared {
            Some(shared) => {
                let namespace = shared.namespace().await?;
                (Used::Shared(shared.temporal.clone()), Used::Shared(shared.s3.clone()), namespace)
            }
            None => {
                let tools = Tools::find_or_install(&tell).await?;
                let db = options.temporal_on_disk.then(|| folder.path().join("temporal.db"));
                tell("starting Temporal and S3 …");
                let temporal = TemporalOptions { ui: options.temporal_ui, db, ..Default::default() };
                let (temporal, s3) =
                    tokio::try_join!(TemporalServer::start(&tools, temporal), S3Server::start(&tools))?;
                (Used::Own(temporal), Used::Own(s3), NAMESPACE.to_owned())
            }
        };
        let cloudformation = match options.stacks {
            true => Some(cloudformation(&tell).await?),
            false => None,
        };
        if options.stacks {
            offer::write_templates(folder.path())?;
        }
        let temporal_proxy = Proxy::start(&temporal.address()).await?;
        let s3_proxy = Proxy::start(&s3.endpoint()).await?;
        let slack = Simulator::start(SimulatorOptions {
            listen: options.page,
            rules: Rules { socket_mode: options.socket_mode, ..app::rules() },
            panel: options.panel.clone(),
            ..SimulatorOptions::default()
        });
        let slack = slack.await?;
        let port = Port::take()?;
        let mut stack = Self {
            slack,
            temporal,
            namespace,
            s3,
            cloudformation,
            temporal_proxy,
            s3_proxy,
            aws,
            options,
            folder,
            port,
            bot: None,
        };
        tell("starting the bot …");
        stack.start_bot().await?;
        Ok(stack)
    }

    /// The address Slack delivers to.
    pub fn bot_url(&self) -> String {
        bot::url(self.port.number())
    }

    /// The bot's process: nothing but public settings, and a lifeline, so that it
    /// ends when we do, however we end.
    fn bot_command(&self, port: u16) -> anyhow::Result<Command> {
        let config = self.folder.path().join("provision-bot.toml");
        std::fs::write(&config, &self.options.config)?;
        let way_in = match self.options.socket_mode {
            true => ("SLACK_APP_TOKEN", self.slack.app_token()),
            false => ("SLACK_SIGNING_SECRET", self.slack.signing_secret()),
        };
        let mut command = on_a_lifeline(&self.options.bot);
        command
            .env_clear()
            .env("PATH", environment("PATH").unwrap_or_default())
            .env("SLACK_BOT_TOKEN", self.slack.bot_token())
            .env(way_in.0, way_in.1)
            .env("SLACK_API_URL", self.slack.api_url())
            .env("TEMPORAL_ADDRESS", self.temporal_proxy.address())
            .env("TEMPORAL_NAMESPACE", &self.namespace)
            .env("AWS_ENDPOINT_URL", self.s3_proxy.url())
            .env("AWS_CONFIG_FILE", &self.aws.config)
            .env("AWS_SHARED_CREDENTIALS_FILE", &self.aws.credentials)
            .env("PROVISION_BOT_CONFIG", config)
            .env("PROVISION_BOT_LISTEN", format!("127.0.0.1:{port}"))
            .env("RUST_LOG", &self.options.log)
            .envs(self.cloudformation.iter().map(|(_, proxy)| ("AWS_ENDPOINT_URL_CLOUDFORMATION", proxy.url())))
            .envs(self.options.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// What the bot is configured with when it starts next.
    pub fn configure(&mut self, config: &str) {
        self.options.config = config.to_owned();
    }

    /// A client that looks at S3 from outside.
    pub async fn s3_client(&self, region: &str, profile: &str) -> aws_sdk_s3::Client {
        self.aws.s3_client(&self.s3.endpoint(), region, profile).await
    }

    /// Starts the bot, and waits until it is ready.
    pub async fn start_bot(&mut self) -> anyhow::Result<()> {
        self.launch_bot(&["run"])?;
        self.wait_until_ready().await
    }

    /// A variable for the bot's next start; it wins over the stack's own.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.options.env.push((name.to_owned(), value.to_owned()));
    }

    /// Starts the bot with these arguments, without waiting for anything.
    pub fn launch_bot(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let port = self.port.number();
        self.bot = Some(Bot::launch(self.bot_command(port)?.args(arguments), port)?);
        self.slack.connect_bot(&self.bot_url());
        Ok(())
    }

    /// Starts one more process of the bot beside the others, and waits until it is
    /// ready. Slack does not know it until it is told.
    pub async fn start_beside(&self, arguments: &[&str]) -> anyhow::Result<Bot> {
        let port = Port::take()?;
        let mut bot = Bot::launch_alone(self.bot_command(port.number())?.args(arguments), port)?;
        bot.wait_until_ready().await?;
        Ok(bot)
    }

    /// Waits until the bot says that it is ready.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        self.bot.as_mut().context("the bot does not run")?.wait_until_ready().await
    }

    /// Kills the bot with no warning.
    pub async fn kill_bot(&mut self) {
        if let Some(bot) = self.bot.take() {
            bot.kill().await;
        }
    }

    /// Freezes the bot; see [`Bot::freeze`].
    pub async fn freeze_bot(&mut self) -> anyhow::Result<()> {
        self.bot.as_mut().context("the bot does not run")?.freeze().await
    }

    /// Lets the bot go on after [`freeze_bot`](Self::freeze_bot).
    pub async fn thaw_bot(&mut self) -> anyhow::Result<()> {
        self.bot.as_mut().context("the bot does not run")?.thaw().await
    }

    /// Asks the bot to stop, and waits until it has.
    pub async fn stop_bot(&mut self) -> anyhow::Result<Option<i32>> {
        match self.bot.take() {
            Some(bot) => bot.stop().await,
            None => Ok(None),
        }
    }

    /// Stops everything, in reverse.
    pub async fn stop(mut self) {
        if let Err(error) = self.stop_bot().await {
            tracing::warn!(%error, "the bot had to be killed");
        }
        self.slack.stop();
        if let Some((mut cloudformation, _)) = self.cloudformation {
            cloudformation.stop().await;
        }
        if let Used::Own(mut s3) = self.s3 {
            s3.stop().await;
        }
        if let Used::Own(mut temporal) = self.temporal {
            temporal.stop().await;
        }
    }
}

/// A CloudFormation server, with what stands before it.
async fn cloudformation(tell: &impl Fn(&str)) -> anyhow::Result<(CloudFormationServer, Proxy)> {
    let program = Tools::cloudformation_server(tell).await?;
    tell("starting CloudFormation …");
    let server = CloudFormationServer::start(&program).await?;
    let proxy = Proxy::start(&server.endpoint()).await?;
    Ok((server, proxy))
}
