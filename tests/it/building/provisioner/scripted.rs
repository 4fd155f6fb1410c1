//! Answers of S3 that moto does not give.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ::provisioner::ProvisionInput;
use provisioner_s3::{Aws, REQUEST_TAG};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Attempt, World, failure, input, steps};

/// A server that answers as S3 would where moto does not: `answer` gets the
/// request's first line and its body, and gives the status and the body.
struct Scripted {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn new(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut part = [0; 4096];
                while !whole(&request) {
                    match stream.read(&mut part).await {
                        Ok(n) if n > 0 => request.extend_from_slice(&part[..n]),
                        _ => break,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let line = request.split(" HTTP/1.1").next().unwrap_or_default().to_owned();
                let (status, body) = answer(&line);
                all.lock().unwrap().push(request);
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self { url, heard }
    }

    fn attempt(&self, world: &World) -> Attempt {
        Attempt::with(Aws { endpoint_url: Some(self.url.clone()), ..world.aws() })
    }

    /// The first lines of what was asked, without the SDK's own `x-id`.
    fn asked(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|request| request.split([' ', '\r']).take(2).collect::<Vec<_>>().join(" ")).collect()
    }
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    body.len() >= length
}

fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}, says S3</Message></Error>")
}

fn tagged(request: &str) -> String {
    format!("<Tagging><TagSet><Tag><Key>{REQUEST_TAG}</Key><Value>{request}</Value></Tag></TagSet></Tagging>")
}

fn listed(bucket: &str) -> String {
    format!(
        "<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    )
}

#[tokio::test]
async fn what_s3_says_of_a_strangers_bucket_is_obeyed() {
    let world = World::new().await;
    let input = input("us-east-1");
    let server = Scripted::new(|line| match line {
        line if line.contains("tagging") => (403, error("AccessDenied")),
        line if line.starts_with("PUT") => (409, error("BucketAlreadyExists")),
        _ => (200, "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>".into()),
    })
    .await;
    let failure = failure(server.attempt(&world).provision(&input).await.0);
    assert_eq!(failure.type_name(), Some("BucketTaken"), "{failure}");
    assert!(failure.to_string().contains("belongs to another AWS account"), "{failure}");

    // Nothing to undo: the list of our own buckets does not have it.
    server.attempt(&world).destroy(&input).await.0.unwrap();
    let asked = server.asked();
    assert!(asked.iter().all(|line| !line.starts_with("DELETE") && !line.starts_with("POST")), "{asked:?}");
}

#[tokio::test]
async fn a_missing_permission_is_not_taken_for_a_strangers_bucket() {
    let world = World::new().await;
    let input = input("us-east-1");
    let bucket = input.bucket_name.clone();
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (403, error("AccessDenied")),
        _ => (200, listed(&bucket)),
    })
    .await;
    let failure = failure(server.attempt(&world).destroy(&input).await.0);
    assert_eq!(failure.type_name(), Some("AccessDenied"), "{failure}");
    assert!(failure.to_string().contains("Give the AWS profile \"sandbox\" permission"), "{failure}");
}

#[tokio::test]
async fn the_bucket_is_created_without_tags_which_not_everybody_takes() {
    let world = World::new().await;
    for region in ["us-east-1", "eu-west-1"] {
        created_without_tags(&world, input(region)).await;
    }
}

async fn created_without_tags(world: &World, input: ProvisionInput) {
    let request = input.application_id.clone();
    let looks = AtomicU32::new(0);
    let server = Scripted::new(move |line| match line {
        // Free at first, and ours as soon as it is there.
        line if line.starts_with("GET") && line.contains("tagging") => match looks.fetch_add(1, Ordering::Relaxed) {
            0..3 => (404, error("NoSuchBucket")),
            _ => (200, tagged(&request)),
        },
        // As after an answer that was lost: it is ours already.
        line if line.starts_with("PUT") && !line.contains('?') => (409, error("BucketAlreadyOwnedByYou")),
        _ => (403, error("AccessDenied")),
    })
    .await;
    // The fourth look finds it; tagging it further is refused, which ends this test.
    let (result, beats) = server.attempt(world).provision(&input).await;
    let failure = failure(result);
    assert!(failure.to_string().starts_with("Tagging the bucket: S3 answered AccessDenied"), "{failure}");
    assert_eq!(steps(&beats), [1, 2]);
    let heard = server.heard.lock().unwrap();
    let creation = heard.iter().find(|request| request.starts_with("PUT") && !request.contains("?tagging")).unwrap();
    match input.region.as_str() {
        "us-east-1" => assert!(!creation.contains("CreateBucketConfiguration"), "{creation}"),
        region => {
            assert!(creation.contains(&format!("<LocationConstraint>{region}</LocationConstraint>")), "{creation}")
        }
    }
    assert!(!creation.contains("Tag"), "{creation}");
    let tagging = heard.iter().find(|request| request.starts_with("PUT") && request.contains("?tagging")).unwrap();
    let tag = format!("<Tag><Key>{REQUEST_TAG}</Key><Value>{}</Value></Tag>", input.application_id);
    assert!(tagging.contains(&tag), "{tagging}");
    assert!(!creation.contains("demo-secret"));
}

#[tokio::test]
async fn throttling_is_retried_and_an_object_that_stays_is_not_looped_over() {
    let world = World::new().await;
    let input = input("us-east-1");
    let server = Scripted::new(|_| (503, error("SlowDown"))).await;
    let slow = failure(server.attempt(&world).provision(&input).await.0);
    assert_eq!(slow.type_name(), Some("SlowDown"));
    assert!(!slow.is_non_retryable());

    let (request, bucket) = (input.application_id.clone(), input.bucket_name.clone());
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (200, tagged(&request)),
        line if line.starts_with("GET /?") => (200, listed(&bucket)),
        line if line.contains("uploads") => (200, "<ListMultipartUploadsResult/>".into()),
        line if line.starts_with("POST") => (200, "<DeleteResult/>".into()),
        _ => {
            let stays = "<Version><Key>a</Key><VersionId>1</VersionId></Version>";
            (200, format!("<ListVersionsResult>{stays}</ListVersionsResult>"))
        }
    })
    .await;
    let stuck = failure(server.attempt(&world).destroy(&input).await.0);
    assert!(stuck.to_string().contains("still listed"), "{stuck}");
    assert!(!stuck.is_non_retryable());

    let (request, bucket) = (input.application_id.clone(), input.bucket_name.clone());
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (200, tagged(&request)),
        line if line.starts_with("GET /?") => (200, listed(&bucket)),
        line if line.contains("uploads") => (200, "<ListMultipartUploadsResult/>".into()),
        line if line.starts_with("POST") => {
            let locked = "<Error><Key>a</Key><Code>AccessDenied</Code><Message>locked</Message></Error>";
            (200, format!("<DeleteResult>{locked}</DeleteResult>"))
        }
        _ => (200, "<ListVersionsResult><Version><Key>a</Key></Version></ListVersionsResult>".into()),
    })
    .await;
    let locked = failure(server.attempt(&world).destroy(&input).await.0);
    assert!(locked.is_non_retryable(), "{locked}");
    assert!(locked.to_string().contains("AccessDenied: locked (object \"a\")"), "{locked}");
    assert!(server.asked().iter().all(|line| !line.starts_with("DELETE")));
}
