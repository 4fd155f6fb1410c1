//! A blueprint with a template: from the form to the stack, and away again, by the built-in
//! provisioner of CloudFormation.

use harness::stack::StackOptions;
use serde_json::json;
use slack_simulator::Submitted;

use super::planner::card;
use crate::building::cloudformation::World as Cloud;
use crate::world::{Request, Scene, World, alone_with, ephemeral, options, policy};

const TEMPLATE: &str = "
Parameters:
  ResourceName: { Type: String }
  Owner: { Type: String, AllowedPattern: '[a-z]+' }
  Versions: { Type: String, Default: Suspended, AllowedValues: [Enabled, Suspended] }
Resources:
  Assets:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Ref ResourceName
      VersioningConfiguration: { Status: !Ref Versions }
      Tags: [{ Key: owner, Value: !Ref Owner }]
Outputs:
  BucketName: { Value: !Ref Assets }
";

const BLUEPRINT: &str = r#"
[[blueprints]]
id = "site"
name = "Site"
template = "TEMPLATE"
[[blueprints.fields]]
id = "owner"
label = "Owner"
kind = "text"
pattern = "[a-z]+"
[[blueprints.fields]]
id = "versions"
label = "Versions"
kind = "choice"
choices = ["Enabled", "Suspended"]
by = "authorizer"
default = "Suspended"
"#;

async fn prepared() -> (StackOptions, (Cloud, tempfile::TempDir)) {
    let cloud = Cloud::of(TEMPLATE).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.yaml");
    std::fs::write(&path, TEMPLATE).unwrap();
    let config = policy("timeout = \"10m\"") + &BLUEPRINT.replace("TEMPLATE", path.to_str().unwrap());
    let mut options = options(&config);
    options.env.push(("AWS_ENDPOINT_URL_CLOUDFORMATION".to_owned(), cloud.endpoint.clone()));
    (options, (cloud, folder))
}

async fn asked(scene: &Scene, application: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    form.fill("field-owner", "alice").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let card = scene.bob.wait_for_dm(|m| m.offers("plan") && m.says(application)).await.unwrap();
    let id = card.payload("request_id").unwrap().to_owned();
    Request { root: scene.root_in(&scene.channel, &id).await, id, card }
}

/// Bob is shown the plan, with what he fills in.
async fn planned(scene: &Scene, request: &Request, versions: &str) -> Request {
    scene.select(request).await;
    scene.bob.select(&request.card, "field-versions", versions).await.unwrap();
    scene.clicks(&scene.bob, &request.card, "plan").await;
    let card = card(scene, request, "approve").await;
    Request { id: request.id.clone(), root: request.root.clone(), card }
}

#[test]
fn what_a_template_asks_for_is_planned_signed_and_built() {
    alone_with(prepared, async |world: &mut World, (cloud, _folder)| {
        let scene = world.scene();
        let request = planned(&scene, &asked(&scene, "stacked").await, "Enabled").await;
        for words in ["+1 added", "AWS::S3::Bucket Assets", "Owner: alice", "Versions: Enabled"] {
            let card = request.card.plain().replace("  ", " ");
            assert!(card.contains(words), "{words}: {card}");
        }
        // The plan's values stand on the card, though nobody touches them again.
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let outcome = scene.outcome(&request, "provisioned").await;
        let state = scene.ended(&request, "provisioned").await;
        assert_eq!(state["offer"]["parameters"], json!({ "owner": "alice", "versions": "Enabled" }));
        let bucket = state["resources"]["BucketName"].as_str().expect("an output").to_owned();
        assert!(outcome.says(&bucket), "{}", outcome.plain());
        assert!(cloud.has_bucket(&bucket).await, "{bucket}");

        // Other values, another plan: the old button answers so.
        let other = world.scene();
        let request = planned(&other, &asked(&other, "other").await, "Enabled").await;
        other.bob.select(&request.card, "field-versions", "Suspended").await.unwrap();
        let clicked = other.bob.click(&request.card, "approve").await.unwrap();
        assert!(ephemeral(&clicked).contains("plan"), "{}", ephemeral(&clicked));
        other.reject(&request, "Only a test").await;
        other.outcome(&request, "rejected").await;
        let name = format!("app-other-{}-{}", other.team, request.id.rsplit_once('-').unwrap().1);
        crate::world::eventually("nothing half-built to be left behind", async || {
            cloud.status(&name).await.is_none().then_some(())
        })
        .await;
    });
}
