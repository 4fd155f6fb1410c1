//! The workspace, served: everything that answers under its address, and its sockets.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::{Router, middleware};
use tokio::net::TcpListener;

use crate::simulator::{Simulator, SimulatorOptions};
use crate::{page, response_url, socket_mode, web_api};

impl Simulator {
    /// Serves the workspace "Acme": Web API, response URLs and the web page.
    pub async fn start(options: SimulatorOptions) -> anyhow::Result<Simulator> {
        let listen = options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let panel = options.panel.clone();
        let simulator = Simulator::new(address, options);
        let page = page::routes(panel).with_state(simulator.clone());
        let routes =
            Router::new().merge(web_api::routes()).merge(response_url::routes()).with_state(simulator.clone()).merge(
                if address.ip().is_loopback() { page.layer(middleware::from_fn(page::only_here)) } else { page },
            );
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the Slack simulator stopped serving");
            }
        });
        let sockets = socket_mode::serve(simulator.clone()).await?;
        simulator.servers().extend([server, sockets]);
        Ok(simulator)
    }

    /// Stops accepting connections, and breaks the sockets.
    pub fn stop(&self) {
        self.servers().drain(..).for_each(|server| server.abort());
        self.break_all_sockets();
    }
}
