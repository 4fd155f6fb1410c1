//! A collector of traces: it takes what OTLP sends, and keeps it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use tokio::net::TcpListener;

/// A span as it arrived.
#[derive(Clone, Debug)]
pub struct Span {
    pub trace: String,
    pub id: String,
    /// Empty for the first of a trace.
    pub parent: String,
    pub name: String,
    pub kind: SpanKind,
    pub failed: bool,
    pub nanoseconds: std::ops::Range<u64>,
    pub attributes: BTreeMap<String, String>,
    /// What is said of the process it comes from.
    pub resource: BTreeMap<String, String>,
}

impl Span {
    /// An attribute; empty if there is none.
    pub fn says(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// What arrived, request by request.
type Arrived = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A running collector.
pub struct Collector {
    /// `host:port`.
    pub address: String,
    arrived: Arrived,
}

impl Collector {
    pub async fn start() -> Self {
        let arrived = Arrived::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let routes = Router::new().route("/v1/traces", post(take)).with_state(arrived.clone());
        tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        Self { address, arrived }
    }

    /// Every byte that arrived, as text as far as it is text.
    pub fn heard(&self) -> String {
        let arrived = self.arrived.lock().unwrap();
        arrived.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect()
    }

    /// A header of every request.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let text = |headers: &HeaderMap| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        self.arrived.lock().unwrap().iter().map(|(headers, _)| text(headers)).collect()
    }

    /// The spans, as they arrived.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for (_, body) in &*self.arrived.lock().unwrap() {
            for process in ExportTraceServiceRequest::decode(body.clone()).unwrap().resource_spans {
                let resource = texts(process.resource.unwrap_or_default().attributes);
                for span in process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    assert!(span.events.is_empty() && span.links.is_empty(), "{span:?}");
                    spans.push(Span {
                        trace: hex::encode(&span.trace_id),
                        id: hex::encode(&span.span_id),
                        parent: hex::encode(&span.parent_span_id),
                        kind: span.kind(),
                        failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
                        nanoseconds: span.start_time_unix_nano..span.end_time_unix_nano,
                        name: span.name,
                        attributes: texts(span.attributes),
                        resource: resource.clone(),
                    });
                }
            }
        }
        spans
    }
}

async fn take(State(arrived): State<Arrived>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    arrived.lock().unwrap().push((headers, body));
    ExportTraceServiceResponse::default().encode_to_vec()
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(yes) => yes.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.into_iter().map(|a| (a.key, text(a.value.unwrap().value.unwrap()))).collect()
}
