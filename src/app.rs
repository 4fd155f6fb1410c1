//! The program, put together: clients, web and workers, from start to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use temporalio_common::telemetry::{PrometheusExporterOptions, TelemetryOptions, start_prometheus_metric_exporter};
use temporalio_sdk::Runtime;
use temporalio_sdk::runtime::RuntimeOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::activities::BotActivities;
use crate::codec::Codec;
use crate::config::{Config, Part, Settings};
use crate::provisioner::{self, Aws, Provisioner};
use crate::server::{self, Bounds};
use crate::slack::api::SlackApi;
use crate::slack::directory::Directory;
use crate::slack::handlers::Handlers;
use crate::slack::views;
use crate::telemetry::Metrics;
use crate::temporal::{self, Requests};
use crate::web::{self, Health};
use crate::workers::{Live, Workers};

/// The pause between two tries to reach Temporal at start.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// How long deliveries may go on once the process is asked to stop. Every handler
/// is faster (`slack::http`); a delivery that does not arrive whole is not.
const ANSWERED_WITHIN: Duration = Duration::from_secs(4);
/// Workers of a process: the bot's own and the built-in provisioner's.
const WORKERS: usize = 2;

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(config: Config, part: Part) -> anyhow::Result<()> {
    views::check().context("the templates in blocks/")?;
    if let Some(why) = not_built_yet(&config.settings, part) {
        anyhow::bail!(why);
    }
    let listener = TcpListener::bind(&config.settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.settings.listen))?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("stopping");
        let _ = stop.send(true);
    });
    serve(config, part, listener, stopping).await
}

/// The setting that promises what the program cannot do yet, and what to do about it.
pub fn not_built_yet(settings: &Settings, part: Part) -> Option<&'static str> {
    if settings.slack_app_token.is_some() && part != Part::Worker {
        return Some("SLACK_APP_TOKEN: Socket Mode is not served yet; unset it, and give Slack the HTTP endpoints.");
    }
    None
}

/// Runs on `listener` until `stopping` says true.
pub async fn serve(
    config: Config,
    part: Part,
    listener: TcpListener,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let steps = provisioner::Metrics::default();
    let metrics = Metrics::with(|registry| steps.register(registry));
    let settings = &config.settings;
    let slack = SlackApi::new(&settings.slack_api_url, settings.slack_bot_token.expose_secret(), metrics.clone())?;
    let directory = Directory::new(slack.clone());
    let policy = Arc::new(config.policy.clone());
    let requests = Requests::default();
    let codec = Codec::new(&settings.encryption_keys);
    let live: Live = Arc::new(AtomicUsize::new(0));
    let (runtime, sdk_metrics) = runtime()?;

    let workers = if part == Part::Web { 0 } else { WORKERS };
    let health =
        Health::new(slack.clone(), requests.clone(), metrics.clone(), workers, live.clone(), Some(sdk_metrics));
    let edge = match (&settings.slack_signing_secret, part) {
        (_, Part::Worker) | (None, _) => None,
        (Some(secret), _) => {
            let handlers = Handlers {
                policy: policy.clone(),
                slack: slack.clone(),
                directory: directory.clone(),
                requests: requests.clone(),
                metrics: metrics.clone(),
            };
            Some((handlers, secret.clone()))
        }
    };
    let address = listener.local_addr()?;
    let web = server::serve(listener, web::router(health, edge), Bounds::default(), stopping.clone());
    let web = tokio::spawn(in_time(web, stopping.clone()));
    tracing::info!(%address, "serving");

    // Slack is answered while Temporal is still being looked for.
    let client = tokio::select! {
        client = connect(&codec) => client?,
        _ = stopping.wait_for(|stop| *stop) => return web.await.context("the web side"),
    };
    requests.connected(client.clone());
    let mut ended = None;
    if part == Part::Web {
        let _ = stopping.wait_for(|stop| *stop).await;
    } else {
        let indexed = temporal::missing_search_attributes(&client).await.is_ok_and(|missing| missing.is_empty());
        let bot = BotActivities { policy, slack, directory, metrics, indexed };
        let mut workers = Workers::start(&runtime, &client, bot, Provisioner::with(Aws::default(), steps), &live)?;
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => workers.stop().await,
            why = workers.failed() => ended = Some(why),
        }
    }
    match ended {
        Some(why) => Err(anyhow::anyhow!(why)),
        None => web.await.context("the web side"),
    }
}

/// Serves to the end, or until the deliveries still running have had their time.
async fn in_time(web: impl Future<Output = ()>, mut stopping: watch::Receiver<bool>) {
    let late = async {
        let _ = stopping.wait_for(|stop| *stop).await;
        tokio::time::sleep(ANSWERED_WITHIN).await;
    };
    tokio::select! {
        () = web => {}
        () = late => tracing::warn!("a delivery was still running, and is dropped"),
    }
}

/// Reaches Temporal, however long it takes: only settings that cannot work end it.
async fn connect(codec: &Codec) -> anyhow::Result<temporalio_client::Client> {
    let identity = format!("provision-bot-{}", uuid::Uuid::new_v4().simple());
    temporal::load()?;
    loop {
        match temporal::connect(&identity, codec).await {
            Ok(client) => {
                tracing::info!(temporal.namespace = client.options().namespace, "connected to Temporal");
                return Ok(client);
            }
            Err(error) => tracing::warn!(error = format!("{error:#}"), "Temporal cannot be reached yet"),
        }
        tokio::time::sleep(CONNECT_AGAIN).await;
    }
}

/// The SDK's runtime, and where it serves its metrics.
fn runtime() -> anyhow::Result<(Runtime, SocketAddr)> {
    let exporter = PrometheusExporterOptions::builder()
        .socket_addr(SocketAddr::from(([127, 0, 0, 1], 0)))
        .counters_total_suffix(true)
        .unit_suffix(true)
        .use_seconds_for_durations(true)
        .build();
    let server = start_prometheus_metric_exporter(exporter).context("the SDK's metrics")?;
    let telemetry = TelemetryOptions::builder().metrics(server.meter as Arc<_>).build();
    let options = RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(anyhow::Error::msg)?;
    Ok((Runtime::from_current_tokio(options)?, server.bound_addr))
}

/// SIGTERM, or Ctrl-C.
pub async fn asked_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
