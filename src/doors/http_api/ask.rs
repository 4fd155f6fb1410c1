//! `POST /requests`: a client asks.

use axum::Extension;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::answer::Refused;
use super::api::Api;
use super::caller::Caller;
use super::fields::Fields;
use super::{body, shown};
use crate::domain::act::TEXT_MAX;
use crate::domain::client::{self, Right};
use crate::domain::field::By;
use crate::domain::lifecycle::Status;
use crate::domain::parameters::ParameterProblem;
use crate::domain::policy::{Field, Policy, PreflightProblem};
use crate::domain::request::{ApplicationName, ProvisionRequest, RequestId};
use crate::requests::{self, Asked, NotAsked, show};
use crate::requests::{Requests, Started};

/// The header that makes a repeated call the same one.
const KEY: &str = "idempotency-key";
/// Its longest value, in characters.
const KEY_MAX: usize = 255;
/// The longest ID of a person.
const ID_MAX: usize = 100;

pub(super) async fn post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refused> {
    caller.needs(&[Right::Ask])?;
    let key = key(request.headers());
    let object = body::read(&api.bodies, request).await?;
    let key = key?;
    let asked = read(&api.policy, &caller, object)?;
    let (requests, open) = api.in_time(caller.arrived);
    let digest = hex::encode(Sha256::digest(format!("{}\n{key}", caller.client.name())));
    match requests::ask(&api.asking(&requests, &open), &digest, &asked).await {
        Ok(Asked { id, started }) => {
            let (code, status) = match started {
                Started::Now => (StatusCode::ACCEPTED, Status::PreFlight),
                Started::Before => (StatusCode::OK, status(&requests, &id).await),
            };
            let links = shown::links(&id, None, None);
            let answer = json!({ "requestId": id.as_str(), "status": status.word(), "links": links });
            Ok((code, Json(answer)).into_response())
        }
        Err(NotAsked::Problem(problem)) => Err(Refused::field(&field(&problem), problem.to_string())),
        Err(NotAsked::NoAnswer) => Err(Refused::away("The service that keeps the requests")),
        Err(NotAsked::Changed(id)) => {
            let said = format!("Another request was made with this key, {id}. Use a new key for a new request.");
            Err(Refused::new(StatusCode::CONFLICT, said).with("requestId", json!(id)))
        }
    }
}

/// How a request stands: as a worker tells, or else as people were told last.
async fn status(requests: &Requests, id: &RequestId) -> Status {
    let Ok(seen) = requests.seen(id).await else { return Status::PreFlight };
    let told = seen.told.as_ref().map(|told| told.notice.status());
    match show(requests, id, seen).await {
        Ok(shown) => shown.state.status,
        Err(_) => told.unwrap_or(Status::PreFlight),
    }
}

fn key(headers: &HeaderMap) -> Result<String, Refused> {
    let mut values = headers.get_all(KEY).iter();
    let key = match (values.next(), values.next()) {
        (Some(key), None) => key.to_str().ok(),
        _ => None,
    };
    let is_key = |key: &&str| (1..=KEY_MAX).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
    key.filter(is_key).map(str::to_owned).ok_or_else(|| {
        let said =
            "Send one Idempotency-Key of 1 to 255 visible ASCII characters, the same one when you repeat a call.";
        Refused::new(StatusCode::BAD_REQUEST, said)
    })
}

/// What is asked for, or every mistake in it.
fn read(policy: &Policy, caller: &Caller, object: Map<String, Value>) -> Result<ProvisionRequest, Refused> {
    let mut fields = Fields::new(object);
    let application_name = fields.required("applicationName", "An application needs a name.").and_then(|typed| {
        ApplicationName::parse(&typed)
            .map_err(|problem| fields.wrong::<()>("applicationName", problem.to_string()))
            .ok()
    });
    let team_id = fields.required("teamId", "Name a team.").and_then(|team| {
        match caller.is_of(&team) && policy.team(&team).is_some() {
            true => Some(team),
            // Of another one nobody hears that it exists.
            false => fields.wrong("teamId", format!("There is no team {:?} for this client.", short(&team))),
        }
    });
    let authorizer_id = fields.required("authorizerId", "Name who decides.").and_then(|id| match is_named(&id) {
        true => Some(id),
        false => fields.wrong("authorizerId", "Name a person by their ID in Slack, such as \"U0AUTHORIZER\"."),
    });
    let only = if let [only] = &*policy.blueprints { Some(only.id.clone()) } else { None };
    let blueprint = fields.text("blueprint");
    let blueprint = match (blueprint, only) {
        (Some(id), _) if policy.blueprint(&id).is_none() => {
            fields.wrong("blueprint", PreflightProblem::NoSuchBlueprint { blueprint: short(&id) }.to_string())
        }
        (None, None) if !fields.is_wrong("blueprint") => fields.wrong("blueprint", "Choose a blueprint."),
        (named, only) => named.or(only),
    };
    let justification = fields.paragraph("justification", TEXT_MAX);
    let lifetime_seconds = fields.lifetime("lifetimeSeconds");
    let parameters = fields.object("parameters").filter(|parameters| !parameters.is_empty());
    if let Err(problem) = policy.terms.asked(lifetime_seconds.as_ref()) {
        fields.wrong::<()>("lifetimeSeconds", problem.to_string());
    }
    let parameters = match blueprint.as_deref().and_then(|id| policy.blueprint(id)) {
        Some(blueprint) => match blueprint.given(By::Requester, &parameters.unwrap_or_default()) {
            Ok(parameters) => Some(parameters).filter(|parameters| !parameters.is_empty()),
            Err(wrong) => {
                for ParameterProblem { id, what } in wrong {
                    fields.wrong::<()>(&format!("parameters.{}", short(&id)), what);
                }
                None
            }
        },
        None => None,
    };
    fields.finish()?;
    let missing = || Refused::field("body", "Something is missing.");
    Ok(ProvisionRequest {
        application_name: application_name.ok_or_else(missing)?,
        team_id: team_id.ok_or_else(missing)?,
        requester_id: caller.client.name(),
        authorizer_id: authorizer_id.ok_or_else(missing)?,
        blueprint: blueprint.ok_or_else(missing)?,
        justification,
        channel_id: caller.client.channel().unwrap_or_default().to_owned(),
        authorization_timeout_seconds: policy.timeout.as_secs(),
        lifetime_seconds,
        parameters,
    })
}

/// Enough to recognise what was sent.
fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

fn is_named(id: &str) -> bool {
    let of_slack = id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    (2..=ID_MAX).contains(&id.len()) && (of_slack || client::id(id).is_some())
}

/// The field a problem is in.
fn field(problem: &PreflightProblem) -> String {
    match problem.field() {
        Field::Application => "applicationName".to_owned(),
        Field::Team => "teamId".to_owned(),
        Field::Authorizer => "authorizerId".to_owned(),
        Field::Blueprint => "blueprint".to_owned(),
        Field::Lifetime => "lifetimeSeconds".to_owned(),
        Field::Parameter(name) => format!("parameters.{name}"),
    }
}
