//! What a blueprint asks for beyond the name: in the form, on the card, over the API and by a
//! raw start, from what is typed to what the provisioner is told.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use slack_simulator::{Modal, Submitted};

use crate::doors::client::{ALL, CI, Program};
use crate::temporal::input;
use crate::world::{Request, Scene, World, alone, ephemeral, options, policy};

const BLUEPRINTS: &str = r#"
[[blueprints]]
id = "bucket"
name = "Bucket"

[[blueprints]]
id = "site"
name = "Site"
[[blueprints.fields]]
id = "domain"
label = "Domain"
kind = "text"
hint = "Such as shop.example.com"
pattern = "[a-z0-9.-]+"
[[blueprints.fields]]
id = "note"
label = "Note"
kind = "text"
required = false
default = "none"
max = 400
[[blueprints.fields]]
id = "versions"
label = "Versions"
kind = "number"
min = 1
max = 9
default = 3
[[blueprints.fields]]
id = "size"
label = "Size"
kind = "choice"
choices = ["small", "large"]
[[blueprints.fields]]
id = "zones"
label = "Zones"
kind = "choices"
required = false
choices = ["a", "b", "c"]
[[blueprints.fields]]
id = "regions"
label = "Copies in"
kind = "choices"
required = false
choices = ["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]
[[blueprints.fields]]
id = "public"
label = "Public"
kind = "switch"
[[blueprints.fields]]
id = "budget"
label = "Budget a month"
kind = "number"
by = "authorizer"
min = 0.5
[[blueprints.fields]]
id = "tier"
label = "Tier"
kind = "choice"
by = "authorizer"
choices = ["gold", "silver"]
default = "silver"

[[blueprints]]
id = "database"
name = "Database"
[[blueprints.fields]]
id = "note"
label = "Note"
kind = "text"
required = false
[[blueprints.fields]]
id = "engine"
label = "Engine"
kind = "text"
"#;

fn with_fields(test: impl AsyncFnOnce(&mut World)) {
    alone(options(&(policy("timeout = \"10m\"") + BLUEPRINTS)), test);
}

/// The inputs that a form has, by what they ask.
fn asks(form: &Modal) -> Vec<String> {
    let view = form.view().unwrap();
    let ids = view["blocks"].as_array().unwrap().iter().filter_map(|block| block["block_id"].as_str());
    ids.filter(|id| id.starts_with("field-")).map(str::to_owned).collect()
}

/// What the provisioner was told.
async fn told(scene: &Scene, id: &str) -> Value {
    let history = scene.temporal.history(id).await;
    let scheduled = history["events"].as_array().unwrap().iter().find_map(|event| {
        let attributes = &event["attributes"]["ActivityTaskScheduledEventAttributes"];
        (attributes["activity_type"]["name"] == "provision").then(|| attributes["input"].clone())
    });
    let data = scheduled.expect("it was called")["payloads"][0]["data"].as_str().unwrap().to_owned();
    serde_json::from_slice(&BASE64_STANDARD.decode(data).unwrap()).unwrap()
}

async fn filled(scene: &Scene, form: &Modal) {
    form.fill("field-domain", " shop.example.com ").await.unwrap();
    form.choose("field-size", "large").await.unwrap();
    form.check("field-zones", &["c", "a"]).await.unwrap();
    form.check("field-regions", &["r11"]).await.unwrap();
    form.check("field-public", &["true"]).await.unwrap();
    assert!(form.plain().contains("Such as shop.example.com"), "{}", form.plain());
    assert_eq!(form.value("team").unwrap()["selected_option"]["value"], *scene.team);
}

#[test]
fn the_form_changes_with_the_blueprint_and_keeps_what_was_typed() {
    with_fields(async |world| {
        let scene = world.scene();
        let form = scene.filled_form("typed").await;
        assert_eq!(asks(&form), Vec::<String>::new(), "a bucket asks for nothing");
        form.choose("blueprint", "site").await.unwrap();
        let all = ["domain", "note", "versions", "size", "zones", "regions", "public"];
        assert_eq!(asks(&form), all.map(|id| format!("field-{id}")), "and not for what the authorizer says");
        form.fill("field-note", "mine").await.unwrap();
        form.fill("field-domain", "shop").await.unwrap();
        assert_eq!(form.value("field-versions").unwrap()["value"], "3");
        assert_eq!(form.value("application_name").unwrap()["value"], "typed");
        assert_eq!(form.value("justification").unwrap()["value"], "Landing page for the spring launch");

        form.choose("blueprint", "database").await.unwrap();
        assert_eq!(asks(&form), ["field-note", "field-engine"]);
        assert_eq!(form.value("field-note").unwrap()["value"], "mine", "it asks for the same by the same name");
        form.choose("blueprint", "bucket").await.unwrap();
        assert_eq!(asks(&form), Vec::<String>::new());
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("typed").await;
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!(state["offer"]["parameters"], json!({}));
        scene.reject(&request, "Only a test").await;
        scene.outcome(&request, "rejected").await;
    });
}

#[test]
fn what_is_typed_is_judged_under_its_field_shown_signed_and_built() {
    with_fields(async |world| {
        let scene = world.scene();
        let form = scene.filled_form("built").await;
        form.choose("blueprint", "site").await.unwrap();
        filled(&scene, &form).await;
        form.fill("field-domain", "Shop Example").await.unwrap();
        form.fill("field-note", &format!("a{}b", '\u{202e}')).await.unwrap();
        let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("mistakes") };
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["field-domain", "field-note"], "{errors:?}");
        assert!(
            errors["field-domain"].contains("asked for: Such as shop.example.com")
                && errors["field-note"].contains("cannot be seen")
        );
        assert_eq!(form.value("field-domain").unwrap()["value"], "Shop Example", "it is kept");

        let long = format!("<!channel> *bold* {}", "x".repeat(360));
        form.fill("field-domain", " shop.example.com ").await.unwrap();
        form.fill("field-note", &long).await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("built").await;
        let card = request.card.plain().replace("  ", " ");
        for shown in
            ["Domain: shop.example.com", "Versions: 3", "Size: large", "Zones: a, c", "Copies in: r11", "Public: yes"]
        {
            assert!(card.contains(shown), "{shown}: {card}");
        }
        assert!(card.contains("If left empty: silver"), "{card}");
        assert!(card.contains("<!channel> *bold* xxx") && card.contains("x… (cut)"), "{card}");
        let given = json!({
            "domain": "shop.example.com", "note": long, "versions": 3, "size": "large", "zones": ["a", "c"],
            "regions": ["r11"], "public": true
        });
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!(state["offer"]["parameters"], given);

        // Who decides has fields of their own.
        scene.select(&request).await;
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(ephemeral(&clicked).contains("Budget a month: This is needed."), "{}", ephemeral(&clicked));
        scene.bob.fill(&request.card, "field-budget", "0.25").await.unwrap();
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(ephemeral(&clicked).contains("Budget a month: Expected at least 0.5."), "{}", ephemeral(&clicked));
        scene.bob.fill(&request.card, "field-budget", "12.50").await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        scene.outcome(&request, "provisioned").await;
        let ended = scene.ended(&request, "provisioned").await;
        let mut all = given.as_object().unwrap().clone();
        all.extend(json!({ "budget": 12.5, "tier": "silver" }).as_object().unwrap().clone());
        assert_eq!(ended["offer"]["parameters"], json!(all));
        assert_ne!(ended["offer"]["digest"], state["offer"]["digest"]);
        let told = told(&scene, &request.id).await;
        assert_eq!((&told["parameters"], &told["resourceName"]), (&json!(all), &told["bucketName"]));
        assert_eq!((&told["planId"], &told["resumeFrom"], &told["parts"]), (&Value::Null, &Value::Null, &json!({})));
        let card = scene.bob.refresh(&request.card).unwrap().plain().replace("  ", " ");
        assert!(card.contains("Budget a month: 12.5") && card.contains("Tier: silver"), "{card}");
    });
}

#[test]
fn what_is_emptied_stays_empty_and_what_was_not_shown_is_not_guessed() {
    with_fields(async |world| {
        let scene = world.scene();
        let form = scene.filled_form("emptied").await;
        form.choose("blueprint", "site").await.unwrap();
        form.fill("field-domain", "a").await.unwrap();
        form.choose("field-size", "small").await.unwrap();
        form.clear("field-note").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("emptied").await;
        let expected =
            json!({ "domain": "a", "versions": 3, "size": "small", "zones": [], "regions": [], "public": false });
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["offer"]["parameters"], expected);
        assert!(!request.card.plain().contains("Note:"), "{}", request.card.plain());
        scene.reject(&request, "Only a test").await;
        scene.outcome(&request, "rejected").await;

        // Slack did not take the change of the form.
        let other = world.scene();
        let form = other.filled_form("unshown").await;
        other.slack.fail_next("views.update", slack_simulator::Fault::ServerError(503));
        form.choose("blueprint", "database").await.unwrap();
        assert_eq!(asks(&form), Vec::<String>::new());
        let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("it was not shown") };
        assert!(errors["blueprint"].contains("was not shown"), "{errors:?}");
        form.choose("blueprint", "bucket").await.unwrap();
        form.choose("blueprint", "database").await.unwrap();
        form.fill("field-engine", "postgres").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = other.asked("unshown").await;
        other.reject(&request, "Only a test").await;
        other.outcome(&request, "rejected").await;
    });
}

#[test]
fn a_program_is_told_of_every_field_and_signs_with_its_own() {
    with_fields(async |world| {
        let scene = world.scene();
        let ci = Program::of(&scene, CI);
        let body = |parameters: Value| {
            json!({
                "applicationName": "asked", "teamId": scene.team, "authorizerId": scene.bob.id(), "blueprint": "site",
                "justification": "Because", "parameters": parameters
            })
        };
        let wrong = json!({
            "domain": "Not one", "versions": "3", "size": "medium", "zones": "a", "public": 1, "budget": 3, "other": 1
        });
        let refused = ci.ask("wrong", &body(wrong)).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        let fields = refused.body["fields"].as_object().unwrap();
        let named = ["domain", "versions", "size", "zones", "public", "budget", "other"];
        let mut named: Vec<_> = named.iter().map(|id| format!("parameters.{id}")).collect();
        named.sort();
        assert_eq!(fields.keys().cloned().collect::<Vec<_>>(), named, "{fields:?}");
        assert!(fields["parameters.budget"].as_str().unwrap().contains("whoever decides"), "{fields:?}");

        let given = json!({ "domain": "shop", "size": "small" });
        let asked = ci.ask("right", &body(given.clone())).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        assert_eq!(ci.ask("right", &body(given)).await.status, 200, "the same once more");
        let other = ci.ask("right", &body(json!({ "domain": "shop", "size": "large" }))).await;
        assert_eq!(other.status, 409, "{other:?}");
        let id = asked.body["requestId"].as_str().unwrap().to_owned();
        let state = ci.wait_for(&id, "awaiting_authorization").await;
        assert_eq!(
            state["offer"]["parameters"],
            json!({ "domain": "shop", "note": "none", "versions": 3, "size": "small", "zones": [], "regions": [],
                    "public": false })
        );
        let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*id)).await.unwrap();
        let root = scene.alice.wait_for(crate::doors::client::CHANNEL, |m| m.payload("request_id") == Some(&*id)).await;
        let request = Request { id, root: root.unwrap(), card };
        scene.reject(&request, "Only a test").await;
        ci.wait_for(&request.id, "rejected").await;
    });
}

#[test]
fn a_program_that_decides_fills_in_what_who_decides_says() {
    with_fields(async |world| {
        // The first team names a client that may sign.
        let scene = world.scene();
        let all = Program::of(&scene, ALL);
        let id = "signed-00000000aa";
        let mut asked = input(&scene, "signed");
        asked["blueprint"] = "site".into();
        asked["parameters"] = json!({ "domain": "  shop ", "size": "small" });
        asked["teamId"] = "scanned".into();
        asked["requesterId"] = crate::world::ADA.into();
        asked["authorizerId"] = "client:scanner".into();
        drop(all);
        scene.temporal.start(id, &asked).await;
        let scanner = Program::of(&scene, crate::doors::client::SCANNER);
        let state = scanner.wait_for(id, "awaiting_authorization").await;
        assert_eq!(state["offer"]["parameters"]["domain"], "shop");
        let act = |parameters: Value| json!({ "act": "approve", "round": 1, "region": "us-east-1", "profile": "sandbox", "parameters": parameters });
        for (parameters, field) in [
            (json!({}), "parameters.budget"),
            (json!({ "budget": "3" }), "parameters.budget"),
            (json!({ "budget": 3, "tier": "bronze" }), "parameters.tier"),
            (json!({ "budget": 3, "domain": "other" }), "parameters.domain"),
        ] {
            let refused = scanner.act(id, &act(parameters.clone())).await;
            assert_eq!(refused.status, 422, "{parameters}: {refused:?}");
            assert!(refused.body["fields"][field].is_string(), "{parameters}: {refused:?}");
        }
        let budget = act(json!({ "budget": 3, "tier": "gold" }));
        assert_eq!(scanner.act(id, &budget).await.status, 200);
        assert_eq!(scanner.act(id, &budget).await.status, 200, "the same once more");
        assert_eq!(scanner.act(id, &act(json!({ "budget": 4 }))).await.status, 409, "other values");
        let ended = scanner.wait_for(id, "provisioned").await;
        assert_eq!(
            (&ended["offer"]["parameters"]["budget"], &ended["offer"]["parameters"]["tier"]),
            (&json!(3), &json!("gold"))
        );
        crate::world::knows(id);
    });
}

#[test]
fn a_raw_start_and_a_raw_signal_are_held_to_the_fields() {
    with_fields(async |world| {
        let scene = world.scene();
        let id = "raw-00000000aa";
        let mut asked = input(&scene, "raw");
        asked["blueprint"] = "site".into();
        asked["parameters"] = json!({ "domain": "shop", "size": "huge" });
        scene.temporal.start(id, &asked).await;
        let root = scene.root_in(&scene.channel, id).await;
        let request = Request { id: id.to_owned(), card: root.clone(), root };
        let outcome = scene.outcome(&request, "failed").await;
        assert!(outcome.plain().contains("\"small\", \"large\""), "{}", outcome.plain());
        scene.ended(&request, "failed").await;

        let other = world.scene();
        let id = "short-00000000aa";
        let mut asked = input(&other, "short");
        asked["blueprint"] = "site".into();
        asked["parameters"] = json!({ "domain": "shop", "size": "large" });
        other.temporal.start(id, &asked).await;
        let request = other.asked("short").await;
        // It has no fields, and one of who decides has no default.
        let decision = json!({
            "decision": "approve", "region": "us-east-1", "profile": "sandbox", "decidedBy": other.bob.id()
        });
        other.temporal.signal(id, &decision).await;
        let act = json!({
            "act": "approve", "by": other.bob.id(), "region": "us-east-1", "profile": "sandbox",
            "parameters": { "budget": 1, "tier": "gold" }
        });
        assert_eq!(other.temporal.state(id).await.unwrap()["status"], "awaiting_authorization");
        other.temporal.act(id, &act).await;
        other.outcome(&request, "provisioned").await;
        let ended = other.ended(&request, "provisioned").await;
        assert_eq!(ended["offer"]["parameters"]["tier"], "gold");
    });
}
