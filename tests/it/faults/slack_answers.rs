//! What Slack answers, as the bot reads it: the client of the Web API alone, against the
//! simulated Slack.

use std::time::Duration;

use provision_bot::slack::web_api::{SlackApi, SlackError};
use provision_bot::telemetry::Metrics;
use serde_json::json;
use slack_simulator::{BOT_USER, Channel};
use slack_simulator::{Fault, Message, Simulator};

use crate::world::plain;

async fn slack() -> Simulator {
    Simulator::start(harness::app::workspace()).await.unwrap()
}

/// A client that no limit was told before.
fn api(slack: &Simulator) -> SlackApi {
    let api = SlackApi::new(&slack.api_url(), slack.bot_token(), None, Metrics::default()).unwrap();
    api.with_timeout(Duration::from_secs(10))
}

#[test]
fn whatever_is_said_as_retry_after_is_a_time_that_can_be_waited() {
    plain(async || {
        let slack = slack().await;
        for (said, seconds) in [
            ("30", 30),
            ("0", 1),
            ("300", 300),
            ("301", 300),
            ("18446744073709551615", 300),
            // No number of seconds: as if nothing had been said.
            ("18446744073709551616", 5),
            ("-1", 5),
            ("1.5", 5),
            ("", 5),
            ("soon", 5),
            ("Fri, 27 Nov 2026 12:00:00 GMT", 5),
        ] {
            let api = api(&slack);
            slack.fail_next("conversations.open", Fault::Limited(said.to_owned()));
            let limited = api.open_dm("U0AUTHORIZER").await.unwrap_err();
            assert_eq!(limited.wait(), Some(Duration::from_secs(seconds)), "{said:?}");
            let again = api.open_dm("U0AUTHORIZER").await.unwrap_err();
            assert!(again.wait() <= limited.wait(), "{said:?}: {again}");
            assert!(again.wait() > limited.wait().map(|wait| wait / 2), "{said:?}: {again}");
        }
        assert_eq!(slack.calls().len(), 11, "Slack was asked before the time");
    });
}

#[test]
fn a_no_without_a_code_is_no_yes() {
    plain(async || {
        let slack = slack().await;
        for answer in [json!({ "ok": false }), json!({}), json!({ "ok": "true" }), json!([])] {
            slack.fail_next("views.update", Fault::Answer(answer.clone()));
            let updated = api(&slack).update_view("V1", &json!({})).await;
            assert!(matches!(updated, Err(SlackError::Unavailable { .. })), "{answer}: {updated:?}");
        }
    });
}

/// Whatever is between, and whoever posted it: each page is read, and each message.
#[test]
fn what_was_posted_is_read_back_to_the_end() {
    plain(async || {
        let slack = slack().await;
        let channel = "C0DEPLOYS01";
        slack.change(|acme| acme.channels.get_mut(channel).unwrap().members.insert(BOT_USER.into()));
        let post = |user: &str, thread: Option<&str>, metadata: Option<serde_json::Value>| {
            let thread_ts = thread.map(String::from);
            let (channel, user) = (channel.to_owned(), user.to_owned());
            let message = Message { channel, user, thread_ts, metadata, text: "said".into(), ..Message::default() };
            slack.change(|acme| acme.post(message)).ts
        };
        let about = |part: &str| Some(json!({ "event_type": "e", "event_payload": { "part": part } }));
        let parent = post(BOT_USER, None, about("first"));
        for thread in [None, Some(parent.as_str())] {
            (0..230).for_each(|_| _ = post("U0STRANGER1", thread, None));
            post("U0STRANGER1", thread, Some(json!({ "event_type": 7, "event_payload": [] })));
            post(BOT_USER, thread, about("middle"));
            (0..230).for_each(|_| _ = post("U0STRANGER1", thread, None));
            post(BOT_USER, thread, about("last"));
        }
        let api = api(&slack);
        let own = api.identity().await.unwrap();
        for (thread, method) in [(None, "conversations.history"), (Some(parent.as_str()), "conversations.replies")] {
            let found = api.read_back(channel, thread, 0).await.unwrap();
            assert_eq!(found.len(), 464);
            let mut parts: Vec<_> =
                found.iter().filter(|it| it.is_by(own)).filter_map(|it| it.says("e", "part")).collect();
            parts.sort_unstable();
            assert_eq!(parts, ["first", "last", "middle"], "{method}");
            assert_eq!(slack.calls_of(method).len(), 3);
            // What is older is not asked for.
            let later = parent.split_once('.').unwrap().0.parse::<u64>().unwrap() + 3_600;
            let found = api.read_back(channel, thread, later).await.unwrap();
            assert!(found.len() <= 1, "{found:?}");
        }
        // A cursor that leads nowhere ends the reading.
        let around = json!({ "ok": true, "messages": [], "response_metadata": { "next_cursor": "again" } });
        slack.fail_times("conversations.history", Fault::Answer(around), 2);
        assert_eq!(api.read_back(channel, None, 0).await.unwrap(), []);
    });
}

#[test]
fn a_group_dm_is_read_with_a_scope_of_its_own() {
    plain(async || {
        let slack = slack().await;
        let group = Channel::group_dm("G0GROUPDM01", &["U0REQUESTER", "U0AUTHORIZER", BOT_USER]);
        slack.change(|acme| acme.add_channel(group));
        assert_eq!(api(&slack).read_back("G0GROUPDM01", None, 0).await, Ok(vec![]));
        slack.set_rules(|rules| _ = rules.scopes.remove("mpim:history"));
        let refused = api(&slack).read_back("G0GROUPDM01", None, 0).await.unwrap_err();
        assert!(refused.to_string().contains("needs mpim:history"), "{refused}");
    });
}
