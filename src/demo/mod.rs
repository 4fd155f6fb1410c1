//! The whole flow on one machine, with no account anywhere: a real Temporal dev
//! server, a real S3 server, a Slack workspace simulator with a page, and the
//! bot, which knows all of them through its public settings alone.
//!
//! The tests run on the same [`stack::Stack`] the demo shows.

pub mod backends;
mod backstage;
mod blocks;
pub mod bot;
pub mod deliveries;
mod faults;
pub mod limits;
pub mod message;
pub mod modal;
pub mod page;
mod payloads;
pub mod people;
mod play;
pub mod ports;
pub mod proxy;
pub mod record;
mod response_url;
pub mod scopes;
pub mod show;
pub mod simulator;
pub mod socket_mode;
pub mod stack;
mod transcript;
mod views;
pub mod web_api;
pub mod workspace;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use self::play::play;
use self::show::Show;
use self::stack::StackOptions;

/// Where the page is, if that port is free.
const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Runs the demo until Ctrl-C. `bot` is the program to run as the bot.
pub async fn serve(bot: PathBuf, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let listen = match listen {
        Some(address) => Some(address),
        None => std::net::TcpListener::bind(PAGE).ok().map(|_| PAGE),
    };
    let options = StackOptions { page: listen, temporal_ui: true, ..StackOptions::new(bot) };
    let show = tokio::select! {
        show = Show::start(options, |line| println!("  {line}")) => show?,
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    println!();
    for (name, address) in &show.addresses {
        println!("  {name:<17} {address}");
    }
    println!(
        "\nOpen the first address, run /provision in #deploys as Alice, then decide as Bob. Ctrl-C stops everything."
    );
    tokio::signal::ctrl_c().await?;
    println!("\nStopping …");
    show.stop().await;
    Ok(())
}
