//! The program, put together: clients, web and workers, from start to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Context;
use outbound::http::Client as Http;
use provisioner_s3::{Aws, Provisioner};
use secrecy::ExposeSecret;
use temporalio_client::Client;
use temporalio_common::telemetry::{PrometheusExporterOptions, TelemetryOptions, start_prometheus_metric_exporter};
use temporalio_sdk::Runtime;
use temporalio_sdk::runtime::RuntimeOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::activities::BotActivities;
use crate::codec::Codec;
use crate::config::{Config, Part};
use crate::doors::http_api::Api;
use crate::doors::slack::Handlers;
use crate::doors::slack::socket::{self, SocketHealth};
use crate::open::Open;
use crate::server::{self, Bounds};
use crate::slack::directory::Directory;
use crate::slack::views;
use crate::slack::web_api::{IN_AN_ACTIVITY, SlackApi};
use crate::stacks;
use crate::telemetry::Metrics;
use crate::temporal::{self, Requests, namespace};
use crate::traces;
use crate::versioning;
use crate::web::{self, Health, SdkMetrics};
use crate::workers::{PollingWorkers, Workers};

/// The pause between two tries to reach Temporal at start.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// How long deliveries may go on once the process is asked to stop. Every handler
/// is faster (`doors::slack::http`); a delivery that does not arrive whole is not.
const ANSWERED_WITHIN: Duration = Duration::from_secs(4);
/// Workers of a process: the bot's own and the provisioner's of buckets. That of stacks comes
/// on top where a blueprint has a template.
const WORKERS: usize = 2;

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(config: Config, part: Part) -> anyhow::Result<()> {
    views::check().context("the templates in blocks/")?;
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

/// Runs on `listener` until `stopping` says true.
pub async fn serve(
    config: Config,
    part: Part,
    listener: TcpListener,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let steps = provisioner_s3::Metrics::default();
    let metrics = Metrics::with(|registry| steps.register(registry));
    let settings = &config.settings;
    let slack = SlackApi::new(
        &settings.slack_api_url,
        settings.slack_bot_token.expose_secret(),
        settings.proxy.as_ref(),
        metrics.clone(),
    )?;
    let directory = Directory::new(slack.clone());
    let policy = Arc::new(config.policy.clone());
    let requests = Requests::default();
    let codec = Codec::new(&settings.encryption_keys);
    let live: PollingWorkers = Arc::new(AtomicUsize::new(0));
    let (runtime, sdk_metrics) = runtime()?;
    let http = Http::new(settings.proxy.as_ref())?;

    let open = Open::new(requests.clone());
    let handlers = (part != Part::Worker).then(|| Handlers {
        policy: policy.clone(),
        slack: slack.clone(),
        directory: directory.clone(),
        requests: requests.clone(),
        open: open.clone(),
        metrics: metrics.clone(),
    });
    let api = match part {
        Part::Worker => None,
        Part::All | Part::Web => Some(Api::new(
            policy.clone(),
            directory.clone(),
            requests.clone(),
            open.clone(),
            metrics.clone(),
            &http,
            stopping.clone(),
        )),
    };
    // Slack comes by the socket or over HTTP, never both.
    let (mut reach, mut socket, mut edge) = (None, None, None);
    if let (Some(handlers), Some(token)) = (&handlers, &settings.slack_app_token) {
        let app =
            SlackApi::new(&settings.slack_api_url, token.expose_secret(), settings.proxy.as_ref(), metrics.clone())?
                .with_timeout(IN_AN_ACTIVITY);
        let seen = SocketHealth::default();
        socket = Some(tokio::spawn(socket::serve(app, handlers.clone(), seen.clone(), stopping.clone())));
        reach = Some(seen);
    } else if let (Some(handlers), Some(secret)) = (handlers, &settings.slack_signing_secret) {
        edge = Some((handlers, secret.clone()));
    }
    // Those of the blueprints that have one.
    let templates = &config.templates;
    let workers = if part == Part::Web { 0 } else { WORKERS + usize::from(!templates.is_empty()) };
    let sdk_metrics = SdkMetrics::at(sdk_metrics, &http);
    let health =
        Health::new(slack.clone(), reach, requests.clone(), metrics.clone(), workers, live.clone(), sdk_metrics);
    let address = listener.local_addr()?;
    let web = server::serve(listener, web::router(health, edge, api), Bounds::default(), stopping.clone());
    let edges = async move {
        web.await;
        if let Some(socket) = socket
            && let Err(error) = socket.await
        {
            tracing::error!(%error, "the socket ended badly");
        }
    };
    let web = tokio::spawn(in_time(edges, stopping.clone()));
    tracing::info!(%address, "serving");

    // Slack is answered while Temporal is still being looked for.
    let client = tokio::select! {
        client = connect(&codec, &requests) => client?,
        _ = stopping.wait_for(|stop| *stop) => return web.await.context("the web side"),
    };
    requests.connected(client.clone());
    if part == Part::Web {
        let _ = stopping.wait_for(|stop| *stop).await;
        return web.await.context("the web side");
    }
    namespace::look_at_search_attributes(&client).await;
    if let Some(release) = settings.release.clone() {
        let client = client.clone();
        tokio::spawn(async move { versioning::tell_routing(&client, &release).await });
    }
    let work = || {
        let (policy, slack, directory) = (policy.clone(), slack.clone(), directory.clone());
        let bot = BotActivities { policy, slack, directory, metrics: metrics.clone(), open: open.clone() };
        let (proxy, authorities) = (settings.proxy.clone(), settings.aws_authorities.clone());
        let aws = Aws { proxy, authorities, ..Aws::default() };
        let stacks = stacks::provisioner(aws.clone(), templates, steps.clone());
        let provisioner = Provisioner::with(aws, steps.clone()).traced(traces::hang);
        Workers::start(&runtime, &client, bot, provisioner, stacks, settings.release.as_ref(), &live)
    };
    tokio::select! {
        worked = work_on(work, &client, &mut stopping) => worked?,
        () = namespace::watch_search_attributes(&client) => {}
    }
    web.await.context("the web side")
}

/// Has workers work until the process is asked to stop. They end by themselves when
/// the namespace goes or the server refuses them for a while; as that passes, others
/// take their place.
async fn work_on(
    start: impl Fn() -> anyhow::Result<Workers>,
    client: &Client,
    stopping: &mut watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        let mut workers = start()?;
        let failed = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => None,
            why = workers.failed() => Some(why),
        };
        // Both, in either case: a thread that still works when the runtime goes panics.
        workers.stop().await;
        let Some(why) = failed else { return Ok(()) };
        tracing::error!(why, "a worker ended: it is started again as soon as the namespace can be used");
        let again = async {
            tokio::time::sleep(CONNECT_AGAIN).await;
            while let Some(why) = namespace::problem(client).await {
                tracing::warn!(why, "no worker is started yet");
                tokio::time::sleep(CONNECT_AGAIN).await;
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            () = again => {}
        }
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

/// Reaches Temporal and the namespace, however long it takes: only settings that
/// cannot work end it.
async fn connect(codec: &Codec, requests: &Requests) -> anyhow::Result<Client> {
    let identity = format!("provision-bot-{}", uuid::Uuid::new_v4().simple());
    temporal::load()?;
    loop {
        let why = match temporal::connect(&identity, codec).await {
            Ok(client) => match namespace::problem(&client).await {
                None => {
                    tracing::info!(temporal.namespace = client.options().namespace, "connected to Temporal");
                    return Ok(client);
                }
                Some(why) => why,
            },
            Err(error) => format!("{error:#}"),
        };
        tracing::warn!(error = why, "Temporal cannot be used yet");
        requests.waits(&why);
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
