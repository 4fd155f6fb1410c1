//! One request as a workflow: its state, the signals that reach it and the query
//! it answers. What happens, step by step, is in `story.rs`.

use std::collections::VecDeque;
use std::time::UNIX_EPOCH;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{ApplicationFailure, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};

use super::payload::{Lenient, Unread};
use super::search_attributes::SearchAttributes;
use super::story::Story;
use super::{QUERY_NOT_COUNTED, QUERY_PENDING_NOTICE, QUERY_STATE, SIGNAL_ATTEND, SIGNAL_AUTHORIZE, WORKFLOW_TYPE};
use crate::domain::lifecycle::{Attendance, RequestState, Status};
use crate::domain::notice::{Conversation, Notice, Notification};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::{Decision, NotCounted, Refusal, Rules};

/// Decisions that may wait for the rules they are judged by. They come that early
/// only when somebody automates; a flood beyond this is dropped.
const INBOX_MAX: usize = 100;

/// A request, as the workflow remembers it.
#[workflow]
pub struct ProvisionApplication {
    pub(super) request: Result<ProvisionRequest, Unread>,
    pub(super) state: RequestState,
    /// What decisions are judged by, once the request passed the pre-flight checks.
    pub(super) rules: Option<Rules>,
    /// Decisions not yet judged, in the order they came.
    inbox: VecDeque<Decision>,
    /// The choice of a person about the failure that is open.
    pub(super) attendance: Option<Attendance>,
    pub(super) conversation: Conversation,
    /// Since when notices were told of which it is not known what they posted, in Unix
    /// seconds.
    pub(super) unsettled: Option<i64>,
    /// Is something being told now?
    pub(super) is_telling: bool,
    /// Is the time for a decision, or for a choice, over?
    pub(super) is_late: bool,
    /// What came of the work, for whoever accompanies it.
    pub(super) outcome: Option<Notification>,
    /// Why the last approval or choice did not count.
    pub(super) not_counted: Option<NotCounted>,
    /// What came up while a question is open, until people are told.
    pub(super) untold: Option<Notice>,
    pub(super) index: SearchAttributes,
    /// How many signals came.
    signals: u32,
}

#[workflow_methods]
impl ProvisionApplication {
    #[init]
    pub fn new(context: &WorkflowContextView, request: Lenient<ProvisionRequest>) -> Self {
        Self {
            request: request.0,
            state: RequestState {
                request_id: context.workflow_id().to_owned(),
                status: Status::PreFlight,
                authorization: None,
                progress: None,
                resources: None,
                failure: None,
            },
            rules: None,
            inbox: VecDeque::new(),
            attendance: None,
            conversation: Conversation::default(),
            unsettled: earlier_run(context),
            is_telling: false,
            is_late: false,
            outcome: None,
            not_counted: None,
            untold: None,
            index: SearchAttributes::default(),
            signals: 0,
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
        let story = Story { id: RequestId::of_workflow(ctx.workflow_id()), request };
        story.tell(ctx).await;
        Ok(ctx.state(|s| s.state.clone()))
    }

    /// The authorizer's decision, from a click or from any other client.
    #[signal(name = SIGNAL_AUTHORIZE)]
    pub fn authorize(&mut self, ctx: &mut SyncWorkflowContext<Self>, said: Lenient<Decision>) {
        match self.legible(ctx, said) {
            Ok(decision) if self.is_open() && self.inbox.len() < INBOX_MAX => {
                self.inbox.push_back(decision);
                self.judge().iter().for_each(|refusal| refused(ctx, &refusal.to_string()));
            }
            Ok(_) => refused(ctx, "the request is already decided"),
            Err(why) => refused(ctx, &why.to_string()),
        }
    }

    /// What a person chose about a request that needs a hand.
    #[signal(name = SIGNAL_ATTEND)]
    pub fn attend(&mut self, ctx: &mut SyncWorkflowContext<Self>, said: Lenient<Attendance>) {
        match self.legible(ctx, said) {
            Ok(choice) if self.asks_for(&choice) => {
                self.attendance = Some(choice);
                self.not_counted = None;
            }
            Ok(_) => refused(ctx, "nobody asked this person this question now"),
            Err(why) => refused(ctx, &why.to_string()),
        }
    }

    #[query(name = QUERY_STATE)]
    pub fn state(&self, _context: &WorkflowContextView) -> RequestState {
        self.state.clone()
    }

    /// What came of the work that is accompanied, once that is known.
    #[query(name = QUERY_PENDING_NOTICE)]
    pub fn outcome(&self, _context: &WorkflowContextView) -> Option<Notification> {
        self.outcome.clone()
    }

    /// Why the last approval or choice did not count, if it did not.
    #[query(name = QUERY_NOT_COUNTED)]
    pub fn not_counted(&self, _context: &WorkflowContextView) -> Option<NotCounted> {
        self.not_counted.clone()
    }

    /// Judges what is in the inbox, in order, until one counts; the answer is what
    /// did not. A decision is judged when it comes, whatever the story is busy
    /// with, so that whoever decides second can be told at once.
    pub(super) fn judge(&mut self) -> Vec<Refusal> {
        let (Some(rules), Ok(request)) = (&self.rules, &self.request) else { return Vec::new() };
        let mut refusals = Vec::new();
        for decision in self.inbox.drain(..) {
            match rules.accept(request, &decision) {
                Ok(authorization) => {
                    self.state.authorization = Some(authorization);
                    self.not_counted = None;
                    break;
                }
                Err(refusal) => {
                    // What others send is nothing that the authorizer is told.
                    if decision.decided_by == request.authorizer_id {
                        self.not_counted = Some(NotCounted::Decision(refusal.to_string()));
                    }
                    refusals.push(refusal);
                }
            }
        }
        refusals
    }

    /// What a signal says, or why it is refused. Whoever has other keys would read
    /// other signals, and replay another story: that one was refused for lack of a key
    /// is recorded, and holds for those who could read it. One in the history that was
    /// not refused was obeyed by somebody who had the key; without it the task fails,
    /// and is given to others.
    fn legible<T>(&mut self, ctx: &SyncWorkflowContext<Self>, said: Lenient<T>) -> Result<T, Illegible> {
        self.signals += 1;
        let marker = format!("illegible-{}", self.signals);
        let sealed = said.0.as_ref().is_err_and(Unread::for_lack_of_a_key);
        if (ctx.is_replaying() || sealed) && ctx.patched(&marker) {
            return Err(Illegible::Sealed(said.0.err()));
        }
        match said.0 {
            Err(why) if sealed => panic!("{why}"),
            said => said.map_err(Illegible::Wrong),
        }
    }

    /// May a decision still count?
    fn is_open(&self) -> bool {
        let undecided = matches!(self.state.status, Status::PreFlight | Status::AwaitingAuthorization);
        undecided && self.state.authorization.is_none() && !self.is_late
    }

    /// A choice counts once, from the authorizer, for the failure that is open.
    fn asks_for(&self, choice: &Attendance) -> bool {
        let open = self.state.failure.as_ref().map(|failure| failure.attempt);
        let asked = self.request.as_ref().is_ok_and(|request| request.authorizer_id == choice.decided_by);
        self.state.status == Status::NeedsAttention
            && self.attendance.is_none()
            && !self.is_late
            && asked
            && open == Some(choice.attempt)
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

/// Why a signal is refused before anybody looks what it says.
#[derive(Debug, thiserror::Error)]
enum Illegible {
    #[error("{}", .0.as_ref().map_or_else(|| "it was refused for lack of a key".to_owned(), ToString::to_string))]
    Sealed(Option<Unread>),
    #[error(transparent)]
    Wrong(Unread),
}

fn malformed_input(why: &str) -> ApplicationFailure {
    ApplicationFailure::builder(anyhow::anyhow!("the input is no provision request: {why}"))
        .type_name("MalformedInput".to_owned())
        .non_retryable(true)
        .build()
}

fn refused(ctx: &SyncWorkflowContext<ProvisionApplication>, why: &str) {
    if !ctx.is_replaying() {
        tracing::warn!(request.id = ctx.workflow_id(), why, "a signal was refused");
    }
}
