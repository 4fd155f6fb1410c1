//! What was built as a workflow: what it remembers, the signals that reach it and the query it
//! answers. What happens, step by step, is in `life.rs`.

use std::collections::VecDeque;
use std::fmt;
use std::time::UNIX_EPOCH;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ApplicationFailure, ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
};

use super::begun::{Begun, Carried};
use super::life::Life;
use crate::domain::lease::Lease;
use crate::domain::lease::act::LeaseAct;
use crate::domain::lease::judge::LeaseVerdict;
use crate::domain::lease::notice::LeaseNotice;
use crate::domain::lease::rules::LeaseRules;
use crate::domain::lease::state::{LeaseState, Leased, Resource};
use crate::domain::lease::terms::Terms;
use crate::domain::moment::Moment;
use crate::domain::notice::Conversation;
use crate::workflow::legible::legible;
use crate::workflow::payload::{Lenient, Unread};
use crate::workflow::{LEASE_TYPE, QUERY_RESOURCE, QUERY_STATE, QUERY_VERDICT, SIGNAL_ACT};

/// Acts that may wait for what they are judged by: only until the first look into the
/// configuration. A flood beyond this is dropped.
const INBOX_MAX: usize = 100;
/// Verdicts that are kept for the doors that ask for them.
const VERDICTS_MAX: usize = 50;

/// Something that was built, as the workflow remembers it.
#[workflow]
pub struct ResourceLease {
    leased: Result<Leased, Unread>,
    pub(super) lease: Option<Lease>,
    pub(super) rules: Option<LeaseRules>,
    inbox: VecDeque<LeaseAct>,
    verdicts: VecDeque<(String, LeaseVerdict)>,
    pub(super) conversation: Conversation,
    /// Since when notices were told of which it is not known what they posted, in Unix seconds.
    pub(super) unsettled: Option<i64>,
    /// How many notices were told.
    pub(super) told: u32,
    /// The notice whose messages may have buttons still, and its number.
    pub(super) offering: Option<(u32, LeaseNotice)>,
    /// When this run began.
    began: Moment,
    signals: u32,
}

#[workflow_methods]
impl ResourceLease {
    #[init]
    pub fn new(context: &WorkflowContextView, begun: Lenient<Begun>) -> Self {
        let (leased, carried) = match begun.0 {
            Ok(Begun { leased, carried }) => (Ok(leased), carried.map(|it| *it).unwrap_or_default()),
            Err(why) => (Err(why), Carried::default()),
        };
        let Carried { lease, inbox, verdicts, conversation, unsettled, told, offering } = carried;
        let began = context.start_time().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        Self {
            leased,
            lease,
            rules: None,
            inbox: inbox.into(),
            verdicts: verdicts.into(),
            conversation,
            unsettled,
            told,
            offering,
            began: Moment(i64::try_from(began.as_secs()).unwrap_or_default()),
            signals: 0,
        }
    }

    #[run(name = LEASE_TYPE)]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<LeaseState> {
        let leased = match ctx.state(|s| s.leased.clone()) {
            Ok(leased) => leased,
            // Others may have the key.
            Err(why @ Unread::NoKey(_)) => panic!("{why}"),
            Err(why) => return Err(malformed_input(&why.to_string()).into()),
        };
        let life = Life { id: ctx.workflow_id().to_owned(), leased };
        if life.goes_on(ctx).await {
            let next = ctx.state_mut(|s| s.carried(life.leased.clone()));
            ctx.continue_as_new(Lenient::of(next), ContinueAsNewOptions::default())?;
        }
        ctx.state(Self::shown).ok_or_else(|| malformed_input("nothing is known of it").into())
    }

    /// Whatever somebody does with it, through whichever door.
    #[signal(name = SIGNAL_ACT)]
    pub fn act(&mut self, ctx: &mut SyncWorkflowContext<Self>, said: Lenient<LeaseAct>) {
        let act = match legible(ctx, &mut self.signals, said) {
            Ok(act) => act,
            Err(why) => return refused(ctx, &why),
        };
        if self.rules.is_none() {
            if self.inbox.len() < INBOX_MAX {
                self.note(act.key.clone(), LeaseVerdict::Checking);
                self.inbox.push_back(act);
            }
            return;
        }
        let now = ctx.workflow_time().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let now = Moment(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        if let Err(why) = self.judge(&act, now) {
            refused(ctx, &why);
        }
    }

    #[query(name = QUERY_STATE)]
    pub fn state(&self, _context: &WorkflowContextView) -> Option<LeaseState> {
        self.shown()
    }

    /// What was built, for whom, and how it stands. Not for others.
    #[query(name = QUERY_RESOURCE)]
    pub fn resource(&self, _context: &WorkflowContextView) -> Option<Resource> {
        Some(Resource { leased: self.leased.as_ref().ok()?.clone(), state: self.shown()? })
    }

    /// What came of the act with this key; `None` if it is not known, or not any more.
    #[query(name = QUERY_VERDICT)]
    pub fn verdict(&self, _context: &WorkflowContextView, key: Lenient<String>) -> Option<LeaseVerdict> {
        let key = key.0.ok()?;
        self.verdicts.iter().rev().find(|(of, _)| *of == key).map(|(_, verdict)| verdict.clone())
    }

    /// From now on this counts, for what came early, too.
    pub(super) fn judge_by(&mut self, rules: LeaseRules, leased: &Leased, now: Moment) {
        if self.lease.is_none() {
            self.lease = Some(Lease::new(leased, &rules.terms, now));
        }
        self.rules = Some(rules);
        for act in std::mem::take(&mut self.inbox) {
            let _ = self.judge(&act, now);
        }
    }

    fn judge(&mut self, act: &LeaseAct, now: Moment) -> Result<(), impl fmt::Debug + use<>> {
        let (Some(lease), Some(rules)) = (&mut self.lease, &self.rules) else { return Ok(()) };
        let judged = lease.judge(act, &rules.terms, now);
        if let Ok(accepted) = &judged {
            lease.does(act, accepted, &rules.terms, now);
        }
        let verdict = match &judged {
            Ok(_) => LeaseVerdict::Accepted,
            Err(why) => LeaseVerdict::Refused(why.clone()),
        };
        self.note(act.key.clone(), verdict);
        judged.map(drop)
    }

    fn note(&mut self, key: Option<String>, verdict: LeaseVerdict) {
        let Some(key) = key else { return };
        // An act that counted is not undone by coming once more.
        let is_known = self.verdicts.iter().any(|(of, known)| *of == key && *known == LeaseVerdict::Accepted);
        if is_known {
            return;
        }
        if self.verdicts.len() == VERDICTS_MAX {
            self.verdicts.pop_front();
        }
        self.verdicts.push_back((key, verdict));
    }

    /// When this run began.
    pub(super) fn began(&self) -> Moment {
        self.began
    }

    /// What the next run begins with.
    fn carried(&mut self, leased: Leased) -> Begun {
        let carried = Carried {
            lease: self.lease.clone(),
            inbox: self.inbox.drain(..).collect(),
            verdicts: self.verdicts.drain(..).collect(),
            conversation: self.conversation.clone(),
            unsettled: self.unsettled,
            told: self.told,
            offering: self.offering.clone(),
        };
        Begun { leased, carried: Some(Box::new(carried)) }
    }

    /// What there is to tell of it.
    fn shown(&self) -> Option<LeaseState> {
        let leased = self.leased.as_ref().ok()?;
        let first = || Lease::new(leased, &Terms::default(), self.began);
        let lease = self.lease.clone().unwrap_or_else(first);
        Some(LeaseState {
            request_id: leased.request_id.clone(),
            status: lease.status,
            round: lease.round,
            owner: lease.owner.clone(),
            since: lease.since,
            ends_at: lease.ends_at,
            next_step_at: lease.next_step_at(),
            extensions: lease.extensions,
            pending: lease.pending.clone(),
            region: leased.region.clone(),
            profile: leased.profile.clone(),
            resources: leased.outputs.clone(),
            failure: lease.failure.clone().map(Into::into),
        })
    }
}

fn malformed_input(why: &str) -> ApplicationFailure {
    ApplicationFailure::builder(anyhow::anyhow!("the input is no lease: {why}"))
        .type_name("MalformedInput".to_owned())
        .non_retryable(true)
        .build()
}

fn refused(ctx: &SyncWorkflowContext<ResourceLease>, why: &impl fmt::Debug) {
    if !ctx.is_replaying() {
        tracing::warn!(lease.id = ctx.workflow_id(), ?why, "a signal was refused");
    }
}
