//! What a trace shows: the whole story of a request, and nothing that must not be
//! told. And what a collector that fails changes: nothing.

use std::collections::{BTreeMap, BTreeSet};

use harness::proxy::{Fault, Proxy};
use harness::stack::StackOptions;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::building::s3_faults::{bucket, over};
use crate::operating::collector::{Collector, Span};
use crate::operating::secrets::{KEY_ID, SECRET_KEY, overheard};
use crate::world::{Scene, Web, alone_with, eventually, plain, policy};

/// What the collector wants to see before it takes anything.
const PASSWORD: &str = "canary-of-the-collector";
const REASON: &str = "The canary budget is spent";
const JUSTIFICATION: &str = "Landing page for the spring launch";

struct Watched {
    collector: Collector,
    /// What stands in front of it.
    way: Proxy,
    folder: TempDir,
}

impl Watched {
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// A stack whose bot is watched by a collector, and writes down all it says.
async fn watched(variables: &[(&str, &str)]) -> (StackOptions, Watched) {
    let (mut options, folder) = overheard().await;
    let collector = Collector::start().await;
    let way = Proxy::start(&collector.address).await.unwrap();
    let mut set = |name: &str, value: &str| options.env.push((name.to_owned(), value.to_owned()));
    set("OTEL_EXPORTER_OTLP_ENDPOINT", &way.url());
    set("OTEL_EXPORTER_OTLP_HEADERS", &format!("x-password={PASSWORD}"));
    variables.iter().for_each(|(name, value)| set(name, value));
    (options, Watched { collector, way, folder })
}

/// The IDs of a request's trace and of its first span, by the documented rule.
fn ids(request: &str) -> (String, String) {
    let digest = hex::encode(Sha256::digest(request));
    (digest[..32].to_owned(), digest[32..48].to_owned())
}

fn of_request(spans: &[Span], request: &str) -> Vec<Span> {
    spans.iter().filter(|span| span.trace == ids(request).0).cloned().collect()
}

/// The names on the way from a span up to the first of its trace.
fn path(spans: &[Span], span: &Span) -> String {
    match spans.iter().find(|other| other.id == span.parent) {
        Some(parent) => format!("{} < {}", span.name, path(spans, parent)),
        None => span.name.clone(),
    }
}

/// A line for each span.
fn show(spans: &[Span]) -> String {
    let line = |span: &Span| {
        let failed = if span.failed { " failed" } else { "" };
        format!("{}{failed} {:?}\n", path(spans, span), span.attributes)
    };
    spans.iter().map(line).collect()
}

/// How often each path is there.
fn paths(spans: &[Span]) -> BTreeMap<String, usize> {
    let mut paths = BTreeMap::new();
    for span in spans {
        *paths.entry(path(spans, span)).or_default() += 1;
    }
    paths
}

async fn build(scene: &Scene, application: &str) -> String {
    let request = scene.ask(application).await;
    scene.approve(&request).await;
    scene.ended(&request, "provisioned").await;
    request.id
}

#[test]
fn a_trace_tells_a_request_from_the_click_to_the_s3_calls() {
    // So long that nothing leaves before the bot stops.
    let prepare = async || watched(&[("OTEL_BSP_SCHEDULE_DELAY", "600000"), ("OTEL_SERVICE_NAME", "our-bot")]).await;
    alone_with(prepare, async |world, watched| {
        let (scene, other) = (world.scene(), world.scene());
        let (built, declined) = tokio::join!(build(&scene, "traced"), async {
            let request = other.ask("declined").await;
            other.reject(&request, REASON).await;
            other.ended(&request, "rejected").await;
            request.id
        });
        assert_eq!(watched.collector.spans().len(), 0);
        assert_eq!(world.stack.stop_bot().await.unwrap(), Some(0));
        let all = watched.collector.spans();
        assert!(all.iter().all(|span| span.resource["service.name"] == "our-bot"));
        assert!(watched.collector.headers("x-password").iter().all(|sent| sent == PASSWORD));

        let spans = of_request(&all, &built);
        let named = |name: &str| {
            spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}:\n{}", show(&spans)))
        };
        // One whole tree, below the first span.
        let first = named("provision request");
        assert_eq!((&*first.id, &*first.parent), (&*ids(&built).1, ""));
        assert_eq!((first.says("request.id"), first.says("request.status")), (&*built, "provisioned"));
        let known: BTreeSet<&str> = spans.iter().map(|span| &*span.id).collect();
        assert_eq!(known.len(), spans.len(), "each span once:\n{}", show(&spans));
        let lost: Vec<_> = spans.iter().filter(|span| span.id != first.id && !known.contains(&*span.parent)).collect();
        assert!(lost.is_empty(), "{lost:#?}");
        assert!(spans.iter().all(|span| !span.failed || span.name.starts_with("S3.Get")), "{}", show(&spans));

        let paths_of_built = paths(&spans);
        for (path, times) in [
            ("StartWorkflow < provision_request < provision request", 1),
            ("SignalWorkflow:act < approve < provision request", 1),
            ("RunActivity:preflight < provision request", 2),
            ("RunActivity:notify < provision request", 2),
            ("RunActivity:provision < provision request", 1),
            ("S3.CreateBucket < Creating the bucket < RunActivity:provision < provision request", 1),
            ("S3.PutBucketPolicy < Refusing plain HTTP < RunActivity:provision < provision request", 1),
            ("S3.PutObject < Writing the welcome page < RunActivity:provision < provision request", 1),
        ] {
            assert_eq!(paths_of_built.get(path), Some(&times), "{path}:\n{}", show(&spans));
        }
        let posts = paths_of_built["chat.postMessage < RunActivity:notify < provision request"];
        assert_eq!(posts, scene.said(&built).len(), "a span for each message: {paths_of_built:#?}");
        let steps: BTreeSet<_> = spans.iter().map(|span| span.says("step.number")).filter(|n| !n.is_empty()).collect();
        assert_eq!(steps.len(), 8, "{steps:?}");

        let called = named("S3.CreateBucket");
        assert_eq!((called.kind, called.says("http.response.status_code")), (SpanKind::Client, "200"));
        assert_eq!(named("approve").kind, SpanKind::Server);
        let built_by = named("RunActivity:provision");
        assert_eq!((built_by.says("activity.attempt"), built_by.says("aws.region")), ("1", "us-east-1"));
        let told: BTreeSet<_> =
            spans.iter().filter(|s| s.name == "RunActivity:notify").map(|s| s.says("request.status")).collect();
        assert_eq!(told, BTreeSet::from(["awaiting_authorization", "provisioned"]));
        let within = |inner: &Span, outer: &Span| {
            outer.nanoseconds.start <= inner.nanoseconds.start && inner.nanoseconds.end <= outer.nanoseconds.end
        };
        assert!(within(called, named("Creating the bucket")) && within(named("RunActivity:provision"), first));

        // The other request has a trace of its own.
        let spans = of_request(&all, &declined);
        let paths_of_declined = paths(&spans);
        let signalled = "SignalWorkflow:act < reject_request < provision request";
        assert_eq!(paths_of_declined.get(signalled), Some(&1), "{paths_of_declined:#?}");
        assert!(spans.iter().all(|span| !span.name.starts_with("S3.")), "{paths_of_declined:#?}");
        for span in &all {
            let id = span.says("request.id");
            assert!(id.is_empty() || span.trace == ids(id).0, "{span:?}");
        }
        // What belongs to no request: commands and searches, with what they call.
        let of_none: Vec<Span> =
            all.iter().filter(|s| ![ids(&built).0, ids(&declined).0].contains(&s.trace)).cloned().collect();
        let tops: BTreeSet<String> = of_none.iter().filter(|s| s.parent.is_empty()).map(|s| s.name.clone()).collect();
        assert_eq!(tops, BTreeSet::from(["command".to_owned(), "options".to_owned()]), "{}", show(&of_none));

        let (heard, log) = (watched.collector.heard(), watched.log());
        assert!(heard.contains(&built) && log.contains("TRACE"));
        let slack = &world.stack.slack;
        for secret in [slack.bot_token(), slack.signing_secret(), KEY_ID, SECRET_KEY, PASSWORD, REASON, JUSTIFICATION] {
            assert!(!heard.contains(secret), "a trace tells {secret}");
        }
        assert!(!log.contains(PASSWORD), "the log tells the header");
        let shown = log.lines().find(|line| line.contains("activity.attempt"));
        assert_eq!(shown, None, "the log shows spans");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_endpoint_nothing_runs_for_traces() {
    plain(async || {
        let exports = async |variables: &[(&str, &str)]| {
            let web = Web::start_with(&policy(""), variables).await;
            web.threads().iter().any(|name| name.starts_with("OpenTelemetry"))
        };
        let place = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        assert!(exports(&[place]).await, "this is how it would show");
        assert!(!exports(&[]).await);
        assert!(!exports(&[place, ("OTEL_SDK_DISABLED", "true")]).await);
    });
}

#[test]
fn what_another_process_goes_on_with_is_the_same_trace() {
    alone_with(
        async || watched(&[("OTEL_BSP_SCHEDULE_DELAY", "50")]).await,
        async |world, watched| {
            let scene = world.scene();
            let request = scene.ask("continued").await;
            let before = scene.s3_proxy.held_so_far();
            scene.s3_proxy.hold(&format!("{} PUT ?policy", bucket(&scene, &request)));
            scene.approve(&request).await;
            scene.s3_proxy.wait_for_one(before).await.unwrap();
            let arrived = async |name: &str| {
                eventually(name, async || {
                    of_request(&watched.collector.spans(), &request.id).into_iter().find(|span| span.name == name)
                })
                .await
            };
            arrived("approve").await;
            world.stack.kill_bot().await;
            scene.s3_proxy.heal();
            world.stack.start_bot().await.unwrap();
            over(&scene, &request, "provisioned").await;
            let first = arrived("provision request").await;
            let again = arrived("RunActivity:provision").await;
            assert_eq!((again.says("activity.attempt"), &again.parent), ("2", &first.id));
        },
    );
}

#[test]
fn a_collector_that_hangs_or_is_away_changes_nothing() {
    let small = [
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
    ];
    alone_with(
        async || watched(&small).await,
        async |world, watched| {
            watched.way.fail(Fault::Swallow);
            let hung = build(&world.scene(), "hung").await;
            watched.way.heal();
            watched.way.fail(Fault::Cut);
            let cut = build(&world.scene(), "cut").await;
            let lost = "the collector takes no traces";
            eventually("a warning", async || watched.log().contains(lost).then_some(())).await;
            assert_eq!(watched.collector.spans().len(), 0);

            watched.way.heal();
            let heard = build(&world.scene(), "heard").await;
            let known = |spans: &[Span], id: &str| !of_request(spans, id).is_empty();
            eventually("spans", async || known(&watched.collector.spans(), &heard).then_some(())).await;
            eventually("good news", async || watched.log().contains("takes traces again").then_some(())).await;
            assert_eq!(watched.log().matches(lost).count(), 1, "said once, however much is lost");
            let whole = of_request(&watched.collector.spans(), &hung).len()
                + of_request(&watched.collector.spans(), &cut).len();
            assert!(whole <= 2 * 16, "no more is kept than the queue holds: {whole}");

            // Nor does a hanging one keep the bot from ending, however patient it may be.
            world.stack.stop_bot().await.unwrap();
            world.stack.set_env("OTEL_EXPORTER_OTLP_TIMEOUT", "600000");
            world.stack.start_bot().await.unwrap();
            watched.way.fail(Fault::Swallow);
            build(&world.scene(), "last").await;
            assert_eq!(world.stack.stop_bot().await.unwrap(), Some(0));
        },
    );
}
