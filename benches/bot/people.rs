//! What people do, as signed deliveries to the bot: each is one POST, and its time
//! is what Slack would wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail, ensure};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use slack_simulator::deliveries::signature;
use tokio::time::timeout;

use super::slack::{AUTHORIZER, CHANNEL, REQUESTER, SECRET, Said, Slack};

const PATIENCE: Duration = Duration::from_secs(120);

/// Payloads of the size that Slack sends.
const SUBMISSION: &str = include_str!("../../tests/fixtures/slack/inbound/view_submission.provision_request.json");
const APPROVAL: &str = include_str!("../../tests/fixtures/slack/inbound/block_actions.approve.json");

#[derive(Clone)]
pub struct People {
    pub slack: Slack,
    pub bot: String,
    http: Client<HttpConnector, Body>,
    next: Arc<AtomicU64>,
}

/// The moments of one request, from the command on.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub whole: Duration,
    /// From the click on Approve to the first progress in the thread.
    pub to_progress: Duration,
    /// From the click on Approve to the outcome.
    pub to_outcome: Duration,
}

impl People {
    pub fn new(slack: Slack, bot: String) -> Self {
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(64).build_http();
        Self { slack, bot, http, next: Arc::default() }
    }

    /// The same people, on connections of their own: of those from before, a bot
    /// that was started again knows nothing.
    pub fn again(&self) -> Self {
        Self { next: self.next.clone(), ..Self::new(self.slack.clone(), self.bot.clone()) }
    }

    /// A number nobody else gets.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Delivers a form, and returns how long its acknowledgement took.
    async fn deliver(&self, path: &str, body: String) -> anyhow::Result<Duration> {
        #[expect(clippy::disallowed_methods, reason = "Slack signs the time of the delivery")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().to_string();
        let request = Request::post(format!("{}{path}", self.bot))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-signature", signature(SECRET, &now, &body))
            .header("x-slack-request-timestamp", now)
            .body(Body::from(body))?;
        let started = Instant::now();
        let answer = timeout(PATIENCE, self.http.request(request)).await??;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let took = started.elapsed();
        ensure!(status == 200, "{path}: {status}");
        // Only a refusal has something to say.
        ensure!(body.is_empty() || &body[..] == b"{}", "{path}: {}", String::from_utf8_lossy(&body));
        Ok(took)
    }

    fn form(pairs: &[(&str, &str)]) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    pub async fn command(&self, trigger: &str) -> anyhow::Result<Duration> {
        let body = Self::form(&[
            ("token", "gone"),
            ("team_id", "T0ACME0001"),
            ("team_domain", "acme"),
            ("channel_id", CHANNEL),
            ("channel_name", "deploys"),
            ("user_id", REQUESTER),
            ("user_name", "alice"),
            ("command", "/provision"),
            ("text", ""),
            ("api_app_id", "A0PROVISION"),
            ("is_enterprise_install", "false"),
            ("response_url", "https://hooks.slack.com/commands/T0ACME0001/1/x"),
            ("trigger_id", trigger),
        ]);
        self.deliver("/slack/commands", body).await
    }

    pub async fn submit(&self, application: &str, metadata: &str) -> anyhow::Result<Duration> {
        let mut payload: Value = serde_json::from_str(SUBMISSION)?;
        let view = &mut payload["view"];
        view["id"] = format!("V{application}").into();
        view["private_metadata"] = metadata.into();
        let values = &mut view["state"]["values"];
        values["application_name"]["application_name"]["value"] = application.into();
        values["team"]["team"]["selected_option"]["value"] = "payments".into();
        values["authorizer"]["authorizer"]["selected_user"] = AUTHORIZER.into();
        if let Some(values) = values.as_object_mut() {
            values.remove("blueprint");
        }
        self.deliver("/slack/interactions", Self::form(&[("payload", &payload.to_string())])).await
    }

    /// `action` is `approve` or, by the requester, `cancel`.
    pub async fn click(&self, action: &str, user: &str, request: &str) -> anyhow::Result<Duration> {
        let mut payload: Value = serde_json::from_str(APPROVAL)?;
        payload["user"]["id"] = user.into();
        payload["actions"][0]["action_id"] = action.into();
        payload["actions"][0]["value"] = request.into();
        // Nothing fails here, so each button is pressed in the first round.
        payload["actions"][0]["block_id"] = format!("{request}:1").into();
        payload["actions"][0]["action_ts"] = format!("1795492921.{:06}", self.number()).into();
        self.deliver("/slack/interactions", Self::form(&[("payload", &payload.to_string())])).await
    }

    /// A request that waits for its authorizer, submitted without the command.
    pub async fn ask(&self, application: &str) -> anyhow::Result<Duration> {
        self.submit(application, &json!({ "channelId": CHANNEL }).to_string()).await
    }

    /// A request that waits, from the form until its authorizer has the card; how
    /// long the form took to be acknowledged.
    pub async fn wait(&self, application: &str) -> anyhow::Result<Duration> {
        let mut heard = self.slack.listen(application);
        let took = self.ask(application).await?;
        let card = timeout(PATIENCE, heard.recv()).await;
        ensure!(matches!(card, Ok(Some((Said::Card, ..)))), "{application}: waited in vain for the card");
        self.slack.forget(application);
        Ok(took)
    }

    /// A request from the command to the bucket.
    pub async fn flow(&self) -> anyhow::Result<Flow> {
        let application = format!("flow-{}", self.number());
        let mut heard = self.slack.listen(&application);
        let started = Instant::now();
        self.command(&application).await?;
        let metadata = self.slack.form(&application).context("no form was opened")?;
        self.submit(&application, &metadata).await?;
        let mut wait = async |wanted| loop {
            match timeout(PATIENCE, heard.recv()).await {
                Ok(Some((said, id, at))) if said == wanted => return Ok((id, at)),
                Ok(Some(_)) => {}
                _ => bail!("{application}: waited in vain for {wanted:?}"),
            }
        };
        let (request, _) = wait(Said::Card).await?;
        let clicked = Instant::now();
        let acknowledged = self.click("approve", AUTHORIZER, &request);
        let (acknowledged, progressed) = tokio::join!(acknowledged, wait(Said::Progress));
        acknowledged?;
        let (_, progressed) = progressed?;
        let (_, ended) = wait(Said::Outcome).await?;
        self.slack.forget(&application);
        Ok(Flow { whole: ended - started, to_progress: progressed - clicked, to_outcome: ended - clicked })
    }
}
