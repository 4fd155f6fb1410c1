//! `/leases`: what was built, in the life after that.

use std::collections::BTreeMap;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::acts::said;
use super::answer::Refused;
use super::api::{Api, BASE};
use super::body;
use super::caller::Caller;
use super::fields::Fields;
use super::read::{Id, named, place, read as query_value};
use crate::domain::act::Door;
use crate::domain::client::Right;
use crate::domain::lease::act::{LeaseAct, LeaseKind};
use crate::domain::lease::judge::LeaseRefusal;
use crate::domain::request::RequestId;
use crate::requests::Requests;
use crate::requests::lease::{self, LeaseNotDone, Resource};
use crate::slack::views::refusal::lease_refusal;

pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read])?;
    let named = named(query.as_deref());
    // A foreign team is an empty list.
    let teams: Vec<_> =
        caller.client.teams.iter().filter(|team| named.get("team").is_none_or(|it| it == *team)).cloned().collect();
    let owner = named.get("owner").map(String::as_str);
    let mut mistakes = BTreeMap::new();
    let before = query_value(&named, "before", "what `next` says", &mut mistakes, place);
    if !mistakes.is_empty() {
        return Err(Refused::fields(mistakes));
    }
    let (requests, _) = api.in_time(caller.arrived);
    let page = lease::list(&requests, &teams, owner, before).await.map_err(|why| unread(&why))?;
    let items: Vec<_> = page.items.iter().map(|it| json!(it.state)).collect();
    let next = page.next.map(|place| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for key in ["team", "owner"] {
            if let Some(value) = named.get(key) {
                query.append_pair(key, value);
            }
        }
        query.append_pair("before", &format!("{}_{}", place.start, place.id));
        format!("{BASE}/leases?{}", query.finish())
    });
    Ok(Json(json!({ "items": items, "next": next })))
}

pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Id,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read])?;
    let (_, resource) = find(&api, &caller, id).await?;
    Ok(Json(json!(resource.state)))
}

pub(super) async fn act(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Id,
    request: Request,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Lease])?;
    let object = body::read(&api.bodies, request).await?;
    let (id, _) = find(&api, &caller, id).await?;
    let act = read(&caller, object)?;
    let (requests, _) = api.in_time(caller.arrived);
    // One of its own however often it is sent: whether it is a repetition is judged there.
    match lease::act(&requests, &id, act, Some(Uuid::new_v4().to_string())).await {
        Ok(true) => Ok(Json(json!(requests.lease_state(&id).await?))),
        Ok(false) => Err(Refused::away("The worker that judges this")),
        Err(why) => Err(refused(&requests, &id, why).await),
    }
}

/// What was built by the request of this ID, if that is this client's to see.
async fn find(api: &Api, caller: &Caller, id: Id) -> Result<(RequestId, Resource), Refused> {
    let unknown = || Refused::unknown("lease");
    let id = id.ok().map(|Path(id)| id).unwrap_or_default();
    let id = RequestId::parse(id.strip_suffix(".lease").unwrap_or(&id)).ok_or_else(unknown)?;
    let resource = lease::resource(&api.in_time(caller.arrived).0, &id).await.map_err(|why| unread(&why))?;
    if caller.is_of(&resource.leased.team_id) { Ok((id, resource)) } else { Err(unknown()) }
}

fn read(caller: &Caller, object: Map<String, Value>) -> Result<LeaseAct, Refused> {
    let mut fields = Fields::new(object);
    let kind = fields.required("act", "Say what is done, such as \"extend\".").and_then(|word| {
        let kind = serde_json::from_value::<LeaseKind>(Value::from(word)).ok();
        kind.or_else(|| fields.wrong("act", "There is no such act."))
    });
    let round = fields.number("round");
    if round.is_none() && !fields.is_wrong("round") {
        fields.wrong::<()>("round", "Say in which round, as the lease shows it.");
    }
    let seconds = fields.number("seconds").map(u64::from);
    let to = fields.text("to");
    let takes: &[&str] = match kind {
        Some(LeaseKind::Extend | LeaseKind::Keep) => &["seconds"],
        Some(LeaseKind::Give) => &["to"],
        _ => &[],
    };
    for (key, _) in [("seconds", seconds.is_some()), ("to", to.is_some())]
        .into_iter()
        .filter(|(key, given)| *given && kind.is_some() && !takes.contains(key))
    {
        fields.wrong::<()>(key, "This act takes none.");
    }
    fields.finish()?;
    let Some(kind) = kind else { return Err(Refused::field("act", "There is no such act.")) };
    let act = LeaseAct { round, seconds, to, ..LeaseAct::new(kind, &caller.client.name(), Door::Http) };
    // The same act has the same key, by which is asked what came of it.
    let key = hex::encode(Sha256::digest(json!(act).to_string()));
    Ok(LeaseAct { key: Some(key), ..act })
}

/// Why nothing was changed, with how it stands where that is why.
async fn refused(requests: &Requests, id: &RequestId, why: LeaseNotDone) -> Refused {
    let LeaseNotDone::Refused(refusal) = why else { return unread(&why) };
    let sentence = said(&lease_refusal(&refusal));
    let field = match &refusal {
        LeaseRefusal::NotYours { .. } => return Refused::new(StatusCode::FORBIDDEN, sentence),
        LeaseRefusal::TooLong { .. } | LeaseRefusal::Total { .. } => Some("seconds".to_owned()),
        LeaseRefusal::Value { name } => Some(name.clone()),
        LeaseRefusal::NotOffered { .. } => Some("act".to_owned()),
        _ => None,
    };
    if let Some(field) = field {
        return Refused::fields(BTreeMap::from([(field, sentence)]));
    }
    match requests.lease_state(id).await {
        Ok(state) => Refused::new(StatusCode::CONFLICT, sentence).with("state", json!(state)),
        Err(_) => Refused::away("The worker that knows how it stands"),
    }
}

fn unread(why: &LeaseNotDone) -> Refused {
    match why {
        LeaseNotDone::NoAnswer => Refused::away("The service that keeps what was built"),
        _ => Refused::unknown("lease"),
    }
}
