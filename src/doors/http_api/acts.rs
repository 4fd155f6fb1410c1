//! `POST /requests/{id}/acts`: a client does something with a request.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::answer::Refused;
use super::api::Api;
use super::body;
use super::caller::Caller;
use super::fields::Fields;
use super::read::{Id, find};
use crate::domain::act::{Act, Door, Kind, TEXT_MAX};
use crate::domain::client::Right;
use crate::domain::lifecycle::RequestState;
use crate::domain::refusal::{NotCounted, Refusal};
use crate::domain::request::RequestId;
use crate::requests::Requests;
use crate::requests::{self, Done, NotDone};
use crate::slack::views::refusal;

pub(super) async fn post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Id,
    request: Request,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Decide, Right::Ask])?;
    let object = body::read(&api.bodies, request).await?;
    // What may be done depends on what is to be done.
    let kind = object.get("act").and_then(|act| serde_json::from_value::<Kind>(act.clone()).ok());
    if let Some(kind) = kind {
        caller.needs(&[right(kind)])?;
    }
    let (id, _) = find(&api, &caller, id).await?;
    let act = read(&caller, object)?;
    let (requests, _) = api.in_time(caller.arrived);
    // One of its own however often it is sent: whether it is a repetition is judged there.
    let sending = Uuid::new_v4().to_string();
    match requests::act(&requests, id.as_str(), act, Some(sending)).await {
        Ok(Done::Counted) => Ok(Json(json!(requests.state(&id).await?))),
        Ok(Done::Kept) => Err(Refused::away("The worker that judges this")),
        Err(why) => Err(refused(&api.requests, &id, why).await),
    }
}

/// The right an act needs.
fn right(kind: Kind) -> Right {
    match kind {
        Kind::Answer | Kind::Accept | Kind::Decline | Kind::Cancel => Right::Ask,
        Kind::Plan
        | Kind::Approve
        | Kind::Reject
        | Kind::Ask
        | Kind::Counter
        | Kind::HandOver
        | Kind::Undo
        | Kind::Retry
        | Kind::GiveUp => Right::Decide,
    }
}

/// The values that an act takes.
fn takes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Plan => &["region", "profile", "parameters"],
        Kind::Approve => &["region", "profile", "planId", "lifetimeSeconds", "parameters"],
        Kind::Counter => &["region", "profile", "lifetimeSeconds", "parameters"],
        Kind::Reject | Kind::Ask | Kind::Answer => &["text"],
        Kind::HandOver => &["to"],
        Kind::Accept | Kind::Decline | Kind::Undo | Kind::Cancel | Kind::Retry | Kind::GiveUp => &[],
    }
}

fn read(caller: &Caller, object: Map<String, Value>) -> Result<Act, Refused> {
    let mut fields = Fields::new(object);
    let kind = fields.required("act", "Say what is done, such as \"approve\".").and_then(|word| {
        let kind = serde_json::from_value::<Kind>(Value::from(word)).ok();
        kind.or_else(|| fields.wrong("act", "There is no such act."))
    });
    let round = fields.number("round");
    if round.is_none() && !fields.is_wrong("round") {
        fields.wrong::<()>("round", "Say in which round, as the request shows it.");
    }
    let (region, profile) = (fields.text("region"), fields.text("profile"));
    let (plan_id, lifetime_seconds) = (fields.text("planId"), fields.lifetime("lifetimeSeconds"));
    let parameters = fields.object("parameters").filter(|parameters| !parameters.is_empty());
    let (text, to) = (fields.paragraph("text", TEXT_MAX), fields.text("to"));
    let given = [
        ("region", region.is_some()),
        ("profile", profile.is_some()),
        ("planId", plan_id.is_some()),
        ("lifetimeSeconds", lifetime_seconds.is_some()),
        ("parameters", parameters.is_some()),
        ("text", text.is_some()),
        ("to", to.is_some()),
    ];
    for (key, _) in
        given.into_iter().filter(|(key, given)| *given && kind.is_some_and(|kind| !takes(kind).contains(key)))
    {
        fields.wrong::<()>(key, "This act takes none.");
    }
    fields.finish()?;
    let Some(kind) = kind else { return Err(Refused::field("act", "There is no such act.")) };
    let named = Act::new(kind, &caller.client.name(), Door::Http);
    let act = Act { round, region, profile, plan_id, lifetime_seconds, parameters, text, to, ..named };
    // The same act has the same key, by which is asked what came of it.
    let key = hex::encode(Sha256::digest(json!(act).to_string()));
    Ok(Act { key: Some(key), ..act })
}

/// Why nothing was changed, with how the request stands where that is why.
async fn refused(requests: &Requests, id: &RequestId, why: NotDone) -> Refused {
    let why = match why {
        NotDone::Unknown => return Refused::unknown("request"),
        NotDone::NoAnswer => return Refused::away("The service that keeps the requests"),
        NotDone::Refused(why) => match wrong_field(&why) {
            Some(field) => return Refused::field(&field, said(&refusal::refusal(&why))),
            None if is_about_who(&why) => {
                return Refused::new(StatusCode::FORBIDDEN, said(&refusal::refusal(&why)));
            }
            None => match why {
                Refusal::OtherRound { round } => {
                    format!("What this request asks has changed: it is in round {round} now. Read it, and act again.")
                }
                why => refusal::refusal(&why),
            },
        },
        NotDone::NotCounted(why) => match &why {
            NotCounted::Decision(_) | NotCounted::Request(_) => {
                format!("It did not count. {}", refusal::reason(&why))
            }
            NotCounted::Unchecked(_) => "It did not count, since the checks before it could not be made.".to_owned(),
        },
        // How it was ended stands in its state.
        NotDone::Broken(_) => "This request is over. Nothing was changed.".to_owned(),
    };
    match state(requests, id).await {
        Ok(state) => Refused::stands(said(&why), &state),
        Err(refused) => refused,
    }
}

async fn state(requests: &Requests, id: &RequestId) -> Result<RequestState, Refused> {
    let seen = requests.seen(id).await?;
    Ok(requests::show(requests, id, seen).await?.state)
}

/// The field a refusal is about, if it is about a value.
fn wrong_field(why: &Refusal) -> Option<String> {
    let field = match why {
        Refusal::Parameter { name, .. } => return Some(format!("parameters.{name}")),
        Refusal::NoRegion | Refusal::NoRegionAndProfile | Refusal::UnknownRegion { .. } => "region",
        Refusal::NoProfile | Refusal::UnknownProfile { .. } => "profile",
        // Another plan than there is.
        Refusal::UnknownValue { name } if name == "planId" => return None,
        Refusal::NoPlanId => "planId",
        Refusal::UnknownValue { name } => name,
        Refusal::TextTooLong { .. } => "text",
        Refusal::NotOffered { .. } => "act",
        Refusal::NotAsked { .. }
        | Refusal::NotRequester { .. }
        | Refusal::OtherRound { .. }
        | Refusal::Decided { .. }
        | Refusal::NothingToChoose
        | Refusal::NoPlan
        | Refusal::PlanUnderway
        | Refusal::PlanFailed
        | Refusal::PlanBlocked
        | Refusal::OtherPlan
        | Refusal::PlanOfOtherValues
        | Refusal::Reconfigured
        | Refusal::TooLate
        | Refusal::Past { .. } => return None,
    };
    Some(field.to_owned())
}

fn is_about_who(why: &Refusal) -> bool {
    matches!(why, Refusal::NotAsked { .. } | Refusal::NotRequester { .. })
}

/// A sentence for people in Slack, as a program reads it: a mention is an ID.
pub(super) fn said(sentence: &str) -> String {
    let mut parts = sentence.split("<@");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        said += &part.replacen('>', "", 1);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_an_id() {
        assert_eq!(said("Only <@U1> or <@U2> can. a > b"), "Only U1 or U2 can. a > b");
        assert_eq!(said("Nothing."), "Nothing.");
    }
}
