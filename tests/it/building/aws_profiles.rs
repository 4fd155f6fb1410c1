//! Profiles as people have them: programs that are slow or broken, roles, logins. Each
//! works, or the person reads why it does not.

use harness::proxy::{Fault, Proxy};
use provisioner_s3::Aws;

use crate::building::provisioner::{Attempt, World, failure, input};

const KEYS: &str = r#"{"Version":1,"AccessKeyId":"slow","SecretAccessKey":"hush-hush"}"#;

/// What a person reads when provisioning with this as the profile `own` of the AWS
/// configuration, and whether Temporal tries again.
async fn said(world: &World, lines: &str) -> (String, bool) {
    std::fs::write(&world.files.config, format!("[profile own]\n{lines}\n")).unwrap();
    let mut input = input("us-east-1");
    input.profile = "own".into();
    let failure = failure(Attempt::with(world.aws()).provision(&input).await.0);
    let said = failure.to_string();
    assert!(said.contains("\"own\"") && !said.contains("hush-hush"), "{said}");
    (said, !failure.is_non_retryable())
}

#[tokio::test]
async fn a_program_that_takes_longer_than_the_sdks_patience_gives_credentials() {
    let world = World::new().await;
    std::fs::write(&world.files.config, format!("[profile slow]\ncredential_process = sleep 6; echo '{KEYS}'\n"))
        .unwrap();
    let mut input = input("eu-west-1");
    input.profile = "slow".into();
    Attempt::with(world.aws()).provision(&input).await.0.unwrap();
    Attempt::with(world.aws()).destroy(&input).await.0.unwrap();
}

#[tokio::test]
async fn a_person_reads_why_a_profile_gives_no_credentials() {
    let world = World::new().await;
    let role = "role_arn = arn:aws:iam::123456789012:role/deploy";
    let cases = [
        // What a program says stays out: it may be a secret.
        ("credential_process = echo hush-hush >&2; exit 3", true, "its credential_process ended with an error"),
        ("credential_process = echo hush-hush", false, "its credential_process printed no credentials"),
        ("credential_process = /no/such/program", false, "its credential_process cannot be run"),
        (
            "login_session = arn:aws:iam::123456789012:user/me",
            false,
            "it is one of `aws login`, which is not supported",
        ),
        ("aws_access_key_id = a", false, "profile missing aws_secret_access_key"),
        (&format!("{role}\nsource_profile = nobody"), false, "could not find source profile nobody"),
        (
            &format!("{role}\nsource_profile = loop\n[profile loop]\n{role}\nsource_profile = own"),
            false,
            "infinite loop",
        ),
        (
            &format!("{role}\ncredential_source = Nowhere"),
            false,
            "`Nowhere` provider but that provider is not supported",
        ),
        (&format!("{role}\nweb_identity_token_file = /no/such/token"), true, "a file that it names cannot be read"),
        ("sso_session = nobody\nsso_account_id = 1\nsso_role_name = a", false, "sso-session named `nobody`"),
        (
            "sso_start_url = https://a.example\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = a",
            false,
            "its single sign-on session is over",
        ),
    ];
    for (lines, retried, why) in cases {
        let (said, retry) = said(&world, lines).await;
        assert!(said.contains("the AWS profile \"own\" gives no credentials: ") && said.contains(why), "{said}");
        assert_eq!(retry, retried, "{said}");
    }
    let (login, _) = said(&world, "login_session = arn:aws:iam::123456789012:user/me").await;
    assert!(login.contains("credential_process = aws configure export-credentials"), "{login}");
    let (nothing, _) = said(&world, "output = json").await;
    assert!(nothing.contains("gives no credentials. Check the profile \"own\" in the AWS config"), "{nothing}");
}

#[tokio::test]
async fn a_region_that_is_not_enabled_is_not_taken_for_a_wrong_key() {
    let world = World::new().await;
    let proxy = Proxy::start(&world.server.endpoint()).await.unwrap();
    let aws = || Aws { endpoint_url: Some(proxy.url()), ..world.aws() };
    let told = async |region: &str| {
        let input = input(region);
        failure(Attempt::with(aws()).provision(&input).await.0)
    };
    // S3 answers so about keys that are right.
    proxy.fail_each("GET app- ?tagging", Fault::refuse(403, "InvalidAccessKeyId"));
    let failure = told("ap-east-1").await;
    assert_eq!(failure.type_name(), Some("InvalidAccessKeyId"), "{failure}");
    assert!(failure.is_non_retryable());
    let enable = "accepted in us-east-1. Enable region ap-east-1 for the account of profile \"sandbox\"";
    assert!(failure.to_string().contains(enable), "{failure}");
    assert!(!failure.to_string().contains("Check the access key"), "{failure}");
    // Where every account has the region, it is the key.
    let failure = told("eu-west-1").await;
    assert!(
        failure.to_string().contains("Check the access key and secret of the AWS profile \"sandbox\""),
        "{failure}"
    );
    // And where the key does not count anywhere.
    proxy.fail_each("x-id=ListBuckets", Fault::refuse(403, "InvalidAccessKeyId"));
    let failure = told("ap-east-1").await;
    assert!(
        failure.to_string().contains("Check the access key and secret of the AWS profile \"sandbox\""),
        "{failure}"
    );
    assert!(!failure.to_string().contains("nable region"), "{failure}");
    // It cannot be known: both are named.
    proxy.heal_each("x-id=ListBuckets");
    proxy.fail_each("x-id=ListBuckets", Fault::refuse(503, "SlowDown"));
    let failure = told("ap-east-1").await;
    let both = "Region ap-east-1 is one that accounts have to enable";
    assert!(failure.to_string().contains(both) && failure.to_string().contains("check the access key"), "{failure}");
}
