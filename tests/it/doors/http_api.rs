//! A program asks and reads: from the call to the bucket, once, and by the rules of its
//! token.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use futures::future::join_all;
use serde_json::{Value, json};
use slack_simulator::Message;

use super::client::{CHANNEL, CI, OWNED, OWNER, Program, SEARCH, body, taken, token};
use crate::world::{Request, Scene, Web, alone, eventually, options, policy, secluded, shared};

/// Bob's card of a program's request, and the message in its channel.
async fn asked(scene: &Scene, id: &str, channel: &str) -> Request {
    let card = scene.bob.wait_for_dm(|m| m.offers("approve") && m.payload("request_id") == Some(id)).await.unwrap();
    Request { id: id.to_owned(), root: scene.root_in(channel, id).await, card }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn from_a_call_to_a_bucket() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let answer = ci.ask("pipeline-1", &body(&scene, "by-program")).await;
        let id = taken(&answer);
        assert_eq!(answer.body["status"], "pre_flight");
        assert_eq!(answer.body["links"]["self"], format!("/api/v1/requests/{id}"));
        assert!(id.starts_with("by-program-"), "{id}");

        let waiting = ci.wait_for(&id, "awaiting_authorization").await;
        let state = [
            "requestId",
            "status",
            "round",
            "waitingFor",
            "deadline",
            "offer",
            "steps",
            "question",
            "counter",
            "authorization",
            "resources",
            "failure",
        ];
        let more = ["progress", "applicationName", "teamId", "blueprint", "requesterId", "links"];
        assert_eq!(keys(&waiting), state.iter().chain(&more).copied().collect());
        assert_eq!(waiting["requesterId"], "client:ci");
        assert_eq!(waiting["steps"][0]["asked"], json!([scene.bob.id()]));

        let request = asked(&scene, &id, CHANNEL).await;
        assert!(request.root.says("client:ci"), "{}", request.root.text);
        let link = eventually("the link to the message", async || {
            ci.get(&format!("/requests/{id}")).await.body["links"]["slack"].as_str().map(str::to_owned)
        })
        .await;
        let ts = request.root.ts.replace('.', "");
        assert!(link.ends_with(&format!("/archives/{CHANNEL}/p{ts}")), "{link}");
        scene.approve(&request).await;
        let ended = ci.wait_for(&id, "provisioned").await;
        assert!(
            ended["resources"]["bucketName"].as_str().is_some_and(|name| name.starts_with("app-by-program")),
            "{ended}"
        );
        assert_eq!(ended["authorization"]["decidedBy"], scene.bob.id());
        assert_eq!(ended["progress"], Value::Null);
        let outcome = |m: &Message| m.ts != request.root.ts && m.text.contains("provisioned");
        scene.alice.wait_for_in_thread(CHANNEL, &request.root.ts, outcome).await.unwrap();

        // The same call, long after.
        let again = ci.ask("pipeline-1", &body(&scene, "by-program")).await;
        assert_eq!((again.status, &again.body["requestId"]), (StatusCode::OK, &json!(id)));
        assert_eq!(again.body["status"], "provisioned");
    });
}

#[test]
fn one_key_is_one_request() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let wanted = body(&scene, "fifty-times");
        let answers = join_all((0..50).map(|_| ci.ask("once", &wanted))).await;
        let ids: BTreeSet<_> = answers.iter().map(|answer| answer.body["requestId"].to_string()).collect();
        assert_eq!(ids.len(), 1, "{answers:?}");
        let taken = answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED).count();
        assert_eq!(taken, 1, "the others hear that it had been");
        let id = answers[0].body["requestId"].as_str().unwrap().to_owned();
        asked(&scene, &id, CHANNEL).await;
        assert_eq!(scene.temporal.count("fifty-times").await, 1);

        // In another order, and with what nobody said left out, it is the same.
        let mut same = wanted.clone();
        same["lifetimeSeconds"] = Value::Null;
        same["parameters"] = json!({});
        assert_eq!(ci.ask("once", &same).await.status, StatusCode::OK);
        let mut other = wanted.clone();
        other["justification"] = "Something else".into();
        let refused = ci.ask("once", &other).await;
        assert_eq!((refused.status, &refused.body["requestId"]), (StatusCode::CONFLICT, &json!(id)));
        // Another name is another request, and so is another client's key.
        other["applicationName"] = "fifty-others".into();
        assert_ne!(taken_id(&ci.ask("once", &other).await), id);
        assert_ne!(taken_id(&Program::of(&scene, OWNED).ask("once", &wanted).await), id);
    });
}

fn taken_id(answer: &super::client::Answer) -> String {
    taken(answer)
}

#[test]
fn who_owns_a_client_hears_of_it_and_may_withdraw() {
    shared(async |scene| {
        let owned = Program::of(&scene, OWNED);
        let id = taken(&owned.ask("own", &body(&scene, "owned-one")).await);
        let olga = scene.slack.person(OWNER);
        let root = olga.wait_for_dm(|m| m.payload("request_id") == Some(&id) && m.offers("cancel")).await.unwrap();
        assert!(root.says("client:owned"), "{}", root.text);
        scene.bob.wait_for_dm(|m| m.offers("approve") && m.payload("request_id") == Some(&id)).await.unwrap();
        // It reads its own, and nothing else of its teams.
        assert_eq!(owned.get(&format!("/requests/{id}")).await.status, StatusCode::OK);
        assert_eq!(owned.get("/requests").await.status, StatusCode::FORBIDDEN);
        let other = taken(&Program::of(&scene, CI).ask("not-its-own", &body(&scene, "not-its-own")).await);
        assert_eq!(owned.get(&format!("/requests/{other}")).await.status, StatusCode::FORBIDDEN);

        let clicked = olga.click(&root, "cancel").await.unwrap();
        assert!(clicked.error.is_none() && clicked.ephemerals().is_empty(), "{clicked:?}");
        assert_eq!(scene.temporal.ended(&id).await.unwrap()["status"], "cancelled");

        // A program withdraws what it asked for, and nothing else.
        let cancel = json!({ "act": "cancel", "round": 1 });
        assert_eq!(owned.act(&other, &cancel).await.status, StatusCode::FORBIDDEN);
        let ci = Program::of(&scene, CI);
        assert_eq!(ci.act(&other, &cancel).await.status, StatusCode::OK);
        assert_eq!(scene.temporal.ended(&other).await.unwrap()["status"], "cancelled");
        assert_eq!(ci.act(&other, &cancel).await.status, StatusCode::OK, "the same once more");
        let late = ci.act(&id, &cancel).await;
        assert_eq!(late.status, StatusCode::FORBIDDEN, "it did not ask for that");
    });
}

#[test]
fn a_list_has_what_the_clients_teams_have_the_newest_first() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let team = &scene.team;
        assert_eq!(ci.get(&format!("/requests?team={team}")).await.body, json!({ "items": [], "next": null }));
        let mut ids = Vec::new();
        for n in 0..3 {
            let answer = ci.ask(&format!("list-{n}"), &body(&scene, &format!("listed-{n}"))).await;
            ids.push(taken(&answer));
        }
        ids.reverse();
        for id in &ids {
            ci.wait_for(id, "awaiting_authorization").await;
        }
        let listed = async |query: &str| -> Option<Vec<String>> {
            let answer = ci.get(&format!("/requests?team={team}{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let items = answer.body["items"].as_array().unwrap();
            Some(items.iter().map(|item| item["requestId"].as_str().unwrap().to_owned()).collect())
        };
        eventually("the list", async || listed("").await.filter(|list| *list == ids)).await;
        let row = ci.get(&format!("/requests?team={team}")).await.body["items"][0].clone();
        for left_out in ["offer", "steps", "progress"] {
            assert!(row.get(left_out).is_none(), "{row}");
        }
        assert_eq!((&row["teamId"], &row["applicationName"]), (&json!(team), &json!("listed-2")));
        assert_eq!(ci.act(&ids[1], &json!({ "act": "cancel", "round": 1 })).await.status, StatusCode::OK);
        scene.temporal.ended(&ids[1]).await.unwrap();
        let cancelled = vec![ids[1].clone()];
        eventually("the status", async || listed("&status=cancelled").await.filter(|list| *list == cancelled)).await;
        // A foreign team has nothing, and nobody hears that it exists.
        let search = Program::of(&scene, SEARCH);
        assert_eq!(search.get(&format!("/requests?team={team}")).await.body["items"], json!([]));
        assert_eq!(search.get("/requests?team=no-such-team").await.body["items"], json!([]));
        assert_eq!(search.get(&format!("/requests/{}", ids[0])).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn pages_follow_one_another() {
    secluded(options(&policy("")), async |world| {
        let scene = world.scene();
        let ci = Program::of(&scene, CI);
        let asked = join_all((0..53).map(|n| {
            let (ci, wanted) = (ci.clone(), body(&scene, &format!("page-{n}")));
            async move { taken(&ci.ask(&format!("page-{n}"), &wanted).await) }
        }));
        let asked: BTreeSet<String> = asked.await.into_iter().collect();
        eventually("the index", async || (scene.temporal.count_listed("page-").await == 53).then_some(())).await;
        // A busy worker is asked again, as the answer says.
        let page = async |path: &str| {
            let look =
                async || Some(ci.get(path).await).filter(|answer| answer.status != StatusCode::SERVICE_UNAVAILABLE);
            let answer = eventually("a page", look).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            answer
        };
        let first = page("/requests").await;
        let next = first.body["next"].as_str().expect("a second page").to_owned();
        let second = page(&next).await;
        assert_eq!(second.body["next"], Value::Null, "{:?}", second.body);
        let ids = |answer: &super::client::Answer| -> Vec<String> {
            let items = answer.body["items"].as_array().unwrap();
            items.iter().map(|item| item["requestId"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((ids(&first).len(), ids(&second).len()), (50, 3));
        let all: BTreeSet<String> = ids(&first).into_iter().chain(ids(&second)).collect();
        assert_eq!(all, asked);
    });
}

#[test]
fn a_list_needs_no_worker() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let ci = Program::of(&scene, CI);
        let ended = taken(&ci.ask("ended", &body(&scene, "ended")).await);
        scene.reject(&asked(&scene, &ended, CHANNEL).await, "no").await;
        scene.temporal.ended(&ended).await.unwrap();
        let open = taken(&ci.ask("open", &body(&scene, "open")).await);
        asked(&scene, &open, CHANNEL).await;
        scene.temporal.told(&open).await;
        let broken = taken(&ci.ask("broken", &body(&scene, "broken")).await);
        asked(&scene, &broken, CHANNEL).await;
        scene.temporal.terminate(&broken).await;

        let web = world.stack.start_beside(&["run", "--only", "web"]).await.unwrap();
        let beside = Program::new(&web.url(), Some(&token(CI)));
        world.stack.kill_bot().await;
        let listed = async || {
            let answer = beside.get("/requests").await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let items = answer.body["items"].as_array().unwrap().clone();
            let status = |item: &Value| (item["requestId"].clone(), item["status"].clone());
            Some(items.iter().map(status).collect::<Vec<_>>()).filter(|items| items.len() == 3)
        };
        let all = eventually("the list", listed).await;
        let expected = [(&broken, "failed"), (&open, "awaiting_authorization"), (&ended, "rejected")];
        assert_eq!(all, expected.map(|(id, status)| (json!(id), json!(status))));
        assert_eq!(beside.get(&format!("/requests/{ended}")).await.body["status"], "rejected");
        assert_eq!(
            beside.get(&format!("/requests/{broken}")).await.body["failure"]["cause"],
            "It was ended by an operator."
        );
    });
}

#[test]
fn without_clients_there_is_no_api() {
    crate::world::plain(async || {
        let config = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"t\"\nname = \"T\"\n";
        let web = Web::start(config).await;
        let program = Program::new(&web.url, Some(&token(CI)));
        for (method, path) in [
            (Method::GET, "/openapi.json"),
            (Method::GET, "/requests"),
            (Method::POST, "/requests"),
            (Method::GET, "/requests/checkout-7f3a9c0011"),
            (Method::POST, "/requests/checkout-7f3a9c0011/acts"),
            (Method::GET, "/leases"),
            (Method::GET, "/nothing"),
        ] {
            assert_eq!(
                program.send(method.clone(), path, &[], b"").await.status,
                StatusCode::NOT_FOUND,
                "{method} {path}"
            );
        }
    });
}

#[test]
fn temporal_away_is_told_so_and_a_program_comes_back() {
    crate::world::plain(async || {
        let web = Web::start(&policy("")).await;
        let ci = Program::new(&web.url, Some(&token(CI)));
        let wanted = json!({ "applicationName": "away", "teamId": "team-0", "authorizerId": "U0BOB000" });
        web.slack.change(|acme| drop(crate::world::seat(acme, 0)));
        for answer in [
            ci.ask("away", &wanted).await,
            ci.get("/requests").await,
            ci.get("/requests/away-7f3a9c0011").await,
            ci.act("away-7f3a9c0011", &json!({ "act": "cancel", "round": 1 })).await,
        ] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
            let after: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=5).contains(&after));
            assert!(answer.body["error"].as_str().unwrap().contains("try again"), "{answer:?}");
        }
        assert_eq!(ci.get("/openapi.json").await.status, StatusCode::OK);
    });
}

#[test]
fn by_socket_it_is_served_all_the_same() {
    let options = harness::stack::StackOptions { socket_mode: true, ..options(&policy("")) };
    alone(options, async |world| {
        let scene = world.scene();
        let ci = Program::of(&scene, CI);
        let id = taken(&ci.ask("socket", &body(&scene, "socket-and-http")).await);
        let request = asked(&scene, &id, CHANNEL).await;
        scene.reject(&request, "not now").await;
        let ended = ci.wait_for(&id, "rejected").await;
        assert_eq!(ended["authorization"]["reason"], "not now");
    });
}
