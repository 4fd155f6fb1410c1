//! Whether CloudFormation takes the template of a blueprint, asked with each profile.

use super::setup::{Backends, Setup};
use crate::building::cloudformation::World;
use crate::building::cloudformation::gate::{Answer, Gate};

const TEMPLATE: &str = "Resources: { Assets: { Type: AWS::S3::Bucket } }";
const BLUEPRINT: &str = "[[blueprints]]\nid = \"site\"\nname = \"Site\"\ntemplate = \"site.yaml\"\n[[teams]]";
const SANDBOX: &str = "template of site with sandbox in us-east-1: ";
const PRODUCTION: &str = "template of site with production in us-east-1: ";

/// All is well, and a blueprint has this template.
async fn with(backends: &Backends, endpoint: &str, template: &str) -> Setup {
    let mut setup = Setup::healthy(backends).await;
    setup.replace("provision-bot.toml", "[[teams]]", BLUEPRINT);
    setup.write("site.yaml", template);
    setup.set("AWS_ENDPOINT_URL_CLOUDFORMATION", endpoint);
    setup
}

/// Checks: what is said of the template with each profile, and the exit code.
async fn said(setup: &Setup) -> ([String; 2], Option<i32>) {
    let outcome = setup.check(&[]).await;
    let line = |what: &str| {
        let found = outcome.said.lines().find(|line| line[5..].starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {}", outcome.said)).replacen(what, "", 1)
    };
    assert!(!outcome.said.contains(&setup.secret_key), "a secret is told");
    // Whatever is said of a template is about the template alone.
    let others = outcome.said.lines().filter(|line| line.starts_with("FAIL") && !line.contains("FAIL template of"));
    assert_eq!(others.count(), 0, "{}", outcome.said);
    ([line(SANDBOX), line(PRODUCTION)], outcome.code)
}

#[tokio::test]
async fn a_template_is_valid_or_why_it_is_not_is_said() {
    let backends = Backends::start().await;
    let mut world = World::of(TEMPLATE).await;
    let setup = with(&backends, &world.endpoint, TEMPLATE).await;
    let valid = "ok   valid, says CloudFormation";
    assert_eq!(said(&setup).await, ([valid.to_owned(), valid.to_owned()], Some(0)));

    // It reads as a template here, and is none to CloudFormation.
    setup.write("site.yaml", &TEMPLATE.replace("AWS::S3::Bucket", "AWS::S3::Bukkit"));
    let (lines, code) = said(&setup).await;
    for line in lines {
        assert!(line.starts_with("FAIL CloudFormation answered ValidationError: Template format error: "), "{line}");
        assert!(line.contains("Unrecognized resource types: [AWS::S3::Bukkit]. Check the template"), "{line}");
    }
    assert_eq!(code, Some(1));

    // One profile lacks the right to ask.
    let gate = Gate::before(&mut world, |call| match (call.action.as_str(), call.before) {
        ("ValidateTemplate", _) => Answer::Refuse("AccessDenied", "User: x is not authorized to perform this", 403),
        _ => Answer::Pass,
    });
    let gate = gate.await;
    let setup = with(&backends, &world.door, TEMPLATE).await;
    let (lines, code) = said(&setup).await;
    for (line, profile) in lines.into_iter().zip(["sandbox", "production"]) {
        assert_eq!(
            line,
            format!(
                "FAIL not known, for the profile may not ask CloudFormation (cloudformation:ValidateTemplate). Give the \
                 profile \"{profile}\" the permissions of deploy/aws/cloudformation.json."
            )
        );
    }
    assert_eq!((code, gate.count("ValidateTemplate")), (Some(1), 2), "once with each profile");
}

#[tokio::test]
async fn without_an_answer_it_is_not_waited_for_ever() {
    let backends = Backends::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    // It takes connections, and says nothing.
    let setup = with(&backends, &address, TEMPLATE).await;
    let (lines, code) = said(&setup).await;
    for line in lines {
        assert!(line.starts_with("FAIL CloudFormation gave no usable answer: it took too long. Check that"), "{line}");
    }
    assert_eq!(code, Some(1));

    drop(nobody);
    for line in said(&setup).await.0 {
        assert!(line.starts_with("FAIL CloudFormation gave no usable answer: "), "{line}");
        assert!(line.ends_with("reaches CloudFormation in region us-east-1, then retry."), "{line}");
    }
}

#[tokio::test]
async fn a_profile_without_credentials_is_named_beside_one_that_has_some() {
    let backends = Backends::start().await;
    let world = World::of(TEMPLATE).await;
    let setup = with(&backends, &world.endpoint, TEMPLATE).await;
    let before = std::fs::read_to_string(setup.dir.path().join("credentials")).unwrap();
    let (sandbox, _) = before.split_once("[production]").unwrap();
    setup.write("credentials", sandbox);
    let outcome = setup.check(&[]).await;
    let valid = format!("ok   {SANDBOX}valid, says CloudFormation\n");
    let none = format!("FAIL {PRODUCTION}the AWS profile \"production\" gives no credentials. Check the profile");
    assert!(outcome.said.contains(&valid) && outcome.said.contains(&none), "{}", outcome.said);
    assert_eq!(outcome.code, Some(1));
}
