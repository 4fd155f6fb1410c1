//! One request as a workflow: its state, the signals that reach it and the query
//! it answers. What happens, step by step, is in `run.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{ApplicationFailure, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};

use super::legible::legible;
use super::payload::{Lenient, Unread};
use super::plans::{Job, Plans};
use super::run::Run;
use super::search_attributes::SearchAttributes;
use super::work::Work;
use super::{QUERY_PENDING_NOTICE, QUERY_STATE, QUERY_VERDICT, SIGNAL_ACT, SIGNAL_AUTHORIZE, WORKFLOW_TYPE};
use crate::domain::act::{Act, Decision, Kind};
use crate::domain::approval::{Approval, Effect, Event};
use crate::domain::decision::Authorization;
use crate::domain::field::By;
use crate::domain::judge::{self, Accepted, Standing};
use crate::domain::lifecycle::{Choice, Failure, RequestState, Status};
use crate::domain::moment::Moment;
use crate::domain::notice::{Conversation, Notice, Notification, Planned, Planning, Reminded};
use crate::domain::refusal::{NotCounted, Refusal};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;
use crate::domain::verdict::Verdict;

/// Acts that may wait for the rules they are judged by. They come that early
/// only when somebody automates; a flood beyond this is dropped.
const INBOX_MAX: usize = 100;
/// Verdicts that are kept for the doors that ask for them.
const VERDICTS_MAX: usize = 50;

/// A request, as the workflow remembers it.
#[workflow]
pub struct ProvisionApplication {
    pub(super) id: String,
    pub(super) request: Result<ProvisionRequest, Unread>,
    pub(super) status: Status,
    pub(super) approval: Approval,
    /// What was provisioned.
    pub(super) resources: Option<BTreeMap<String, Value>>,
    /// What went wrong, last.
    pub(super) failure: Option<Failure>,
    /// What decisions are judged by, once the request passed the pre-flight checks.
    pub(super) rules: Option<Rules>,
    /// Decisions not yet judged, in the order they came.
    inbox: VecDeque<Act>,
    /// What somebody chose about the failure that is open, and who.
    pub(super) choice: Option<(Choice, String)>,
    pub(super) conversation: Conversation,
    /// Since when notices were told of which it is not known what they posted, in Unix
    /// seconds.
    pub(super) unsettled: Option<i64>,
    /// Is something being told now?
    pub(super) is_telling: bool,
    /// Is the time for a decision, or for a choice, over?
    pub(super) is_late: bool,
    /// What came of the work, for the notice that accompanies it.
    pub(super) pending_notice: Option<Notification>,
    /// What came of the latest acts, for the doors that sent them.
    verdicts: VecDeque<(String, Verdict)>,
    /// The act that counts until it is obeyed.
    counted: Option<String>,
    /// What came up while a question is open, until people are told.
    pub(super) untold: Option<Notice>,
    pub(super) plans: Plans,
    /// What is built, and how far it is.
    pub(super) work: Work,
    pub(super) index: SearchAttributes,
    /// How many signals came.
    signals: u32,
    is_withdrawn: bool,
}

#[workflow_methods]
impl ProvisionApplication {
    #[init]
    pub fn new(context: &WorkflowContextView, request: Lenient<ProvisionRequest>) -> Self {
        let authorizer = request.0.as_ref().map(|request| request.authorizer_id.as_str()).unwrap_or_default();
        Self {
            id: context.workflow_id().to_owned(),
            approval: Approval::by(authorizer),
            request: request.0,
            status: Status::PreFlight,
            resources: None,
            failure: None,
            rules: None,
            inbox: VecDeque::new(),
            choice: None,
            conversation: Conversation::default(),
            unsettled: earlier_run(context),
            is_telling: false,
            is_late: false,
            pending_notice: None,
            verdicts: VecDeque::new(),
            counted: None,
            untold: None,
            plans: Plans::default(),
            work: Work::default(),
            index: SearchAttributes::default(),
            signals: 0,
            is_withdrawn: false,
        }
    }

    #[run(name = WORKFLOW_TYPE)]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<RequestState> {
        let request = match ctx.state(|s| s.request.clone()) {
            Ok(request) => request,
            // Others may have the key: this fails the task, which is given to them
            // in turn, where an error would end the request.
            Err(why @ Unread::NoKey(_)) => panic!("{why}"),
            Err(why) => return Err(malformed_input(&why.to_string()).into()),
        };
        let run = Run { id: RequestId::of_workflow(ctx.workflow_id()), request };
        run.run(ctx).await;
        Ok(ctx.state(Self::told))
    }

    /// A decision, from any client that knows no rounds.
    #[signal(name = SIGNAL_AUTHORIZE)]
    pub fn authorize(&mut self, ctx: &mut SyncWorkflowContext<Self>, said: Lenient<Decision>) {
        match legible(ctx, &mut self.signals, said) {
            Ok(decision) => self.receive(ctx, decision.into()),
            Err(why) => refused(ctx, &why),
        }
    }

    /// Whatever somebody does with the request, through whichever door.
    #[signal(name = SIGNAL_ACT)]
    pub fn act(&mut self, ctx: &mut SyncWorkflowContext<Self>, said: Lenient<Act>) {
        match legible(ctx, &mut self.signals, said) {
            Ok(act) => self.receive(ctx, act),
            Err(why) => refused(ctx, &why),
        }
    }

    #[query(name = QUERY_STATE)]
    pub fn state(&self, _context: &WorkflowContextView) -> RequestState {
        self.told()
    }

    /// What the notice that accompanies the work still has to post, once that is known.
    #[query(name = QUERY_PENDING_NOTICE)]
    pub fn pending_notice(&self, _context: &WorkflowContextView) -> Option<Notification> {
        self.pending_notice.clone()
    }

    /// What came of the act with this key; `None` if it is not known, or not any more.
    #[query(name = QUERY_VERDICT)]
    pub fn verdict(&self, _context: &WorkflowContextView, key: Lenient<String>) -> Option<Verdict> {
        self.verdict_of(&key.0.ok()?).cloned()
    }

    /// Judges an act when it comes, whatever the story is busy with, so that whoever
    /// decides second can be told at once. Without rules a decision waits for them.
    fn receive(&mut self, ctx: &SyncWorkflowContext<Self>, act: Act) {
        let waits = self.rules.is_none() && matches!(act.act, Kind::Plan | Kind::Approve | Kind::Reject);
        let is_open = self.status == Status::PreFlight && self.inbox.len() < INBOX_MAX;
        if waits && is_open {
            self.note(act.key.clone(), Verdict::Checking);
            return self.inbox.push_back(act);
        }
        match self.judge(&act, moment(ctx.workflow_time())) {
            Ok(Accepted::Withdrawn) => ctx.cancellation_token().cancel_with_reason("withdrawn by the requester"),
            Ok(_) => {}
            Err(refusal) => refused(ctx, &refusal),
        }
    }

    /// From now on decisions are judged when they come, and those that came early now;
    /// the answer is what did not count.
    pub(super) fn judge_by(&mut self, rules: Rules, waits: Duration, now: Moment) -> Vec<Refusal> {
        let asked = self.request.as_ref().map(ProvisionRequest::parameters).unwrap_or_default();
        // They were judged before.
        let parameters = rules.blueprint.parameters(By::Requester, &asked).unwrap_or(asked);
        let reminder = rules.reminder_seconds.map(Duration::from_secs);
        let opened = Event::Opened { waits, reminder, parameters, lifetime: rules.lifetime };
        self.rules = Some(rules);
        self.apply(opened, now);
        let early: Vec<Act> = self.inbox.drain(..).collect();
        early.iter().filter_map(|act| self.judge(act, now).err()).collect()
    }

    /// Has the judge look at an act, and keeps what it does.
    fn judge(&mut self, act: &Act, now: Moment) -> Result<Accepted, Refusal> {
        let judged = match &self.request {
            Ok(request) => judge::judge(request, self.rules.as_ref(), &self.standing(), act),
            Err(_) => Err(Refusal::NotOffered { act: act.act }),
        };
        let verdict = match &judged {
            Err(why) => Verdict::Refused(why.clone()),
            Ok(Accepted::Decided(Authorization::Approve { .. }, _) | Accepted::Chosen(_)) => Verdict::Checking,
            Ok(_) => Verdict::Accepted,
        };
        // An act that counted is not undone by coming once more.
        let is_repeated =
            judged.is_err() && act.key.as_deref().and_then(|key| self.verdict_of(key)) == Some(&Verdict::Accepted);
        if !is_repeated {
            self.note(act.key.clone(), verdict);
        }
        match &judged {
            Ok(Accepted::Decided(authorization, parameters)) => {
                let (authorization, parameters) = (authorization.clone(), parameters.clone());
                let decided = Event::Decided { authorization, parameters, door: act.door };
                self.apply(decided, now);
                self.counted.clone_from(&act.key);
            }
            Ok(Accepted::Chosen(choice)) => {
                self.choice = Some((*choice, act.by.clone()));
                self.counted.clone_from(&act.key);
            }
            Ok(Accepted::PlanWanted { region, profile, parameters }) => {
                let (region, profile, parameters) = (region.clone(), profile.clone(), parameters.clone());
                self.apply(Event::PlanAsked { region, profile, parameters }, now);
            }
            Ok(Accepted::Withdrawn) => self.is_withdrawn = true,
            Ok(Accepted::Again) | Err(_) => {}
        }
        judged
    }

    fn standing(&self) -> Standing<'_> {
        Standing {
            status: self.status,
            round: self.approval.round,
            authorization: self.approval.decision(),
            offer: Some(&self.approval.offer),
            is_planning: self.approval.planning().is_some(),
            chosen: self.choice.as_ref().map(|(choice, by)| (*choice, &**by)),
            is_withdrawn: self.is_withdrawn,
            is_late: self.is_late,
        }
    }

    /// Tells the approval what happens, and keeps what is to be done about it.
    pub(super) fn apply(&mut self, event: Event, now: Moment) {
        for effect in self.approval.apply(event, now) {
            match effect {
                // What is being asked is told by whoever opened the step.
                Effect::Ask { .. } | Effect::AskAgain { .. } => {}
                // Nothing holds any more that was so about the plan before.
                Effect::AskAnew { .. } => {
                    (self.is_late, self.choice, self.failure, self.untold) = (false, None, None, None);
                }
                // What was decided, or holds after all, is waited for.
                Effect::Obey | Effect::GoOn => {}
                Effect::Plan => {
                    self.plans.jobs.push_back(Job::Plan);
                    let asks = self.status == Status::AwaitingAuthorization || self.status == Status::PreFlight;
                    let number = self.approval.planning().filter(|_| asks);
                    self.untold = number.map(|number| Notice::Planning(Planning { number })).or(self.untold.take());
                }
                // Whoever makes it sees that nobody waits for it.
                Effect::StopPlan => {}
                // Shown before, it would be contradicted by what came before it.
                Effect::ShowPlan { until } => {
                    self.untold = Some(Notice::Planned(Planned { expires_at: until.0 }));
                }
                // Nothing else is forgotten for it.
                Effect::Remind { until } if self.untold.is_none() => {
                    self.untold = Some(Notice::Reminded(Reminded { expires_at: until.0 }));
                }
                Effect::Remind { .. } => {}
                Effect::Late => self.is_late = true,
            }
        }
    }

    /// The decision does not hold: the step opens again, in another round.
    pub(super) fn strike(&mut self, why: NotCounted, now: Moment) {
        self.apply(Event::Struck, now);
        self.not_counted(why);
    }

    /// What counted holds, and is obeyed.
    pub(super) fn holds(&mut self) {
        let key = self.counted.take();
        self.note(key, Verdict::Accepted);
    }

    /// What counted does not hold, as the door that sent it hears when it asks.
    pub(super) fn not_counted(&mut self, why: NotCounted) {
        let key = self.counted.take();
        self.note(key, Verdict::NotCounted(why));
    }

    /// What came of the act with this key, last.
    fn verdict_of(&self, key: &str) -> Option<&Verdict> {
        self.verdicts.iter().rev().find(|(of, _)| of == key).map(|(_, verdict)| verdict)
    }

    fn note(&mut self, key: Option<String>, verdict: Verdict) {
        let Some(key) = key else { return };
        if self.verdicts.len() == VERDICTS_MAX {
            self.verdicts.pop_front();
        }
        self.verdicts.push_back((key, verdict));
    }
}

/// When an earlier run of this request began, if it was reset: what that run posted after
/// the point of the reset nobody tells this one. Unix seconds. A run that was not reset is
/// the first one.
fn earlier_run(context: &WorkflowContextView) -> Option<i64> {
    let first = context.first_execution_run_id();
    let began = context.start_time().filter(|_| !first.is_empty() && first != context.run_id())?;
    i64::try_from(began.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn malformed_input(why: &str) -> ApplicationFailure {
    ApplicationFailure::builder(anyhow::anyhow!("the input is no provision request: {why}"))
        .type_name("MalformedInput".to_owned())
        .non_retryable(true)
        .build()
}

fn refused(ctx: &SyncWorkflowContext<ProvisionApplication>, why: &impl fmt::Debug) {
    if !ctx.is_replaying() {
        tracing::warn!(request.id = ctx.workflow_id(), ?why, "a signal was refused");
    }
}

fn moment(time: Option<SystemTime>) -> Moment {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Moment(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
