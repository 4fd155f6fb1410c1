//! The acts, the lists and what is shown: what is sent, and what is printed.

use serde_json::{Value, json};

use super::scripted::{Bot, ID, answer, building, state, waiting};
use crate::world::plain;

#[test]
fn an_act_is_sent_in_the_round_that_is_found() {
    plain(async || {
        let approve = ["approve", ID, "--region", "us-east-1", "--profile", "sandbox"];
        for (arguments, body) in [
            (&approve[..], json!({ "act": "approve", "region": "us-east-1", "profile": "sandbox" })),
            (&["reject", ID, "--reason", "Too dear."], json!({ "act": "reject", "text": "Too dear." })),
            (&["answer", ID, "--text", "shop.example.com"], json!({ "act": "answer", "text": "shop.example.com" })),
            (&["cancel", ID], json!({ "act": "cancel" })),
            (
                &[&approve[..], &["--set", "zones=a,b", "--plan", "plan-1"]].concat(),
                json!({ "act": "approve", "region": "us-east-1", "profile": "sandbox", "planId": "plan-1",
                    "parameters": { "zones": ["a", "b"] } }),
            ),
        ] {
            let bot = Bot::start([answer(200, &waiting(7)), answer(200, &building(1, "Creating"))]);
            let ended = bot.run(arguments).await;
            assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
            assert_eq!(ended.lines()[0], format!("{} is done: {ID}", arguments[0]));
            assert_eq!(ended.lines()[2], "1/8 Creating");
            assert_eq!(bot.calls(), [format!("GET /requests/{ID}"), format!("POST /requests/{ID}/acts")]);
            let mut expected = body;
            expected["round"] = 7.into();
            assert_eq!(bot.asked()[1].body, expected);
        }
        // Somebody was quicker.
        let moved = json!({ "error": "The request has changed.", "state": building(1, "Creating") });
        let bot = Bot::start([answer(200, &waiting(7)), answer(409, &moved)]);
        let ended = bot.run(&approve).await;
        assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{ended:?}");
        let lines: Vec<_> = ended.err.lines().collect();
        assert_eq!(lines[0], "Refused (409): The request has changed.");
        assert_eq!(lines.last(), Some(&"Where it stands: 1/8 Creating"));
        // An answer that was lost is asked for again: the same act.
        let bot = Bot::start([answer(200, &waiting(7)), answer(502, &json!({})), answer(200, &waiting(8))]);
        assert_eq!(bot.run(&["cancel", ID]).await.code, 0);
        assert_eq!(bot.asked()[1].body, bot.asked()[2].body);
    });
}

#[test]
fn a_plan_is_approved_by_its_id_or_not_at_all() {
    plain(async || {
        let mut planned = waiting(2);
        planned["offer"]["plan"] = json!({ "planId": "plan-1", "counts": {}, "changes": [], "findings": [] });
        let approve = ["approve", ID, "--region", "us-east-1", "--profile", "sandbox"];
        let bot = Bot::start([answer(200, &planned)]);
        let ended = bot.run(&approve).await;
        assert_eq!(ended.code, 3);
        assert!(ended.err.contains("--plan plan-1"), "{ended:?}");
        // What is no approval needs none.
        let bot = Bot::start([answer(200, &planned), answer(200, &state("rejected", 2, json!({})))]);
        assert_eq!(bot.run(&["reject", ID, "--reason", "No."]).await.code, 0);
        // A plan that failed has no ID: the bot says what is to be done.
        planned["offer"]["plan"] = json!({ "failure": "The template is wrong." });
        let bot = Bot::start([answer(200, &planned), answer(409, &json!({ "error": "There is no plan." }))]);
        assert_eq!(bot.run(&approve).await.code, 3);
    });
}

#[test]
fn a_lease_is_found_by_its_request() {
    plain(async || {
        let lease = |status: &str| {
            json!({ "requestId": ID, "status": status, "round": 4, "owner": "U0ALICE0", "since": "2026-11-27T10:00:00Z",
                "endsAt": "2099-12-27T10:00:00Z", "nextStepAt": null, "extensions": 1, "pending": null,
                "region": "us-east-1", "profile": "sandbox", "resources": {}, "failure": null })
        };
        let id = format!("{ID}.lease");
        for (arguments, body) in [
            (vec!["extend", ID, "--by", "30days"], json!({ "act": "extend", "round": 4, "seconds": 2_592_000 })),
            (vec!["keep", &id], json!({ "act": "keep", "round": 4 })),
            (vec!["remove", ID], json!({ "act": "remove", "round": 4 })),
        ] {
            let bot = Bot::start([answer(200, &lease("closed")), answer(200, &lease("active"))]);
            let ended = bot.run(&arguments).await;
            assert_eq!(ended.code, 0, "{ended:?}");
            let done = format!("{} is done: {id}", arguments[0]);
            assert_eq!(ended.lines(), [done.as_str(), "active until 2099-12-27 10:00 UTC"]);
            assert_eq!(bot.calls(), [format!("GET /leases/{id}"), format!("POST /leases/{id}/acts")]);
            assert_eq!(bot.asked()[1].body, body);
        }
        let bot = Bot::start([answer(200, &lease("closed"))]);
        let ended = bot.run(&["show", &id]).await;
        assert!(ended.out.starts_with("lease ") && ended.out.contains("U0ALICE0"), "{ended:?}");
    });
}

#[test]
fn a_list_has_all_its_pages() {
    plain(async || {
        let item = |id: &str| {
            json!({ "requestId": id, "status": "provisioned", "round": 1, "teamId": "payments",
            "applicationName": "checkout", "blueprint": "bucket", "requesterId": "U0ALICE0" })
        };
        let first = json!({ "items": [item("b-2")], "next": "/api/v1/requests?team=payments&after=b-2" });
        let last = json!({ "items": [item("a-1")], "next": null });
        let bot = Bot::start([&first, &last].map(|page| answer(200, page)));
        let ended = bot.run(&["list", "--team", "payments", "--status", "provisioned"]).await;
        assert_eq!((ended.code, ended.lines().len()), (0, 2), "{ended:?}");
        assert!(ended.lines()[1].starts_with("a-1 ") && ended.lines()[1].ends_with("U0ALICE0"), "{ended:?}");
        let calls = ["GET /requests?team=payments&status=provisioned", "GET /requests?team=payments&after=b-2"];
        assert_eq!(bot.calls(), calls);
        let bot = Bot::start([&first, &last].map(|page| answer(200, page)));
        let ended = bot.run(&["list", "--json"]).await;
        let pages: Vec<Value> = ended.lines().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(pages, [first, last]);
        let bot = Bot::start([answer(200, &json!({ "items": [], "next": null }))]);
        let ended = bot.run(&["list"]).await;
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{ended:?}");
    });
}
