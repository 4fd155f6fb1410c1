//! Whether the bot is well, as it says itself.

use harness::stack::get;
use slack_simulator::Fault;

use crate::doors::edges::OPEN;
use crate::world::{Web, plain, shared};

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
