//! A stack on show: the page with what is underneath, and the plugs.

use std::sync::Arc;

use slack_simulator::Simulator;
use tokio::task::JoinHandle;

use crate::backstage::page::{Shown, panel};
use crate::backstage::{Backstage, SharedStack};
use crate::stack::{Stack, StackOptions, TOKEN};

/// A stack whose page shows everything.
pub struct Show {
    /// The workspace.
    pub slack: Simulator,
    /// The addresses to print, each with its name.
    pub addresses: Vec<(&'static str, String)>,
    stack: SharedStack,
    watch: JoinHandle<()>,
}

impl Show {
    /// Starts everything. Temporal keeps its state on disk, so that it may be stopped.
    pub async fn start(options: StackOptions, tell: impl Fn(&str)) -> anyhow::Result<Self> {
        let shown = Shown::default();
        let options = StackOptions { temporal_on_disk: true, panel: Some(panel(shown.clone())), ..options };
        let stack = Stack::start(options, tell).await?;
        let slack = stack.slack.clone();
        let mut addresses = vec![("Slack workspace", slack.page_url())];
        addresses.extend(stack.temporal.ui_url().map(|url| ("Temporal Web UI", url)));
        addresses.push(("Temporal", stack.temporal.address()));
        addresses.push(("S3", stack.s3.endpoint()));
        addresses.extend(stack.cloudformation.as_ref().map(|(server, _)| ("CloudFormation", server.endpoint())));
        addresses.push(("Bot", stack.bot_url()));
        addresses.push(("HTTP API", format!("{}/api/v1 (token: {TOKEN})", stack.bot_url())));

        let shared: SharedStack = Arc::default();
        let underneath = Arc::new(Backstage::of(&stack, shared.clone()));
        *shared.lock().await = Some(stack);
        // It is set here alone.
        let _ = shown.set(underneath.clone());
        let watch = tokio::spawn(underneath.watch());
        Ok(Self { slack, addresses, stack: shared, watch })
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.watch.abort();
        let stack = self.stack.lock().await.take();
        if let Some(stack) = stack {
            stack.stop().await;
        }
    }
}
