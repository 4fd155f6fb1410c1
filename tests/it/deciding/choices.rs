//! What a card offers and what counts are the same: the choices that were recorded with
//! the request, whatever the file says by now, and in whichever process.

use serde_json::json;
use slack_simulator::{ClickOutcome, Message};

use crate::world::{Request, Scene, alone, ephemeral, options, policy};

const REGIONS: &str = "regions = [\"us-east-1\", \"eu-west-1\"]";
const PROFILES: &str = "profiles = [\"sandbox\", \"production\"]";
/// So many that no message holds them: their select searches.
const MANY: usize = 100;

/// A file with these profiles.
fn with_profiles(names: &[String]) -> String {
    policy("").replace(PROFILES, &format!("profiles = {}", json!(names)))
}

fn many() -> Vec<String> {
    let more = (1..MANY).map(|n| format!("account-number-{n:03}"));
    std::iter::once("sandbox".to_owned()).chain(more).collect()
}

/// Bob approves with what his client shows as chosen, whether or not that is offered.
async fn approves(scene: &Scene, request: &Request, region: Option<&str>, profile: Option<&str>) -> ClickOutcome {
    let request = scene.now(request).await;
    scene.slack.change(|state| {
        let place = (scene.bob.id().to_owned(), request.card.channel.clone(), request.card.ts.clone());
        let chosen = state.choices.entry(place).or_default();
        chosen.clear();
        for (id, value) in [("region", region), ("profile", profile)] {
            let option = value.map(|value| json!({ "value": value }));
            let select = json!({ "type": "static_select", "selected_option": option });
            chosen.insert((id.to_owned(), id.to_owned()), select);
        }
    });
    let clicked = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
    assert_eq!(clicked.error, None);
    clicked
}

/// The same, and it does not count: Bob, or the thread, is told why.
async fn refused(scene: &Scene, request: &Request, region: Option<&str>, profile: Option<&str>, word: &str) {
    let clicked = approves(scene, request, region, profile).await;
    match ephemeral(&clicked) {
        // Finding out took longer than a click may.
        told if told.is_empty() => {
            let refused = |m: &Message| m.says("did not count") && m.says(word);
            scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, refused).await.unwrap();
        }
        told => assert!(told.contains(word), "{word}: {told}"),
    }
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert_eq!((&state["status"], &state["authorization"]), (&json!("awaiting_authorization"), &json!(null)), "{word}");
}

async fn offered(scene: &Scene, request: &Request, typed: &str) -> Vec<String> {
    let options = scene.bob.message_options(&request.card, "profile", typed).await.unwrap();
    options.iter().map(|option| option["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_card_offers_what_was_recorded_and_a_refusal_is_told() {
    let recorded = many();
    alone(options(&with_profiles(&recorded)), async |world| {
        let scene = world.scene();
        let request = scene.ask("recorded").await;
        assert_eq!(offered(&scene, &request, "").await, recorded);

        // One more, and one less, in the same file.
        let mut today = recorded.clone();
        let gone = today.pop().unwrap();
        today.insert(0, "added-account".to_owned());
        world.stack.stop_bot().await.unwrap();
        let file = with_profiles(&today).replace(REGIONS, "regions = [\"us-east-1\", \"ap-south-1\"]");
        world.stack.configure(&file);
        world.stack.start_bot().await.unwrap();

        assert_eq!(offered(&scene, &request, "").await, recorded);
        assert_eq!(offered(&scene, &request, "added").await, Vec::<String>::new());
        assert_eq!(offered(&scene, &request, &gone).await, [gone.as_str()]);
        // A request that is made now offers what there is now.
        let newer = scene.ask("of-today").await;
        assert_eq!(offered(&scene, &newer, "").await, today);

        // What was not offered is refused, and so is what is gone; each is told.
        refused(&scene, &request, Some("us-east-1"), Some("added-account"), "added-account").await;
        refused(&scene, &request, Some("ap-south-1"), Some("sandbox"), "ap-south-1").await;
        refused(&scene, &request, Some("us-east-1"), Some(&gone), &gone).await;
        scene.not_counted(&request, &gone).await;
        refused(&scene, &request, Some("eu-west-1"), Some("sandbox"), "eu-west-1").await;
        scene.not_counted(&request, "eu-west-1").await;
        refused(&scene, &request, None, Some("sandbox"), "Choose a region").await;
        assert_eq!(ephemeral(&approves(&scene, &request, Some("us-east-1"), Some("sandbox")).await), "");
        scene.ended(&request, "provisioned").await;
        scene.reject(&newer, "no").await;
        scene.ended(&newer, "rejected").await;
    });
}

#[test]
fn what_was_the_only_choice_stays_chosen() {
    alone(options(&with_profiles(&["sandbox".to_owned()])), async |world| {
        let scene = world.scene();
        let request = scene.ask("only-one").await;
        world.stack.stop_bot().await.unwrap();
        world.stack.configure(&policy(""));
        world.stack.start_bot().await.unwrap();
        // Slack does not report a select that nobody touched.
        assert_eq!(ephemeral(&approves(&scene, &request, Some("us-east-1"), None).await), "");
        let state = scene.ended(&request, "provisioned").await;
        assert_eq!(state["authorization"]["profile"], "sandbox");
    });
}

#[test]
fn what_had_several_choices_needs_one_though_one_is_left() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let request = scene.ask("one-left").await;
        world.stack.stop_bot().await.unwrap();
        world.stack.configure(&with_profiles(&["production".to_owned()]));
        world.stack.start_bot().await.unwrap();
        refused(&scene, &request, Some("us-east-1"), None, "Choose a profile").await;
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
    });
}

/// Two processes with different files: the one that decides is the worker.
#[test]
fn a_web_half_with_another_file_judges_no_differently() {
    let recorded = with_profiles(&["sandbox".to_owned(), "second".to_owned()]);
    alone(options(&recorded), async |world| {
        let scene = world.scene();
        let request = scene.ask("two-files").await;
        world.stack.stop_bot().await.unwrap();
        // The worker keeps the file, the web half has one without that profile.
        let mut worker = world.stack.start_beside(&["run", "--only", "worker"]).await.unwrap();
        worker.wait_until_ready().await.unwrap();
        world.stack.configure(&with_profiles(&["second".to_owned()]));
        world.stack.launch_bot(&["run", "--only", "web"]).unwrap();
        world.stack.wait_until_ready().await.unwrap();
        assert_eq!(ephemeral(&approves(&scene, &request, Some("us-east-1"), Some("sandbox")).await), "");
        scene.ended(&request, "provisioned").await;
    });
}
