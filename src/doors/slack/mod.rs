//! What happens when a person does something: one durable thing, then the
//! acknowledgement. Nothing is queued and nothing runs on behind it, but the looking
//! for names to show (`directory/names.rs`), on which nothing depends.

pub mod acts;
mod broken;
mod fields;
mod handlers;
pub mod http;
mod leases;
mod overview;
mod replan;
mod reply;
pub mod request;
pub mod socket;

use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, Span};

pub use self::handlers::Handlers;
pub use self::reply::Reply;
use crate::domain::request::{ApplicationName, RequestId};
use crate::slack::ids;
use crate::slack::inbound::{Click, Inbound};
use crate::slack::origin::{Foreign, Origin};
use crate::traces;

/// Whom to tell when handling takes too long.
enum Late {
    Command,
    /// The form, by a field of it.
    Form(&'static str),
    Click(Box<Click>),
    Other,
}

impl From<&Inbound> for Late {
    fn from(inbound: &Inbound) -> Self {
        match inbound {
            Inbound::Command(_) => Self::Command,
            Inbound::Submitted(_) => Self::Form(ids::APPLICATION_NAME),
            Inbound::RejectSubmitted(_) => Self::Form(ids::REASON),
            Inbound::GiveSubmitted(_) => Self::Form(ids::TO),
            Inbound::Pressed(_, click) => Self::Click(Box::new(click.clone())),
            Inbound::BlueprintChosen(_) | Inbound::OptionsRequested(_) | Inbound::Challenged(_) | Inbound::Nothing => {
                Self::Other
            }
        }
    }
}

/// A person's deed as a part of the trace of its request, as soon as that has an ID.
fn span(inbound: &Inbound) -> Span {
    let (name, request) = match inbound {
        Inbound::Command(_) => ("command", None),
        Inbound::Submitted(form) => {
            let name = ApplicationName::parse(&form.application_name).ok();
            (ids::PROVISION_REQUEST, name.map(|name| RequestId::new(&name, &form.digest)))
        }
        Inbound::RejectSubmitted(form) => (ids::REJECT_REQUEST, RequestId::parse(&form.request_id)),
        Inbound::GiveSubmitted(form) => (ids::GIVE_RESOURCE, RequestId::parse(&form.request_id)),
        Inbound::Pressed(button, click) => (button.action_id(), RequestId::parse(&click.request_id)),
        Inbound::BlueprintChosen(_) => (ids::BLUEPRINT, None),
        Inbound::OptionsRequested(_) => ("options", None),
        Inbound::Challenged(_) | Inbound::Nothing => return Span::none(),
    };
    traces::delivery(name, request.as_ref().map(RequestId::as_str))
}

/// Slack waits three seconds for an answer; some of them are the network's.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_200);
/// What of that is left to tell somebody that Temporal did not answer.
const TELLING: Duration = Duration::from_millis(200);

impl Handlers {
    /// The answer, in less time than Slack waits since the delivery `arrived`, and how
    /// handling went. What is for somebody else is not handled, and has none.
    pub async fn answer(
        &self,
        origin: &Origin,
        inbound: Inbound,
        arrived: Instant,
    ) -> (Result<Reply, Foreign>, &'static str) {
        let due = arrived + ANSWER_WITHIN;
        let answered = due - TELLING;
        let (requests, open) = (self.requests.until(answered), self.open.until(answered));
        let bot = Self { requests, open, ..self.clone() };
        let late = Late::from(&inbound);
        let span = span(&inbound);
        let handled = async {
            match self.is_for_us(origin).await {
                Ok(true) => (Ok(bot.handle(inbound).await), "ok"),
                Ok(false) => (Ok(self.put_off(&late, WHOSE).await), "unknown"),
                Err(foreign) => (Err(foreign), "foreign"),
            }
        };
        let answer = async {
            match tokio::time::timeout_at(due, handled).await {
                Ok(answer) => answer,
                Err(_) => (Ok(self.put_off(&late, LATE).await), "late"),
            }
        };
        let (reply, result) = answer.instrument(span.clone()).await;
        traces::tell(&span, "slack.reply", reply.as_ref().map_or("none", Reply::kind));
        if result != "ok" {
            traces::failed(&span, result);
        }
        (reply, result)
    }

    /// Whether a delivery is for our app and organisation; `false`: that is not known,
    /// since Slack has not yet said whose token we have. A signature shows whose secret
    /// it is, not for which workspace, so nothing is done until it is known.
    async fn is_for_us(&self, origin: &Origin) -> Result<bool, Foreign> {
        if origin.is_silent() {
            return Ok(true);
        }
        let us = match self.slack.identity().await {
            Ok(us) => us,
            Err(error) => {
                tracing::warn!(%error, "a delivery is put off: it is not known whose bot this is");
                return Ok(false);
            }
        };
        self.slack.find_app().await;
        origin.judge(us, self.slack.app_id())?;
        Ok(true)
    }

    async fn handle(&self, inbound: Inbound) -> Reply {
        match inbound {
            Inbound::Command(command) => request::command(self, command).await,
            Inbound::BlueprintChosen(chosen) => request::blueprint_chosen(self, chosen).await,
            Inbound::Submitted(submission) => request::submitted(self, submission).await,
            Inbound::OptionsRequested(search) => request::searched(self, search).await,
            Inbound::GiveSubmitted(form) => leases::given(self, form).await,
            Inbound::Pressed(button, click) => acts::pressed(self, button, click).await,
            Inbound::RejectSubmitted(reason) => acts::reject_submitted(self, reason).await,
            Inbound::Challenged(challenge) => Reply::Challenge(challenge),
            Inbound::Nothing => Reply::Nothing,
        }
    }

    /// The answer when handling takes longer than Slack waits, or cannot begin.
    async fn put_off(&self, late: &Late, why: &str) -> Reply {
        match late {
            Late::Command => Reply::Private(why.to_owned()),
            Late::Form(field) => Reply::error(field, why),
            Late::Click(click) => {
                let told = tokio::time::timeout(TELL_LATE, self.tell(click, why)).await;
                told.unwrap_or(Reply::Nothing)
            }
            Late::Other => Reply::Nothing,
        }
    }
}

/// How long telling somebody that it took too long may take.
const TELL_LATE: Duration = Duration::from_millis(400);
const WHOSE: &str = "Slack does not tell this app which workspace it belongs to right now. Nothing was changed: please try again in a moment.";
const LATE: &str = "That took too long. Nothing is lost: please try again in a moment.";
