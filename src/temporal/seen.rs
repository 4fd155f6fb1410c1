//! All that the history of a request says, read in one go: what was asked for, what people
//! were told last and where those messages are, and what came of it.

use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;

use super::recorded::{PAGE, notified};
use super::{RequestError, Requests};
use crate::domain::lifecycle::{Break, RequestState};
use crate::domain::notice::{Notification, Told};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;

/// What the history of a request says.
#[derive(Clone, Debug)]
pub struct Seen {
    pub request: ProvisionRequest,
    /// By what it is decided; `None` until somebody was told of the request.
    pub rules: Option<Rules>,
    /// What was told last, with where all messages are.
    pub told: Option<Notification>,
    /// When that was, in Unix seconds.
    pub told_at: i64,
    /// How it stood when it ended by itself.
    pub result: Option<RequestState>,
    /// How it was ended from outside.
    pub broken: Option<Break>,
}

/// The payloads of a history that say something, as they come.
#[derive(Default)]
struct Payloaded {
    input: Option<Payloads>,
    /// Inputs of `notify`, the first and the last.
    first: Option<Payloads>,
    last: Option<Payloads>,
    last_at: i64,
    /// The events that scheduled `notify`.
    telling: Vec<i64>,
    /// Results of `notify`.
    told: Vec<Payloads>,
    result: Option<Payloads>,
    broken: Option<Break>,
}

impl Requests {
    /// Reads the whole history of a request.
    pub async fn seen(&self, id: &RequestId) -> Result<Seen, RequestError> {
        let (mut found, mut next) = (Payloaded::default(), Vec::new());
        loop {
            let (events, more) = self.page(id, PAGE, next).await?;
            for event in events {
                found.take(event);
            }
            if more.is_empty() {
                break;
            }
            next = more;
        }
        let request = self.read(found.input.ok_or(RequestError::NotFound)?).await?.ok_or(RequestError::NotFound)?;
        let first: Option<Notification> = self.read_some(found.first).await?;
        let mut told: Option<Notification> = self.read_some(found.last).await?;
        if let Some(told) = &mut told {
            for result in found.told {
                let posted: Option<Told> = self.read(result).await?;
                told.conversation.0.extend(posted.map(|posted| posted.conversation.0).unwrap_or_default());
            }
        }
        let rules = first.and_then(|first| first.subject.rules);
        let (told_at, broken) = (found.last_at, found.broken);
        Ok(Seen { request, rules, told, told_at, result: self.read_some(found.result).await?, broken })
    }

    async fn read_some<T>(&self, payloads: Option<Payloads>) -> Result<Option<T>, RequestError>
    where
        T: serde::de::DeserializeOwned + 'static,
    {
        match payloads {
            Some(payloads) => self.read(payloads).await,
            None => Ok(None),
        }
    }
}

impl Payloaded {
    fn take(&mut self, event: temporalio_common::protos::temporal::api::history::v1::HistoryEvent) {
        let number = event.event_id;
        match &event.attributes {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(it)) => self.input.clone_from(&it.input),
            Some(Attributes::WorkflowExecutionCompletedEventAttributes(it)) => self.result.clone_from(&it.result),
            Some(Attributes::ActivityTaskCompletedEventAttributes(it))
                if self.telling.contains(&it.scheduled_event_id) =>
            {
                self.told.push(it.result.clone().unwrap_or_default());
            }
            Some(Attributes::WorkflowExecutionTerminatedEventAttributes(_)) => self.broken = Some(Break::Terminated),
            Some(Attributes::WorkflowExecutionTimedOutEventAttributes(_)) => self.broken = Some(Break::TimedOut),
            Some(Attributes::WorkflowExecutionFailedEventAttributes(_)) => self.broken = Some(Break::Failed),
            Some(Attributes::WorkflowExecutionCanceledEventAttributes(_)) => self.broken = Some(Break::Other),
            _ => {
                let at = event.event_time.map_or(0, |at| at.seconds);
                if let Some(input) = notified(event) {
                    self.telling.push(number);
                    self.first.get_or_insert_with(|| input.clone());
                    (self.last, self.last_at) = (Some(input), at);
                }
            }
        }
    }
}
