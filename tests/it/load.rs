//! Several requests at once in one channel, where Slack allows a message a second.

use std::time::Duration;

use futures::future::join_all;
use provision_bot::demo::message::Message;

use crate::world::{Scene, alone, options, policy};

/// Requests at once. Together they post two dozen messages into the channel.
const REQUESTS: usize = 6;
const CHANNEL: &str = "C0GENERAL01";
/// Every message waits for its second, and every retry for what Slack asks.
const PATIENCE: Duration = Duration::from_secs(90);

async fn one(mut scene: Scene, number: usize) {
    scene.alice = scene.alice.with_patience(PATIENCE);
    scene.bob = scene.bob.with_patience(PATIENCE);
    CHANNEL.clone_into(&mut scene.channel);
    let request = scene.ask(&format!("load-{number}")).await;
    scene.approve(&request).await;
    let ends = |m: &Message| m.ts != request.root.ts && m.text.contains("provisioned");
    scene.alice.wait_for_in_thread(CHANNEL, &request.root.ts, ends).await.unwrap();
    scene.ended(&request, "provisioned").await;
    let roots = scene.roots(CHANNEL).iter().filter(|m| m.request_id() == Some(&*request.id)).count();
    assert_eq!(roots, 1);
}

#[test]
fn a_busy_channel_gets_everything_once_within_slacks_limits() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        world.stack.slack.set_rules(|rules| rules.rate_limits = true);
        join_all((0..REQUESTS).map(|number| one(world.scene(), number))).await;
        let limited = world.stack.slack.calls().iter().filter(|call| call.status == 429).count();
        assert!(limited > 0, "the limit was never met, so nothing was shown");
    });
}
