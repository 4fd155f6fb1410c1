//! Slack does not take a message, or is away: whoever has to know hears of it all the
//! same, and what happens to a request does not wait for that.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use slack_simulator::{Fault, Message, Submitted};

use crate::building::attention::{question, stuck, with_a_lost_profile};
use crate::temporal::{approval, input};
use crate::world::{Request, Scene, World, alone, eventually, options, policy};

const LONG: Duration = Duration::from_secs(90);

fn refuses(code: &str) -> Fault {
    Fault::Error(code.to_owned())
}

/// Starts a request that waits for this long, without the form.
async fn start(scene: &Scene, name: &str, seconds: u64) -> String {
    let id = format!("{name}-0123456789");
    let mut sent = input(scene, name);
    sent["authorizationTimeoutSeconds"] = json!(seconds);
    sent["channelId"] = scene.channel.clone().into();
    scene.temporal.start(&id, &sent).await;
    id
}

fn part(message: &Message) -> Value {
    message.metadata.as_ref().unwrap()["event_payload"]["part"].clone()
}

fn parts(scene: &Scene, id: &str) -> Vec<Value> {
    scene.said(id).iter().map(part).collect()
}

/// Slack is away for what is posted in the places of this scene.
fn goes_away(scene: &Scene) {
    for place in [&*scene.channel, scene.bob.id(), scene.alice.id()] {
        scene.slack.fail_in(place, "chat.postMessage", Fault::ServerError(503));
    }
}

async fn tried(scene: &Scene, method: &str, times: usize) {
    let of_scene = |call: &&slack_simulator::Call| {
        call.method == method
            && call.status != 200
            && [&*scene.channel, scene.bob.id(), scene.alice.id()]
                .iter()
                .any(|place| call.args["channel"] == *place || call.args["user"] == *place)
    };
    let enough =
        |acme: &slack_simulator::Workspace| (acme.calls.iter().filter(of_scene).count() >= times).then_some(());
    scene.slack.wait_until("Slack to be asked in vain", LONG, enough).await.unwrap();
}

#[test]
fn whatever_code_refuses_the_channel_the_requester_is_told_directly() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let asked = [
            "invented_by_nobody",
            "no_permission",
            "access_denied",
            "ekm_access_denied",
            "restricted_action_of_tomorrow",
            "cannot_reply_to_message",
            "slack_connect_file_link_sharing_blocked",
            "accesslimited",
        ]
        .map(|code| {
            let scene = world.scene().patient(LONG);
            scene.slack.fail_in(&scene.channel, "chat.postMessage", refuses(code));
            async move {
                let form = scene.filled_form("refused-there").await;
                assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
                let card = scene.bob.wait_for_dm(|m| m.offers("approve")).await.unwrap();
                let id = card.payload("request_id").unwrap().to_owned();
                let root = scene.root_in(&scene.alice.dm_channel(), &id).await;
                let request = Request { id, root, card };
                scene.approve(&request).await;
                scene.outcome(&request, "provisioned").await;
                scene.ended(&request, "provisioned").await;
                assert!(scene.roots(&scene.channel).is_empty(), "{code}");
            }
        });
        join_all(asked).await;
    });
}

/// A channel that Slack limits for an hour, or that alone gives no answer, before the request
/// or while it is built.
#[test]
fn a_channel_that_is_silent_for_long_silences_no_request() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let limited = Fault::RateLimited { retry_after: 3_600 };
        let asked =
            [(limited.clone(), true), (Fault::ServerError(503), true), (limited, false)].map(|(fault, early)| {
                let scene = world.scene().patient(LONG);
                async move {
                    if early {
                        scene.slack.fail_in(&scene.channel, "chat.postMessage", fault.clone());
                    }
                    let form = scene.filled_form("silent-there").await;
                    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
                    let card = scene.bob.wait_for_dm(|m| m.offers("approve")).await.unwrap();
                    let id = card.payload("request_id").unwrap().to_owned();
                    let place = if early { scene.alice.dm_channel() } else { scene.channel.clone() };
                    let root = scene.root_in(&place, &id).await;
                    if !early {
                        scene.slack.fail_in(&scene.channel, "chat.postMessage", fault.clone());
                    }
                    let request = Request { id, root, card };
                    scene.approve(&request).await;
                    let outcome = |m: &Message| m.payload("request_id") == Some(&*request.id) && part(m) == "outcome";
                    scene.alice.wait_for_dm(outcome).await.unwrap();
                    scene.ended(&request, "provisioned").await;
                    let mut said: Vec<_> = parts(&scene, &request.id).iter().map(Value::to_string).collect();
                    said.sort_unstable();
                    assert_eq!(said, ["\"card\"", "\"outcome\"", "\"progress-1\"", "\"root\""], "{fault:?}");
                }
            });
        join_all(asked).await;
    });
}

#[test]
fn a_code_that_passes_costs_nothing_but_time() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let asked = [
            "team_added_to_org",
            "org_login_required",
            "token_expired",
            "token_revoked",
            "accesslimited",
            "app_access_restricted",
            "two_factor_setup_required",
            "ekm_access_denied",
            "invented_by_nobody",
        ]
        .map(|code| {
            let scene = world.scene().patient(LONG);
            for place in [&*scene.channel, scene.bob.id()] {
                scene.slack.fail_times_in(place, "chat.postMessage", refuses(code), 2);
            }
            async move {
                let form = scene.filled_form("passes").await;
                assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
                let request = scene.asked("passes").await;
                scene.slack.fail_times_in(&scene.channel, "chat.update", refuses(code), 2);
                scene.slack.fail_times_in(&scene.channel, "chat.postMessage", refuses(code), 2);
                scene.approve(&request).await;
                scene.outcome(&request, "provisioned").await;
                scene.ended(&request, "provisioned").await;
                let mut said: Vec<_> = parts(&scene, &request.id).iter().map(Value::to_string).collect();
                said.sort_unstable();
                assert_eq!(said, ["\"card\"", "\"outcome\"", "\"progress-1\"", "\"root\""], "{code}");
                assert_eq!(scene.roots(&scene.channel).len(), 1, "{code}");
            }
        });
        join_all(asked).await;
    });
}

/// One message is refused for good, each in turn: the others are told.
#[test]
fn one_message_refused_stops_no_other() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let refused = ["cant_update_message", "no_permission", "invented_by_nobody", "invalid_arguments"].map(|code| {
            let scene = world.scene().patient(LONG);
            async move {
                let form = scene.filled_form("stopped-by-none").await;
                assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
                let request = scene.asked("stopped-by-none").await;
                // The channel's message cannot be changed any more; the card and the thread can.
                scene.slack.fail_in(&scene.channel, "chat.update", refuses(code));
                scene.reject(&request, "not now").await;
                let outcome = scene.outcome(&request, "rejected").await;
                assert!(outcome.says("not now"), "{}", outcome.plain());
                assert_eq!(scene.temporal.ended(&request.id).await.unwrap()["status"], "rejected");
                let card = scene.bob.refresh(&request.card).unwrap();
                assert!(card.buttons().is_empty() && card.says("You rejected"), "{code}: {}", card.plain());
            }
        });
        join_all(refused).await;
    });
}

#[test]
fn a_card_that_cannot_be_delivered_ends_the_request_and_says_why() {
    alone(options(&policy("")), async |world| {
        let refused = ["user_disabled", "cannot_dm_bot", "no_text", "invented_by_nobody"].map(|code| {
            let scene = world.scene().patient(LONG);
            scene.slack.fail_in(scene.bob.id(), "chat.postMessage", refuses(code));
            async move {
                let id = start(&scene, &format!("unasked-{}", code.replace('_', "-")), 100).await;
                let root = scene.root_in(&scene.channel, &id).await;
                let ended = |m: &Message| m.ts != root.ts && m.text.contains("failed");
                let told = scene.alice.wait_for_in_thread(&scene.channel, &root.ts, ended).await.unwrap();
                assert!(told.says("cannot be written to") && told.says(code), "{}", told.plain());
                assert_eq!(scene.temporal.ended(&id).await.unwrap()["status"], "failed");
                scene.check(&id);
            }
        });
        join_all(refused).await;
    });
}

#[test]
fn a_request_expires_while_slack_is_away() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene().patient(LONG);
        goes_away(&scene);
        let id = start(&scene, "expires-alone", 2).await;
        let state = scene.temporal.wait_for(&id, "expired").await;
        assert_eq!(state["authorization"], Value::Null);
        assert!(scene.said(&id).is_empty(), "{}", scene.slack.dump());
        // What comes now is too late, and nobody is asked any more.
        scene.temporal.signal(&id, &approval(&scene)).await;
        scene.slack.heal();
        assert_eq!(scene.temporal.ended(&id).await.unwrap()["status"], "expired");
        assert_eq!(parts(&scene, &id), ["root", "outcome"], "{}", scene.slack.dump());
        for message in scene.said(&id) {
            assert!(message.says("expired") && message.says("could not be asked in time"), "{}", message.text);
        }
        scene.check(&id);
    });
}

/// The root was posted, its answer lost, and then Slack was away until after the end.
#[test]
fn what_was_posted_before_slack_went_away_is_found_and_closed() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene().patient(LONG);
        scene.slack.fail_times_in(&scene.channel, "chat.postMessage", Fault::DropAfterApply, 1);
        scene.slack.fail_in(&scene.channel, "conversations.history", Fault::ServerError(503));
        let id = start(&scene, "found-again", 2).await;
        scene.temporal.wait_for(&id, "expired").await;
        scene.slack.heal();
        assert_eq!(scene.temporal.ended(&id).await.unwrap()["status"], "expired");
        assert_eq!(parts(&scene, &id), ["root", "outcome"], "{}", scene.slack.dump());
        assert!(scene.said(&id)[0].says("expired"), "{}", scene.slack.dump());
        scene.check(&id);
    });
}

#[test]
fn what_cannot_be_told_can_be_withdrawn_and_decided() {
    alone(options(&policy("")), async |world| {
        let (withdrawn, decided) = (world.scene().patient(LONG), world.scene().patient(LONG));
        goes_away(&withdrawn);
        goes_away(&decided);
        let (first, second) = (start(&withdrawn, "withdrawn", 600).await, start(&decided, "decided", 600).await);
        tried(&withdrawn, "chat.postMessage", 2).await;
        tried(&decided, "chat.postMessage", 2).await;
        withdrawn.temporal.cancel(&first).await;
        let no = json!({ "decision": "reject", "decidedBy": decided.bob.id(), "reason": "no" });
        decided.temporal.signal(&second, &no).await;
        withdrawn.temporal.wait_for(&first, "cancelled").await;
        decided.temporal.wait_for(&second, "rejected").await;
        withdrawn.slack.heal();
        for (scene, id, status) in [(&withdrawn, &first, "cancelled"), (&decided, &second, "rejected")] {
            assert_eq!(scene.temporal.ended(id).await.unwrap()["status"], status);
            // Back in time, the question was still asked, and then closed.
            let mut said = parts(scene, id);
            said.retain(|part| part != "card");
            assert_eq!(said, ["root", "outcome"], "{}", scene.slack.dump());
            scene.check(id);
        }
    });
}

/// The time named on the card is the time of the clock, however slow Slack is.
#[test]
fn the_card_names_the_end_of_the_clock() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene().patient(LONG);
        scene.slack.fail_times_in(&scene.channel, "chat.postMessage", Fault::RateLimited { retry_after: 3 }, 1);
        let id = start(&scene, "slow", 60).await;
        let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*id)).await.unwrap();
        let history = scene.temporal.history(&id).await;
        let events = history["events"].as_array().unwrap();
        let timer = events.iter().find(|e| e["attributes"].get("TimerStartedEventAttributes").is_some()).unwrap();
        let began: jiff::Timestamp = timer["event_time"].as_str().unwrap().parse().unwrap();
        let named: i64 = card.text.split("<!date^").nth(1).unwrap().split('^').next().unwrap().parse().unwrap();
        assert!((began.as_second() + 60 - named).abs() <= 1, "{named} is not 60 s after {began}");
        scene.temporal.cancel(&id).await;
        scene.temporal.ended(&id).await.unwrap();
    });
}

/// Events of a history, by the moment they were counted.
async fn events(scene: &Scene, id: &str) -> usize {
    scene.temporal.history(id).await["events"].as_array().unwrap().len()
}

#[test]
fn checks_that_fail_for_long_leave_a_short_history() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene().patient(LONG);
        let slack = &world.stack.slack;
        slack.fail_times("users.info", Fault::ServerError(503), 1_000);
        let id = start(&scene, "unchecked", 600).await;
        tried(&scene, "users.info", 10).await;
        assert!(events(&scene, &id).await <= 12, "{:#}", scene.temporal.history(&id).await);
        slack.heal();
        let request = scene.asked("unchecked").await;
        // The same for the checks of an approval.
        slack.fail_times("users.info", Fault::ServerError(503), 1_000);
        let before = slack.calls_of("users.info").len();
        scene.temporal.signal(&id, &approval(&scene)).await;
        let enough = async || (slack.calls_of("users.info").len() >= before + 5).then_some(());
        eventually("the approval to be checked in vain", enough).await;
        assert!(events(&scene, &id).await <= 35, "{:#}", scene.temporal.history(&id).await);
        slack.heal();
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
    });
}

/// An approval that nobody could check in time is none, and nobody says that it was late.
#[test]
fn an_approval_that_cannot_be_checked_in_time_expires() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene().patient(LONG);
        let id = start(&scene, "unconfirmed", 6).await;
        let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*id)).await.unwrap();
        let request = Request { root: scene.root_in(&scene.channel, &id).await, card, id };
        world.stack.slack.fail_times("users.info", Fault::ServerError(503), 1_000);
        scene.temporal.signal(&request.id, &approval(&scene)).await;
        let outcome = scene.outcome(&request, "expired").await;
        assert!(outcome.says("said yes") && !outcome.says("did not decide"), "{}", outcome.plain());
        let ended = scene.ended(&request, "expired").await;
        assert_eq!(ended["authorization"], Value::Null);
        assert!(scene.buckets(&request.id).await.is_empty());
    });
}

#[test]
fn who_cannot_be_asked_about_a_failure_lets_it_be_given_up() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene().patient(LONG);
        let request = scene.ask("unheard").await;
        scene.slack.fail_in(scene.bob.id(), "chat.postMessage", refuses("user_disabled"));
        scene.bob.select(&request.card, "region", "us-east-1").await.unwrap();
        scene.bob.select(&request.card, "profile", "lost").await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let outcome = scene.outcome(&request, "failed").await;
        assert!(outcome.says("could not be asked"), "{}", outcome.plain());
        // The thread was told before that Bob was asked.
        let thread = scene.alice.thread(&scene.channel, &request.root.ts);
        assert!(thread.iter().any(|m| m.says("Building stopped")), "{}", scene.slack.dump());
        scene.ended(&request, "failed").await;
    });
}

/// Bob chooses, although the question has not been told to the end.
#[test]
fn a_choice_does_not_wait_for_slack() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene().patient(LONG);
        let (request, card) = stuck(&scene, "impatient").await;
        scene.clicks(&scene.bob, &card, "retry").await;
        scene.slack.fail_in(&scene.channel, "chat.update", Fault::ServerError(503));
        let again = question(&scene, &request, Some(&card)).await;
        let waits = async |world: &World| {
            let give_up = json!({ "act": "give_up", "round": 3, "by": scene.bob.id() });
            world.temporal.act(&request.id, &give_up).await;
            let given_up = async || {
                let history = scene.temporal.history(&request.id).await;
                history["events"].as_array()?.iter().any(|e| e.to_string().contains("destroy")).then_some(())
            };
            eventually("what was built to be removed", given_up).await;
        };
        waits(world).await;
        scene.slack.heal();
        scene.outcome(&request, "failed").await;
        scene.ended(&request, "failed").await;
        let old = scene.bob.refresh(&card).unwrap();
        assert!(old.says("tried again, and stopped again") || old.says("chose to try again"), "{}", old.plain());
        assert!(scene.bob.refresh(&again).unwrap().says("failed"));
    });
}
