//! The program: reads the command line, runs what it asks for, and ends with its
//! exit code.

use std::process::ExitCode;

use clap::Parser;
use provision_bot::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
