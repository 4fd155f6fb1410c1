//! Many people ask, decide, withdraw and try again while workers are killed, paused
//! and continued, Temporal restarts, Slack refuses and S3 fails. When the dust has
//! settled, what always holds is looked at from outside.
//!
//! ```sh
//! cargo test --test it chaos -- --ignored --nocapture
//! CHAOS_SEED=7 CHAOS_SECONDS=30 cargo test --test it chaos -- --ignored --nocapture
//! ```
//!
//! The seed decides who does what and what breaks in which order; when it meets what
//! depends on the machine. A seed that found something becomes a test of its own.

mod disasters;
mod people;
mod truth;

use std::time::Duration;

use futures::future::join_all;
use harness::stack::StackOptions;
use provision_bot::config::environment;
use tokio::time::Instant;

use self::people::Lane;
use crate::world::{World, options, policy, secluded};

/// How long things break, unless `CHAOS_SECONDS` says otherwise.
const SECONDS: u64 = 120;
/// Pairs of people, each in a channel of their own.
const LANES: usize = 8;
/// Short, so that what nobody decides is over before the run is.
const AUTHORIZATION: &str = "timeout = \"20s\"\nreminder = \"5s\"";
/// Once nothing breaks any more, everything ends within this time: a call of S3 and
/// a heartbeat time out, Slack is asked again after a refusal, a person answers.
const SETTLED_WITHIN: Duration = Duration::from_secs(300);

#[test]
#[ignore = "takes minutes"]
fn whatever_breaks_everybody_is_told_once_and_nothing_is_left_behind() {
    let setting = |name: &str| environment(name).map(|text| text.parse::<u64>().expect("a number"));
    // Without a seed each run is another one; it is told, and replays.
    let seed = setting("CHAOS_SEED").unwrap_or_else(|| fastrand::u64(0..1_000_000));
    let seconds = setting("CHAOS_SECONDS").unwrap_or(SECONDS);
    run(seed, Duration::from_secs(seconds));
}

fn run(seed: u64, time: Duration) {
    eprintln!("chaos: CHAOS_SEED={seed}, for {time:?}");
    let options = StackOptions { temporal_on_disk: true, ..options(&policy(AUTHORIZATION)) };
    secluded(options, async |world: &mut World| {
        let scenes: Vec<_> = (0..LANES).map(|_| world.scene()).collect();
        let mut chance = fastrand::Rng::with_seed(seed);
        let lanes: Vec<Lane> =
            scenes.into_iter().enumerate().map(|(number, scene)| Lane::new(scene, number, chance.fork())).collect();
        let until = Instant::now() + time;
        let places: Vec<String> = lanes.iter().flat_map(Lane::places).collect();
        let disasters = disasters::strike(&mut world.stack, &places, until, &mut chance);
        let busy = join_all(lanes.iter().map(|lane| lane.asks(until)));
        let settled = async {
            let beside = disasters.await;
            eprintln!("chaos: nothing breaks any more");
            let open = busy_until_settled(&lanes).await;
            drop(beside);
            open
        };
        // People go on deciding while things settle.
        let decides = join_all(lanes.iter().map(Lane::decides));
        let (_, settled) = tokio::select! {
            _ = decides => unreachable!("people decide for ever"),
            both = async { tokio::join!(busy, settled) } => both,
        };
        truth::tell(world, &lanes, settled).await;
    });
}

/// Waits until every request is over; those that are not, by ID.
async fn busy_until_settled(lanes: &[Lane]) -> Vec<String> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let mut open = Vec::new();
        for lane in lanes {
            open.extend(lane.open().await);
        }
        if open.is_empty() || Instant::now() > deadline {
            return open;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
