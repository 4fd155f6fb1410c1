//! A gate before an S3 server, which judges every call as Amazon's IAM would: by what
//! a policy allows, and what Amazon says the call needs (S3 user guide, "Required
//! permissions for Amazon S3 API operations").

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;

/// No request and no answer is larger.
pub const LARGEST: usize = 1 << 20;

/// Judges each call by a policy, and passes on what it allows.
pub struct Gate {
    /// The server behind it.
    pub s3: String,
    pub client: Client<HttpConnector, Body>,
    pub policy: Mutex<Value>,
    /// Whether there is a legal hold on every version; else each is kept until a date. moto tells
    /// neither.
    pub held: AtomicBool,
    /// What the policy did not allow, with the resource.
    pub refused: Mutex<Vec<String>>,
}

impl Gate {
    /// The gate, and its address.
    pub async fn before(s3: String, policy: Value) -> (Arc<Self>, String) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let gate = Arc::new(Self {
            s3,
            client,
            policy: Mutex::new(policy),
            held: AtomicBool::default(),
            refused: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(pass).with_state(gate.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (gate, url)
    }

    fn allows(&self, action: &str, resource: &str) -> bool {
        let policy = self.policy.lock().unwrap();
        policy["Statement"].as_array().unwrap().iter().any(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            assert_eq!(statement.as_object().unwrap().len(), 3, "the gate knows no conditions");
            strings(&statement["Action"]).contains(&action)
                && strings(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
        })
    }
}

/// Whether `*` in the pattern can stand for something that makes both the same.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(after, &rest[at..]))),
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap();
    let (method, path) = (head.method.as_str(), head.uri.path());
    let query = head.uri.query().unwrap_or_default();
    for (action, resource) in needs(method, path, query, &String::from_utf8_lossy(&body)) {
        if !gate.allows(&action, &resource) {
            return gate.refuse(&format!("{action} on {resource}"));
        }
    }
    if let Some(lock) = gate.lock(query) {
        return lock.into_response();
    }
    let (bucket, key) = named(path);
    let (of_object, bucket) = (method == "GET" && !key.is_empty(), format!("arn:aws:s3:::{bucket}"));
    head.uri = format!("{}{}", gate.s3, head.uri.path_and_query().unwrap()).parse().unwrap();
    let answer = gate.client.request(Request::from_parts(head, Body::from(body))).await.unwrap();
    // That an object is not there is told to whoever may list the bucket.
    if of_object && answer.status() == StatusCode::NOT_FOUND && !gate.allows("s3:ListBucket", &bucket) {
        return gate.refuse(&format!("s3:ListBucket on {bucket}"));
    }
    answer.map(Body::new)
}

impl Gate {
    /// What Object Lock keeps, if that is asked for.
    fn lock(&self, query: &str) -> Option<String> {
        let asked = |name: &str| query.split('&').any(|pair| pair == name);
        let on = if self.held.load(Ordering::Relaxed) { "ON" } else { "OFF" };
        if asked("legal-hold") {
            return Some(format!("<LegalHold><Status>{on}</Status></LegalHold>"));
        }
        let until = "<RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate>";
        asked("retention").then(|| format!("<Retention><Mode>COMPLIANCE</Mode>{until}</Retention>"))
    }

    fn refuse(&self, what: &str) -> Response {
        self.refused.lock().unwrap().push(what.to_owned());
        let body = format!("<Error><Code>AccessDenied</Code><Message>{what}</Message></Error>");
        (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

/// The bucket and the object of a path; empty if there is none.
fn named(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

/// The actions that a call needs, each with the resource it needs it for.
fn needs(method: &str, path: &str, query: &str, body: &str) -> Vec<(String, String)> {
    let (bucket, key) = named(path);
    let (at_bucket, at_object) = (format!("arn:aws:s3:::{bucket}"), |key: &str| format!("arn:aws:s3:::{bucket}/{key}"));
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    let has = |name: &str| names.contains(&name);
    let need = |action: &str, resource: String| (format!("s3:{action}"), resource);
    // STS stands beside S3, and tells everybody who they are.
    if method == "POST" && bucket.is_empty() {
        return Vec::new();
    }
    if bucket.is_empty() {
        return vec![need("ListAllMyBuckets", "*".into())];
    }
    if !key.is_empty() {
        let action = match method {
            "GET" if has("retention") => "GetObjectRetention",
            "GET" if has("legal-hold") => "GetObjectLegalHold",
            "GET" => "GetObject",
            "PUT" => "PutObject",
            "DELETE" if has("uploadId") => "AbortMultipartUpload",
            "DELETE" if has("versionId") => "DeleteObjectVersion",
            "DELETE" => "DeleteObject",
            _ => "?",
        };
        return vec![need(action, at_object(key))];
    }
    let settings = [
        ("tagging", "BucketTagging"),
        ("publicAccessBlock", "BucketPublicAccessBlock"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("encryption", "EncryptionConfiguration"),
        ("versioning", "BucketVersioning"),
        ("policy", "BucketPolicy"),
        ("location", "BucketLocation"),
        ("lifecycle", "LifecycleConfiguration"),
    ];
    if let Some((_, what)) = settings.iter().find(|(name, _)| has(name)) {
        let verb = match method {
            "GET" => "Get",
            "DELETE" if has("policy") => "Delete",
            _ => "Put",
        };
        return vec![need(&format!("{verb}{what}"), at_bucket)];
    }
    match method {
        "PUT" if body.contains("<Tags>") => {
            vec![need("CreateBucket", at_bucket.clone()), need("TagResource", at_bucket)]
        }
        "PUT" => vec![need("CreateBucket", at_bucket)],
        "GET" if has("versions") => vec![need("ListBucketVersions", at_bucket)],
        "GET" if has("uploads") => vec![need("ListBucketMultipartUploads", at_bucket)],
        "DELETE" => vec![need("DeleteBucket", at_bucket)],
        "POST" if has("delete") => {
            let objects = body.split("<Object>").skip(1).flat_map(|object| {
                let key = object.split("<Key>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
                let version = object.contains("<VersionId>").then(|| need("DeleteObjectVersion", at_object(key)));
                std::iter::once(need("DeleteObject", at_object(key))).chain(version)
            });
            objects.collect()
        }
        _ => vec![need("?", at_bucket)],
    }
}

/// A string, or a list of them.
pub fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().unwrap()).collect()
}
