//! Logs: their form, what is in them whatever anybody asks for, and what never is.
//!
//! They name things alike everywhere: `request.id`, `slack.channel`, `s3.bucket`.
//! Never a token, a body or a signature.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::io::IsTerminal;
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{DEFAULT_LOG_FILTER, Log, LogFormat};
use crate::otlp::Exporter;

/// What no filter changes. The AWS SDK logs key IDs as it finds them; a watcher of
/// progress that outlives what it watched is no news; that the program ends or
/// panics always is.
const ALWAYS: &str = "aws_config=warn,aws_sigv4=warn,aws_smithy_runtime::client::orchestrator=warn,\
                      temporalio_sdk_core::worker::activities=error,provision_bot::spans=off,provisioner_s3::spans=off,\
                      provision_bot::end=error";
/// What the program's own end is logged as.
const END: &str = "provision_bot::end";
/// The most that anybody else may say. Below it libraries tell headers, frames and
/// bodies, and which of them do is not known: so none may.
const OF_OTHERS: tracing::Level = tracing::Level::INFO;

/// Sends the logs to standard error, in the given form, and spans to the collector
/// if there is one. Panics are logged as everything else.
pub fn start(log: &Log, traces: Option<&Exporter>) {
    // Colours are for people alone.
    let colours = log.colours && std::io::stderr().is_terminal();
    let logs = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let logs = match log.format {
        LogFormat::Text => logs.boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    let logs = logs.with_filter(wanted(&log.filter).and(allowed()));
    let layers = Registry::default().with(logs).with(traces.map(Exporter::layer));
    // A second start is a second logger in one process, as in tests: the first stays.
    if layers.try_init().is_ok() {
        panic::set_hook(Box::new(panicked));
        tracing::trace!("of libraries, nothing below {OF_OTHERS} is logged");
    }
}

/// What is asked for, in the words of `RUST_LOG`, and what always is.
fn wanted(filter: &str) -> EnvFilter {
    EnvFilter::try_new(format!("{filter},{ALWAYS}")).unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG_FILTER))
}

/// What may be told at all.
fn allowed() -> FilterFn {
    const OURS: [&str; 6] =
        ["provision_bot", "provisioner_cloudformation", "provisioner_s3", "activity_lease", "aws_profiles", "outbound"];
    let allowed: FilterFn = FilterFn::new(|told| {
        let is_of =
            |part: &str| told.target().strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        OURS.into_iter().any(is_of) || *told.level() <= OF_OTHERS
    });
    // As much as is asked for, so that nothing else is even put into words.
    allowed.with_max_level_hint(LevelFilter::TRACE)
}

/// Tells why the program ends, as the last line of the log or as plain text.
pub fn end(error: &anyhow::Error, log: &Log) {
    match log.format {
        LogFormat::Json => {
            // Unless that was done.
            start(log, None);
            tracing::error!(target: END, error = format!("{error:#}"), "ended");
        }
        LogFormat::Text => eprintln!("{error:#}"),
    }
}

thread_local! {
    static PANICKING: Cell<bool> = const { Cell::new(false) };
}

/// Logs a panic. One within that, such as of the logger itself, has no other place
/// than standard error.
fn panicked(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no text");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    if PANICKING.replace(true) {
        eprintln!(
            "{}",
            serde_json::json!({ "level": "ERROR", "message": "panicked twice", "panic": what, "place": place })
        );
        return;
    }
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => {
            tracing::error!(target: END, panic = what, place, thread, backtrace = backtrace.to_string(), "panicked");
        }
        _ => tracing::error!(target: END, panic = what, place, thread, "panicked"),
    }
    PANICKING.set(false);
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("a page").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Page {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged under a filter.
    fn logged(filter: &str, act: impl FnOnce()) -> String {
        let page = Page::default();
        let logs = fmt::layer().with_writer(page.clone()).with_ansi(false);
        let layers = Registry::default().with(logs.with_filter(wanted(filter).and(allowed())));
        with_default(layers, act);
        let bytes = page.0.lock().expect("a page").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn others_tell_no_details_whatever_is_asked_for() {
        for filter in ["trace", "tungstenite=trace,hyper=debug,made_up_tomorrow=trace,trace"] {
            let told = logged(filter, || {
                tracing::trace!(target: "tungstenite::protocol", "a frame");
                tracing::debug!(target: "hyper_util::client", "a header");
                tracing::debug!(target: "made_up_tomorrow", "a body");
                tracing::trace!(target: "provision_bott", "a namesake");
                tracing::info!(target: "made_up_tomorrow", "news");
                tracing::trace!(target: "provision_bot::slack", "our own");
            });
            assert!(told.contains("news") && told.contains("our own"), "{told}");
            for secret in ["a frame", "a header", "a body", "a namesake"] {
                assert!(!told.contains(secret), "{told}");
            }
        }
    }

    /// Panics on a thread as the SDKs have them; by itself in its process, below.
    #[test]
    #[ignore = "for the test below"]
    fn panics() {
        start(&Log { filter: "off".to_owned(), format: LogFormat::Json, colours: true }, None);
        let thread = std::thread::Builder::new().name("of-a-worker".to_owned());
        let panics = || panic!("two lines\n\"of text\"");
        thread.spawn(panics).expect("a thread").join().expect_err("it panicked");
    }

    #[test]
    fn a_panic_is_an_object_of_a_log_in_json() {
        let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "--ignored", "--nocapture", "logs::tests::panics"]);
        for (backtraces, told) in [("0", false), ("1", true)] {
            let output = command.env("RUST_BACKTRACE", backtraces).output().expect("it runs");
            let said = String::from_utf8(output.stderr).expect("text");
            let line = said.lines().find(|line| line.contains("of text")).expect(&said);
            let object: serde_json::Value = serde_json::from_str(line).expect(line);
            assert_eq!(object["panic"], "two lines\n\"of text\"");
            assert_eq!((&object["level"], &object["thread"]), (&"ERROR".into(), &"of-a-worker".into()));
            assert!(object["place"].as_str().is_some_and(|place| place.starts_with("src/logs.rs:")), "{line}");
            assert_eq!(object["backtrace"].is_string(), told, "{line}");
            assert!(!said.contains("panicked at"), "{said}");
        }
    }

    #[test]
    fn the_end_is_told_under_any_filter() {
        for filter in ["off", "error", "provision_bot=off", "other=trace"] {
            assert!(logged(filter, || tracing::error!(target: END, "the end")).contains("the end"), "{filter}");
        }
    }
}
