//! The few calls of Slack's Web API we make, with our own idea of an error.
//!
//! The connection is slack-morphism's; the answers are read into types of our
//! own, because its models refuse a whole page for one value of another app (a
//! number in a message's metadata).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::prelude::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector,
};
use tracing::{Instrument, Span};
use url::Url;

use super::app_id::App;
use super::identity::Identity;
use super::rate_limits::{self, RateLimits};
use super::refusal::Refusal;
use crate::domain::notice::MessageRef;
use crate::https::{Https, Lines, https_or_http};
use crate::proxy::Proxy;
use crate::telemetry::Metrics;
use crate::traces;

/// How long a call may take while a person waits for Slack's acknowledgement.
pub const IN_A_HANDLER: Duration = Duration::from_millis(1_200);
/// How long a call may take in an activity, which will be retried.
pub const IN_AN_ACTIVITY: Duration = Duration::from_secs(10);

type Connector = SlackClientHyperConnector<Https>;

/// Slack's Web API, with the bot's token, or for Socket Mode the app's.
#[derive(Clone)]
pub struct SlackApi {
    client: Arc<SlackClient<Connector>>,
    token: Arc<SlackApiToken>,
    proxy: Option<Proxy>,
    metrics: Metrics,
    pace: RateLimits,
    timeout: Duration,
    /// Whose token it is, once that is known (`identity.rs`).
    pub(super) identity: Arc<OnceLock<Identity>>,
    /// Which app that is, once that is known (`app_id.rs`).
    pub(super) app: App,
}

/// Why a call had no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack answered with an error code; `detail` is what it said beside it.
    #[error("{method}: {code}{detail}")]
    Refused { method: &'static str, code: String, detail: String },
    #[error("{method}: rate limited, again in {} s", retry_after.as_secs())]
    RateLimited { method: &'static str, retry_after: Duration },
    /// No answer, or none that can be read. The call may have been carried out.
    #[error("{method}: {why}")]
    Unavailable { method: &'static str, why: String },
}

impl SlackError {
    /// Slack's error code, if it answered with one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::RateLimited { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// How long Slack asks us to wait, if it does.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            Self::Refused { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// What Slack means by its code, if it answered with one.
    pub fn refusal(&self) -> Option<Refusal> {
        self.code().map(Refusal::of)
    }

    /// Is it this error code?
    pub fn is(&self, wanted: &str) -> bool {
        self.code() == Some(wanted)
    }
}

/// A message as it is posted. Everything about a request carries the request's ID in
/// its metadata, unless Slack does not take that.
#[derive(Clone, Copy, Serialize)]
pub struct Post<'a> {
    pub channel: &'a str,
    #[serde(rename = "thread_ts", skip_serializing_if = "Option::is_none")]
    pub thread: Option<&'a str>,
    pub text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Event<'a>>,
}

/// What a message is about, for whoever reads it back.
#[derive(Clone, Copy, Serialize)]
pub struct Event<'a> {
    pub event_type: &'static str,
    pub event_payload: &'a BTreeMap<&'static str, String>,
}

impl SlackApi {
    /// `base` is the address of the Web API without a trailing slash, `proxy` the
    /// way there.
    pub fn new(base: &str, token: &str, proxy: Option<&Proxy>, metrics: Metrics) -> anyhow::Result<Self> {
        let connector = Connector::with_connector(https_or_http(proxy)?).with_slack_api_url(base);
        Ok(Self {
            client: Arc::new(SlackClient::new(connector)),
            token: Arc::new(SlackApiToken::new(SlackApiTokenValue(token.to_owned()))),
            proxy: proxy.cloned(),
            metrics,
            pace: RateLimits::default(),
            timeout: IN_A_HANDLER,
            identity: Arc::default(),
            app: App::default(),
        })
    }

    /// What lays lines to Slack, for a socket.
    pub fn lines(&self) -> anyhow::Result<Lines> {
        Lines::new(self.proxy.as_ref())
    }

    /// The same, with another deadline for each call.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// A fresh address for Socket Mode; the token must be an app-level one.
    pub async fn open_connection(&self) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            url: String,
        }
        let answer: Answer = self.post("apps.connections.open", &json!({})).await?;
        Ok(answer.url)
    }

    pub async fn open_view(&self, trigger: &str, view: &Value) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            view: Opened,
        }
        #[derive(Deserialize)]
        struct Opened {
            id: String,
            #[serde(default)]
            app_id: Option<String>,
        }
        #[derive(Serialize)]
        struct Body<'a> {
            trigger_id: &'a str,
            view: &'a Value,
        }
        let answer: Answer = self.post("views.open", &Body { trigger_id: trigger, view }).await?;
        self.learn_app(&answer.view.app_id.unwrap_or_default());
        Ok(answer.view.id)
    }

    pub async fn update_view(&self, view_id: &str, view: &Value) -> Result<(), SlackError> {
        let _: Done = self.post("views.update", &json!({ "view_id": view_id, "view": view })).await?;
        Ok(())
    }

    pub async fn post_message(&self, post: &Post<'_>) -> Result<MessageRef, SlackError> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            post: &'a Post<'a>,
            unfurl_links: bool,
            unfurl_media: bool,
        }
        let body = Body { post, unfurl_links: false, unfurl_media: false };
        self.post_in(post.channel, "chat.postMessage", &body).await
    }

    /// Brings a message up to date. Doing it twice is doing it once.
    pub async fn update_message(&self, ts: &str, post: &Post<'_>) -> Result<(), SlackError> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            post: &'a Post<'a>,
            ts: &'a str,
        }
        let _: Done = self.post(UPDATE, &Body { post, ts }).await?;
        Ok(())
    }

    /// Has Slack limited edits lately? Then none is made that can be spared.
    pub fn edits_are_scarce(&self) -> bool {
        self.pace.is_scarce(UPDATE, "")
    }

    /// Says something to one person alone, in a channel.
    pub async fn post_ephemeral(&self, channel: &str, user: &str, text: &str) -> Result<(), SlackError> {
        let body = json!({ "channel": channel, "user": user, "text": text });
        let _: Done = self.post("chat.postEphemeral", &body).await?;
        Ok(())
    }

    /// Says something to the person who just clicked, and to nobody else.
    pub async fn respond(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        const METHOD: &str = "response_url";
        let url: Url = response_url.parse().map_err(|_| unreadable(METHOD, "not an address"))?;
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        let span = Span::none();
        // Without the token: the address itself is the permission, and is no one
        // else's business either.
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let call = self.client.http_api.connector.http_post_uri::<_, Empty>(url, &body, context);
        self.finish(METHOD, response_url, call).await.map(|_| ())
    }

    /// The direct conversation with a person.
    pub async fn open_dm(&self, user: &str) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Opened,
        }
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let answer: Answer = self.post("conversations.open", &json!({ "users": user })).await?;
        Ok(answer.channel.id)
    }

    pub async fn join(&self, channel: &str) -> Result<(), SlackError> {
        let _: Done = self.post("conversations.join", &json!({ "channel": channel })).await?;
        Ok(())
    }

    /// The members of a user group. A group that does not exist has none.
    pub async fn group_members(&self, group: &str) -> Result<BTreeSet<String>, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            users: BTreeSet<String>,
        }
        match self.get::<Answer>("usergroups.users.list", vec![("usergroup", group)]).await {
            Ok(answer) => Ok(answer.users),
            Err(error) if error.is("no_such_subteam") => {
                tracing::warn!(slack.group = group, "a user group of the configuration does not exist");
                Ok(BTreeSet::new())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn post<A: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<A, SlackError> {
        self.post_in("", method, body).await
    }

    /// Slack counts messages by channel, everything else by method.
    async fn post_in<A: DeserializeOwned + Send>(
        &self,
        channel: &str,
        method: &'static str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<A, SlackError> {
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_post::<_, A>(method, body, None);
        self.finish(method, channel, call).await
    }

    pub(super) async fn get<A: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        params: Vec<(&str, &str)>,
    ) -> Result<A, SlackError> {
        let params: Vec<(&str, Option<&str>)> = params.into_iter().map(|(name, value)| (name, Some(value))).collect();
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_get::<A, _, _>(method, &params, None);
        self.finish(method, "", call).await
    }

    /// Makes a call unless Slack wants none yet, gives it its deadline, reads its
    /// error, counts it and puts it into the trace.
    async fn finish<A>(
        &self,
        method: &'static str,
        channel: &str,
        call: impl Future<Output = Result<A, SlackClientError>>,
    ) -> Result<A, SlackError> {
        if let Some(retry_after) = self.pace.wait(method, channel) {
            return Err(SlackError::RateLimited { method, retry_after });
        }
        let span = if traces::under_way() { traces::call(method) } else { Span::none() };
        let result = match tokio::time::timeout(self.timeout, call).instrument(span.clone()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(read_error(method, error)),
            Err(_) => Err(unreadable(method, &format!("no answer within {:?}", self.timeout))),
        };
        let counted = match &result {
            Ok(_) => "ok",
            Err(SlackError::Refused { code, .. }) => code.as_str(),
            Err(SlackError::RateLimited { .. }) => "ratelimited",
            Err(SlackError::Unavailable { .. }) => "unavailable",
        };
        self.metrics.slack_call(method, counted);
        if result.is_err() {
            traces::failed(&span, counted.to_owned());
        }
        if let Err(SlackError::RateLimited { retry_after, .. }) = &result {
            self.pace.slow_down(method, channel, *retry_after);
        }
        result
    }
}

const UPDATE: &str = "chat.update";

/// Slack did it, and says so. Without the field a page of some proxy, which the client
/// takes for an empty answer, would pass for success; so would a no without a code.
#[derive(Deserialize)]
#[serde(try_from = "Said")]
struct Done;

#[derive(Deserialize)]
struct Said {
    ok: bool,
}

impl TryFrom<Said> for Done {
    type Error = &'static str;

    fn try_from(said: Said) -> Result<Self, Self::Error> {
        if said.ok { Ok(Self) } else { Err("not done, and no word why") }
    }
}

/// What a `response_url` answers: anything.
#[derive(Deserialize)]
struct Empty {}

fn read_error(method: &'static str, error: SlackClientError) -> SlackError {
    match error {
        SlackClientError::RateLimitError(limit) => {
            SlackError::RateLimited { method, retry_after: rate_limits::obeyed(limit.retry_after) }
        }
        SlackClientError::ApiError(api) if api.code == "ratelimited" || api.code == "rate_limited" => {
            SlackError::RateLimited { method, retry_after: rate_limits::obeyed(None) }
        }
        SlackClientError::ApiError(api) => {
            let detail = api.http_response_body.as_deref().map(detail).unwrap_or_default();
            SlackError::Refused { method, code: api.code, detail }
        }
        SlackClientError::HttpError(http) => unreadable(method, &format!("HTTP {}", http.status_code)),
        // The text of the others may carry a body: only their kind is told.
        SlackClientError::ProtocolError(_) => unreadable(method, "an answer that cannot be read"),
        SlackClientError::HttpProtocolError(http) => {
            let cause = http.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
            let mut causes = std::iter::successors(cause, |cause| cause.source());
            // A proxy's no has nothing of a body in it, and is of use.
            let refused = causes.find_map(|cause| Some(cause.to_string().strip_prefix("tunnel error: ")?.to_owned()));
            match refused {
                Some(why) => unreadable(method, &format!("the proxy opens no way: {why}")),
                None => unreadable(method, "the connection broke"),
            }
        }
        _ => unreadable(method, "the call failed"),
    }
}

/// What Slack says beside an error code: which scope, or which part of a view.
fn detail(body: &str) -> String {
    #[derive(Default, Deserialize)]
    struct Body {
        needed: Option<String>,
        provided: Option<String>,
        #[serde(default)]
        response_metadata: Notes,
    }
    #[derive(Default, Deserialize)]
    struct Notes {
        #[serde(default)]
        messages: Vec<String>,
    }
    let body: Body = serde_json::from_str(body).unwrap_or_default();
    match (body.needed, body.response_metadata.messages) {
        (Some(needed), _) => format!(" (needs {needed}, has {})", body.provided.unwrap_or_default()),
        (None, messages) if !messages.is_empty() => format!(" ({})", messages.join("; ")),
        _ => String::new(),
    }
}

pub(super) fn unreadable(method: &'static str, why: &str) -> SlackError {
    SlackError::Unavailable { method, why: why.to_owned() }
}
