//! Slack over Socket Mode: the bot dials out, so that it needs no public address.
//! What arrives is handled as over HTTP, and acknowledged in the same time.
//!
//! - Here: one connection after the other, the next before the last one goes.
//! - `dial`: a new connection, greeted by Slack.
//! - `connection`: what is said on one of them until it ends.
//! - `health`: whether Slack can reach us.
//!
//! The connection is tokio-tungstenite's. slack-morphism has a Socket Mode of its
//! own, but waits 30 seconds before each new connection, drops the old one before
//! the new one stands, sets no deadline to a handler, and reads payloads into its
//! own models, which refuse what they do not know.

mod connection;
mod dial;
mod health;

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::connection::{Leaving, converse};
use self::dial::open;
pub use self::health::SocketHealth;
use super::Handlers;
use crate::slack::web_api::{SlackApi, SlackError};

/// A connection that lived so long was a good one: the next is tried at once.
const LIVED: Duration = Duration::from_secs(10);
/// The pause once two tries failed; it doubles from try to try…
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// …up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Serves Slack over one connection after the other until `stopping` says true;
/// then answers what has arrived, and says goodbye.
pub async fn serve(api: SlackApi, handlers: Handlers, reach: SocketHealth, mut stopping: watch::Receiver<bool>) {
    let mut conversations = JoinSet::new();
    // Dropping it lets the connection before end, once its answers are given.
    let mut current: Option<oneshot::Sender<()>> = None;
    let mut tries = 0;
    loop {
        let opened = tokio::select! {
            opened = open(&api, &handlers) => opened,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let mut pause = pause(tries);
        tries += 1;
        match opened {
            Ok(socket) => {
                tracing::info!("connected to Slack");
                let since = Instant::now();
                let (keep, retire) = oneshot::channel();
                let (leave, leaving) = oneshot::channel();
                reach.change(|state| state.connections += 1);
                conversations.spawn(converse(socket, handlers.clone(), reach.clone(), leave, retire));
                current = Some(keep);
                let why = tokio::select! {
                    why = leaving => why.unwrap_or(Leaving::Over),
                    _ = stopping.wait_for(|stop| *stop) => break,
                };
                if why == Leaving::Replaced || since.elapsed() >= LIVED {
                    (tries, pause) = (0, Duration::ZERO);
                }
            }
            Err(error) => {
                let why = format!("{error:#}");
                tracing::warn!(error = why, "no connection to Slack");
                reach.change(|state| state.why_not = why);
                if let Some(SlackError::RateLimited { retry_after, .. }) = error.downcast_ref() {
                    pause = pause.max(*retry_after);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
        while conversations.try_join_next().is_some() {}
    }
    drop(current);
    while conversations.join_next().await.is_some() {}
}

fn pause(tries: u32) -> Duration {
    match tries {
        0 => Duration::ZERO,
        more => FIRST_PAUSE.saturating_mul(1 << (more - 1).min(10)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_growing() {
        let pauses: Vec<u64> = (0..10).map(|tries| pause(tries).as_millis() as u64).collect();
        assert_eq!(pauses, [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
