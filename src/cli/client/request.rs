//! `request`: asks for resources and, with `--wait`, stays until they are there.

use std::time::Duration;

use axum::http::HeaderValue;
use clap::Args;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::common::Common;
use super::exit::Exit;
use super::http::{Call, Http};
use super::id::Id;
use super::output::Output;
use super::persist::Patience;
use super::problem::Problem;
use super::set::{self, Setting};
use super::times::lifetime;
use super::wait;

/// What `--help` ends with.
const EXIT_CODES: &str = "\
Exit codes: 2 usage, 3 refused, 4 the bot cannot be reached.
Without --wait: 0 the request is made.
With --wait: 0 provisioned, 10 rejected, 11 expired, 12 cancelled, 13 failed, 20 still waiting.";
/// The longest time that can be waited.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// What a key may have, in characters.
const KEY_LENGTH_MAX: usize = 255;

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    /// For which team, by its ID.
    #[arg(long, value_name = "TEAM")]
    team: String,
    /// The application's name.
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Why it is needed.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who is to decide: a person (U…), anyone of a group (S…), or a client (client:…).
    #[arg(long, value_name = "ID")]
    authorizer: String,
    /// What is to be built; needed where there are several blueprints.
    #[arg(long, value_name = "BLUEPRINT")]
    blueprint: Option<String>,
    /// For how long: a duration such as 30days, or never; by default what the bot proposes.
    #[arg(long, value_parser = lifetime)]
    lifetime: Option<Value>,
    #[arg(long = "set", value_name = "FIELD=VALUE", help = set::HELP)]
    settings: Vec<Setting>,
    /// What makes this request this one: the same key and values again are the same
    /// request. By default a new one each time.
    #[arg(long, value_parser = key)]
    key: Option<HeaderValue>,
    /// Wait until it is over, for so long at the most; without a time: 2h.
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "2h", value_parser = humantime::parse_duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(arguments: &Arguments, http: &Http, out: &mut Output) -> Result<Exit, Problem> {
    let waits = arguments.wait.map(|wait| Patience::until(Instant::now() + wait.min(WAIT_MAX)));
    let key = arguments.key.clone().unwrap_or_else(random_key);
    let body = arguments.body().map_err(Problem::Usage)?;
    let call = Call::post("/requests", &body).with_key(key.clone());
    let accepted = match http.persist(waits.unwrap_or_else(Patience::short), out, |_| call.clone()).await {
        Ok(accepted) => accepted,
        Err(problem) => return arguments.not_accepted(problem, &key, waits.is_some(), out),
    };
    let id = accepted["requestId"].as_str().and_then(|id| id.parse::<Id>().ok());
    let id = id.ok_or_else(|| Problem::NotTheBot("an answer that has no request's ID in it".to_owned()))?;
    out.line(&id.to_string())?;
    out.document(&accepted)?;
    match waits {
        None => Ok(Exit::Done),
        Some(patience) => wait::until_over(http, &id, patience, out).await,
    }
}

impl Arguments {
    fn body(&self) -> Result<Value, String> {
        let mut body = Map::new();
        body.insert("applicationName".to_owned(), json!(self.app));
        body.insert("teamId".to_owned(), json!(self.team));
        body.insert("authorizerId".to_owned(), json!(self.authorizer));
        body.insert("justification".to_owned(), json!(self.why));
        if let Some(blueprint) = &self.blueprint {
            body.insert("blueprint".to_owned(), json!(blueprint));
        }
        if let Some(lifetime) = &self.lifetime {
            body.insert("lifetimeSeconds".to_owned(), lifetime.clone());
        }
        if !self.settings.is_empty() {
            body.insert("parameters".to_owned(), Value::Object(set::parameters(&self.settings)?));
        }
        Ok(Value::Object(body))
    }

    fn not_accepted(&self, problem: Problem, key: &HeaderValue, waits: bool, out: &Output) -> Result<Exit, Problem> {
        match &problem {
            Problem::Unreachable(trouble) => {
                // An answer may have been lost on its way.
                let key = String::from_utf8_lossy(key.as_bytes());
                out.note(&format!(
                    "Whether the request was made is not known. With --key {key} it is not made a second time."
                ));
                if waits {
                    out.note(&format!("The time is over, and the bot cannot be reached: {}.", trouble.why));
                    return Ok(Exit::Waiting);
                }
            }
            Problem::Refused(refusal) => {
                for hint in refusal.fields.iter().filter_map(|(field, _)| set::hint(&self.settings, field)) {
                    out.note(&hint);
                }
            }
            _ => {}
        }
        Err(problem)
    }
}

/// A key for one invocation, and for each of its tries.
fn random_key() -> HeaderValue {
    let key = uuid::Uuid::new_v4().to_string();
    HeaderValue::from_str(&key).expect("hexadecimal digits and hyphens")
}

fn key(typed: &str) -> Result<HeaderValue, String> {
    let fits = (1..=KEY_LENGTH_MAX).contains(&typed.len()) && typed.chars().all(|c| c.is_ascii_graphic());
    let value = HeaderValue::from_str(typed).ok().filter(|_| fits);
    value.ok_or_else(|| format!("expected 1 to {KEY_LENGTH_MAX} visible ASCII characters, without spaces"))
}
