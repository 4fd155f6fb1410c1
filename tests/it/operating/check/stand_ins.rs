//! For what no server here can be brought to do: IAM's policy simulator, which moto
//! lacks, and a Temporal that forbids.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, Response, Uri, header};
use axum::routing::post;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers `SimulatePrincipalPolicy` as Amazon's reference shows it, always with the
/// verdict that the path names.
pub struct Iam {
    base: String,
    _serving: JoinSet<()>,
}

impl Iam {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/{verdict}/", post(simulate)).route("/{verdict}", post(simulate));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, _serving: serving }
    }

    /// For `AWS_ENDPOINT_URL_IAM`.
    pub fn url(&self, verdict: &str) -> String {
        format!("{}/{verdict}", self.base)
    }
}

async fn simulate(Path(verdict): Path<String>, question: String) -> Response<Body> {
    let asked = |name: &str, value: &str| {
        let mut pairs = url::form_urlencoded::parse(question.as_bytes());
        pairs.any(|(key, found)| key.starts_with(name) && found.starts_with(value))
    };
    let understood = asked("Action", "SimulatePrincipalPolicy")
        && asked("PolicySourceArn", "arn:aws:iam::123456789012:user/ci")
        && asked("ActionNames.member.1", "s3:CreateBucket")
        && asked("ResourceArns.member.1", "arn:aws:s3:::app-")
        && asked("ContextEntries.member.1.ContextKeyName", "aws:RequestedRegion")
        && asked("ContextEntries.member.1.ContextKeyValues.member.1", "us-east-1");
    if !understood {
        return Response::builder().status(400).body(Body::from(question)).unwrap();
    }
    let text = format!(
        r#"<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <SimulatePrincipalPolicyResult>
    <IsTruncated>false</IsTruncated>
    <EvaluationResults>
      <member>
        <MatchedStatements/>
        <MissingContextValues/>
        <EvalResourceName>arn:aws:s3:::app-check-team-0000000000</EvalResourceName>
        <EvalDecision>{verdict}</EvalDecision>
        <EvalActionName>s3:CreateBucket</EvalActionName>
      </member>
    </EvaluationResults>
  </SimulatePrincipalPolicyResult>
  <ResponseMetadata><RequestId>004d7059-4c14-11e5-b121-bd8c7EXAMPLE</RequestId></ResponseMetadata>
</SimulatePrincipalPolicyResponse>"#
    );
    Response::builder().header(header::CONTENT_TYPE, "text/xml").body(Body::from(text)).unwrap()
}

/// Stands before Temporal and refuses calls, as the authorizer of a company's cluster
/// does; the others go through.
pub struct Guard {
    pub address: String,
    _serving: JoinSet<()>,
}

struct Orders {
    /// Calls whose names end so.
    refused: &'static str,
    server: String,
    client: Client<HttpConnector, Body>,
}

impl Guard {
    pub async fn start(server: &str, refused: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        let orders = Arc::new(Orders { refused, server: server.to_owned(), client });
        let service = TowerToHyperService::new(Router::new().fallback(pass).with_state(orders));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                connections.spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    drop(builder.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { address, _serving: serving }
    }
}

async fn pass(State(orders): State<Arc<Orders>>, mut call: Request<Body>) -> Response<Body> {
    let path = call.uri().path().to_owned();
    if path.ends_with(orders.refused) {
        let refusal = Response::builder()
            .header(header::CONTENT_TYPE, "application/grpc")
            .header("grpc-status", "7")
            .header("grpc-message", "Request unauthorized.");
        return refusal.body(Body::empty()).unwrap();
    }
    *call.uri_mut() = format!("http://{}{path}", orders.server).parse::<Uri>().unwrap();
    orders.client.request(call).await.unwrap().map(Body::new)
}
