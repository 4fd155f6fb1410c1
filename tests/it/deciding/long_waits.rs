//! Waits of hours and days, on a Temporal server whose time can be skipped.

use std::time::Duration;

use harness::backends::{TemporalServer, Tools};
use harness::stack::get;

use crate::building::attention::{stuck, with_a_lost_profile};
use crate::temporal::Temporal;
use crate::world::{alone, eventually, options};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn a_failure_that_nobody_answers_for_a_day_is_given_up() {
    alone(options(&with_a_lost_profile()), async |world| {
        let program = Tools::time_skipping_server(|line| eprintln!("{line}")).await.unwrap();
        let server = TemporalServer::start_time_skipping(&program).await.unwrap();
        world.stack.stop_bot().await.unwrap();
        world.stack.set_env("TEMPORAL_ADDRESS", &server.address());
        world.stack.set_env("TEMPORAL_NAMESPACE", "default");
        world.stack.launch_bot(&["run"]).unwrap();
        let readyz = format!("{}/readyz", world.stack.bot_url());
        // That server does not know the call that tells who polls: the bot is as
        // ready as it can be when it asks.
        let asks = async || get(&readyz).await.ok().filter(|(_, why)| why.contains("DescribeTaskQueue"));
        eventually("the bot to be connected", asks).await;

        let mut scene = world.scene();
        scene.temporal = Temporal::connect(&server.address(), "default").await;
        let (request, card) = stuck(&scene, "forgotten").await;
        scene.temporal.wait_for(&request.id, "needs_attention").await;

        // An hour before the end the question is still open.
        scene.temporal.skip(DAY - HOUR).await;
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "needs_attention");
        assert!(scene.bob.refresh(&card).unwrap().offers("retry"));

        scene.temporal.skip(HOUR).await;
        let outcome = scene.outcome(&request, "failed").await;
        assert!(outcome.says("did not choose in time"), "{}", outcome.plain());
        scene.ended(&request, "failed").await;
        assert!(scene.buckets(&request.id).await.is_empty());
    });
}
