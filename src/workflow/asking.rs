//! The questions of a request, each with the clock that runs beside it: whether it may be
//! built, and what to do about a failure.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::FusedFuture;
use futures::{FutureExt, poll};
use temporalio_sdk::WorkflowCancellationToken;
use temporalio_sdk::workflows::select;

use super::calls;
use super::run::{Context, Run, Stop};
use super::telling::{RunningNotice, Said, detached, in_seconds, moment, unheard, until};
use crate::domain::approval::Event;
use crate::domain::lifecycle::{Failure, Status};
use crate::domain::notice::{NeedsAttention, Notice, PlanChanged, Requested};
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
        // When building was begun, they are asked anew.
        let attempts = ctx.state(|s| s.work.attempts);
        let called_off = detached();
        let mut clock = pin!(self.clock(ctx).fuse());
        let mut talk = pin!(self.talk(ctx, rules, attempts, &called_off).fuse());
        let mut decision = pin!(self.decision(ctx).fuse());
        // The clock runs and the question is on its way before anything is decided, however
        // early that came: what is asked first has the same number in each replay.
        let _ = poll!(clock.as_mut());
        let on_its_way = poll!(talk.as_mut());
        let ended = loop {
            if let Poll::Ready(Some(failure)) = on_its_way {
                break Err(Stop::Failed(failure));
            }
            select! {
                decided = &mut decision => break decided,
                () = &mut clock => {}
                unreachable = &mut talk => if let Some(failure) = unreachable {
                    break Err(Stop::Failed(failure));
                },
            }
        };
        let now = moment(ctx);
        ctx.state_mut(|s| s.apply(Event::PlanStopped, now));
        self.enter(ctx, Some(rules), ended.as_ref().map_or_else(Stop::status, Decided::status));
        if !talk.is_terminated() {
            // That a plan is being made does not stay true.
            let is_decided = matches!(ended, Ok(Decided::Approved { .. } | Decided::Rejected { .. }))
                && !ctx.state(|s| s.plans.is_told);
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
        attempts: u32,
        called_off: &WorkflowCancellationToken,
    ) -> Option<Failure> {
        let now = moment(ctx);
        let expires_at = ctx.state(|s| s.approval.open_until(now)).map(|at| at.0).unwrap_or_default();
        let question = match attempts {
            0 => Notice::Requested(Requested { expires_at }),
            attempt => Notice::PlanChanged(PlanChanged { attempt, expires_at }),
        };
        match self.notify(ctx, Some(rules), question, called_off.clone()).await {
            Ok(Some(cause)) => {
                let advice = "Ask again, and name somebody else.".to_owned();
                return Some(Failure { step: None, cause, advice, attempt: 1 });
            }
            Ok(None) => {}
            Err(error) => unheard(ctx, &error),
        }
        let now = moment(ctx);
        ctx.state_mut(|s| s.apply(Event::Asked, now));
        self.keep_telling(ctx, rules, called_off).await;
        None
    }

    /// Waits for a decision that counts, or for the end of the time for one.
    async fn decision(&self, ctx: &Context) -> Result<Decided, Stop> {
        loop {
            let decided = ctx.wait_condition(|s| s.approval.decision().is_some() || s.is_late).await;
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
        failure: &Failure,
        running: RunningNotice<impl Future<Output = Said>>,
    ) -> Result<Option<Chosen>, Stop> {
        let now = moment(ctx);
        ctx.state_mut(|s| {
            s.apply(Event::NextQuestion, now);
            s.choice = None;
            s.untold = None;
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
                self.keep_telling(ctx, rules, &called_off).await;
            }
            unreachable
        };
        let mut talk = pin!(talk.fuse());
        let mut choice = pin!(self.choice(ctx, failure.attempt).fuse());
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
    async fn choice(&self, ctx: &Context, attempt: u32) -> Result<Option<Chosen>, Stop> {
        loop {
            let chosen = ctx.wait_condition(|s| s.choice.is_some() || s.is_late).await;
            chosen.map_err(|_| Stop::Cancelled)?;
            if let Some(chosen) = self.obeyed(ctx, attempt).await? {
                return Ok(Some(chosen));
            }
            if ctx.state(|s| s.is_late) {
                return Ok(None);
            }
        }
    }

    /// Whoever started the workflow, it does not wait for ever.
    pub(super) fn waits_for(&self) -> Duration {
        Duration::from_secs(self.request.authorization_timeout_seconds).min(calls::AUTHORIZATION_AT_MOST)
    }
}
