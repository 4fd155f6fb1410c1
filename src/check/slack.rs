//! What Slack says of the tokens and their scopes, and what its clock says of ours.

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{HeaderMap, Request, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use outbound::http::Client;
use outbound::proxy::Proxy;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::line::{DEADLINE, Line};
use super::people::{Named, people};
use crate::config::Settings;
use crate::slack::inbound::WINDOW_SECONDS;
use crate::slack::manifest;
use crate::slack::web_api::{SlackApi, SlackError};
use crate::telemetry::Metrics;

/// `auth.test` answers a few hundred bytes; what is longer is not Slack.
const ANSWER_MAX: usize = 64 * 1024;
/// A clock this far off drifts: a warning before it does harm.
const DRIFTS_SECONDS: i64 = 30;

const TOKEN: &str = "Slack token";

/// All that the bot token tells: whose it is, what it may do, what time it is there,
/// and whether those who are `named` exist.
pub(super) async fn bot(settings: Settings, named: Option<Vec<Named>>) -> Vec<Line> {
    let Answer { auth, scopes, behind } = match auth_test(&settings).await {
        Ok(answer) => answer,
        Err(error) => {
            let said = format!("{} gives no answer of Slack's: {error:#}", settings.slack_api_url);
            return vec![Line::failed(TOKEN, said, "Check SLACK_API_URL, and that this machine reaches it.")];
        }
    };
    let clock = clock(behind, settings.slack_app_token.is_none());
    let token = token(&auth);
    if !token.ok {
        return vec![token, clock];
    }
    let mut lines = vec![token, missing_scopes(scopes.as_deref()), clock];
    if let Some(named) = named {
        lines.extend(people(&settings, named).await);
    }
    lines
}

/// Whether Slack lets the app-level token open a socket.
pub(super) async fn app_token(base: String, token: SecretString, proxy: Option<Proxy>) -> Vec<Line> {
    const WHAT: &str = "Slack app token";
    let opened = async {
        let api = SlackApi::new(&base, token.expose_secret(), proxy.as_ref(), Metrics::default())?;
        let api = api.with_timeout(DEADLINE);
        anyhow::Ok(api.open_connection().await?)
    };
    vec![match opened.await {
        Ok(_) => Line::passed(WHAT, "Slack opens a socket for it"),
        Err(error) => Line::failed(WHAT, format!("{error:#}"), app_token_advice(&error)),
    }]
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

/// What `auth.test` answers.
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

/// The same with what its headers say: the reason why this call is made here, for
/// the Slack client keeps headers to itself.
struct Answer {
    auth: AuthTest,
    scopes: Option<String>,
    /// How many seconds this machine's clock is behind Slack's.
    behind: Option<i64>,
}

async fn auth_test(settings: &Settings) -> anyhow::Result<Answer> {
    let client = Client::new(settings.proxy.as_ref())?.within(DEADLINE).at_most(ANSWER_MAX);
    let request = Request::post(format!("{}/auth.test", settings.slack_api_url))
        .header(header::AUTHORIZATION, format!("Bearer {}", settings.slack_bot_token.expose_secret()))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::new())?;
    let (head, body) = client.send(request).await?.into_parts();
    let behind = behind(&head.headers, now());
    if !head.status.is_success() {
        anyhow::bail!("HTTP status {}", head.status);
    }
    let scopes = head.headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let auth = serde_json::from_slice(&body).context("what came is not JSON of Slack's")?;
    Ok(Answer { auth, scopes, behind })
}

#[expect(clippy::disallowed_methods, reason = "the clock is what is checked")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn behind(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let there = DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(there.duration_since(now).as_secs())
}

/// `signed`: Slack's deliveries are judged by the clock, as they are over HTTP.
fn clock(behind: Option<i64>, signed: bool) -> Line {
    const WHAT: &str = "clock";
    let Some(behind) = behind else { return Line::passed(WHAT, "not compared, since Slack's answer has no date") };
    let (apart, side) = (behind.abs(), if behind > 0 { "behind" } else { "ahead of" });
    let advice = "Let a time service (NTP) set the clock of this machine.";
    if apart < DRIFTS_SECONDS {
        return Line::passed(WHAT, format!("less than {DRIFTS_SECONDS} s from Slack's"));
    }
    let said = format!("{apart} s {side} Slack's");
    match signed {
        true if apart > WINDOW_SECONDS => Line::failed(
            WHAT,
            format!("{said}, and every delivery more than {WINDOW_SECONDS} s off is refused"),
            advice,
        ),
        true => Line::passed(WHAT, format!("warning, {said}; beyond {WINDOW_SECONDS} s every delivery is refused"))
            .advise(advice),
        false => Line::passed(WHAT, format!("warning, {said}")).advise(advice),
    }
}

fn token(answer: &AuthTest) -> Line {
    if answer.ok {
        return Line::passed(TOKEN, format!("{} in the workspace {}", answer.user, answer.team));
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
    Line::failed(TOKEN, &answer.error, advice)
}

/// Compares the scopes the token was granted, as a list with commas, with those
/// of the manifest.
fn missing_scopes(granted: Option<&str>) -> Line {
    const WHAT: &str = "Slack scopes";
    let Some(granted) = granted else { return Line::passed(WHAT, "not compared, since the answer does not name them") };
    let granted: Vec<_> = granted.split(',').map(str::trim).collect();
    let wanted = manifest::bot_scopes();
    let missing: Vec<_> = wanted.iter().filter(|scope| !granted.contains(&scope.as_str())).cloned().collect();
    match missing.as_slice() {
        [] => Line::passed(WHAT, format!("all {} of the manifest", wanted.len())),
        _ => Line::failed(
            WHAT,
            format!("the token lacks {}", missing.join(", ")),
            "Add them under \"OAuth & Permissions\" of the Slack app, or paste the manifest (provision-bot manifest) \
             again, and reinstall the app.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_says_what_to_do() {
        let refused = |code: &str| token(&AuthTest { error: code.into(), ..Default::default() });
        for (code, advice) in [
            ("invalid_auth", "Copy the bot token"),
            ("account_inactive", "Install the Slack app"),
            ("fatal_error", "Slack's reference"),
        ] {
            let line = refused(code);
            assert!(!line.ok && line.said == code && line.advice.expect(code).starts_with(advice), "{code}");
        }
        let answer = AuthTest { ok: true, team: "Acme".into(), user: "provision".into(), ..Default::default() };
        assert_eq!(token(&answer), Line::passed(TOKEN, "provision in the workspace Acme"));
    }

    #[test]
    fn scopes_are_compared_with_the_manifest() {
        let all = manifest::bot_scopes().join(", ") + ",extra:scope";
        assert!(missing_scopes(Some(&all)).ok);
        let said = missing_scopes(Some("commands,chat:write"));
        assert!(!said.ok && said.said.contains("im:write, ") && !said.said.contains("commands,"), "{said}");
        assert!(missing_scopes(None).ok);
    }

    #[test]
    fn the_clock_is_judged_by_what_slack_signs() {
        for (behind, signed, expected) in [
            (None, true, "ok   clock: not compared"),
            (Some(-29), true, "ok   clock: less than 30 s"),
            (Some(30), true, "ok   clock: warning, 30 s behind Slack's; beyond 300 s"),
            (Some(-300), true, "ok   clock: warning, 300 s ahead of Slack's; beyond 300 s"),
            (Some(301), true, "FAIL clock: 301 s behind Slack's, and every delivery"),
            (Some(-9000), false, "ok   clock: warning, 9000 s ahead of Slack's. Let a time"),
        ] {
            let said = clock(behind, signed).to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn a_date_is_read_as_http_has_it() {
        let now: Timestamp = "2026-11-24T10:00:00.9Z".parse().expect("a time");
        let behind = |date: &str| behind(&HeaderMap::from_iter([(header::DATE, date.parse().expect("text"))]), now);
        assert_eq!(behind("Tue, 24 Nov 2026 10:00:00 GMT"), Some(0));
        assert_eq!(behind("Tue, 24 Nov 2026 10:10:01 GMT"), Some(600));
        assert_eq!(behind("Tue, 24 Nov 2026 09:50:00 GMT"), Some(-600));
        assert_eq!(behind("soon"), None);
    }
}
