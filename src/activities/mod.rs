//! The bot's own hands: what the workflow asks of the world, done.

mod failures;
mod notify;
mod preflight;

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use crate::domain::lease::notice::LeaseSubject;
use crate::domain::lease::rules::LeaseRules;
use crate::domain::lease::state::Leased;
use crate::domain::notice::{Notification, Told};
use crate::domain::policy::{Policy, PreflightProblem};
use crate::domain::request::ProvisionRequest;
use crate::open::Open;
use crate::slack::directory::Directory;
use crate::slack::web_api::SlackApi;
use crate::telemetry::Metrics;
use crate::traces;
use crate::workflow::calls::{
    Check, LeaseRulesCall, MayGiveUpCall, NotifyCall, NotifyLeaseCall, Preflight, PreflightCall,
};
use crate::workflow::payload::LenientResult;

/// What the bot's own activities need.
pub struct BotActivities {
    pub policy: Arc<Policy>,
    pub slack: SlackApi,
    pub directory: Directory,
    pub metrics: Metrics,
    pub open: Open,
}

#[activities]
impl BotActivities {
    #[activity(definition = PreflightCall)]
    pub async fn preflight(
        self: Arc<Self>,
        ctx: ActivityContext,
        check: Check,
    ) -> Result<LenientResult<Preflight>, ActivityError> {
        traces::activity(ctx.info(), preflight::run(&self.policy, &self.directory, &self.open, &ctx, &check))
            .await
            .map(LenientResult)
    }

    #[activity(definition = MayGiveUpCall)]
    pub async fn may_give_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        request: ProvisionRequest,
    ) -> Result<LenientResult<Option<PreflightProblem>>, ActivityError> {
        traces::activity(ctx.info(), preflight::may_give_up(&self.policy, &self.directory, &ctx, &request))
            .await
            .map(LenientResult)
    }

    #[activity(definition = LeaseRulesCall)]
    pub async fn lease_rules(
        self: Arc<Self>,
        _ctx: ActivityContext,
        leased: Leased,
    ) -> Result<LeaseRules, ActivityError> {
        Ok(self.policy.lease_rules(&leased))
    }

    #[activity(definition = NotifyLeaseCall)]
    pub async fn notify_lease(
        self: Arc<Self>,
        ctx: ActivityContext,
        notification: Notification<LeaseSubject>,
    ) -> Result<LenientResult<Told>, ActivityError> {
        traces::activity(ctx.info(), notify::lease(&self.policy, &self.slack, &ctx, &notification))
            .await
            .map(LenientResult)
    }

    #[activity(definition = NotifyCall)]
    pub async fn notify(
        self: Arc<Self>,
        ctx: ActivityContext,
        notification: Notification,
    ) -> Result<LenientResult<Told>, ActivityError> {
        traces::activity(ctx.info(), notify::run(&self.policy, &self.slack, &self.metrics, &ctx, notification))
            .await
            .map(LenientResult)
    }
}
