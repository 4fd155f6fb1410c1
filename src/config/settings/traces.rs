//! Whether traces are wanted, by OpenTelemetry's variables. All else about them is read
//! by its SDK.

use std::time::Duration;

use url::Url;

use super::variables::Variables;

/// OpenTelemetry's variables for all signals, and for traces, which win.
const OTLP_ENDPOINT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const OTLP_TIMEOUT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const OTLP_PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// The one protocol that is spoken, which is the specification's default.
const HTTP_PROTOBUF: &str = "http/protobuf";
/// The specification's default, as it is written: in milliseconds.
const DEFAULT_OTLP_TIMEOUT: &str = "10000";

impl Variables<'_> {
    /// Traces are wanted where there is an endpoint for them.
    pub(super) fn traces(&mut self) -> Option<Duration> {
        let is = |name: &str, wanted: &str| self.get(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        let off = is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none");
        let (name, endpoint) = self.first(OTLP_ENDPOINT).filter(|_| !off)?;
        let usable = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !Url::parse(&endpoint).is_ok_and(|url| usable(&url)) {
            // Not repeated: there may be a password in it.
            self.refuse::<()>(name, "is not the address of a collector. Expected such as http://localhost:4318.");
        }
        match self.first(OTLP_PROTOCOL) {
            Some((name, protocol)) if protocol != HTTP_PROTOBUF => {
                let message = format!(
                    "is {protocol:?}, expected {HTTP_PROTOBUF}, which collectors take at port 4318, not at 4317."
                );
                self.refuse::<()>(name, message);
            }
            _ => {}
        }
        let (name, timeout) = self.first(OTLP_TIMEOUT).unwrap_or((OTLP_TIMEOUT[1], DEFAULT_OTLP_TIMEOUT.to_owned()));
        match timeout.parse() {
            Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
            Err(_) => self.refuse(name, format!("is {timeout:?}, expected a number of milliseconds such as 10000.")),
        }
    }
}
