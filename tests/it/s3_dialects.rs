//! Servers that speak S3 each in their own way, as moto does not: what they tell of
//! regions, accounts and names, and what the provisioner makes of it.

use std::sync::{Arc, Mutex};

use ::provisioner::Unheard;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Tag, Tagging};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use provisioner_s3::{Aws, REQUEST_TAG};
use temporalio_common::error::ApplicationFailure;
use tokio::net::TcpListener;

use crate::aws_gate::LARGEST;
use crate::provisioner::{Attempt, World, create, exists, failure, input, tag};

/// moto's account.
const OURS: &str = "123456789012";
const THEIRS: &str = "111122223333";

/// What a server says otherwise than the one behind it.
#[derive(Clone, Default)]
struct Speech {
    /// The location constraint of every bucket, as XML.
    location: Option<&'static str>,
    /// The header of `HeadBucket`.
    region: Option<&'static str>,
    /// Whose every bucket is, for who says whom it expects.
    owner: Option<&'static str>,
    /// Whose every bucket is in moto, where its owner lets everybody in.
    theirs: Option<&'static str>,
    /// No STS.
    no_sts: bool,
    /// The list of buckets is refused.
    no_list: bool,
    /// What STS answers.
    sts: Option<(u16, &'static str)>,
    /// What the list of buckets answers; with 200, that there is none.
    list: Option<(u16, &'static str)>,
    /// Names are encoded, where that is asked for.
    encodes: bool,
}

/// A server in front of moto.
struct Dialect {
    s3: String,
    client: Client<HttpConnector, Body>,
    speech: Mutex<Speech>,
    /// The calls, with the account that each expects.
    heard: Mutex<Vec<(String, Option<String>)>>,
    url: String,
}

impl Dialect {
    async fn before(world: &World, speech: Speech) -> Arc<Self> {
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

    fn attempt(&self, world: &World) -> Attempt {
        Attempt::with(Aws { endpoint_url: Some(self.url.clone()), ..world.aws() })
    }

    fn speak(&self, speech: Speech) {
        *self.speech.lock().unwrap() = speech;
    }

    /// The calls that change something in a bucket.
    fn changes(&self) -> Vec<(String, Option<String>)> {
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
    let mut out = String::new();
    for (n, part) in text.split("<Key>").enumerate() {
        match part.split_once("</Key>") {
            Some((name, rest)) if n > 0 => {
                let name = name.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                let written: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
                out += &format!("<Key>{}</Key>{rest}", written.replace("%2F", "/"));
            }
            _ => out += part,
        }
    }
    let out = out.replacen("<IsTruncated>", "<EncodingType>url</EncodingType><IsTruncated>", 1);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(out))
}

#[tokio::test]
async fn a_region_told_by_another_name_is_the_same_region() {
    let world = World::new().await;
    let said = |told: &str| format!("<LocationConstraint>{told}</LocationConstraint>");
    let told = |text: &str| Some(&*said(text).leak());
    for (region, location, header, right) in [
        ("us-east-1", Some("<LocationConstraint/>"), None, true),
        ("us-east-1", told("us-east-1"), None, true),
        ("us-east-1", told("US"), None, true),
        ("eu-west-1", told("EU"), None, true),
        ("eu-west-1", told("eu-west-1"), None, true),
        ("eu-west-1", told("EU-WEST-1"), None, true),
        // A name of the server's own, and the region in the header.
        ("eu-west-1", told("default"), Some("eu-west-1"), true),
        ("eu-west-1", Some("<LocationConstraint/>"), Some("eu-west-1"), true),
        ("eu-west-1", told("default"), None, false),
        ("eu-west-1", told("eu-central-1"), Some("eu-central-1"), false),
        ("us-east-1", told("EU"), None, false),
    ] {
        let dialect = Dialect::before(&world, Speech { location, region: header, ..Speech::default() }).await;
        let (result, _) = dialect.attempt(&world).provision(&input(region)).await;
        match right {
            true => drop(result.unwrap_or_else(|error| panic!("{region} told as {location:?}, {header:?}: {error:?}"))),
            false => {
                let failure = failure(result).to_string();
                assert!(failure.contains("it is in another region"), "{failure}");
            }
        }
    }
}

/// A bucket with this request's tag, made by somebody in another account.
async fn tagged_elsewhere(world: &World, bucket: &str, request: &str) {
    let s3 = world.s3("us-east-1");
    let call = s3.create_bucket().bucket(bucket).customize();
    call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", THEIRS))).send().await.unwrap();
    let tag = Tag::builder().key(REQUEST_TAG).value(request).build().unwrap();
    let tags = Tagging::builder().tag_set(tag).build().unwrap();
    let call = s3.put_bucket_tagging().bucket(bucket).tagging(tags).customize();
    call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", THEIRS))).send().await.unwrap();
}

fn taken(failure: &ApplicationFailure) {
    assert_eq!(failure.type_name(), Some("BucketTaken"), "{failure}");
    assert!(failure.is_non_retryable());
    assert!(failure.to_string().contains("belongs to another AWS account"), "{failure}");
}

#[tokio::test]
async fn a_tag_in_the_account_of_another_makes_no_bucket_ours() {
    let world = World::new().await;
    // With an STS or without one.
    for no_sts in [false, true] {
        let dialect = Dialect::before(&world, Speech { no_sts, theirs: Some(THEIRS), ..Speech::default() }).await;
        let input = input("us-east-1");
        tagged_elsewhere(&world, &input.bucket_name, &input.application_id).await;
        let claimed = serde_json::json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true });
        for beat in [None, Some(claimed), Some(serde_json::json!({ "step": 7, "of": 8, "label": "…" }))] {
            let attempt = dialect.attempt(&world);
            let attempt = match beat {
                Some(beat) => attempt.after(beat),
                None => attempt,
            };
            taken(&failure(attempt.provision(&input).await.0));
        }
        dialect.attempt(&world).destroy(&input).await.0.unwrap();
        assert_eq!(dialect.changes(), [], "nothing was changed");
    }
}

#[tokio::test]
async fn where_nobody_tells_whose_account_it_is_in_a_bucket_is_left_alone() {
    let world = World::new().await;
    let dialect = Dialect::before(&world, Speech { no_sts: true, no_list: true, ..Speech::default() }).await;
    let input = input("us-east-1");
    let s3 = world.s3("us-east-1");
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
    for result in
        [dialect.attempt(&world).provision(&input).await.0.map(drop), dialect.attempt(&world).destroy(&input).await.0]
    {
        let failure = failure(result);
        assert_eq!(failure.type_name(), Some("OwnerUnknown"), "{failure}");
        assert!(failure.is_non_retryable());
        for words in ["nobody tells whose account", "s3:ListAllMyBuckets", "\"sandbox\""] {
            assert!(failure.to_string().contains(words), "{words}: {failure}");
        }
    }
    assert_eq!(dialect.changes(), [], "nothing was changed");
    // What it makes itself is its own.
    dialect.attempt(&world).provision(&crate::provisioner::input("us-east-1")).await.0.unwrap();
}

#[tokio::test]
async fn what_keeps_an_account_from_being_told_for_a_while_is_tried_again() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let passing =
        [(503, "ServiceUnavailable"), (429, "TooManyRequests"), (400, "RequestTimeout"), (400, "SomethingNew")];
    let speeches = passing.iter().flat_map(|&odd| {
        let sts = Speech { sts: Some(odd), no_list: true, ..Speech::default() };
        [
            sts,
            Speech { list: Some(odd), ..Speech::default() },
            Speech { list: Some(odd), no_sts: true, ..Speech::default() },
        ]
    });
    for speech in speeches {
        let said = format!("{:?} {:?} {}", speech.sts, speech.list, speech.no_sts);
        let dialect = Dialect::before(&world, speech).await;
        let input = input("us-east-1");
        create(&s3, &input.bucket_name).await;
        tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
        let provisioned = dialect.attempt(&world).provision(&input).await.0.map(drop);
        for result in [provisioned, dialect.attempt(&world).destroy(&input).await.0] {
            let failure = failure(result);
            assert!(!failure.is_non_retryable(), "{said}: {failure}");
            assert!(!failure.to_string().contains("Nothing was changed"), "{said}: {failure}");
        }
        assert_eq!(dialect.changes(), [], "nothing was changed");
        dialect.speak(Speech::default());
        dialect.attempt(&world).destroy(&input).await.0.unwrap();
        assert!(!exists(&s3, &input.bucket_name).await, "{said}");
    }
    // A call that is refused has its price: there is one in an attempt.
    let speech = Speech { sts: Some((503, "ServiceUnavailable")), no_list: true, ..Speech::default() };
    let dialect = Dialect::before(&world, speech).await;
    let input = input("us-east-1");
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
    let asked = || dialect.heard.lock().unwrap().iter().filter(|(line, _)| line == "POST /").count();
    failure(dialect.attempt(&world).destroy(&input).await.0);
    assert_eq!(asked(), 1, "once in an attempt");
}

#[tokio::test]
async fn what_was_made_and_does_not_say_so_any_more_is_not_said_to_be_removed() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let beats = [
        serde_json::json!({ "step": 5, "of": 8, "label": "…" }),
        serde_json::json!({ "step": 1, "of": 8, "label": "…", "claiming": true }),
        serde_json::json!({ "step": 1, "of": 8, "label": "…", "made": true }),
    ];
    for beat in beats.map(Some).into_iter().chain([None]) {
        let mut input = input("us-east-1");
        input.unheard = Some(Unheard { last_heartbeat: beat.clone(), silent: false });
        let bucket = input.bucket_name.as_str();
        // Gone is gone.
        world.attempt().destroy(&input).await.0.unwrap();
        create(&s3, bucket).await;
        tag(&s3, bucket, "owner", "automation").await;
        let replaced = world.attempt().destroy(&input).await.0;
        tag(&s3, bucket, REQUEST_TAG, &input.application_id).await;
        let empty = Dialect::before(&world, Speech { list: Some((200, "")), ..Speech::default() }).await;
        let unlisted = empty.attempt(&world).destroy(&input).await.0;
        for result in [replaced, unlisted] {
            let failure = failure(result);
            assert!(failure.is_non_retryable(), "{failure}");
            assert!(failure.to_string().contains("does not (any more) say that it is this request's"), "{failure}");
        }
        assert_eq!(empty.changes(), [], "nothing was changed");
        assert!(exists(&s3, bucket).await);
        world.attempt().destroy(&input).await.0.unwrap();
        assert!(!exists(&s3, bucket).await, "{beat:?}");
    }
}

#[tokio::test]
async fn every_change_is_for_a_bucket_of_the_profiles_own_account() {
    let world = World::new().await;
    let dialect = Dialect::before(&world, Speech::default()).await;
    let input = input("us-east-1");
    dialect.attempt(&world).provision(&input).await.0.unwrap();
    dialect.attempt(&world).destroy(&input).await.0.unwrap();
    let changes = dialect.changes();
    for (line, expects) in &changes {
        let creates = line.trim_end_matches('/') == format!("PUT /{}", input.bucket_name);
        assert_eq!(expects.as_deref(), (!creates).then_some(OURS), "{line}");
    }
    assert!(changes.len() >= 10, "{changes:?}");

    // It changes hands between two steps: deleted by hand, and taken by somebody else.
    let second = crate::provisioner::input("us-east-1");
    dialect.attempt(&world).provision(&second).await.0.unwrap();
    let before = dialect.changes().len();
    let (environment, _) = dialect.attempt(&world).environment({
        let dialect = dialect.clone();
        move |beat| {
            if beat["step"] == 3 {
                dialect.speak(Speech { owner: Some(THEIRS), ..Speech::default() });
            }
        }
    });
    let result = environment.run(provisioner_s3::Provisioner::provision, second).await;
    assert!(result.is_err());
    let tried = dialect.changes().split_off(before);
    assert!(tried.iter().all(|(_, expects)| expects.as_deref() == Some(OURS)), "{tried:?}");
}

/// Names that are hard to write down, as a person may have given them.
const NAMES: [&str; 17] = [
    "a\u{1}b",
    "c\u{b}d",
    "\u{1f}",
    "e\u{fffe}f",
    "x\u{ffff}",
    "r\rz",
    "n\t",
    " led and trailed ",
    "one + two",
    "100%25",
    "..",
    "a//b",
    "/led",
    "ü & <b>",
    "u\u{308}",
    "\u{7f}",
    "~!*'();:@&=+$,?#[]",
];

#[tokio::test]
async fn names_that_xml_cannot_hold_keep_no_bucket_from_being_emptied() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    // Amazon encodes names when asked to; moto writes XML that is none.
    for encodes in [true, false] {
        let dialect = Dialect::before(&world, Speech { encodes, ..Speech::default() }).await;
        let input = input("us-east-1");
        let bucket = input.bucket_name.as_str();
        world.attempt().provision(&input).await.0.unwrap();
        for name in NAMES {
            let object = s3.put_object().bucket(bucket).key(name).body(ByteStream::from_static(b"x"));
            object.send().await.unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
        }
        s3.delete_object().bucket(bucket).key(NAMES[0]).send().await.unwrap();
        for name in ["q\u{1}", "plain + x"] {
            // moto's answer is no XML either; the upload is there.
            let _ = s3.create_multipart_upload().bucket(bucket).key(name).send().await;
        }
        let (result, _) = dialect.attempt(&world).destroy(&input).await;
        result.unwrap_or_else(|error| panic!("encoded: {encodes}: {error:?}"));
        assert!(!exists(&s3, bucket).await, "encoded: {encodes}");
    }
}
