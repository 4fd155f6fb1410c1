//! The demo: a stack on show until somebody stops it.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::show::Show;
use crate::stack::StackOptions;

/// Where the page is, if that port is free.
const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Runs the demo until Ctrl-C. `bot` is the program to run as the bot; `stacks`: whether it
/// builds stacks of CloudFormation.
pub async fn serve(bot: PathBuf, stacks: bool, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let listen = match listen {
        Some(address) => Some(address),
        None => std::net::TcpListener::bind(PAGE).ok().map(|_| PAGE),
    };
    let options = StackOptions { page: listen, temporal_ui: true, ..StackOptions::demo(bot, stacks) };
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
