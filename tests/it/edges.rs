//! The edges: what comes from the network, what does not answer, and selects
//! with none, one, or far too many entries.

use std::collections::BTreeSet;

use harness::stack::{StackOptions, get};
use serde_json::{Value, json};
use slack_simulator::deliveries::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS};
use slack_simulator::{Fault, Submitted};
use slack_simulator::{Group, PARTNER_TEAM, Profile};

use crate::world::{ADA, SAM, Web, alone, ephemeral, eventually, options, plain, policy, shared};

const DEPLOYS: &str = "C0DEPLOYS01";
const ALICE: &str = "U0REQUESTER";

/// One team for anybody.
const OPEN: &str = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"open\"\nname = \"Open\"\n";

fn now() -> i64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn form_headers(mut signed: Vec<(String, String)>) -> Vec<(String, String)> {
    signed.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    signed
}

#[test]
fn what_slack_did_not_sign_does_nothing() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        // A real command, to forge others after.
        let ran = slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
        ran.modal.expect("the form").close().await.unwrap();
        let command = slack.last_delivery("command").unwrap().body;
        let calls = slack.calls().len();

        let stamp = |at: i64| form_headers(slack.sign(&command, at));
        let without = |name: &str| {
            let mut headers = stamp(now());
            headers.retain(|(key, _)| key != name);
            headers
        };
        let with = |name: &str, value: &str| {
            let mut headers = without(name);
            headers.push((name.into(), value.into()));
            headers
        };
        let (time, signature) = ("X-Slack-Request-Timestamp", "X-Slack-Signature");
        let good = slack.sign(&command, now()).into_iter().find(|(name, _)| name == signature).unwrap().1;
        for (what, headers) in [
            ("no headers", form_headers(vec![])),
            ("no signature", without(signature)),
            ("no timestamp", without(time)),
            ("an empty signature", with(signature, "")),
            ("no version", with(signature, &good[3..])),
            ("another version", with(signature, &good.replace("v0", "v1"))),
            ("a wrong one", with(signature, &format!("v0={}", "0".repeat(64)))),
            ("half of it", with(signature, &good[..35])),
            ("no hex", with(signature, &format!("v0={}", "z".repeat(64)))),
            ("another time", with(time, &(now() - 1).to_string())),
            ("a time that is none", with(time, "yesterday")),
            ("six minutes old", stamp(now() - 360)),
            ("six minutes ahead", stamp(now() + 360)),
            ("a time out of this world", stamp(i64::MAX)),
            ("another body's", form_headers(slack.sign("other", now()))),
        ] {
            for path in [COMMANDS, INTERACTIONS, OPTIONS, EVENTS] {
                let answer = slack.deliver_raw(path, &headers, &command).await;
                assert_eq!((answer.status, answer.answer.as_str()), (Some(401), ""), "{what} at {path}");
            }
        }
        assert_eq!(slack.calls().len(), calls, "nothing happened");

        // Up to five minutes are forgiven.
        let answer = slack.deliver_raw(COMMANDS, &stamp(now() - 290), &command).await;
        assert_eq!(answer.status, Some(200));
        assert!(slack.calls().len() > calls, "the same command, signed, does something");
    });
}

#[test]
fn a_tampered_submission_starts_nothing() {
    shared(async |scene| {
        let form = scene.filled_form("tampered").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("tampered").await;
        let mine = |d: &&slack_simulator::Delivery| {
            d.payload()["type"] == "view_submission" && d.payload()["user"]["id"] == scene.alice.id()
        };
        let sent = scene.slack.deliveries().iter().rev().find(mine).unwrap().clone();
        let forged = sent.body.replace(form.id(), "V0FORGED000");
        assert_ne!(forged, sent.body);
        let answer = scene.slack.deliver_raw(INTERACTIONS, &sent.headers, &forged).await;
        assert_eq!(answer.status, Some(401));
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
        assert_eq!(scene.roots(&scene.channel).len(), 1);

        // Signed, it would have been another request.
        let signed = form_headers(scene.slack.sign(&forged, now()));
        assert_eq!(scene.slack.deliver_raw(INTERACTIONS, &signed, &forged).await.status, Some(200));
        let second = scene.asked("tampered").await;
        assert_ne!(second.id, request.id);
        scene.reject(&second, "no").await;
        scene.ended(&second, "rejected").await;
    });
}

#[test]
fn slacks_own_checks_are_answered() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let event = json!({ "token": "old", "challenge": "3eZbrw1aB", "type": "url_verification" });
        let answer = web.slack.deliver_event(&event).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), "3eZbrw1aB"));

        let body = "ssl_check=1&token=old";
        let headers = form_headers(web.slack.sign(body, now()));
        let answer = web.slack.deliver_raw(COMMANDS, &headers, body).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""));

        for unknown in
            [json!({ "type": "event_callback", "event": { "type": "app_home_opened" } }), json!({ "type": "x" })]
        {
            assert_eq!(web.slack.deliver_event(&unknown).await.status, Some(200), "{unknown}");
        }
    });
}

#[test]
fn what_is_signed_but_makes_no_sense_is_refused_and_hurts_nothing() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        let deep = format!("payload={}", "[".repeat(100_000));
        let deep_event = "[".repeat(100_000);
        for (path, bodies) in [
            (COMMANDS, vec!["", "a=b", "user_id=U1", "text=help", "%FF=%FE", "{\"user_id\":1}"]),
            (
                INTERACTIONS,
                vec![
                    "",
                    "payload=",
                    "payload=%7B",
                    "payload=[]",
                    "payload=null",
                    "payload=42",
                    "payload=%7B%7D",
                    "payload=%FF%FE",
                    "other=1",
                    "payload=%7B%22type%22%3A%22block_actions%22%7D",
                    "payload=%7B%22type%22%3A%22view_submission%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%7D",
                    &deep,
                ],
            ),
            (OPTIONS, vec!["", "payload=", "payload=[1]", &deep]),
            (EVENTS, vec!["", "{", "[]", "null", "{}", "{\"type\":7}", &deep_event]),
        ] {
            for body in bodies {
                let answer = slack.deliver_raw(path, &form_headers(slack.sign(body, now())), body).await;
                let shown = &body[..body.len().min(60)];
                assert_eq!((answer.status, answer.answer.as_str()), (Some(400), ""), "{path} {shown}");
            }
        }
        assert!(slack.calls().is_empty(), "{:?}", slack.calls());
        let ran = slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
        assert!(ran.modal.is_some(), "it still works");
    });
}

/// Slack writes null where there is nothing, and leaves out what is nothing elsewhere.
#[test]
fn what_is_null_in_a_payload_is_absent() {
    const CLICK: &str = include_str!("../fixtures/slack/inbound/block_actions.approve.json");
    const FORM: &str = include_str!("../fixtures/slack/inbound/view_submission.provision_request.json");
    for (sample, places) in [
        (
            CLICK,
            "/trigger_id /container /actions/0/block_id /actions/0/action_ts /message/blocks /channel /response_url",
        ),
        (CLICK, "/state /state/values /state/values/region /team /enterprise /actions"),
        (FORM, "/trigger_id /view/private_metadata /view/hash /view/state/values /view/state/values/justification"),
    ] {
        for place in places.split(' ') {
            let mut payload: Value = serde_json::from_str(sample).unwrap();
            *payload.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not there")) = Value::Null;
            let fields = [("payload", payload.to_string())];
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let read = provision_bot::slack::inbound::interaction(body.as_bytes());
            assert!(read.is_ok(), "{place}: {read:?}");
        }
    }
}

#[test]
fn an_action_nobody_knows_is_acknowledged() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        for payload in [
            json!({ "type": "block_actions", "user": { "id": ALICE }, "actions": [{ "action_id": "from_the_future" }] }),
            json!({ "type": "block_actions", "user": { "id": ALICE }, "actions": [] }),
            json!({ "type": "shortcut", "user": { "id": ALICE }, "callback_id": "x" }),
            json!({ "type": "view_submission", "user": { "id": ALICE }, "view": { "id": "V1", "callback_id": "other" } }),
            json!({ "type": "view_closed", "user": { "id": ALICE }, "view": { "id": "V1", "callback_id": "other" } }),
        ] {
            let answer = slack.deliver_payload(INTERACTIONS, &payload).await;
            assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""), "{payload}");
        }
        let search = json!({ "type": "block_suggestion", "user": { "id": ALICE }, "action_id": "other", "value": "" });
        let answer = slack.deliver_payload(OPTIONS, &search).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), "{\"options\":[]}"));
        assert!(slack.calls().is_empty());
        assert_eq!(get(&format!("{}/no/such/page", web.url)).await.unwrap().0, 404);
    });
}

#[test]
fn a_healthy_bot_says_so_and_counts() {
    shared(async |scene| {
        let request = scene.ask("counted").await;
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
        for page in ["healthz", "readyz"] {
            assert_eq!(get(&format!("{}/{page}", scene.bot_url)).await.unwrap().0, 200, "{page}");
        }
        let (status, metrics) = get(&format!("{}/metrics", scene.bot_url)).await.unwrap();
        assert_eq!(status, 200);
        for name in [
            "provision_bot_requests_total{outcome=\"started\"}",
            "provision_bot_requests_total{outcome=\"rejected\"}",
            "provision_bot_slack_calls_total{method=\"chat.postMessage\",result=\"ok\"}",
            "provision_bot_handler_seconds_bucket",
            "temporal_workflow_completed",
            "temporal_activity_execution_latency",
        ] {
            assert!(metrics.contains(name), "{name} is not in\n{metrics}");
        }
        // A line is a comment, or a name with a value.
        for line in metrics.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    });
}

#[test]
fn a_bot_that_cannot_serve_says_why() {
    plain(async || {
        let web = Web::start(OPEN).await;
        web.slack.fail_times("auth.test", Fault::Error("invalid_auth".into()), 1);
        let (status, why) = get(&format!("{}/readyz", web.url)).await.unwrap();
        assert_eq!(status, 503);
        assert!(why.contains("slack") && why.contains("invalid_auth"), "{why}");
        assert!(why.lines().any(|line| line.starts_with("temporal")), "{why}");
        let (status, why) = get(&format!("{}/readyz", web.url)).await.unwrap();
        assert!(status == 503 && !why.contains("slack"), "the token is accepted again: {why}");
        assert_eq!(get(&format!("{}/healthz", web.url)).await.unwrap().0, 200, "alive all the same");
    });
}

#[test]
fn without_temporal_people_are_told_and_nothing_is_half_done() {
    let options = StackOptions { temporal_on_disk: true, log: "off".to_owned(), ..options(&policy("")) };
    alone(options, async |world| {
        let scene = world.scene();
        let waiting = scene.ask("waits").await;
        scene.select(&waiting).await;
        let reject = scene.bob.click(&waiting.card, "reject").await.unwrap().modal.expect("a form for the reason");
        reject.fill("reason", "Not now").await.unwrap();
        let form = scene.filled_form("patient").await;

        for outage in ["frozen", "stopped"] {
            match outage {
                "frozen" => world.stack.temporal.freeze().await.unwrap(),
                _ => {
                    world.stack.temporal.thaw().await.unwrap();
                    world.stack.temporal.stop().await;
                }
            }
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{outage}: taken") };
            let said: Vec<_> = errors.values().collect();
            assert!(said[0].contains("try again"), "{outage}: {errors:?}");
            assert_eq!(form.value("application_name").unwrap()["value"], "patient", "what was typed stays");
            assert!(form.value("justification").unwrap()["value"].is_string());

            let clicked = scene.bob.click(&waiting.card, "approve").await.unwrap();
            assert_eq!(clicked.error, None, "{outage}");
            assert!(ephemeral(&clicked).contains("try again"), "{outage}: {}", ephemeral(&clicked));
            let clicked = scene.alice.click(&waiting.root, "cancel").await.unwrap();
            assert_eq!(clicked.error, None, "{outage}");
            assert!(ephemeral(&clicked).contains("try again"), "{outage}: {}", ephemeral(&clicked));
            let Submitted::Errors(errors) = reject.submit().await.unwrap() else { panic!("{outage}: taken") };
            assert!(errors["reason"].contains("try again"), "{outage}: {errors:?}");

            let (status, why) = get(&format!("{}/readyz", scene.bot_url)).await.unwrap();
            assert!(status == 503 && why.contains("temporal"), "{outage}: {status} {why}");
        }

        world.stack.temporal.start_again().await.unwrap();
        world.stack.wait_until_ready().await.unwrap();
        assert_eq!(scene.temporal.state(&waiting.id).await.unwrap()["status"], "awaiting_authorization");
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let patient = scene.asked("patient").await;
        scene.approve(&patient).await;
        scene.ended(&patient, "provisioned").await;
        assert_eq!(reject.submit().await.unwrap(), Submitted::Closed);
        scene.ended(&waiting, "rejected").await;
        assert_eq!(scene.temporal.count("patient-").await, 1, "the submissions before started nothing else");
    });
}

#[test]
fn a_form_that_does_not_open_is_explained() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let alice = web.slack.person(ALICE);
        for fault in [
            Fault::Error("expired_trigger_id".into()),
            Fault::Error("internal_error".into()),
            Fault::ServerError(503),
            Fault::Hang,
            Fault::RateLimited { retry_after: 30 },
        ] {
            web.slack.fail_next("views.open", fault.clone());
            let ran = alice.command(DEPLOYS, "/provision", "checkout").await;
            assert_eq!(ran.error, None, "{fault:?}: answered in time");
            assert!(ran.modal.is_none());
            let said = ran.ephemeral.unwrap_or_else(|| panic!("{fault:?}: silence")).text;
            assert!(said.contains("try again"), "{fault:?}: {said}");
            web.slack.heal();
        }
        // The older shape of the same answer.
        web.slack.set_rules(|rules| {
            rules.trigger_lifetime = std::time::Duration::ZERO;
            rules.older_trigger_errors = true;
        });
        let said = alice.command(DEPLOYS, "/provision", "checkout").await.ephemeral.expect("an answer").text;
        assert!(said.contains("/provision checkout"), "{said}");
    });
}

/// The input of a form with this `action_id`.
fn select(form: &slack_simulator::Modal, id: &str) -> Option<Value> {
    let view = form.view().unwrap();
    let blocks = view["blocks"].as_array().unwrap();
    blocks.iter().map(|block| &block["element"]).find(|element| element["action_id"] == id).cloned()
}

/// Checks a select with this many entries, named by `value` and `text`.
async fn holds_up(form: &slack_simulator::Modal, id: &str, count: usize, prefix: &str) {
    let element = select(form, id).unwrap_or_else(|| panic!("{count}: no `{id}`"));
    let offered = form.options(id, "").await.unwrap();
    assert_eq!(offered.len(), count.min(100), "{count}");
    if count <= 100 {
        assert_eq!(element["type"], "static_select", "{count}");
    } else {
        assert_eq!(element["type"], "external_select", "{count}");
        let last = format!("{prefix} {}", count - 1);
        let found = form.options(id, &last.to_uppercase()).await.unwrap();
        assert_eq!(found.len(), 1, "{count}: {found:?}");
        assert!(form.options(id, "no such thing").await.unwrap().is_empty());
    }
    // Every one can be chosen, the last one too.
    let last = format!("{}{}", prefix.to_lowercase(), count - 1);
    form.choose(id, &format!("{prefix} {}", count - 1)).await.unwrap();
    assert_eq!(form.value(id).unwrap()["selected_option"]["value"], last, "{count}");
}

#[test]
fn the_team_select_holds_up_with_any_number() {
    plain(async || {
        let sizes = [("U0NONE00001", 0), ("U0ONE000001", 1), ("U0HUNDRED01", 100), ("U0HUNDRED02", 101), (ALICE, 650)];
        let mut config = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n".to_owned();
        for n in 0..650 {
            let members: Vec<_> =
                sizes.iter().filter(|(_, size)| n < *size).map(|(who, _)| format!("{who:?}")).collect();
            let members = members.join(", ");
            config += &format!("[[teams]]\nid = \"team{n}\"\nname = \"Team {n}\"\nmembers = [{members}]\n");
        }
        let web = Web::start(&config).await;
        for (who, count) in sizes {
            web.slack.change(|acme| acme.add_person(Profile::member(who, "somebody", "Somebody")));
            let ran = web.slack.person(who).command(DEPLOYS, "/provision", "").await;
            let form = ran.modal.unwrap_or_else(|| panic!("{count}: {:?} {:?}", ran.error, ran.ephemeral));
            match count {
                0 => {
                    assert!(!form.offers("team") && form.view().unwrap()["submit"].is_null());
                    assert!(form.plain().contains("admin"), "{}", form.plain());
                }
                1 => assert_eq!(form.value("team").unwrap()["selected_option"]["value"], "team0", "chosen already"),
                _ => holds_up(&form, "team", count, "Team").await,
            }
        }
    });
}

#[test]
fn the_blueprint_select_holds_up_with_any_number() {
    plain(async || {
        for count in [1, 2, 100, 101, 650] {
            let mut config = OPEN.to_owned();
            for n in 0..count {
                config +=
                    &format!("[[blueprints]]\nid = \"plan{n}\"\nname = \"Plan {n}\"\ndescription = \"Number {n}\"\n");
            }
            let web = Web::start(&config).await;
            let ran = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
            let form = ran.modal.unwrap_or_else(|| panic!("{count}: {:?} {:?}", ran.error, ran.ephemeral));
            match count {
                1 => assert!(!form.offers("blueprint"), "nothing to choose"),
                _ => holds_up(&form, "blueprint", count, "Plan").await,
            }
        }
    });
}

#[test]
fn groups_count_and_only_people_who_may_decide_are_offered() {
    plain(async || {
        let config = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n\
            [[teams]]\nid = \"pay\"\nname = \"Pay\"\nmembers = [\"S0USERGROUP\"]\nauthorizers = [\"S0LEADS0001\", \"U0LEFT00001\"]\n\
            [[teams]]\nid = \"shut\"\nname = \"Shut\"\nmembers = [\"U0ADMIN0001\"]\nauthorizers = [\"U0STRANGER1\"]\n";
        let web = Web::start(config).await;
        let stranger = Profile { team_id: PARTNER_TEAM.into(), ..Profile::member("U0FOREIGN01", "fay", "Fay Foreign") };
        let leads =
            [ADA, ALICE, "U0AUTHORIZER", "U0LEFT00001", "U0OTHERBOT1", "U0GUEST0001", "U0FOREIGN01", "U0NOBODY001"];
        web.slack.change(|acme| {
            acme.add_person(stranger);
            let members = leads.iter().map(|id| id.to_string()).collect();
            acme.add_group(Group { id: "S0LEADS0001".into(), handle: "leads".into(), members, disabled: false });
        });
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("the form");
        assert_eq!(form.value("team").unwrap()["selected_option"]["value"], "pay", "by her group, and only that one");
        let offered = form.options("authorizer", "").await.unwrap();
        let offered: BTreeSet<_> = offered.iter().map(|option| option["value"].as_str().unwrap()).collect();
        assert_eq!(offered, BTreeSet::from([ADA, "U0AUTHORIZER"]));
        let typed = form.options("authorizer", "bob").await.unwrap();
        assert_eq!(typed.len(), 1, "{typed:?}");

        let ran = web.slack.person(SAM).command(DEPLOYS, "/provision", "").await;
        assert!(!ran.modal.expect("an explanation").offers("team"), "no team for those in no group");
    });
}

#[test]
fn where_anybody_may_decide_those_who_cannot_are_refused_in_the_form() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let stranger = Profile { team_id: PARTNER_TEAM.into(), ..Profile::member("U0FOREIGN01", "fay", "Fay Foreign") };
        web.slack.change(|acme| acme.add_person(stranger));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "mine").await.modal.expect("the form");
        for (who, word) in [
            (ALICE, "your own"),
            ("U0LEFT00001", "deactivated"),
            ("U0OTHERBOT1", "bot"),
            ("U0GUEST0001", "guest"),
            ("U0FOREIGN01", "other organisations"),
        ] {
            form.choose("authorizer", who).await.unwrap();
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{who} was taken") };
            assert!(errors["authorizer"].contains(word), "{who}: {errors:?}");
        }
    });
}

#[test]
fn a_form_waits_for_slow_groups_and_says_when_they_fail() {
    plain(async || {
        let config = OPEN.to_owned() + "members = [\"S0USERGROUP\"]\n";
        let web = Web::start(&config).await;
        web.slack.fail_next("usergroups.users.list", Fault::ServerError(500));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("a modal");
        eventually("the explanation", async || form.plain().contains("try again").then_some(())).await;
        assert!(!form.offers("team"));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("a modal");
        eventually("the form", async || form.offers("team").then_some(())).await;
    });
}
