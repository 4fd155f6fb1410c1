//! The web page of the workspace.

use axum::Router;

use super::simulator::Simulator;

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
}
