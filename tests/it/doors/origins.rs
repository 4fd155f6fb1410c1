//! Deliveries with a good signature that are for somebody else: another app, another
//! workspace, another organisation. The secret is shared by all of them.

use std::path::Path;

use harness::stack::StackOptions;
use serde_json::{Value, json};
use slack_simulator::deliveries::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS};
use slack_simulator::{Delivery, Fault, Simulator, TEAM_ID};

use crate::world::{Web, alone, options, plain, policy, shared};

const OPEN: &str = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"open\"\nname = \"Open\"\n";
const DEPLOYS: &str = "C0DEPLOYS01";
const ALICE: &str = "U0REQUESTER";
const OTHER_TEAM: &str = "T0OTHER0001";

/// Every sample of what Slack sends that says for whom it is, with its route.
fn samples() -> Vec<(String, &'static str, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slack/inbound");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let route = match name.split(['.', '_']).next().unwrap() {
                "slash" => COMMANDS,
                "event" => EVENTS,
                _ if name.starts_with("block_suggestion") => OPTIONS,
                _ => INTERACTIONS,
            };
            (name, route, serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    samples.retain(|(name, _, _)| name != "event.url_verification.json");
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    samples
}

async fn deliver(slack: &Simulator, route: &str, payload: &Value) -> Delivery {
    if route == EVENTS {
        return slack.deliver_event(payload).await;
    }
    if route != COMMANDS {
        return slack.deliver_payload(route, payload).await;
    }
    let fields = payload.as_object().unwrap().iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut headers = slack.sign(&body, slack.read(|state| state.clock().as_second()));
    headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    slack.deliver_raw(COMMANDS, &headers, &body).await
}

fn to(payload: &Value, team: &str, enterprise: Option<&str>) -> Value {
    let mut payload = payload.clone();
    if payload.get("team").is_some() {
        payload["team"] = json!({ "id": team, "domain": "other" });
        payload["enterprise"] = json!(enterprise.map(|id| json!({ "id": id, "name": "Other" })));
    } else {
        payload["team_id"] = team.into();
        if let Some(enterprise) = enterprise {
            payload["enterprise_id"] = enterprise.into();
        }
    }
    payload
}

#[test]
fn what_is_for_another_app_or_workspace_does_nothing_on_any_route() {
    plain(async || {
        let web = Web::start(OPEN).await;
        for (name, route, payload) in samples() {
            let mut app = payload.clone();
            app["api_app_id"] = "A0OTHERAPP1".into();
            for (what, foreign) in [
                ("another app", app),
                ("another workspace", to(&payload, OTHER_TEAM, None)),
                ("another organisation", to(&payload, OTHER_TEAM, Some("E0OTHER0001"))),
            ] {
                let answer = deliver(&web.slack, route, &foreign).await;
                assert_eq!((answer.status, answer.answer.as_str()), (Some(403), ""), "{name}: {what}");
            }
        }
        // All that was done is to ask Slack who we are.
        let asked = |method: &str| matches!(method, "auth.test" | "bots.info");
        let calls = web.slack.calls();
        assert!(calls.iter().all(|call| asked(&call.method)), "{calls:?}");
        assert!(calls.len() <= 2, "once: {calls:?}");

        for (name, route, payload) in samples() {
            assert_eq!(deliver(&web.slack, route, &payload).await.status, Some(200), "{name}: ours");
        }
    });
}

/// Where Slack does not say which app this is, the answer to the first form does.
#[test]
fn the_app_is_learned_from_what_slack_answers() {
    plain(async || {
        let web = Web::start(OPEN).await;
        web.slack.fail_next("bots.info", Fault::Error("missing_scope".into()));
        let ran = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
        ran.modal.expect("the form").close().await.unwrap();
        let (_, route, mut payload) = samples().into_iter().find(|(_, route, _)| *route == COMMANDS).unwrap();
        payload["api_app_id"] = "A0OTHERAPP1".into();
        assert_eq!(deliver(&web.slack, route, &payload).await.status, Some(403));
    });
}

/// As long as Slack does not say whose bot this is, nothing is done, and people are told.
#[test]
fn nothing_is_done_until_it_is_known_whose_bot_this_is() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let alice = web.slack.person(ALICE);
        for fault in [Fault::Error("internal_error".into()), Fault::Error("a_new_one".into()), Fault::Hang] {
            web.slack.fail_next("auth.test", fault.clone());
            let ran = alice.command(DEPLOYS, "/provision", "").await;
            assert!(ran.error.is_none() && ran.modal.is_none(), "{fault:?}: {:?}", ran.error);
            assert!(ran.ephemeral().expect("an answer").says("try again"), "{fault:?}");
        }
        assert!(web.slack.calls_of("views.open").is_empty());
        assert!(alice.command(DEPLOYS, "/provision", "").await.modal.is_some());
    });
}

#[test]
fn a_click_for_another_workspace_decides_nothing() {
    shared(async |scene| {
        let request = scene.ask("not-for-us").await;
        scene.select(&request).await;
        let form = scene.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        form.close().await.unwrap();
        let bobs = |delivery: &&Delivery| {
            let payload = delivery.payload();
            payload["type"] == "block_actions" && payload["user"]["id"] == scene.bob.id()
        };
        let mut click = scene.slack.deliveries().iter().rev().find(bobs).unwrap().payload();
        click["actions"][0]["action_id"] = "approve".into();
        let answer = scene.slack.deliver_payload(INTERACTIONS, &to(&click, OTHER_TEAM, None)).await;
        assert_eq!(answer.status, Some(403));
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization");

        // Somebody of elsewhere in a shared channel comes with our workspace: told, not obeyed.
        click["user"] = json!({ "id": "U0PARTNER01", "team_id": "T0PARTNER1" });
        assert_eq!(click["team"]["id"], TEAM_ID);
        assert_eq!(scene.slack.deliver_payload(INTERACTIONS, &click).await.status, Some(200));
        // By the address that the click names, which was given to Bob.
        let told = scene.said_in_private(scene.bob.id(), &request.card.channel);
        assert!(told.len() == 1 && told[0].says("Only"), "{told:?}");
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization");
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}

/// Over a socket it is acknowledged, or Slack would send it again, and not obeyed.
#[test]
fn by_socket_it_is_acknowledged_and_not_obeyed() {
    alone(StackOptions { socket_mode: true, ..options(&policy("")) }, async |world| {
        let scene = world.scene();
        let request = scene.ask("not-for-us").await;
        scene.select(&request).await;
        let form = scene.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        form.close().await.unwrap();
        let click = scene.slack.last_delivery("block_actions").unwrap().payload();
        let mut app = click.clone();
        app["api_app_id"] = "A0OTHERAPP1".into();
        let opened = scene.slack.calls_of("views.open").len();
        for foreign in [to(&click, OTHER_TEAM, None), app] {
            let answer = scene.slack.deliver_payload(INTERACTIONS, &foreign).await;
            assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""));
        }
        assert_eq!(scene.slack.calls_of("views.open").len(), opened);
        // The app was told by the greeting, not asked for.
        assert!(scene.slack.calls_of("bots.info").is_empty());
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
    });
}
