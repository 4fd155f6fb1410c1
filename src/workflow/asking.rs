//! The questions of a request, each with the clock that runs beside it: whether it may be
//! built, and what to do about a failure.

use std::future::ready;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::FusedFuture;
use futures::{FutureExt, poll};
use provisioner::ProvisionInput;
use temporalio_sdk::TimerResult;
use temporalio_sdk::WorkflowCancellationToken;
use temporalio_sdk::workflows::select;

use super::calls;
use super::run::{Context, Run, Stop};
use super::telling::{RunningNotice, Said, detached, in_seconds, unheard, until};
use crate::domain::lifecycle::{Failure, Status};
use crate::domain::notice::{NeedsAttention, Notice, Reminded, Requested};
use crate::domain::rules::Rules;

/// What came of the question whether it may be built.
pub(super) enum Decided {
    /// By rules of this moment.
    Approved {
        rules: Box<Rules>,
        region: String,
        profile: String,
        decided_by: String,
    },
    Rejected {
        decided_by: String,
        reason: Option<String>,
    },
    /// `unconfirmed`: who approved it, where nobody could be asked whether that counts.
    Expired {
        unconfirmed: Option<String>,
    },
}

impl Decided {
    fn status(&self) -> Status {
        match self {
            Self::Approved { .. } => Status::Provisioning,
            Self::Rejected { .. } => Status::Rejected,
            Self::Expired { .. } => Status::Expired,
        }
    }
}

/// What came of the question what to do about a failure.
pub(super) enum Chosen {
    /// By rules of this moment: somebody may have mended the configuration.
    Retry {
        rules: Box<Rules>,
        decided_by: String,
    },
    GiveUp {
        decided_by: String,
    },
}

impl Run {
    /// Asks the authorizer, and waits for a decision that counts. The clock starts with
    /// the question and runs beside it, whenever it reaches somebody: what decides, ends
    /// or withdraws the request does not wait for Slack.
    pub(super) async fn ask(&self, ctx: &Context, rules: &Rules) -> Result<Decided, Stop> {
        let expires_at = in_seconds(ctx, self.waits_for());
        ctx.state_mut(|s| s.deadline = Some(expires_at));
        // Left to run once somebody decided: most often the request ends before it does,
        // and to cancel it would be one more event of each.
        let mut deadline = pin!(ctx.timer(until(self.waits_for(), &detached())).fuse());
        let called_off = detached();
        let mut talk = pin!(self.talk(ctx, rules, expires_at, &called_off).fuse());
        let mut decision = pin!(self.decision(ctx).fuse());
        // The question is on its way before anything is decided, however early that came:
        // what is asked first has the same number in each replay.
        let on_its_way = poll!(talk.as_mut());
        let ended = loop {
            if let Poll::Ready(Some(failure)) = on_its_way {
                break Err(Stop::Failed(failure));
            }
            select! {
                decided = &mut decision => break decided,
                _ = &mut deadline => ctx.state_mut(|s| s.is_late = true),
                unreachable = &mut talk => if let Some(failure) = unreachable {
                    break Err(Stop::Failed(failure));
                },
            }
        };
        self.enter(ctx, Some(rules), ended.as_ref().map_or_else(Stop::status, Decided::status));
        if !talk.is_terminated() {
            let is_decided = matches!(ended, Ok(Decided::Approved { .. } | Decided::Rejected { .. }));
            self.call_off(ctx, talk, &called_off, is_decided).await;
        }
        ended
    }

    /// Says what there is to say while the request waits, one thing after the other, until
    /// that is called off. The answer: why nobody can decide.
    async fn talk(
        &self,
        ctx: &Context,
        rules: &Rules,
        expires_at: i64,
        called_off: &WorkflowCancellationToken,
    ) -> Option<Failure> {
        match self.notify(ctx, Some(rules), Notice::Requested(Requested { expires_at }), called_off.clone()).await {
            Ok(Some(cause)) => {
                let advice = "Ask again, and name somebody else.".to_owned();
                return Some(Failure { step: None, cause, advice, attempt: 1 });
            }
            Ok(None) => {}
            Err(error) => unheard(ctx, &error),
        }
        let reminder = self.reminder(ctx, rules, expires_at, called_off);
        self.keep_telling(ctx, rules, called_off, reminder).await;
        None
    }

    /// Waits until it is time to remind the authorizer, who was asked now. `None`: it is
    /// never.
    async fn reminder(
        &self,
        ctx: &Context,
        rules: &Rules,
        expires_at: i64,
        called_off: &WorkflowCancellationToken,
    ) -> Option<Notice> {
        let after = rules.reminder_seconds.map(Duration::from_secs)?;
        if after >= self.waits_for() || in_seconds(ctx, after) >= expires_at {
            return None;
        }
        let fired = ctx.timer(until(after, called_off)).await == TimerResult::Fired;
        // Who has decided is not asked to; should that not count, they are told so.
        (fired && ctx.state(|s| s.authorization.is_none())).then_some(Notice::Reminded(Reminded { expires_at }))
    }

    /// Waits for a decision that counts, or for the end of the time for one.
    async fn decision(&self, ctx: &Context) -> Result<Decided, Stop> {
        loop {
            let decided = ctx.wait_condition(|s| s.authorization.is_some() || s.is_late).await;
            decided.map_err(|_| Stop::Cancelled)?;
            if let Some(decided) = self.confirmed(ctx).await? {
                return Ok(decided);
            }
            if ctx.state(|s| s.is_late) {
                return Ok(Decided::Expired { unconfirmed: None });
            }
        }
    }

    /// Asks a person what to do about a failure; the time they have begins with the
    /// question, whenever it reaches them. `None`: nobody chose in time.
    pub(super) async fn attention(
        &self,
        ctx: &Context,
        rules: &Rules,
        input: &ProvisionInput,
        failure: &Failure,
        running: RunningNotice<impl Future<Output = Said>>,
    ) -> Result<Option<Chosen>, Stop> {
        ctx.state_mut(|s| {
            s.choice = None;
            s.untold = None;
            s.approval.next_round();
            s.is_late = false;
            s.failure = Some(failure.clone());
        });
        let expires_at = in_seconds(ctx, calls::ATTENTION);
        let stuck = Notice::NeedsAttention(NeedsAttention { failure: failure.clone(), expires_at });
        let waiting = detached();
        let mut deadline = pin!(ctx.timer(until(calls::ATTENTION, &waiting)).fuse());
        let called_off = running.called_off.clone();
        let talk = async {
            let unreachable = self.finish_notice(ctx, rules, stuck, running).await;
            if unreachable.is_none() {
                self.keep_telling(ctx, rules, &called_off, ready(None)).await;
            }
            unreachable
        };
        let mut talk = pin!(talk.fuse());
        let mut choice = pin!(self.choice(ctx, input, failure.attempt).fuse());
        let chosen = loop {
            select! {
                chosen = &mut choice => break chosen,
                _ = &mut deadline => ctx.state_mut(|s| s.is_late = true),
                unreachable = &mut talk => if let Some(cause) = unreachable {
                    let attempt = failure.attempt;
                    break Err(Stop::Failed(Failure { step: None, cause, advice: String::new(), attempt }));
                },
            }
        };
        waiting.cancel();
        if matches!(chosen, Ok(Some(Chosen::Retry { .. }))) {
            self.enter(ctx, Some(rules), Status::Provisioning);
        }
        if !talk.is_terminated() {
            self.call_off(ctx, talk, &called_off, matches!(chosen, Ok(Some(_)))).await;
        }
        chosen
    }

    /// Waits for a choice that counts, or for the end of the time for one.
    async fn choice(&self, ctx: &Context, input: &ProvisionInput, attempt: u32) -> Result<Option<Chosen>, Stop> {
        loop {
            let chosen = ctx.wait_condition(|s| s.choice.is_some() || s.is_late).await;
            chosen.map_err(|_| Stop::Cancelled)?;
            if let Some(chosen) = self.obeyed(ctx, input, attempt).await? {
                return Ok(Some(chosen));
            }
            if ctx.state(|s| s.is_late) {
                return Ok(None);
            }
        }
    }

    /// Whoever started the workflow, it does not wait for ever.
    fn waits_for(&self) -> Duration {
        Duration::from_secs(self.request.authorization_timeout_seconds).min(calls::AUTHORIZATION_AT_MOST)
    }
}
