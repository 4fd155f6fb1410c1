//! The acts: what is done with a request or a lease, in the round that is shown there.
//!
//! First it is looked at, then the act is sent for the round it stands in: what somebody
//! changes in between makes another round of it, and the act is refused instead of
//! meaning something else. The same act sent twice, because an answer was lost, is done
//! once.

use clap::Args;
use serde_json::{Map, Value, json};

use super::common::Common;
use super::exit::Exit;
use super::http::{Call, Http};
use super::id::{self, Id};
use super::output::Output;
use super::persist::Patience;
use super::problem::Problem;
use super::set::{self, Setting};
use super::state::State;
use super::times::{now, seconds};
use super::words;

#[derive(Args)]
pub struct Approve {
    #[command(flatten)]
    request: OfRequest,
    /// Where it is to be built.
    #[arg(long)]
    region: String,
    /// By which AWS profile.
    #[arg(long)]
    profile: String,
    /// The plan that is approved; needed where `show` shows one.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    #[arg(long = "set", value_name = "FIELD=VALUE", help = set::HELP)]
    settings: Vec<Setting>,
}

#[derive(Args)]
pub struct Reject {
    #[command(flatten)]
    request: OfRequest,
    /// Why; the requester reads it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args)]
pub struct Answer {
    #[command(flatten)]
    request: OfRequest,
    /// The answer to the question that was asked.
    #[arg(long)]
    text: String,
}

#[derive(Args)]
pub struct Extend {
    #[command(flatten)]
    lease: OfLease,
    /// By how much, such as 30days; from the end it has.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    by: u64,
}

/// What acts of a request have.
#[derive(Args)]
pub struct OfRequest {
    /// The request's ID.
    #[arg(value_parser = id::of_request)]
    id: Id,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What acts of a lease have.
#[derive(Args)]
pub struct OfLease {
    /// The ID of the request that built it, or of the lease.
    id: Id,
    #[command(flatten)]
    pub(super) common: Common,
}

/// An act, ready to be sent in the round that is found.
pub(super) struct Act {
    id: Id,
    name: &'static str,
    values: Map<String, Value>,
    settings: Vec<Setting>,
    pub(super) common: Common,
}

impl Act {
    fn of_request(request: OfRequest, name: &'static str) -> Self {
        Self { id: request.id, name, values: Map::new(), settings: Vec::new(), common: request.common }
    }

    pub(super) fn of_lease(lease: OfLease, name: &'static str) -> Self {
        Self { id: lease.id.lease(), name, values: Map::new(), settings: Vec::new(), common: lease.common }
    }

    pub(super) fn cancel(request: OfRequest) -> Self {
        Self::of_request(request, "cancel")
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }

    /// Looks, acts, and says where it stands then.
    pub(super) async fn run(&self, http: &Http, out: &mut Output) -> Result<Exit, Problem> {
        let path = self.id.path();
        let found = http.persist(Patience::short(), out, |_| Call::get(path.clone())).await?;
        let body = self.body(&State::read(found)?)?;
        let call = Call::post(format!("{path}/acts"), &body);
        let answer = http.persist(Patience::short(), out, |_| call.clone()).await.inspect_err(|problem| {
            let Problem::Refused(refusal) = problem else { return };
            for hint in refusal.fields.iter().filter_map(|(field, _)| set::hint(&self.settings, field)) {
                out.note(&hint);
            }
        })?;
        out.document(&answer)?;
        out.line(&format!("{} is done: {}", self.name, self.id))?;
        for line in words::standing(&answer, now()) {
            out.line(&line)?;
        }
        Ok(Exit::Done)
    }

    /// The act as it is sent to what stands so.
    fn body(&self, found: &State) -> Result<Value, Problem> {
        if self.name == "approve"
            && let Some(plan) = found.plan_id().filter(|_| !self.values.contains_key("planId"))
        {
            return Err(Problem::refused(format!(
                "this request has a plan, and it is the plan that is approved. Read it by `provision-bot show {}`, \
                 then approve with --plan {plan}",
                self.id
            )));
        }
        let mut body = self.values.clone();
        body.insert("act".to_owned(), json!(self.name));
        body.insert("round".to_owned(), json!(found.round));
        Ok(Value::Object(body))
    }
}

impl Approve {
    pub(super) fn act(self) -> Result<Act, Problem> {
        let act = Act::of_request(self.request, "approve").with("region", self.region).with("profile", self.profile);
        let act = match self.plan {
            Some(plan) => act.with("planId", plan),
            None => act,
        };
        let parameters = set::parameters(&self.settings).map_err(Problem::Usage)?;
        let act = if parameters.is_empty() { act } else { act.with("parameters", parameters) };
        Ok(Act { settings: self.settings, ..act })
    }
}

impl From<Reject> for Act {
    fn from(reject: Reject) -> Self {
        Self::of_request(reject.request, "reject").with("text", reject.reason)
    }
}

impl From<Answer> for Act {
    fn from(answer: Answer) -> Self {
        Self::of_request(answer.request, "answer").with("text", answer.text)
    }
}

impl From<Extend> for Act {
    fn from(extend: Extend) -> Self {
        Self::of_lease(extend.lease, "extend").with("seconds", extend.by)
    }
}
