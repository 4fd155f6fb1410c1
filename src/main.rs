//! The commands, their flags and exit codes; nothing else.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use provision_bot::codec::Codec;
use provision_bot::config::{CodecSettings, Config, Flags, Log, Part, environment};
use provision_bot::otlp::Exporter;
use provision_bot::slack::manifest;
use provision_bot::{app, check, codec_server, logs};

/// Ask for cloud resources in Slack; the right person says yes in one click.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
    /// Print the manifest of the Slack app.
    Manifest {
        /// The bot's public address, for HTTP.
        #[arg(long, conflicts_with = "socket", required_unless_present = "socket")]
        url: Option<String>,
        /// For Socket Mode.
        #[arg(long)]
        socket: bool,
        #[arg(long, default_value = "json")]
        format: Format,
        /// Print instead the link that opens Slack's "Create an app" with it filled in.
        #[arg(long, conflicts_with = "format")]
        link: bool,
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
    /// Test the configuration and every connection, one line each.
    Check {
        /// Print one JSON document instead, for programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        paths: Paths,
    },
}

#[derive(Args)]
struct Paths {
    /// The configuration file [env: PROVISION_BOT_CONFIG] [default: provision-bot.toml]
    #[arg(long)]
    config: Option<PathBuf>,
    /// The address to serve on [env: PROVISION_BOT_LISTEN] [default: 127.0.0.1:3000]
    #[arg(long)]
    listen: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Half {
    Web,
    Worker,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

impl From<Paths> for Flags {
    fn from(paths: Paths) -> Self {
        Self { config: paths.config, listen: paths.listen }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            logs::end(&error, &Log::at_least(environment));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
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
            logs::start(&Log::from_env(environment)?, None);
            let bot = std::env::current_exe()?;
            match play {
                true => harness::play(bot).await?,
                false => harness::serve(bot, listen).await?,
            }
        }
        Command::Manifest { url, socket: _, format, link } => {
            let manifest = match url {
                Some(url) => manifest::for_url(&url)?,
                None => manifest::for_socket_mode(),
            };
            match format {
                _ if link => println!("{}", manifest::deep_link(&manifest)),
                Format::Json => println!("{manifest:#}"),
                Format::Yaml => print!("{}", manifest::to_yaml(&manifest)),
            }
        }
        Command::CodecServer { listen, origin } => {
            let settings = CodecSettings::from_env(&Flags { config: None, listen }, environment)?;
            logs::start(&settings.log, None);
            let options = codec_server::Options { listen: settings.listen, token: settings.token, origins: origin };
            codec_server::run(Codec::new(&settings.encryption_keys), options, app::asked_to_stop()).await?;
        }
        Command::Check { json, paths } => {
            let form = if json { check::Form::Json } else { check::Form::Text };
            let passed = check::run(&paths.into(), form, environment, &mut std::io::stdout()).await;
            return Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
