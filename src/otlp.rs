//! Exports the spans of [`crate::traces`] to a collector: OTLP in HTTP, in batches,
//! from a thread of its own.
//!
//! Nothing waits for the collector. Spans it does not take go through a queue of
//! bounded length, and are lost when that is full or a batch was tried in vain;
//! the log says so once, and once more when the collector is back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use futures::future::BoxFuture;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter as Otlp, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use outbound::http::Client;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::traces::{Ids, TARGET};

/// How long the last spans may take when the process is asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// A collector's answer says next to nothing.
const ANSWER_MAX: usize = 64 * 1024;

/// The way to the collector.
pub struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// Starts exporting as the variables `OTEL_*` say, which the SDK reads itself.
    /// A batch may take as long as `timeout`.
    pub fn start(timeout: Duration) -> anyhow::Result<Self> {
        // The proxy is for what is outside; a collector is not.
        let client = Client::new(None)?.within(timeout).at_most(ANSWER_MAX);
        let post = Post { client, runtime: Handle::try_current()? };
        let exporter =
            Otlp::builder().with_http().with_http_client(post).build().context("the variables OTEL_EXPORTER_OTLP_*")?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Delivery { exporter, lost: AtomicUsize::new(0) })
            .with_id_generator(Ids::default())
            .with_resource(resource())
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self { provider })
    }

    /// What takes the spans from `tracing`: those of requests alone, not those of
    /// the SDKs.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // The parent of a span is that of `tracing`.
            .with_context_activation(false)
            .with_filter(
                Targets::new()
                    .with_targets([TARGET, provisioner_s3::spans::TARGET].map(|target| (target, LevelFilter::INFO))),
            )
    }

    /// Delivers what is left, unless that takes too long.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(STOP_WITHIN)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be delivered");
        }
    }
}

/// Who exports, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` say more.
fn resource() -> Resource {
    let resource = Resource::builder();
    let named = Resource::builder()
        .build()
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = if named { resource } else { resource.with_service_name(env!("CARGO_PKG_NAME")) };
    resource.with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build()
}

/// The HTTP client of everything else, for a thread that knows no tokio.
#[derive(Debug)]
struct Post {
    /// It keeps the time, which the SDK does not.
    client: Client,
    runtime: Handle,
}

impl HttpClient for Post {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> BoxFuture<'b, Result<Response<Bytes>, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        let client = self.client.clone();
        // All of it there: clocks and sockets are tokio's.
        let answered = self.runtime.spawn(async move { client.send(request).await });
        Box::pin(async move { Ok(answered.await??) })
    }
}

/// Says what is lost, without repeating itself.
#[derive(Debug)]
struct Delivery {
    exporter: Otlp,
    /// Spans since the last batch that arrived.
    lost: AtomicUsize,
}

impl SpanExporter for Delivery {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        let lost_before = match &result {
            Ok(()) => self.lost.swap(0, Ordering::Relaxed),
            Err(_) => self.lost.fetch_add(spans, Ordering::Relaxed),
        };
        match &result {
            Ok(()) if lost_before > 0 => tracing::info!(lost = lost_before, "the collector takes traces again"),
            Err(error) if lost_before == 0 => {
                tracing::warn!(%error, "the collector takes no traces; until it does, spans are lost");
            }
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
