//! Socket Mode: no public address, and the same stories, whatever becomes of the
//! sockets.

use std::time::Duration;

use harness::stack::{StackOptions, get};
use serde_json::json;
use slack_simulator::{Connection, Fault, SocketFault, Submitted, Workspace};

use crate::world::{Request, Scene, World, alone, eventually, options, policy};

/// How long a bot may take until it is back.
const LONG: Duration = Duration::from_secs(60);

fn by_socket() -> StackOptions {
    StackOptions { socket_mode: true, ..options(&policy("")) }
}

/// Waits for connections of which none was told to go.
async fn connected(world: &World, count: usize) -> Vec<Connection> {
    let settled = |there: &[Connection]| there.len() == count && there.iter().all(|one| !one.leaving);
    world.stack.slack.wait_for_connections(&format!("{count} connections"), LONG, settled).await.unwrap()
}

async fn provisioned(scene: &Scene, request: &Request) {
    scene.outcome(request, "provisioned").await;
    scene.ended(request, "provisioned").await;
    assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    assert_eq!(scene.buckets(&request.id).await.len(), 1);
}

#[test]
fn every_story_by_socket() {
    // A secret that was left over opens no door.
    let secret = ("SLACK_SIGNING_SECRET".to_owned(), "left-over".to_owned());
    alone(StackOptions { env: vec![secret], ..by_socket() }, async |world| {
        let slack = world.stack.slack.clone();
        from_command_to_bucket(&world.scene()).await;
        corrected_then_rejected(&world.scene()).await;
        too_slow(&world.scene()).await;
        nothing_public(&world.scene()).await;
        unheard_of(world).await;

        // Everything came by socket.
        let deliveries = slack.deliveries();
        assert!(deliveries.iter().all(|delivery| delivery.connection.is_some()), "{deliveries:?}");
    });
}

async fn from_command_to_bucket(scene: &Scene) {
    let request = scene.ask("by-socket").await;
    scene.approve(&request).await;
    provisioned(scene, &request).await;
}

/// Field errors and the modal that asks for a reason travel in acknowledgements.
async fn corrected_then_rejected(scene: &Scene) {
    let form = scene.filled_form("Not A Name").await;
    match form.submit().await.unwrap() {
        Submitted::Errors(errors) => assert!(errors.contains_key("application_name"), "{errors:?}"),
        other => panic!("{other:?}"),
    }
    form.fill("application_name", "corrected").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let request = scene.asked("corrected").await;
    scene.reject(&request, "Use the shared bucket").await;
    assert!(scene.outcome(&request, "rejected").await.says("Use the shared bucket"));
    scene.ended(&request, "rejected").await;
}

/// Slack hangs, and the command is acknowledged in time still.
async fn too_slow(scene: &Scene) {
    scene.slack.fail_times("views.open", Fault::Hang, 1);
    let ran = scene.alice.command(&scene.channel, "/provision", "").await;
    assert_eq!(ran.error, None, "acknowledged in time");
    assert!(ran.ephemeral().is_some(), "and told why");
}

/// Slack's routes are not there; the others are.
async fn nothing_public(scene: &Scene) {
    let body = "payload=%7B%7D";
    for path in ["/slack/commands", "/slack/interactions", "/slack/options", "/slack/events"] {
        let answer = scene.slack.deliver_raw(path, &[], body).await;
        assert_eq!(answer.status, Some(404), "{path}");
        scene.slack.change(|state| state.deliveries.pop());
    }
    for page in ["healthz", "readyz", "metrics"] {
        assert_eq!(get(&format!("{}/{page}", scene.bot_url)).await.unwrap().0, 200, "{page}");
    }
}

/// What the bot has no use for is acknowledged; what it cannot read is not.
async fn unheard_of(world: &World) {
    let slack = &world.stack.slack;
    let event = json!({ "type": "event_callback", "event": { "type": "from_the_future" } });
    assert_eq!(slack.deliver_event(&event).await.status, Some(200));
    slack.set_rules(|rules| rules.ack_deadline = Duration::from_millis(300));
    let answer = slack.deliver_payload("/slack/interactions", &json!({ "type": "block_actions" })).await;
    assert_eq!(answer.error.as_deref(), Some("operation_timeout"));
    slack.change(|state| {
        state.deliveries.pop();
        state.rules.ack_deadline = Duration::from_secs(3);
    });
    assert_eq!(slack.deliver_event(&event).await.status, Some(200), "and the socket is still good");
}

#[test]
fn sockets_come_and_go_around_clicks() {
    alone(by_socket(), async |world| {
        let slack = world.stack.slack.clone();
        let first = connected(world, 1).await[0].number;

        // Told to go in the middle of a story: there is a new connection before the old one goes.
        let scene = world.scene();
        let form = scene.filled_form("renewed").await;
        slack.disconnect_all("refresh_requested");
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("renewed").await;
        let renewed = connected(world, 1).await[0].number;
        assert_eq!(renewed, first + 1);
        slack.disconnect_all("warning");
        scene.approve(&request).await;
        provisioned(&scene, &request).await;
        assert_eq!(connected(world, 1).await[0].number, renewed + 1);
        assert_eq!((slack.gaps(), slack.goodbyes()), (0, 2));

        // It breaks around a click, in each of three ways; the click counts once.
        for (application, fault) in [
            ("broke-before", SocketFault::BreakBefore),
            ("broke-after", SocketFault::BreakAfter),
            ("ack-lost", SocketFault::LoseAck),
        ] {
            connected(world, 1).await;
            let scene = world.scene();
            let form = scene.filled_form(application).await;
            slack.break_socket(fault);
            assert_eq!(form.submit().await.unwrap(), Submitted::Closed, "{application}");
            let request = scene.asked(application).await;
            scene.select(&request).await;
            connected(world, 1).await;
            slack.break_socket(fault);
            scene.clicks(&scene.bob, &request.card, "approve").await;
            provisioned(&scene, &request).await;
        }

        // All of them at once, and Slack does not let it back in at first.
        let scene = world.scene();
        let request = scene.ask("shut-out").await;
        slack.fail_times("apps.connections.open", Fault::ServerError(503), 1_000);
        slack.break_all_sockets();
        let ready = format!("{}/readyz", scene.bot_url);
        let why = eventually("the bot to say why it is not ready", async || {
            get(&ready).await.ok().filter(|(status, _)| *status == 503).map(|(_, why)| why)
        });
        let why = why.await;
        assert!(why.contains("Socket Mode: "), "{why}");
        slack.heal();
        connected(world, 1).await;
        world.stack.wait_until_ready().await.unwrap();
        scene.approve(&request).await;
        provisioned(&scene, &request).await;

        // Asked to stop, it answers what it was asked, and says goodbye.
        let scene = world.scene();
        let form = scene.filled_form("last-words").await;
        slack.fail_times("users.info", Fault::Hang, 2);
        let goodbyes = slack.goodbyes();
        let hangs = slack.calls_of("users.info").len();
        let stop = async {
            let asked = |state: &Workspace| {
                let calls = state.calls.iter().filter(|call| call.method == "users.info").count();
                (calls > hangs).then_some(())
            };
            slack.wait_until("the submission to be looked at", LONG, asked).await.unwrap();
            world.stack.stop_bot().await.unwrap()
        };
        let (submitted, stopped) = tokio::join!(form.submit(), stop);
        assert_eq!(submitted.unwrap(), Submitted::Closed, "answered before it went");
        assert_eq!((stopped, slack.goodbyes()), (Some(0), goodbyes + 1));
        slack.heal();
        world.stack.start_bot().await.unwrap();
        scene.asked("last-words").await;
    });
}

#[test]
fn two_replicas_share_the_work() {
    alone(by_socket(), async |world| {
        let second = world.stack.start_beside(&["run"]).await.unwrap();
        let both = connected(world, 2).await;
        let scene = world.scene();
        let request = scene.ask("shared-work").await;
        scene.approve(&request).await;
        provisioned(&scene, &request).await;
        for Connection { number, .. } in &both {
            let served = scene.slack.deliveries().iter().filter(|one| one.connection == Some(*number)).count();
            assert!(served > 0, "{number} of {both:?} had nothing to do");
        }

        // The acknowledgement of one is lost, and the other gets the same click: it counts once.
        let scene = world.scene();
        let request = scene.ask("told-to-both").await;
        scene.select(&request).await;
        scene.slack.break_socket(SocketFault::LoseAck);
        scene.clicks(&scene.bob, &request.card, "approve").await;
        provisioned(&scene, &request).await;

        // One dies; the other goes on alone.
        connected(world, 2).await;
        let scene = world.scene();
        let request = scene.ask("outlives-one").await;
        world.stack.kill_bot().await;
        connected(world, 1).await;
        scene.approve(&request).await;
        let root = &request.root.ts;
        let ends = |m: &slack_simulator::Message| m.ts != *root && m.text.contains("provisioned");
        scene.alice.with_patience(LONG).wait_for_in_thread(&scene.channel, root, ends).await.unwrap();
        provisioned(&scene, &request).await;
        drop(second);
    });
}
