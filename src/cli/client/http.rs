//! [`Http`]: one call of the bot's HTTP API, and what its answer means.
//!
//! The token goes to the address that was configured and nowhere else: redirects are
//! not followed, and nothing that is said of a call has a header in it.

use std::error::Error;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use outbound::http::{Client, NoAnswer};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::problem::{Problem, Refusal, Trouble};
use crate::config::ClientSettings;

/// How long an answer may take that the bot need not wait for.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The largest answer that is read. A plan may have 256 KiB, and a page 50 items.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// The bot's HTTP API, at its address and with the client's token.
pub(super) struct Http {
    client: Client,
    base: String,
    token: HeaderValue,
}

/// One call, which may be made again.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    /// Under `/api/v1`, with its query.
    path: String,
    body: Option<Bytes>,
    /// By which the bot knows it again.
    key: Option<HeaderValue>,
    pub(super) within: Duration,
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, key: None, within: ANSWER_WITHIN }
    }

    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, body: Some(body.to_string().into()), ..Self::get(path) }
    }

    pub(super) fn with_key(self, key: HeaderValue) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The bot is asked to wait this long before it answers.
    pub(super) fn waiting(self, wait: Duration) -> Self {
        Self { within: wait + ANSWER_WITHIN, ..self }
    }
}

impl Http {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, Problem> {
        let client = Client::new(settings.proxy.as_ref()).map_err(|error| Problem::Usage(format!("{error:#}.")))?;
        let token = HeaderValue::from_str(&format!("Bearer {}", settings.token.expose_secret()));
        let mut token = token.map_err(|_| Problem::Usage("PROVISION_BOT_TOKEN is not a token.".to_owned()))?;
        token.set_sensitive(true);
        Ok(Self { client: client.at_most(ANSWER_MAX), base: format!("{}/api/v1", settings.url), token })
    }

    /// Makes the call once.
    pub(super) async fn once(&self, call: &Call) -> Result<Value, Problem> {
        match self.client.within(call.within).send(self.request(call)?).await {
            Ok(answer) => judge(answer.status(), answer.headers(), answer.body()),
            Err(NoAnswer::TooLarge(_)) => {
                Err(Problem::NotTheBot("an answer that is longer than any of the bot's".to_owned()))
            }
            Err(error) => Err(Problem::unreachable(cause(&error))),
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Bytes>, Problem> {
        let uri: Uri = format!("{}{}", self.base, call.path)
            .parse()
            .map_err(|_| Problem::Usage("PROVISION_BOT_URL (or --url) is no address.".to_owned()))?;
        let mut request = Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.token.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("provision-bot/", env!("CARGO_PKG_VERSION"))));
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = &call.key {
            headers.insert("idempotency-key", key.clone());
        }
        Ok(request)
    }
}

/// What an answer means.
fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    let document: Option<Value> = serde_json::from_slice(body).ok();
    if status.is_success() {
        let document = document.filter(Value::is_object);
        return document.ok_or_else(|| Problem::NotTheBot(format!("status {status}, and not the bot's JSON")));
    }
    // The bot says why it refuses. Whoever does not is before it, or in its place for a while,
    // and so is who asks not to be asked so often.
    let says_why = document.as_ref().is_some_and(|document| document["error"].is_string());
    let passes = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_client_error() && says_why && !passes {
        return Err(Problem::Refused(Refusal::read(status, document)));
    }
    if status.is_client_error() || status.is_server_error() {
        let error = document.as_ref().and_then(|document| document["error"].as_str());
        // It ends a sentence that has its own stop.
        let error = error.map(|error| format!(", {}", error.trim_end_matches('.'))).unwrap_or_default();
        let text = |value: &HeaderValue| value.to_str().ok()?.trim().parse().ok();
        let retry_after = headers.get(RETRY_AFTER).and_then(text).map(Duration::from_secs);
        return Err(Problem::Unreachable(Trouble { why: format!("it answers {status}{error}"), retry_after }));
    }
    // Only where to: behind it there may be a secret of somebody else's.
    let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| Url::parse(to).ok());
    let to = to.map(|to| format!(" to {}", to.origin().ascii_serialization())).unwrap_or_default();
    Err(Problem::NotTheBot(format!("status {status}, which leads on{to} and is not followed")))
}

/// The innermost cause, which says what happened: those around it say where.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Result<Value, Problem> {
        let headers = headers.iter().map(|(name, value)| {
            let name: axum::http::HeaderName = name.parse().expect("a name");
            (name, HeaderValue::from_static(value))
        });
        judge(StatusCode::from_u16(status).expect("a status"), &headers.collect(), body.as_bytes())
    }

    #[test]
    fn what_is_done_is_the_bots_json() {
        for status in [200, 202] {
            assert_eq!(judged(status, &[], r#"{"a":1}"#).expect("an answer")["a"], 1);
        }
        for (status, body) in [(200, "<html>"), (200, ""), (200, "[]"), (204, ""), (202, "\"x\"")] {
            assert!(matches!(judged(status, &[], body), Err(Problem::NotTheBot(_))), "{status} {body}");
        }
    }

    #[test]
    fn what_is_the_matter_with_the_bot_passes() {
        for (headers, body, why, seconds) in [
            (
                &[("retry-after", "3")][..],
                r#"{"error":"Temporal does not answer."}"#,
                ", Temporal does not answer",
                Some(3),
            ),
            (&[("retry-after", "Fri, 27 Nov 2026 10:00:00 GMT")], "<html>", "", None),
            (&[], "", "", None),
        ] {
            let Err(Problem::Unreachable(trouble)) = judged(503, headers, body) else { panic!("it passes") };
            assert_eq!(trouble.why, format!("it answers 503 Service Unavailable{why}"));
            assert_eq!(trouble.retry_after, seconds.map(Duration::from_secs));
        }
    }

    #[test]
    fn who_refuses_without_a_word_is_not_the_bot() {
        let refused = |status, body| matches!(judged(status, &[], body), Err(Problem::Refused(_)));
        for status in [400, 401, 403, 404, 409, 422] {
            assert!(refused(status, r#"{"error":"No."}"#), "{status}");
            for foreign in ["", "<html>", "{}", r#"{"error":7}"#, r#"{"message":"no route"}"#] {
                assert!(matches!(judged(status, &[], foreign), Err(Problem::Unreachable(_))), "{status} {foreign}");
            }
        }
        for status in [408, 429] {
            assert!(!refused(status, r#"{"error":"Later."}"#), "{status}");
        }
        let Err(Problem::Unreachable(trouble)) = judged(429, &[("retry-after", "7")], "") else { panic!("it passes") };
        assert_eq!(trouble.retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_redirect_is_told_by_its_host_alone() {
        let to = [("location", "https://sso.example.com/login?state=hidden")];
        let said = judged(302, &to, "").expect_err("not followed").to_string();
        assert!(said.contains("leads on to https://sso.example.com and is not followed"), "{said}");
        assert!(!said.contains("hidden"), "{said}");
        for to in [&[][..], &[("location", "/elsewhere")]] {
            assert!(matches!(judged(301, to, ""), Err(Problem::NotTheBot(_))));
        }
    }

    #[test]
    fn the_token_is_in_no_text() {
        let settings = ClientSettings {
            url: "https://bot.example.com/base".to_owned(),
            token: "s3cret-token".into(),
            proxy: None,
        };
        let http = Http::new(&settings).expect("a client");
        let call = Call::post("/requests", &Value::Null).with_key(HeaderValue::from_static("k"));
        let request = http.request(&call).expect("a request");
        assert_eq!(request.uri(), "https://bot.example.com/base/api/v1/requests");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer s3cret-token");
        assert!(!format!("{request:?}{settings:?}").contains("s3cret"));
    }
}
