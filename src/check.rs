//! `provision-bot check`: the configuration and every connection, one line each,
//! and what to do where one fails. It reads only: nothing is posted, started or
//! created.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{Request, header};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use temporalio_client::Client;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::time::timeout;

use crate::codec::Codec;
use crate::config::{ConfigError, Flags, Part, Settings, file, file_path};
use crate::domain::policy::Policy;
use crate::https::https_or_http;
use crate::provisioner::failure::Problem;
use crate::provisioner::{Aws, Clients};
use crate::slack::api::{SlackApi, SlackError};
use crate::slack::manifest;
use crate::telemetry::Metrics;
use crate::temporal;

/// How long a connection gets to answer: longer than any that is healthy takes,
/// short enough to wait for.
const DEADLINE: Duration = Duration::from_secs(10);
/// Connections that are tried at the same time.
const AT_ONCE: usize = 16;
/// `auth.test` answers a few hundred bytes; what is longer is not Slack.
const ANSWER_MAX: usize = 64 * 1024;

/// Tries everything, writes a line for each, and tells whether all passed.
pub async fn run(flags: &Flags, lookup: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> bool {
    let path = file_path(flags, &lookup);
    let policy = file::load(&path);
    let settings = Settings::from_env(Part::All, flags, &lookup);
    let mut lines = configuration(&path, &policy);
    lines.extend(environment(&settings));

    // Where only a setting of the web side is wrong, the token can be tried still.
    let settings = settings.or_else(|_| Settings::from_env(Part::Worker, flags, &lookup));
    let mut probes = Vec::new();
    let codec = settings.as_ref().map(|settings| Codec::new(&settings.encryption_keys)).unwrap_or_default();
    if let Ok(settings) = settings {
        if let Some(token) = &settings.slack_app_token {
            probes.push(app_token(settings.slack_api_url.clone(), token.clone()).boxed());
        }
        probes.insert(0, slack(settings).boxed());
    }
    probes.push(temporal(codec).map(|line| vec![line]).boxed());
    probes.extend(policy.iter().flat_map(aws));

    // Tried at once, told in order, each as soon as it is known.
    let told = stream::once(async { lines }).chain(stream::iter(probes).buffered(AT_ONCE));
    let lines = told.flat_map(stream::iter);
    lines
        .fold(true, |passed, line| {
            // Nobody may be reading; the exit code still tells.
            let _ = writeln!(out, "{line}");
            std::future::ready(passed && line.result.is_ok())
        })
        .await
}

/// What was tried, and how it went.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    what: String,
    /// What was found, or what is wrong and what to do about it.
    result: Result<String, String>,
}

impl Line {
    fn new(what: impl Into<String>, result: Result<String, String>) -> Self {
        Self { what: what.into(), result }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, said) = match &self.result {
            Ok(said) => ("ok  ", said),
            Err(said) => ("FAIL", said),
        };
        write!(f, "{verdict} {}: {said}", self.what)
    }
}

fn configuration(path: &Path, policy: &Result<Policy, ConfigError>) -> Vec<Line> {
    const WHAT: &str = "configuration";
    match policy {
        Ok(policy) => {
            let said = format!(
                "{}, {}, {}, {}, {}",
                path.display(),
                counted(policy.teams.len(), "team"),
                counted(policy.blueprints.len(), "blueprint"),
                counted(policy.regions.len(), "region"),
                counted(policy.profiles.len(), "profile"),
            );
            vec![Line::new(WHAT, Ok(said))]
        }
        Err(error) => problems(WHAT, error),
    }
}

fn environment(settings: &Result<Settings, ConfigError>) -> Vec<Line> {
    const WHAT: &str = "settings";
    match settings {
        Ok(settings) => {
            let way = if settings.slack_app_token.is_some() { "Socket Mode" } else { "HTTP" };
            vec![Line::new(WHAT, Ok(format!("Slack over {way}, serving on {}", settings.listen)))]
        }
        Err(error) => problems(WHAT, error),
    }
}

fn problems(what: &str, error: &ConfigError) -> Vec<Line> {
    error.problems.iter().map(|problem| Line::new(what, Err(problem.to_string()))).collect()
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What Slack says of the token: whose it is, and what it may do.
async fn slack(settings: Settings) -> Vec<Line> {
    const TOKEN: &str = "Slack token";
    let answer = match timeout(DEADLINE, auth_test(&settings)).await {
        Ok(answer) => answer,
        Err(_) => Err(anyhow::anyhow!("no answer within {} seconds", DEADLINE.as_secs())),
    };
    match answer {
        Ok((identity, scopes)) => {
            let token = token(&identity);
            let known = token.is_ok();
            let mut lines = vec![Line::new(TOKEN, token)];
            if known {
                lines.push(Line::new("Slack scopes", missing_scopes(scopes.as_deref())));
            }
            lines
        }
        Err(error) => {
            let base = &settings.slack_api_url;
            let advice = "Check SLACK_API_URL, and that this machine reaches it.";
            vec![Line::new(TOKEN, Err(format!("{base} gives no answer of Slack's: {error:#}. {advice}")))]
        }
    }
}

/// Whether Slack lets the app-level token open a socket.
async fn app_token(base: String, token: SecretString) -> Vec<Line> {
    let opened = async {
        let api = SlackApi::new(&base, token.expose_secret(), Metrics::default())?.with_timeout(DEADLINE);
        anyhow::Ok(api.open_connection().await?)
    };
    let result = match opened.await {
        Ok(_) => Ok("Slack opens a socket for it".to_owned()),
        Err(error) => Err(format!("{error:#}. {}", app_token_advice(&error))),
    };
    vec![Line::new("Slack app token", result)]
}

fn app_token_advice(error: &anyhow::Error) -> &'static str {
    match error.downcast_ref().and_then(SlackError::code) {
        None => "Check SLACK_API_URL, and that this machine reaches it.",
        Some("invalid_auth" | "not_authed" | "token_revoked" | "not_allowed_token_type" | "missing_scope") => {
            "Generate an app-level token (xapp-…) with the scope connections:write under \"Basic Information\" of the \
             Slack app, and set SLACK_APP_TOKEN to it."
        }
        Some(_) => "Turn on \"Socket Mode\" in the settings of the Slack app, or unset SLACK_APP_TOKEN for HTTP.",
    }
}

/// The answer of `auth.test`.
#[derive(Default, Deserialize)]
struct AuthTest {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    team: String,
    #[serde(default)]
    user: String,
}

/// The answer, and the scopes in its header: the reason why this call is made
/// here, for the Slack client keeps headers to itself.
async fn auth_test(settings: &Settings) -> anyhow::Result<(AuthTest, Option<String>)> {
    let client = HttpClient::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(https_or_http()?);
    let request = Request::post(format!("{}/auth.test", settings.slack_api_url))
        .header(header::AUTHORIZATION, format!("Bearer {}", settings.slack_bot_token.expose_secret()))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Empty::new())?;
    let (head, body) = client.request(request).await?.into_parts();
    if !head.status.is_success() {
        anyhow::bail!("HTTP status {}", head.status);
    }
    let scopes = head.headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = Limited::new(body, ANSWER_MAX).collect().await.map_err(anyhow::Error::from_boxed)?;
    let answer = serde_json::from_slice(&body.to_bytes()).context("what came is not JSON of Slack's")?;
    Ok((answer, scopes))
}

fn token(answer: &AuthTest) -> Result<String, String> {
    if answer.ok {
        return Ok(format!("{} in the workspace {}", answer.user, answer.team));
    }
    let advice = match answer.error.as_str() {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "not_allowed_token_type" => {
            "Copy the bot token (xoxb-…) again from \"OAuth & Permissions\" of the Slack app into SLACK_BOT_TOKEN."
        }
        "account_inactive" | "org_login_required" | "team_access_not_granted" => {
            "Install the Slack app in the workspace again, and set SLACK_BOT_TOKEN to its new token."
        }
        _ => "Slack's reference of auth.test says what this means.",
    };
    Err(format!("{}. {advice}", answer.error))
}

/// Compares the scopes the token was granted, as a list with commas, with those
/// of the manifest.
fn missing_scopes(granted: Option<&str>) -> Result<String, String> {
    let Some(granted) = granted else { return Ok("not compared, since the answer does not name them".to_owned()) };
    let granted: Vec<_> = granted.split(',').map(str::trim).collect();
    let wanted = manifest::bot_scopes();
    let missing: Vec<_> = wanted.iter().filter(|scope| !granted.contains(&scope.as_str())).cloned().collect();
    match missing.as_slice() {
        [] => Ok(format!("all {} of the manifest", wanted.len())),
        _ => Err(format!(
            "the token lacks {}. Add them under \"OAuth & Permissions\" of the Slack app, or paste the manifest \
             (provision-bot manifest) again, and reinstall the app.",
            missing.join(", ")
        )),
    }
}

async fn temporal(codec: Codec) -> Line {
    Line::new("Temporal", namespace(&codec).await)
}

async fn namespace(codec: &Codec) -> Result<String, String> {
    let advice = "Check TEMPORAL_ADDRESS and, for a server with TLS, TEMPORAL_API_KEY or TEMPORAL_TLS_*.";
    // The causes between repeat each other at length, as the SDK tells them.
    let failed = |error: anyhow::Error| match error.root_cause().to_string() {
        cause if cause == error.to_string() => format!("{cause}. {advice}"),
        cause => format!("{error}: {cause}. {advice}"),
    };
    let (connection, _) = temporal::load().map_err(failed)?;
    let client = temporal::connect("provision-bot-check", codec).await.map_err(failed)?;
    let namespace = client.options().namespace.clone();
    let mut call = DescribeNamespaceRequest { namespace: namespace.clone(), ..Default::default() }.into_request();
    call.set_timeout(DEADLINE);
    let mut service = client.connection().workflow_service();
    match timeout(DEADLINE, service.describe_namespace(call)).await {
        Ok(Ok(_)) => {
            let attributes = search_attributes(&client).await;
            Ok(format!("{}, namespace {namespace}{}{attributes}", connection.target, encryption(codec)))
        }
        Ok(Err(status)) => Err(refused(&namespace, &status)),
        Err(_) => Err(format!("no answer within {} seconds. {advice}", DEADLINE.as_secs())),
    }
}

fn encryption(codec: &Codec) -> String {
    codec.key_id().map(|id| format!(", payloads encrypted with the key {id:?}")).unwrap_or_default()
}

/// Requests are found by them, and are served as well without.
async fn search_attributes(client: &Client) -> &'static str {
    match temporal::missing_search_attributes(client).await {
        Ok(missing) if missing.is_empty() => ", with search attributes",
        Ok(_) => ", without search attributes",
        Err(_) => "",
    }
}

/// What a refused look at the namespace means.
fn refused(namespace: &str, status: &Status) -> String {
    let said = status.message();
    match status.code() {
        Code::NotFound => format!(
            "there is no namespace {namespace:?}. Create it (temporal operator namespace create --namespace \
             {namespace}), or set TEMPORAL_NAMESPACE."
        ),
        Code::PermissionDenied | Code::Unauthenticated => {
            format!("{said}. Check TEMPORAL_NAMESPACE, and TEMPORAL_API_KEY or the client certificate.")
        }
        code => format!("{code:?}: {said}. Look at the state of the Temporal server."),
    }
}

/// A probe for each profile in each region that an authorizer may choose.
fn aws(policy: &Policy) -> Vec<BoxFuture<'static, Vec<Line>>> {
    let clients = Arc::new(Clients::new(Aws::default()));
    let pairs = policy.profiles.iter().flat_map(|profile| policy.regions.iter().map(move |region| (profile, region)));
    pairs.map(|(profile, region)| s3(clients.clone(), profile.clone(), region.clone()).boxed()).collect()
}

async fn s3(clients: Arc<Clients>, profile: String, region: String) -> Vec<Line> {
    let listed = async {
        let client = clients.get(&region, &profile).await.client;
        client.list_buckets().max_buckets(1).send().await.map_err(Problem::from)
    };
    let result = match timeout(DEADLINE, listed).await {
        Ok(Ok(_)) => Ok("S3 accepts the profile's credentials".to_owned()),
        Ok(Err(problem)) => judge(&problem, &region, &profile),
        Err(_) => judge(&Problem::Unreachable("it took too long".to_owned()), &region, &profile),
    };
    vec![Line::new(format!("AWS {profile} in {region}"), result)]
}

fn judge(problem: &Problem, region: &str, profile: &str) -> Result<String, String> {
    match problem {
        // It was recognised; to list all buckets is more than provisioning needs.
        Problem::Refused { code, .. } if code == "AccessDenied" => {
            Ok("S3 accepts the profile's credentials, which may not list buckets".to_owned())
        }
        problem => {
            let verdict = problem.judge(region, profile);
            Err(format!("{}. {}", verdict.cause, verdict.advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_verdict_first() {
        assert_eq!(Line::new("Temporal", Ok("here".into())).to_string(), "ok   Temporal: here");
        assert_eq!(Line::new("Temporal", Err("gone. Look.".into())).to_string(), "FAIL Temporal: gone. Look.");
    }

    #[test]
    fn a_refused_token_says_what_to_do() {
        let refused = |code: &str| token(&AuthTest { error: code.into(), ..Default::default() }).expect_err(code);
        for (code, advice) in [
            ("invalid_auth", "Copy the bot token"),
            ("account_inactive", "Install the Slack app"),
            ("fatal_error", "Slack's reference"),
        ] {
            let said = refused(code);
            assert!(said.starts_with(code) && said.contains(advice), "{said}");
        }
        let answer = AuthTest { ok: true, team: "Acme".into(), user: "provision".into(), ..Default::default() };
        assert_eq!(token(&answer), Ok("provision in the workspace Acme".into()));
    }

    #[test]
    fn scopes_are_compared_with_the_manifest() {
        let all = manifest::bot_scopes().join(", ") + ",extra:scope";
        assert!(missing_scopes(Some(&all)).is_ok());
        let said = missing_scopes(Some("commands,chat:write")).expect_err("too few");
        assert!(said.contains("im:write, ") && !said.contains("commands,"), "{said}");
        assert!(missing_scopes(None).is_ok());
    }

    #[test]
    fn a_namespace_that_is_not_there_can_be_created() {
        let said = refused("prod", &Status::not_found("nope"));
        assert!(said.contains("namespace create --namespace prod"), "{said}");
        assert!(refused("prod", &Status::permission_denied("no")).contains("TEMPORAL_API_KEY"));
    }

    #[test]
    fn credentials_that_may_not_list_buckets_are_still_credentials() {
        let refused = |code: &str| Problem::Refused { code: code.into(), message: "no".into(), status: 403 };
        assert!(judge(&refused("AccessDenied"), "eu-west-1", "sandbox").is_ok());
        let said = judge(&refused("InvalidAccessKeyId"), "eu-west-1", "sandbox").expect_err("a wrong key");
        assert!(said.contains("InvalidAccessKeyId") && said.contains("\"sandbox\""), "{said}");
    }
}
