//! What is refused, by the bot or before it is asked, and what is never done: showing the
//! token, obeying what people typed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use super::scripted::{Answer, Bot, ID, REQUEST, TOKEN, accepted, answer, code, command, run, state, waiting};
use crate::world::plain;

#[test]
fn what_is_refused_is_said_in_the_bots_sentence() {
    plain(async || {
        for (status, error) in [
            (401, "The token is not known."),
            (403, "This client may not ask for resources."),
            (404, "There is no such request."),
            (409, "The key was used for another request."),
            (413, "The body is too large."),
        ] {
            let bot = Bot::start([answer(status, &json!({ "error": error }))]);
            let ended = bot.run(&REQUEST).await;
            assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{ended:?}");
            assert_eq!(ended.err, format!("Refused ({status}): {error}\n"));
        }
        let used = json!({ "error": "The key was used for another request.", "requestId": "other-0000000000" });
        let bot = Bot::start([answer(409, &used)]);
        assert!(bot.run(&REQUEST).await.err.contains("other-0000000000"));
        let fields = json!({ "error": "There are mistakes.", "fields": { "parameters.n": "Expected a text." } });
        let bot = Bot::start([answer(422, &fields)]);
        let ended = bot.run(&[&REQUEST[..], &["--set", "n=3"]].concat()).await;
        assert!(ended.err.contains("parameters.n: Expected a text."), "{ended:?}");
        assert!(ended.err.contains("--set 'n:=\"3\"'"), "{ended:?}");
        // A token that is not valid for as long as the wait: the request goes on.
        let bot =
            Bot::start([accepted(), answer(200, &waiting(1)), answer(401, &json!({ "error": "It has expired." }))]);
        let ended = bot.run(&[&REQUEST[..], &["--wait"]].concat()).await;
        assert_eq!(ended.code, 3);
        assert!(ended.err.contains(&format!("the request {ID} goes on")), "{ended:?}");
    });
}

#[test]
fn what_cannot_be_understood_is_not_sent() {
    plain(async || {
        let bot = Bot::start([]);
        let url = bot.url();
        let (there, token) = (("PROVISION_BOT_URL", url.as_str()), ("PROVISION_BOT_TOKEN", TOKEN));
        let with = |more: &[&'static str]| [&REQUEST[..], more].concat();
        for (arguments, variables, word) in [
            (REQUEST.to_vec(), &[there][..], "PROVISION_BOT_TOKEN is not set"),
            (REQUEST.to_vec(), &[token], "PROVISION_BOT_URL (or --url) is not set"),
            (REQUEST.to_vec(), &[token, ("PROVISION_BOT_URL", "http://bot.example.com")], "Use https"),
            (REQUEST.to_vec(), &[there, ("PROVISION_BOT_TOKEN", "s3cret token")], "is not a token"),
            (REQUEST[..7].to_vec(), &[there, token], "--authorizer"),
            (with(&["--lifetime", "soon"]), &[there, token], "or never"),
            (with(&["--wait", "soon"]), &[there, token], "--wait"),
            (with(&["--key", "two words"]), &[there, token], "visible ASCII"),
            (with(&["--set", "n"]), &[there, token], "FIELD=VALUE"),
            (with(&["--set", "n=1", "--set", "n=2"]), &[there, token], "twice"),
            (vec!["show", "../leases"], &[there, token], ID),
            (vec!["cancel", "x-1.lease"], &[there, token], ".lease"),
            (vec!["approve", ID, "--region", "us-east-1"], &[there, token], "--profile"),
            (vec!["reject", ID], &[there, token], "--reason"),
            (vec!["answer", ID], &[there, token], "--text"),
            (vec!["extend", ID, "--by", "never"], &[there, token], "whole seconds"),
            (vec!["extend", ID], &[there, token], "--by"),
        ] {
            let ended = run(&arguments, variables).await;
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}: {ended:?}");
            assert!(ended.err.contains(word), "{arguments:?}: {ended:?}");
        }
        assert!(bot.asked().is_empty());
        // White space and one pair of quotes are no part of a value; the flag comes first.
        let bot = Bot::start([answer(200, &waiting(1))]);
        let (quoted, flag) = (format!(" '{TOKEN}'\n"), format!("\"{}/\"", bot.url()));
        let variables = [("PROVISION_BOT_URL", "https://elsewhere.invalid"), ("PROVISION_BOT_TOKEN", &quoted)];
        assert_eq!(run(&["show", ID, "--url", &flag], &variables).await.code, 0);
    });
}

#[test]
fn the_token_goes_nowhere_else() {
    plain(async || {
        let elsewhere = Bot::start([]);
        let to = format!("{}/api/v1/requests", elsewhere.url());
        for status in [301, 302, 307, 308] {
            let bot = Bot::start([answer(status, &json!({})).with("location", &to)]);
            let ended = bot.run(&REQUEST).await;
            assert_eq!(ended.code, 4, "{ended:?}");
            assert!(ended.err.contains("is not followed") && ended.took < Duration::from_secs(8), "{ended:?}");
        }
        assert!(elsewhere.asked().is_empty());
        // Nor is somebody else's page taken for an answer.
        let bot = Bot::start([Answer { body: "<html>".to_owned(), ..accepted() }]);
        assert_eq!(bot.run(&["show", ID]).await.code, 4);
    });
}

#[test]
fn what_people_typed_steers_no_terminal() {
    plain(async || {
        let reason = "no\u{1b}[2J\u{1b}]0;evil\u{7}\r\nprovisioned \u{202e}";
        let rejected = json!({ "authorization": { "decision": "reject", "decidedBy": "U0BOB000", "reason": reason } });
        for more in [&[][..], &["--json"]] {
            let bot = Bot::start([accepted(), answer(200, &state("rejected", 1, rejected.clone()))]);
            let ended = bot.run(&[&REQUEST[..], &["--wait"], more].concat()).await;
            assert_eq!((ended.code, ended.lines().len()), (10, 2), "{ended:?}");
            assert!(!ended.out.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{ended:?}");
        }
        let bot = Bot::start([answer(403, &json!({ "error": reason }))]);
        let ended = bot.run(&REQUEST).await;
        assert!(!ended.err.contains(['\u{1b}', '\r', '\u{202e}']), "{ended:?}");
    });
}

#[test]
fn the_code_counts_when_nobody_reads_any_more() {
    plain(async || {
        let bot = Bot::start([
            accepted().after(Duration::from_millis(300)),
            answer(200, &waiting(1)),
            answer(200, &state("cancelled", 1, json!({}))),
        ]);
        let url = bot.url();
        let arguments = [&REQUEST[..], &["--wait"]].concat();
        let mut command = command(&arguments, &[("PROVISION_BOT_URL", &url), ("PROVISION_BOT_TOKEN", TOKEN)]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(code(child.wait().await.unwrap()), 12);
    });
}
