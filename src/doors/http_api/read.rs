//! `GET /requests/{id}`, with a long poll, and `GET /requests`.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::form_urlencoded;

use super::answer::Refused;
use super::api::{Api, BASE};
use super::caller::Caller;
use super::shown;
use crate::domain::client::Right;
use crate::domain::lifecycle::Status;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::requests::{self, Known};
use crate::requests::{Place, Seen};
use crate::server::Seat;

/// The longest time a client may wait for news.
const WAIT_AT_MOST: Duration = Duration::from_secs(30);

/// What stands behind the question mark. Who names a key twice means the last one.
pub(super) type Named = BTreeMap<String, String>;

pub(super) fn named(query: Option<&str>) -> Named {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Id,
    RawQuery(query): RawQuery,
    seat: Option<Extension<Seat>>,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read, Right::Ask, Right::Decide])?;
    let named = named(query.as_deref());
    let (id, seen) = find(&api, &caller, id).await?;
    if !may_read(&caller, &seen.request) {
        caller.needs(&[Right::Read])?;
    }
    let mut mistakes = BTreeMap::new();
    let wait =
        read(&named, "wait", "a time such as \"30s\"", &mut mistakes, |text| humantime::parse_duration(text).ok());
    let known = Known {
        round: read(&named, "round", "a whole number", &mut mistakes, |text| u32::from_str(text).ok()),
        status: read(&named, "status", "a status", &mut mistakes, status),
        step: read(&named, "step", "a whole number", &mut mistakes, |text| u32::from_str(text).ok()),
    };
    if !mistakes.is_empty() {
        return Err(Refused::fields(mistakes));
    }
    let shown = match wait {
        None => requests::show(&api.in_time(caller.arrived).0, &id, seen).await?,
        Some(wait) => {
            let until = Instant::now() + wait.min(WAIT_AT_MOST);
            // Whoever needs the place may have it: the question can be asked again.
            if let Some(seat) = &seat {
                seat.gives_way();
            }
            let mut stopping = api.stopping.clone();
            let stopped = async { _ = stopping.wait_for(|stop| *stop).await.is_ok() };
            let shown = api.waiting.wait(&api.requests, &id, known, until, stopped).await;
            if let Some(seat) = &seat {
                seat.works();
            }
            shown?
        }
    };
    Ok(Json(Value::Object(shown::whole(&shown, api.directory.workspace()))))
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read])?;
    let named = named(query.as_deref());
    let mut mistakes = BTreeMap::new();
    let wanted = read(&named, "status", "a status", &mut mistakes, status);
    let place = read(&named, "before", "what `next` says", &mut mistakes, place);
    if !mistakes.is_empty() {
        return Err(Refused::fields(mistakes));
    }
    // A foreign team is an empty list.
    let teams = caller.client.teams.iter().filter(|team| named.get("team").is_none_or(|it| it == *team));
    let page = requests::list(&api.in_time(caller.arrived).0, teams.cloned().collect(), wanted, place).await?;
    let items: Vec<_> = page.rows.iter().map(|row| shown::row(row, api.directory.workspace())).collect();
    let next = page.next.map(|place| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for key in ["team", "status"] {
            if let Some(value) = named.get(key) {
                query.append_pair(key, value);
            }
        }
        query.append_pair("before", &format!("{}_{}", place.start, place.id));
        format!("{BASE}/requests?{}", query.finish())
    });
    Ok(Json(json!({ "items": items, "next": next })))
}

/// An ID of an address, whatever that holds.
pub(super) type Id = Result<Path<String>, PathRejection>;

/// The request with this ID, if there is one for this client.
pub(super) async fn find(api: &Api, caller: &Caller, id: Id) -> Result<(RequestId, Seen), Refused> {
    let unknown = || Refused::unknown("request");
    let id = id.ok().and_then(|Path(id)| RequestId::parse(&id)).ok_or_else(unknown)?;
    let seen = api.waiting.seen(&api.requests, &id).await?;
    if caller.is_of(&seen.request.team_id) { Ok((id, seen)) } else { Err(unknown()) }
}

/// Who asked for it may read it, and so may who is asked.
fn may_read(caller: &Caller, request: &ProvisionRequest) -> bool {
    let name = caller.client.name();
    let is_asked = caller.client.has(Right::Decide) && request.authorizer_id == name;
    caller.client.has(Right::Read) || request.requester_id == name || is_asked
}

/// The value of a key, if it is there; what is none is a mistake.
pub(super) fn read<T>(
    named: &BTreeMap<String, String>,
    key: &str,
    expected: &str,
    mistakes: &mut BTreeMap<String, String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let read = parse(named.get(key)?);
    if read.is_none() {
        mistakes.insert(key.to_owned(), format!("Expected {expected}."));
    }
    read
}

fn status(word: &str) -> Option<Status> {
    serde_json::from_value(Value::from(word)).ok()
}

pub(super) fn place(text: &str) -> Option<Place> {
    let (start, id) = text.split_once('_')?;
    Some(Place { start: start.parse().ok()?, id: id.to_owned() })
}
