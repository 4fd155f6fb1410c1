//! The main story and its endings, as the people in Slack live them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use slack_simulator::{Channel, Message, Submitted};

use crate::world::{ADA, Request, SAM, alone, ephemeral, eventually, options, policy, shared};

/// The kinds of the inputs of a form, by `action_id`.
fn inputs(view: &Value) -> BTreeMap<String, String> {
    let blocks = view["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "input");
    blocks
        .map(|block| {
            let element = &block["element"];
            assert_eq!(block["block_id"], element["action_id"], "a block is named like its input");
            (element["action_id"].as_str().unwrap().into(), element["type"].as_str().unwrap().into())
        })
        .collect()
}

#[test]
fn from_the_command_to_a_bucket() {
    shared(async |scene| {
        let ran = scene.alice.command(&scene.channel, "/provision", "").await;
        assert_eq!((&ran.error, ran.ephemeral()), (&None, None));
        let form = ran.modal.expect("the form");
        assert_eq!(form.callback_id(), "provision_request");
        let fields = inputs(&form.view().unwrap());
        assert_eq!(
            fields.keys().collect::<Vec<_>>(),
            ["application_name", "authorizer", "justification", "team"],
            "one blueprint needs no field"
        );
        form.fill("application_name", "checkout").await.unwrap();
        scene.fill(&form).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);

        let request = scene.asked("checkout").await;
        assert!(request.id.starts_with("checkout-"), "{}", request.id);
        assert_eq!(request.id, request.id.to_lowercase());
        for action in ["approve", "reject"] {
            assert_eq!(request.card.value_of(action).as_deref(), Some(&*request.id));
        }
        assert_eq!(request.root.value_of("cancel").as_deref(), Some(&*request.id));
        let card = scene.slack.describe(&request.card, scene.bob.id());
        insta::assert_snapshot!("card", scene.scrub(&card, &request.id));

        let mut state = scene.temporal.wait_for(&request.id, "awaiting_authorization").await;
        let deadline: jiff::Timestamp = state["deadline"].take().as_str().unwrap().parse().unwrap();
        let shown = request.card.text.split("<!date^").nth(1).and_then(|text| text.split('^').next()).unwrap();
        assert_eq!(deadline.as_second().to_string(), shown, "as the card says");
        assert_eq!(state["offer"]["digest"].take().as_str().map(str::len), Some(64));
        let waiting = json!({
            "requestId": request.id, "status": "awaiting_authorization", "round": 1, "waitingFor": "authorizer",
            "deadline": null,
            "offer": {
                "region": null, "profile": null, "lifetimeSeconds": null, "parameters": {}, "plan": null, "digest": null
            },
            "steps": [{ "from": [scene.bob.id()], "need": 1, "asked": [scene.bob.id()], "signatures": [] }],
            "question": null, "counter": null, "authorization": null, "resources": null, "failure": null,
        });
        assert_eq!(state, waiting, "exactly the contract's");

        scene.approve(&request).await;
        let outcome = scene.outcome(&request, "provisioned").await;
        let state = scene.ended(&request, "provisioned").await;
        assert_eq!(state, scene.temporal.state(&request.id).await.unwrap(), "an ended request still answers");
        let mut authorization = state["authorization"].clone();
        authorization["at"].take().as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(
            authorization,
            json!({
                "decision": "approve", "region": "us-east-1", "profile": "sandbox", "decidedBy": scene.bob.id(),
                "reason": null, "at": null,
            })
        );
        let signature = &state["steps"][0]["signatures"][0];
        assert_eq!((&signature["by"], &signature["door"]), (&json!(scene.bob.id()), &json!("slack")));
        assert_eq!((&signature["for"], &signature["struck"]), (&Value::Null, &Value::Null));
        assert_eq!((&state["waitingFor"], &state["deadline"]), (&Value::Null, &Value::Null));
        assert_eq!(state["failure"], Value::Null);

        let bucket = state["resources"]["bucketName"].as_str().unwrap();
        assert_eq!(state["resources"]["bucketArn"], format!("arn:aws:s3:::{bucket}"));
        assert!(outcome.says(bucket) && outcome.says("us-east-1"), "{}", outcome.text);
        let tags = scene.s3("us-east-1").get_bucket_tagging().bucket(bucket).send().await.unwrap();
        let tags: BTreeMap<&str, &str> = tags.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
        let name = |wanted: &str| tags.iter().find(|(_, value)| **value == wanted).map(|(key, _)| *key);
        for wanted in [&*request.id, &*scene.team, "checkout", scene.alice.id(), scene.bob.id(), "provision-bot"] {
            assert!(name(wanted).is_some(), "no tag says {wanted}: {tags:?}");
        }
        let page = scene.s3("us-east-1").get_object().bucket(bucket).key("index.html").send().await.unwrap();
        let page = page.body.collect().await.unwrap().into_bytes();
        assert!(String::from_utf8_lossy(&page).contains("checkout"));

        assert_eq!(scene.roots(&scene.channel).len(), 1, "one message in the channel");
        insta::assert_snapshot!("thread_provisioned", scene.thread(&request));
    });
}

#[test]
fn the_progress_is_shown_while_it_is_built() {
    alone(options(&policy("")), async |world| {
        let proxy = world.stack.s3_proxy.clone();
        let scene = world.scene();
        let request = scene.ask("slow-build").await;
        proxy.hold("?policy");
        scene.approve(&request).await;
        proxy.wait_for_one(0).await.unwrap();
        let shown = scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, |m| m.says("6/8")).await.unwrap();
        assert!(shown.says("Refusing plain HTTP"), "{}", shown.text);
        proxy.open();
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        let done = scene.alice.refresh(&shown).unwrap();
        assert!(done.edits > shown.edits && !done.says("6/8"), "one message, edited in place: {}", done.text);
    });
}

#[test]
fn rejected_with_a_reason() {
    shared(async |scene| {
        let request = scene.ask("rejectme").await;
        let form = scene.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        assert_eq!(form.callback_id(), "reject_request");
        assert_eq!(inputs(&form.view().unwrap()).keys().collect::<Vec<_>>(), ["reason"]);
        form.fill("reason", "Use the shared bucket").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);

        let outcome = scene.outcome(&request, "rejected").await;
        assert!(outcome.says("Use the shared bucket"), "{}", outcome.text);
        let state = scene.ended(&request, "rejected").await;
        assert_eq!(state["authorization"]["decision"], "reject");
        assert_eq!(state["authorization"]["reason"], "Use the shared bucket");
        assert!(scene.buckets(&request.id).await.is_empty());
        insta::assert_snapshot!("thread_rejected", scene.thread(&request));
    });
}

#[test]
fn nobody_decides_in_time() {
    alone(options(&policy("timeout = \"4s\"\nreminder = \"1s\"")), async |world| {
        let scene = world.scene();
        let request = scene.ask("too-late").await;
        let about = |m: &Message| m.payload("request_id") == Some(&*request.id);
        let reminder = scene.bob.wait_for_dm(|m| about(m) && m.ts != request.card.ts).await.unwrap();
        assert!(!reminder.text.contains("expired"), "{}", reminder.text);
        assert!(scene.bob.refresh(&request.card).unwrap().offers("approve"), "there is still time");
        let outcome = scene.outcome(&request, "expired").await;
        assert!(outcome.ts > reminder.ts);
        scene.ended(&request, "expired").await;
        insta::assert_snapshot!("thread_expired", scene.thread(&request));

        // The command says how long there is.
        let help = scene.alice.command(&scene.channel, "/provision", "help").await;
        assert!(help.ephemeral().unwrap().says("4s"));
    });
}

#[test]
fn withdrawn_while_it_waits() {
    shared(async |scene| {
        let request = scene.ask("withdrawn").await;
        scene.clicks(&scene.alice, &request.root, "cancel").await;
        scene.outcome(&request, "cancelled").await;
        scene.ended(&request, "cancelled").await;
        insta::assert_snapshot!("thread_cancelled", scene.thread(&request));
    });
}

#[test]
fn withdrawn_while_it_is_built() {
    alone(options(&policy("")), async |world| {
        let proxy = world.stack.s3_proxy.clone();
        let scene = world.scene();
        for word in ["?versioning", "/index.html"] {
            let request = scene.ask("withdrawn-midway").await;
            proxy.hold(word);
            let before = proxy.held_so_far();
            scene.approve(&request).await;
            proxy.wait_for_one(before).await.unwrap();
            assert_eq!(scene.buckets(&request.id).await.len(), 1, "half of it is there");
            scene.temporal.wait_for(&request.id, "provisioning").await;
            let root = scene.alice.refresh(&request.root).unwrap();
            scene.clicks(&scene.alice, &root, "cancel").await;
            // Whether the provisioner hears of it before it is done or after makes no difference.
            proxy.open();
            let outcome = scene.outcome(&request, "cancelled").await;
            assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
            assert!(!outcome.says("Still there"), "{}", outcome.text);
            scene.ended(&request, "cancelled").await;
            assert_eq!(scene.buckets_for("withdrawn-midway").await, Vec::<String>::new());
        }
    });
}

#[test]
fn only_the_requester_withdraws() {
    shared(async |scene| {
        let request = scene.ask("not-yours").await;
        for who in [SAM, scene.bob.id(), ADA] {
            let clicked = scene.slack.person(who).click(&request.root, "cancel").await.unwrap();
            assert_eq!(clicked.error, None);
            assert!(ephemeral(&clicked).contains(scene.alice.id()), "{who}: {}", ephemeral(&clicked));
        }
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization");
        assert!(scene.alice.refresh(&request.root).unwrap().offers("cancel"), "nothing changed");
        scene.clicks(&scene.alice, &request.root, "cancel").await;
        scene.ended(&request, "cancelled").await;
    });
}

#[test]
fn a_private_channel_without_the_bot_is_answered_in_a_direct_message() {
    shared(async |scene| {
        let channel = format!("G{}", &scene.channel[1..]);
        let members = [scene.alice.id(), scene.bob.id()];
        scene.slack.change(|acme| acme.add_channel(Channel::private(&channel, "secret", &members)));
        let form = scene.form_in(&channel, "hidden").await;
        scene.fill(&form).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let card = scene.bob.wait_for_dm(|m| m.offers("approve") && m.says("hidden")).await.unwrap();
        let id = card.payload("request_id").unwrap().to_owned();
        let root = scene.root_in(&scene.alice.dm_channel(), &id).await;
        let request = Request { id, root, card };
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        assert!(scene.roots(&channel).is_empty(), "nothing in the channel");
        assert_eq!(scene.roots(&scene.alice.dm_channel()).len(), 1);
    });
}

#[test]
fn help_explains_and_opens_nothing() {
    shared(async |scene| {
        for text in ["help", " HELP "] {
            let ran = scene.alice.command(&scene.channel, "/provision", text).await;
            assert!(ran.modal.is_none());
            let said = ran.ephemeral().expect("an answer for her alone");
            assert!(said.says("/provision") && said.says("2m"), "{}", said.text);
        }
    });
}

#[test]
fn the_text_behind_the_command_is_the_name() {
    shared(async |scene| {
        let form = scene.form("  billing-api ").await;
        assert_eq!(form.value("application_name").unwrap()["value"], "billing-api");
        // What cannot be a name is still there to be mended.
        let form = scene.form("Billing API").await;
        assert_eq!(form.value("application_name").unwrap()["value"], "Billing API");
    });
}

#[test]
fn a_bad_name_is_explained_under_its_field() {
    shared(async |scene| {
        let form = scene.filled_form("").await;
        for (typed, why) in [
            ("Checkout", "upper case"),
            ("my app", "spaces"),
            ("ab", "too short"),
            ("9lives", "letter"),
            ("café", "é"),
            ("-", ""),
            ("<!channel>", ""),
        ] {
            form.fill("application_name", typed).await.unwrap();
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{typed} was taken") };
            assert_eq!(errors.keys().collect::<Vec<_>>(), ["application_name"], "{typed}");
            assert!(errors["application_name"].contains(why), "{typed}: {errors:?}");
            assert!(form.is_open());
            assert_eq!(form.value("application_name").unwrap()["value"], typed, "what was typed stays");
            assert_eq!(form.value("authorizer").unwrap()["selected_option"]["value"], scene.bob.id());
        }
        // And is mended in the same form.
        form.fill("application_name", "mended").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("mended").await;
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
    });
}

#[test]
fn a_request_without_a_justification() {
    shared(async |scene| {
        let form = scene.form("terse").await;
        form.choose("team", &scene.team).await.unwrap();
        form.choose("authorizer", scene.bob.id()).await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("terse").await;
        scene.bob.select(&request.card, "region", "eu-west-1").await.unwrap();
        scene.bob.select(&request.card, "profile", "production").await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let state = scene.ended(&request, "provisioned").await;
        let bucket = state["resources"]["bucketName"].as_str().unwrap();
        let place = scene.s3("us-east-1").get_bucket_location().bucket(bucket).send().await.unwrap();
        assert_eq!(place.location_constraint().map(|region| region.as_str()), Some("eu-west-1"));
    });
}

#[test]
fn two_requests_for_one_name_are_strangers() {
    shared(async |scene| {
        let first = scene.ask("twin").await;
        let second = scene.ask_again("twin", &first).await;
        assert_eq!(scene.roots(&scene.channel).len(), 2);
        scene.approve(&first).await;
        let one = scene.ended(&first, "provisioned").await;
        assert_eq!(scene.temporal.state(&second.id).await.unwrap()["status"], "awaiting_authorization");
        scene.approve(&second).await;
        let two = scene.ended(&second, "provisioned").await;
        assert_ne!(one["resources"]["bucketName"], two["resources"]["bucketName"]);
        let found = eventually("both buckets", async || {
            let found = (scene.buckets(&first.id).await.len(), scene.buckets(&second.id).await.len());
            (found == (1, 1)).then_some(found)
        });
        found.await;
    });
}

#[test]
fn withdrawn_by_an_operator() {
    shared(async |scene| {
        let request = scene.ask("by-operator").await;
        scene.temporal.cancel(&request.id).await;
        scene.outcome(&request, "cancelled").await;
        scene.ended(&request, "cancelled").await;
    });
}
