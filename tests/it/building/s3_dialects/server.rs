//! A server that speaks S3 in its own way, in front of moto.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use provisioner_s3::Aws;
use tokio::net::TcpListener;

use crate::building::aws_gate::LARGEST;
use crate::building::provisioner::{Attempt, World};

/// What a server says otherwise than the one behind it.
#[derive(Clone, Default)]
pub struct Speech {
    /// The location constraint of every bucket, as XML.
    pub location: Option<&'static str>,
    /// The header of `HeadBucket`.
    pub region: Option<&'static str>,
    /// Whose every bucket is, for who says whom it expects.
    pub owner: Option<&'static str>,
    /// Whose every bucket is in moto, where its owner lets everybody in.
    pub theirs: Option<&'static str>,
    /// No STS.
    pub no_sts: bool,
    /// The list of buckets is refused.
    pub no_list: bool,
    /// What STS answers.
    pub sts: Option<(u16, &'static str)>,
    /// What the list of buckets answers; with 200, that there is none.
    pub list: Option<(u16, &'static str)>,
    /// Names are encoded, where that is asked for.
    pub encodes: bool,
}

/// A server in front of moto.
pub struct Dialect {
    s3: String,
    client: Client<HttpConnector, Body>,
    speech: Mutex<Speech>,
    /// The calls, with the account that each expects.
    pub heard: Mutex<Vec<(String, Option<String>)>>,
    url: String,
}

impl Dialect {
    pub async fn before(world: &World, speech: Speech) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialect = Arc::new(Self {
            s3: world.server.endpoint(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            speech: Mutex::new(speech),
            heard: Mutex::default(),
            url: format!("http://{}", listener.local_addr().unwrap()),
        });
        let routes = Router::new().fallback(answer).with_state(dialect.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        dialect
    }

    pub fn attempt(&self, world: &World) -> Attempt {
        Attempt::with(Aws { endpoint_url: Some(self.url.clone()), ..world.aws() })
    }

    pub fn speak(&self, speech: Speech) {
        *self.speech.lock().unwrap() = speech;
    }

    /// The calls that change something in a bucket.
    pub fn changes(&self) -> Vec<(String, Option<String>)> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.retain(|(line, _)| !line.starts_with("GET") && !line.starts_with("HEAD") && line != "POST /");
        heard
    }
}

async fn answer(State(dialect): State<Arc<Dialect>>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap();
    let said = head.uri.path_and_query().unwrap().to_string();
    let line = format!("{} {said}", head.method);
    let expects = head.headers.get("x-amz-expected-bucket-owner").map(|it| it.to_str().unwrap().to_owned());
    dialect.heard.lock().unwrap().push((line.clone(), expects.clone()));
    let speech = dialect.speech.lock().unwrap().clone();
    let refused = line == "POST /" && speech.no_sts
        || line.starts_with("GET /?") && speech.no_list
        || expects.is_some() && speech.owner.is_some_and(|owner| expects.as_deref() != Some(owner));
    let odd = match line.as_str() {
        "POST /" => speech.sts,
        line if line.starts_with("GET /?") => speech.list,
        _ => None,
    };
    if let Some((status, code)) = odd {
        let body = match status {
            200 => "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>".to_owned(),
            _ => format!("<Error><Code>{code}</Code><Message>odd</Message></Error>"),
        };
        let status = StatusCode::from_u16(status).unwrap();
        return (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response();
    }
    if refused {
        let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/xml")], body).into_response();
    }
    if let Some(location) = speech.location.filter(|_| line.starts_with("GET") && said.contains("location")) {
        return (StatusCode::OK, location).into_response();
    }
    // Asked of a bucket, not for all there are.
    if let Some(account) = speech.theirs.filter(|_| head.uri.path().len() > 1) {
        head.headers.insert("x-moto-account-id", account.parse().unwrap());
    }
    let reads_names = head.method == "GET" && (said.contains("versions") || said.contains("uploads"));
    let encodes = speech.encodes && reads_names && said.contains("encoding-type=url");
    let is_head = head.method == "HEAD";
    head.uri = format!("{}{said}", dialect.s3).parse().unwrap();
    let answer = dialect.client.request(axum::http::Request::from_parts(head, Body::from(body))).await.unwrap();
    let mut answer = answer.map(Body::new);
    if is_head {
        answer.headers_mut().remove("x-amz-bucket-region");
        speech.region.map(|region| answer.headers_mut().insert("x-amz-bucket-region", region.parse().unwrap()));
    }
    if encodes { encoded(answer).await } else { answer }
}

/// A list with its names written as Amazon writes them.
async fn encoded(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    let text = String::from_utf8(to_bytes(body, LARGEST).await.unwrap().to_vec()).unwrap();
    let out = ["Key", "NextKeyMarker"].iter().fold(text, |text, element| encoded_in(&text, element));
    let out = out.replacen("<IsTruncated>", "<EncodingType>url</EncodingType><IsTruncated>", 1);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(out))
}

/// The same of the names in one kind of element.
fn encoded_in(text: &str, element: &str) -> String {
    let (begin, end) = (format!("<{element}>"), format!("</{element}>"));
    let mut out = String::new();
    for (n, part) in text.split(&begin).enumerate() {
        match part.split_once(&end) {
            Some((name, rest)) if n > 0 => {
                let name = name.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                let written: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
                out += &format!("{begin}{}{end}{rest}", written.replace("%2F", "/"));
            }
            _ => out += part,
        }
    }
    out
}
