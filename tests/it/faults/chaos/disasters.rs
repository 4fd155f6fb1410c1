//! What breaks, in an order that the seed decides: processes, Temporal, Slack, S3.

use std::time::Duration;

use fastrand::Rng;
use harness::bot::Bot;
use harness::proxy::{Fault as Cut, Proxy};
use harness::stack::Stack;
use slack_simulator::{Fault, Simulator};
use tokio::time::{Instant, sleep, sleep_until};

/// Codes that pass by themselves, and codes that no documentation knew when the bot
/// was written: what they refuse is tried again.
const PASSING: [&str; 5] =
    ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "message_limit_exceeded"];
const UNKNOWN: [&str; 4] = ["brand_new_code", "ekm_access_denied", "team_added_to_org", "accesslimited"];
/// Codes that stay, for a post in one place: the bot has to go another way.
const NO_POST: [&str; 5] =
    ["channel_not_found", "not_in_channel", "is_archived", "restricted_action", "messages_tab_disabled"];
/// Codes that stay, for an edit. That the message is gone is not among them: it would be
/// written anew, beside the one that is there.
pub const NO_EDIT: [&str; 2] = ["cant_update_message", "edit_window_closed"];

/// What is asked of Slack, more often what is asked more often.
const METHODS: [&str; 10] = [
    "chat.postMessage",
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "chat.update",
    "users.info",
    "views.open",
    "conversations.history",
    "conversations.replies",
    "conversations.open",
];

/// What S3 says on bad days: what passes, what is a person's business, and what
/// nobody ever heard of.
const S3_CODES: [(u16, &str); 6] = [
    (503, "SlowDown"),
    (500, "InternalError"),
    (409, "OperationAborted"),
    (403, "AccessDenied"),
    (400, "BrandNewCode"),
    (400, "ExpiredToken"),
];

/// Breaks things until then, and leaves everything whole and running. `places` are
/// where Slack may refuse a post for good: channels, and the people who decide.
/// A second worker stays: it shares what is left to do.
pub async fn strike(stack: &mut Stack, places: &[String], until: Instant, chance: &mut Rng) -> Bot {
    let (slack, s3) = (stack.slack.clone(), stack.s3_proxy.clone());
    let (mut of_slack, mut of_s3) = (chance.fork(), chance.fork());
    let (beside, (), ()) = tokio::join!(
        break_processes(stack, until, chance),
        break_slack(&slack, places, until, &mut of_slack),
        break_s3(&s3, until, &mut of_s3)
    );
    slack.heal();
    s3.heal();
    beside
}

/// With the moment, to be held against what was said when.
#[expect(clippy::disallowed_methods, reason = "a moment for whoever reads what happened")]
fn tell(what: &str) {
    eprintln!("chaos: {} {what}", jiff::Timestamp::now());
}

fn between(chance: &mut Rng, least: u64, most: u64) -> Duration {
    Duration::from_millis(chance.u64(least..=most))
}

/// Sleeps for so long, or until the run is over: then false.
async fn still(until: Instant, time: Duration) -> bool {
    let wake = Instant::now() + time;
    sleep_until(wake.min(until)).await;
    wake < until
}

/// Kills and pauses the bot and a worker beside it, and Temporal.
async fn break_processes(stack: &mut Stack, until: Instant, chance: &mut Rng) -> Bot {
    let mut beside = start_beside(stack).await;
    while still(until, between(chance, 1_000, 6_000)).await {
        match chance.u8(0..10) {
            0..=1 => {
                tell("the bot is killed");
                stack.kill_bot().await;
                sleep(between(chance, 0, 3_000)).await;
                stack.start_bot().await.expect("the bot starts again");
            }
            2..=3 => {
                tell("the worker is killed");
                beside.kill().await;
                sleep(between(chance, 0, 3_000)).await;
                beside = start_beside(stack).await;
            }
            4 => {
                // Past the heartbeat timeout of ten seconds, more often than not.
                tell("the bot is paused");
                stack.freeze_bot().await.expect("the bot is paused");
                sleep(between(chance, 500, 16_000)).await;
                stack.thaw_bot().await.expect("the bot goes on");
            }
            5..=6 => {
                tell("the worker is paused");
                beside.freeze().await.expect("the worker is paused");
                sleep(between(chance, 500, 16_000)).await;
                beside.thaw().await.expect("the worker goes on");
            }
            7 => {
                tell("Temporal is killed");
                stack.temporal.own().kill().await;
                sleep(between(chance, 0, 2_000)).await;
                stack.temporal.own().start_again().await.expect("Temporal starts again");
            }
            8 => {
                tell("the lines to Temporal are cut");
                stack.temporal_proxy.fail(Cut::Cut);
                sleep(between(chance, 200, 3_000)).await;
                stack.temporal_proxy.heal();
            }
            _ => {
                tell("Temporal is frozen");
                stack.temporal.own().freeze().await.expect("Temporal is frozen");
                sleep(between(chance, 200, 4_000)).await;
                stack.temporal.own().thaw().await.expect("Temporal goes on");
            }
        }
    }
    beside
}

async fn start_beside(stack: &Stack) -> Bot {
    stack.start_beside(&["run", "--only", "worker"]).await.expect("a worker starts")
}

async fn break_slack(slack: &Simulator, places: &[String], until: Instant, chance: &mut Rng) {
    while still(until, between(chance, 50, 900)).await {
        let method = METHODS[chance.usize(0..METHODS.len())];
        let code = |codes: &[&str], chance: &mut Rng| Fault::Error(codes[chance.usize(0..codes.len())].to_owned());
        let fault = match chance.u8(0..12) {
            0..=1 => Fault::RateLimited { retry_after: chance.u64(1..=3) },
            2 => Fault::ServerError(503),
            3 => Fault::Html(200),
            4..=5 => Fault::DropAfterApply,
            6..=7 => code(&PASSING, chance),
            8 => code(&UNKNOWN, chance),
            9 if method == "chat.postMessage" => {
                let place = &places[chance.usize(0..places.len())];
                slack.fail_times_in(place, method, code(&NO_POST, chance), 1);
                continue;
            }
            9 if method == "chat.update" => code(&NO_EDIT, chance),
            10 => Fault::Hang,
            _ => Fault::ServerError(500),
        };
        slack.fail_next(method, fault);
    }
}

async fn break_s3(s3: &Proxy, until: Instant, chance: &mut Rng) {
    while still(until, between(chance, 500, 4_000)).await {
        let what = ["", "PUT", "PUT ?tagging", "PUT ?policy", "GET", "DELETE", "POST ?delete"];
        let what = what[chance.usize(0..what.len())];
        match chance.u8(0..8) {
            0 => s3.fail_times(what, Cut::Swallow, 1),
            1..=2 => s3.fail_times(what, Cut::LoseAnswer, 1),
            3 => {
                s3.fail(Cut::Cut);
                sleep(between(chance, 100, 2_000)).await;
                s3.heal();
            }
            _ => {
                let (status, code) = S3_CODES[chance.usize(0..S3_CODES.len())];
                s3.fail_times(what, Cut::refuse(status, code), chance.usize(1..=4));
            }
        }
    }
}
