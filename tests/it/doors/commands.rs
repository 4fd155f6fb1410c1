//! The command line's door, against a bot that answers as it is told: what is asked, in
//! which order, what is printed, and with which code each command ends.

mod acts;
mod page;
mod refused;
pub mod scripted;

use std::process::Stdio;
use std::time::Duration;

use harness::ports::Port;
use serde_json::{Value, json};

use self::scripted::{Answer, Bot, ID, REQUEST, TOKEN, accepted, answer, building, code, command, run, state, waiting};
use crate::world::{eventually, plain};

#[test]
fn a_request_is_watched_from_its_id_to_what_was_built() {
    plain(async || {
        let built = json!({ "resources": { "bucketName": "app-checkout", "url": "https://b.example.com" },
            "authorization": building(1, "x")["authorization"] });
        let bot = Bot::start([
            accepted(),
            answer(200, &state("pre_flight", 1, json!({}))),
            answer(200, &waiting(1)),
            answer(200, &building(3, "Blocking public access")),
            answer(200, &building(5, "Encrypting")),
            answer(200, &state("provisioned", 1, built)),
        ]);
        let ended = bot.run(&[&REQUEST[..], &["--lifetime", "30days", "--set", "n=3", "--wait"]].concat()).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert_eq!(
            ended.lines(),
            [
                ID,
                "is being checked",
                "waits for U0BOB000 until 2099-11-27 10:02 UTC",
                "approved by U0BOB000: us-east-1, sandbox",
                "3/8 Blocking public access",
                "5/8 Encrypting",
                "provisioned: bucketName=app-checkout, url=https://b.example.com",
            ]
        );
        let wait =
            |round, status, step| format!("GET /requests/{ID}?wait=30s&round={round}&status={status}&step={step}");
        assert_eq!(
            bot.calls(),
            [
                "POST /requests".to_owned(),
                format!("GET /requests/{ID}"),
                wait(1, "pre_flight", 0),
                wait(1, "awaiting_authorization", 0),
                wait(1, "provisioning", 3),
                wait(1, "provisioning", 5),
            ]
        );
        let asked = &bot.asked()[0];
        assert_eq!(
            asked.body,
            json!({ "applicationName": "checkout", "teamId": "payments", "authorizerId": "U0BOB000",
                "justification": "Landing page", "lifetimeSeconds": 2_592_000, "parameters": { "n": 3 } })
        );
        assert!(asked.key.as_ref().is_some_and(|key| key.len() == 36), "{asked:?}");
    });
}

#[test]
fn every_end_has_its_code_and_its_word() {
    plain(async || {
        for (status, code) in [("provisioned", 0), ("rejected", 10), ("expired", 11), ("cancelled", 12), ("failed", 13)]
        {
            let failure = json!({ "failure": { "step": null, "cause": "It is full.", "advice": "Ask an admin." } });
            let bot = Bot::start([accepted(), answer(200, &state(status, 1, failure))]);
            let ended = bot.run(&[&REQUEST[..], &["--wait", "1h"]].concat()).await;
            assert_eq!(ended.code, code, "{ended:?}");
            let lines = ended.lines();
            assert_eq!((lines[0], lines.len()), (ID, 2));
            assert!(lines[1].starts_with(status), "{ended:?}");
        }
    });
}

#[test]
fn in_json_every_line_is_the_bots_own_document() {
    plain(async || {
        let (begun, over) = (waiting(1), state("expired", 1, json!({})));
        // What has not changed is not told again.
        let told = [&begun, &begun, &over].map(|state| answer(200, state));
        let bot = Bot::start([accepted()].into_iter().chain(told));
        let ended = bot.run(&[&REQUEST[..], &["--json", "--wait"]].concat()).await;
        assert_eq!(ended.code, 11);
        let documents: Vec<Value> = ended.lines().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(documents[0]["requestId"], ID);
        assert_eq!(documents[1..], [begun, over]);

        let refused = json!({ "error": "There are mistakes.", "fields": { "teamId": "There is no such team." } });
        let bot = Bot::start([answer(422, &refused)]);
        let ended = bot.run(&[&REQUEST[..], &["--json"]].concat()).await;
        assert_eq!(ended.code, 3);
        assert_eq!(serde_json::from_str::<Value>(&ended.out).unwrap(), refused);
        assert!(ended.err.contains("teamId: There is no such team."), "{ended:?}");
    });
}

#[test]
fn the_time_is_over_and_the_request_goes_on() {
    plain(async || {
        let bot = Bot::start([
            accepted(),
            answer(200, &waiting(1)),
            answer(200, &waiting(1)).after(Duration::from_millis(1_200)),
        ]);
        let ended = bot.run(&[&REQUEST[..], &["--wait", "1s"]].concat()).await;
        assert_eq!((ended.code, ended.lines().len()), (20, 2), "{ended:?}");
        assert!(ended.err.contains(&format!("provision-bot show {ID}")), "{ended:?}");
        assert!(bot.calls()[2].contains("?wait=1s&"), "{:?}", bot.calls());
    });
}

#[test]
fn a_restart_in_the_middle_of_the_wait_is_survived() {
    plain(async || {
        let never = Duration::from_secs(3_600);
        let over = state("provisioned", 1, json!({ "resources": { "bucketName": "b" } }));
        let mut bot = Bot::start([
            accepted(),
            answer(200, &waiting(1)),
            answer(200, &waiting(1)).after(never),
            answer(200, &over),
        ]);
        let variables = [("PROVISION_BOT_URL", bot.url()), ("PROVISION_BOT_TOKEN", TOKEN.to_owned())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let arguments = [&REQUEST[..], &["--wait", "1h"]].concat();
        let running = tokio::spawn({
            let mut command = command(&arguments, &variables);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            async move { command.output().await.unwrap() }
        });
        eventually("it waits", async || (bot.calls().len() == 3).then_some(())).await;
        bot.stop();
        tokio::time::sleep(Duration::from_secs(1)).await;
        bot.serve();
        let output = running.await.unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(code(output.status), 0, "{out}{err}");
        assert!(out.ends_with("\nprovisioned: bucketName=b\n"), "{out}");
        assert_eq!(err.lines().count(), 1, "an outage is told once: {err}");
        assert!(err.starts_with("The bot cannot be reached: "), "{err}");
        // It waits for something else than what it knew before.
        let calls = bot.calls();
        assert_eq!(calls[2], calls[3]);
    });
}

#[test]
fn what_stands_in_the_place_of_the_bot_meanwhile_is_waited_out() {
    plain(async || {
        let bot = Bot::start([
            accepted(),
            Answer { body: "<html>Be right back".to_owned(), ..answer(200, &json!({})) },
            answer(302, &json!({})).with("location", "https://status.example.com/"),
            answer(502, &json!({})),
            answer(429, &json!({ "message": "Slow down" })),
            answer(200, &state("expired", 1, json!({}))),
        ]);
        let ended = bot.run(&[&REQUEST[..], &["--wait"]].concat()).await;
        assert_eq!((ended.code, ended.lines().len(), ended.err.lines().count()), (11, 2, 1), "{ended:?}");
    });
}

#[test]
fn a_bot_that_is_busy_is_asked_again_when_it_says_with_the_same_key() {
    plain(async || {
        let busy = || answer(503, &json!({ "error": "Temporal does not answer." }));
        let bot = Bot::start([busy().with("retry-after", "1"), busy(), accepted()]);
        let ended = bot.run(&REQUEST).await;
        assert_eq!((ended.code, ended.out.trim(), ended.err.as_str()), (0, ID, ""));
        assert!(ended.took >= Duration::from_millis(1_200), "{ended:?}");
        let asked = bot.asked();
        assert!(asked.iter().all(|one| one.key == asked[0].key && one.body == asked[0].body), "{asked:?}");
        // Another request is another one, and a key that is given is sent as it is.
        let bot = Bot::start([accepted()]);
        bot.run(&REQUEST).await;
        assert_ne!(bot.asked()[0].key, asked[0].key);
        let bot = Bot::start([accepted()]);
        bot.run(&[&REQUEST[..], &["--key", "build-7"]].concat()).await;
        assert_eq!(bot.asked()[0].key.as_deref(), Some("build-7"));
    });
}

#[test]
fn a_bot_that_cannot_be_reached_is_tried_for_ten_seconds() {
    plain(async || {
        let port = Port::take().unwrap();
        let url = format!("http://{}", port.address());
        let variables = [("PROVISION_BOT_URL", url.as_str()), ("PROVISION_BOT_TOKEN", TOKEN)];
        let show = ["show", ID];
        let waits = [&REQUEST[..], &["--key", "build-7", "--wait", "1s"]].concat();
        // Nor can one that does not answer.
        let silent = Bot::start([answer(200, &waiting(1)).after(Duration::from_secs(3_600))]);
        let (ended, waited, unanswered) =
            tokio::join!(run(&show, &variables), run(&waits, &variables), silent.run(&show));
        assert_eq!((unanswered.code, unanswered.out.as_str()), (4, ""), "{unanswered:?}");
        assert!((10..15).contains(&unanswered.took.as_secs()), "{unanswered:?}");
        assert_eq!((ended.code, ended.out.as_str()), (4, ""), "{ended:?}");
        assert!((10..15).contains(&ended.took.as_secs()), "{ended:?}");
        assert!(ended.err.starts_with("The bot cannot be reached: Connection refused"), "{ended:?}");
        // Whoever waits does so until the time is over.
        assert_eq!((waited.code, waited.out.as_str()), (20, ""), "{waited:?}");
        assert!((1..10).contains(&waited.took.as_secs()) && waited.err.contains("--key build-7"), "{waited:?}");
    });
}
