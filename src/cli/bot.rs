//! What serves until it is stopped: the bot, its demo, the codec server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use crate::codec::Codec;
use crate::config::{CodecSettings, Config, Flags, Part, environment};
use crate::doors::codec_server;
use crate::otlp::Exporter;
use crate::{app, logs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serve Slack over HTTP and poll Temporal, in one process.
    Run {
        /// Run one half alone.
        #[arg(long)]
        only: Option<Half>,
        #[command(flatten)]
        paths: Paths,
    },
    /// Try the whole flow on this machine, with no account anywhere.
    #[cfg(feature = "demo")]
    Demo {
        /// Play one request with two simulated people, print it, and end.
        #[arg(long)]
        play: bool,
        /// Address of the page; by default 127.0.0.1:8080, or any free port.
        #[arg(long)]
        listen: Option<std::net::SocketAddr>,
    },
    /// Decrypt payloads for the Temporal Web UI and CLI.
    CodecServer {
        /// The address to serve on [env: PROVISION_BOT_LISTEN] [default: 127.0.0.1:3000]
        #[arg(long)]
        listen: Option<String>,
        /// Where the Temporal Web UI is opened; may be given more than once.
        #[arg(long, value_name = "URL", default_value = "http://localhost:8233")]
        origin: Vec<String>,
    },
}

/// What the bot is told instead of the environment.
#[derive(Args)]
pub(super) struct Paths {
    /// The configuration file [env: PROVISION_BOT_CONFIG] [default: provision-bot.toml]
    #[arg(long)]
    config: Option<PathBuf>,
    /// The address to serve on [env: PROVISION_BOT_LISTEN] [default: 127.0.0.1:3000]
    #[arg(long)]
    listen: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Half {
    Web,
    Worker,
}

impl From<Paths> for Flags {
    fn from(paths: Paths) -> Self {
        Self { config: paths.config, listen: paths.listen }
    }
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run { only, paths } => {
            let part = match only {
                None => Part::All,
                Some(Half::Web) => Part::Web,
                Some(Half::Worker) => Part::Worker,
            };
            let config = Config::load(part, &paths.into())?;
            let exporter = config.settings.traces.map(Exporter::start).transpose()?;
            logs::start(&config.settings.log, exporter.as_ref());
            let ended = app::run(config, part).await;
            if let Some(exporter) = exporter {
                exporter.stop().await;
            }
            ended?;
        }
        #[cfg(feature = "demo")]
        Command::Demo { play, listen } => {
            logs::start(&crate::config::Log::from_env(environment)?, None);
            let bot = std::env::current_exe()?;
            let stacks = cfg!(feature = "cloudformation");
            match play {
                true => harness::play(bot, stacks).await?,
                false => harness::serve(bot, stacks, listen).await?,
            }
        }
        Command::CodecServer { listen, origin } => {
            let settings = CodecSettings::from_env(&Flags { config: None, listen }, environment)?;
            logs::start(&settings.log, None);
            let options = codec_server::Options { listen: settings.listen, token: settings.token, origins: origin };
            codec_server::run(Codec::new(&settings.encryption_keys), options, app::asked_to_stop()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
