//! What an operator needs before the bot runs: the manifest of the Slack app, and
//! whether every connection works.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::bot::Paths;
use crate::check;
use crate::config::environment;
use crate::slack::manifest;

#[derive(Subcommand)]
pub(super) enum Command {
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
    /// Test the configuration and every connection, one line each.
    Check {
        /// Print one JSON document instead, for programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        paths: Paths,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Json,
    Yaml,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
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
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { json, paths } => {
            let form = if json { check::Form::Json } else { check::Form::Text };
            let passed = check::run(&paths.into(), form, environment, &mut std::io::stdout()).await;
            Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
