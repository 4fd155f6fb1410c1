//! What Slack answers, as the bot reads it: the client of the Web API alone, against the
//! simulated Slack.

use std::time::Duration;

use provision_bot::demo::record::Fault;
use provision_bot::demo::simulator::{Simulator, SimulatorOptions};
use provision_bot::slack::api::{SlackApi, SlackError};
use provision_bot::telemetry::Metrics;
use serde_json::json;

use crate::world::plain;

async fn slack() -> Simulator {
    Simulator::start(SimulatorOptions::default()).await.unwrap()
}

/// A client that no limit was told before.
fn api(slack: &Simulator) -> SlackApi {
    let api = SlackApi::new(&slack.api_url(), slack.bot_token(), Metrics::default()).unwrap();
    api.with_timeout(Duration::from_secs(10))
}

#[test]
fn whatever_is_said_as_retry_after_is_a_time_that_can_be_waited() {
    plain(async || {
        let slack = slack().await;
        for (said, seconds) in [
            ("30", 30),
            ("0", 1),
            ("3600", 3_600),
            ("3601", 3_600),
            ("18446744073709551615", 3_600),
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
