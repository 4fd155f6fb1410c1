//! [`Cli`]: the commands, by what they are for. Each group of them has a file of its
//! own, with its flags and its exit codes.

mod bot;
mod client;
mod setup;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Log, environment};
use crate::logs;

/// Ask for cloud resources in Slack; the right person says yes in one click.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Bot(bot::Command),
    #[command(flatten)]
    Setup(setup::Command),
    #[command(flatten)]
    Client(Box<client::Command>),
}

impl Cli {
    /// Runs the command, and says how it ended.
    pub async fn run(self) -> ExitCode {
        let ended = match self.command {
            Command::Bot(command) => bot::run(command).await,
            Command::Setup(command) => setup::run(command).await,
            Command::Client(command) => Ok(client::run(*command).await),
        };
        ended.unwrap_or_else(|error| {
            logs::end(&error, &Log::at_least(environment));
            ExitCode::FAILURE
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_of_all_commands_fit_each_other() {
        Cli::command().debug_assert();
    }
}
