//! [`SlackApi`]: how a call is made. The session and the token, a pause that Slack asked
//! for, the deadline, the count and the trace.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use outbound::https::{Https, Lines, https_or_http};
use outbound::proxy::Proxy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::prelude::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector,
    SlackClientSession,
};
use tracing::{Instrument, Span};
use url::Url;

use super::error::{SlackError, read_error, unreadable};
use crate::slack::bot::{App, Identity};
use crate::slack::rate_limits::RateLimits;
use crate::telemetry::Metrics;
use crate::traces;

/// How long a call may take while a person waits for Slack's acknowledgement.
pub const IN_A_HANDLER: Duration = Duration::from_millis(1_200);
/// How long a call may take in an activity, which will be retried.
pub const IN_AN_ACTIVITY: Duration = Duration::from_secs(10);

pub(super) type Connector = SlackClientHyperConnector<Https>;

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
    pub(in crate::slack) identity: Arc<OnceLock<Identity>>,
    /// Which app that is, once that is known (`app_id.rs`).
    pub(in crate::slack) app: App,
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

    /// slack-morphism's own calls, each to be handed to [`Self::finish`].
    pub(super) fn session(&self) -> SlackClientSession<'_, Connector> {
        self.client.open_session(&self.token)
    }

    pub(in crate::slack) async fn post<A: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<A, SlackError> {
        self.post_in("", method, body).await
    }

    /// Slack counts messages by channel, everything else by method.
    pub(super) async fn post_in<A: DeserializeOwned + Send>(
        &self,
        channel: &str,
        method: &'static str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<A, SlackError> {
        let session = self.session();
        let call = session.http_session_api.http_post::<_, A>(method, body, None);
        self.finish(method, channel, call).await
    }

    pub(in crate::slack) async fn get<A: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        params: Vec<(&str, &str)>,
    ) -> Result<A, SlackError> {
        let params: Vec<(&str, Option<&str>)> = params.into_iter().map(|(name, value)| (name, Some(value))).collect();
        let session = self.session();
        let call = session.http_session_api.http_get::<A, _, _>(method, &params, None);
        self.finish(method, "", call).await
    }

    /// Posts to an address that Slack gave, without the token: the address itself is
    /// the permission, and is no one else's business either.
    pub(super) async fn post_to_address(
        &self,
        method: &'static str,
        address: &str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<(), SlackError> {
        let url: Url = address.parse().map_err(|_| unreadable(method, "not an address"))?;
        let span = Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let call = self.client.http_api.connector.http_post_uri::<_, Empty>(url, body, context);
        self.finish(method, address, call).await.map(|_| ())
    }

    /// Has Slack limited this method lately?
    pub(super) fn is_scarce(&self, method: &'static str) -> bool {
        self.pace.is_scarce(method, "")
    }

    /// Makes a call unless Slack wants none yet, gives it its deadline, reads its
    /// error, counts it and puts it into the trace.
    pub(super) async fn finish<A>(
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

/// What a `response_url` answers: anything.
#[derive(Deserialize)]
struct Empty {}
