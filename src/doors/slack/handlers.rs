//! [`Handlers`]: what every handler works with, and what is said where Temporal does not answer.

use std::sync::Arc;

use super::reply::Reply;
use crate::domain::policy::Policy;
use crate::domain::request::RequestId;
use crate::requests::Asking;
use crate::requests::Open;
use crate::requests::{Recorded, RequestError, Requests};
use crate::slack::directory::Directory;
use crate::slack::inbound::Click;
use crate::slack::views::ephemeral;
use crate::slack::web_api::SlackApi;
use crate::telemetry::Metrics;

/// Whether the call was carried out is not known; each may be made again.
pub(super) const NO_ANSWER: &str = "The service that keeps the requests does not answer right now. Please try again in a moment: \
                         nothing will be done twice.";
pub(super) const NO_SUCH_REQUEST: &str = "This request is not known any more.";

/// What a handler needs.
#[derive(Clone)]
pub struct Handlers {
    pub policy: Arc<Policy>,
    pub slack: SlackApi,
    pub directory: Directory,
    pub requests: Requests,
    pub open: Open,
    pub metrics: Metrics,
}

impl Handlers {
    /// Answers a click so that nobody else reads it. Best effort: there is no
    /// one left to tell if this fails too.
    pub(super) async fn tell(&self, click: &Click, text: &str) -> Reply {
        let text = &ephemeral::sentence(text);
        let said = match &click.response_url {
            Some(url) => self.slack.respond(url, text).await,
            None => self.slack.post_ephemeral(&click.channel, &click.user, text).await,
        };
        if let Err(error) = said {
            tracing::warn!(request.id = click.request_id, %error, "a click could not be answered");
        }
        Reply::Nothing
    }

    /// What asking needs.
    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            policy: &self.policy,
            directory: &self.directory,
            requests: &self.requests,
            open: &self.open,
            metrics: &self.metrics,
        }
    }

    /// The request a search is about, with the rules that were recorded with it, or what to
    /// tell instead.
    pub(super) async fn recorded(&self, id: &str) -> Result<(RequestId, Recorded), String> {
        let id = RequestId::parse(id).ok_or(NO_SUCH_REQUEST)?;
        known(&id, self.requests.recorded(&id).await).map(|recorded| (id, recorded))
    }
}

/// What was read of a request, or what to tell instead.
fn known<T>(id: &RequestId, read: Result<T, RequestError>) -> Result<T, String> {
    match read {
        Ok(read) => Ok(read),
        Err(RequestError::NotFound | RequestError::Ended) => Err(NO_SUCH_REQUEST.to_owned()),
        Err(RequestError::NoAnswer(why)) => {
            tracing::warn!(request.id = %id, why, "a request could not be read");
            Err(NO_ANSWER.to_owned())
        }
    }
}
