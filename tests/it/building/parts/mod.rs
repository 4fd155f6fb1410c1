//! What is made of parts: they are planned and approved as one, built side by side, tried again
//! where something is missing, and undone in reverse.

pub mod mason;

use serde_json::{Value, json};
use slack_simulator::{Message, PATIENCE};

use self::mason::{Masons, approved, ask, question, shown, with_houses};
use crate::world::{Request, Scene, World, alone, ephemeral, eventually};

#[test]
fn a_house_is_made_of_its_parts() {
    alone(with_houses(), async |world| {
        let masons = Masons::start(world).await;
        built(&world.scene(), &masons).await;
        tried_again(&world.scene(), &masons).await;
        given_up(&world.scene(), &masons).await;
        kept(&world.scene(), &masons).await;
        rejected(&world.scene(), &masons).await;
        not_planned(&world.scene(), &masons).await;
    });
}

#[test]
fn parts_survive_whatever_happens_in_between() {
    alone(with_houses(), async |world| {
        let masons = Masons::start(world).await;
        cancelled(&world.scene(), &masons).await;
        stale(&world.scene(), &masons).await;
        moved(&world.scene(), &masons).await;
        withdrawn(&world.scene(), &masons).await;
        elsewhere(&world.scene(), &masons).await;
        late(&world.scene(), &masons).await;
        talkative(&world.scene(), &masons).await;
        bot_killed(world, &masons).await;
        rebuilt(world, &masons).await;
    });
}

/// The plan of all, then each in its turn, with what it comes after.
async fn built(scene: &Scene, masons: &Masons) {
    let request = shown(scene, "holds-base-walls-roof").await;
    for words in [
        "walls (Wall), base (Base), roof (Wall)",
        "+4 added",
        "walls: Wall walls",
        "roof: Wall roof",
        "walls: walls faces north",
    ] {
        assert!(request.card.says(words), "{words}: {}", request.card.plain());
    }
    let plan = scene.temporal.state(&request.id).await.unwrap()["offer"]["plan"].clone();
    assert_eq!((&plan["counts"]["add"], &plan["changes"][0]["part"]), (&json!(4), &json!("walls")));
    assert_eq!(plan["parts"]["roof"]["planId"], "roof-1");
    assert_eq!(plan["planId"].as_str().map(str::len), Some(64));
    assert_eq!(masons.sorted("plan", &request), ["roof", "walls"], "the base has none");

    scene.clicks(&scene.bob, &request.card, "approve").await;
    let progress = in_thread(scene, &request, &["base 3/4 Laying bricks", "walls after base"]).await;
    assert!(progress.text.contains("3/4 base: Laying bricks"), "{}", progress.text);
    assert_eq!(masons.parts("provision", &request), ["base"], "the others wait for it");
    masons.go("base", &request);
    masons.wait_for("provision", &request, &["base", "roof", "walls"]).await;
    // Both are at work, side by side.
    in_thread(scene, &request, &["base built", "walls 3/4 Laying bricks", "roof 3/4 Laying bricks"]).await;
    masons.go("roof", &request);
    in_thread(scene, &request, &["walls 3/4 Laying bricks", "roof built"]).await;
    masons.go("walls", &request);

    let outcome = scene.outcome(&request, "provisioned").await;
    let name = masons.calls(&["provision"], &request)[0]["resourceName"].as_str().unwrap().to_owned();
    assert!(name.ends_with("-base") && name.len() <= 63, "{name}");
    for words in ["base name", &name, "walls stands", "roof stands"] {
        assert!(outcome.says(words), "{words}: {}", outcome.plain());
    }
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(state["resources"]["base"], json!({ "name": name, "stands": "base" }));
    assert_eq!(state["resources"]["roof"]["stands"], "roof");
    let told = |part: &str| {
        let calls = masons.calls(&["provision"], &request);
        calls.into_iter().find(|call| call["applicationId"] == format!("{}-{part}", request.id)).unwrap()
    };
    let (base, walls) = (told("base"), told("walls"));
    assert_eq!((&base["blueprint"], &base["parameters"], &base["parts"]), (&json!("base"), &json!({}), &json!({})));
    assert_eq!((&walls["blueprint"], &walls["planId"]), (&json!("wall"), &json!("walls-1")));
    assert_eq!(walls["parameters"], json!({ "colour": "green", "height": 3 }));
    assert_eq!(walls["parts"], json!({ "base": { "name": name, "stands": "base" } }));
    assert!(masons.calls(&["destroy", "discard"], &request).is_empty());
}

/// One fails: the other finishes, and only what is missing is tried again.
async fn tried_again(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "fails-walls").await;
    let card = question(scene, &request, None).await;
    for words in ["walls: Laying bricks", "No bricks left", "Buy some"] {
        assert!(card.says(words), "{words}: {}", card.plain());
    }
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert_eq!(state["failure"]["step"], "walls: Laying bricks");
    in_thread(scene, &request, &["walls failed", "roof had been built", "base had been built"]).await;
    scene.clicks(&scene.bob, &card, "retry").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(masons.sorted("provision", &request), ["base", "roof", "walls", "walls"]);
    let again = masons.calls(&["provision"], &request).pop().unwrap();
    assert_eq!((&again["resumeFrom"], &again["planId"]), (&json!("Laying bricks"), &json!("walls-1")));
    assert!(masons.calls(&["destroy", "discard"], &request).is_empty());
}

/// What was never begun is not destroyed, but its plan discarded; the rest goes in reverse.
async fn given_up(scene: &Scene, masons: &Masons) {
    let first = approved(scene, "fails-base").await;
    let card = question(scene, &first, None).await;
    assert!(card.says("base: Laying bricks"), "{}", card.plain());
    in_thread(scene, &first, &["base failed", "walls not begun"]).await;
    scene.clicks(&scene.bob, &card, "give_up").await;
    scene.outcome(&first, "failed").await;
    scene.ended(&first, "failed").await;
    assert_eq!(masons.parts("provision", &first), ["base"]);
    assert_eq!(masons.parts("destroy", &first), ["base"]);
    assert_eq!(masons.sorted("discard", &first), ["roof", "walls"]);

    let last = approved(scene, "fails-walls-roof").await;
    let card = question(scene, &last, None).await;
    assert!(card.says("walls") && card.says("Also: roof"), "{}", card.plain());
    scene.clicks(&scene.bob, &card, "give_up").await;
    scene.outcome(&last, "failed").await;
    scene.ended(&last, "failed").await;
    let gone = masons.calls(&["destroy", "destroyed"], &last);
    let base: Vec<usize> = (0..gone.len()).filter(|at| gone[*at]["blueprint"] == "base").collect();
    assert_eq!((gone.len(), base), (6, vec![4, 5]), "what they stand on goes when they are gone: {gone:?}");
    assert!(masons.calls(&["discard"], &last).is_empty(), "what is built of is not discarded");
}

/// What cannot be removed is told, and the rest is removed all the same.
async fn kept(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "fails-walls-keeps-roof").await;
    let card = question(scene, &request, None).await;
    scene.clicks(&scene.bob, &card, "give_up").await;
    let outcome = scene.outcome(&request, "failed").await;
    let left = format!("whatever \"Wall\" built for {}-roof", request.id);
    assert!(outcome.says(&left) && outcome.says("Somebody lives there"), "{}", outcome.plain());
    scene.ended(&request, "failed").await;
    assert_eq!(masons.sorted("destroy", &request), ["base", "roof", "walls"]);
}

async fn rejected(scene: &Scene, masons: &Masons) {
    let request = shown(scene, "plain-house").await;
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    let ids: Vec<Value> = masons.calls(&["discard"], &request).iter().map(|call| call["planId"].clone()).collect();
    assert!(ids.contains(&json!("roof-1")) && ids.contains(&json!("walls-1")) && ids.len() == 2, "{ids:?}");
    assert!(masons.calls(&["provision", "destroy"], &request).is_empty());
}

/// One plan fails: the whole has none, and what the other left is removed.
async fn not_planned(scene: &Scene, masons: &Masons) {
    let request = ask(scene, "blurred-roof").await;
    scene.select(&request).await;
    scene.clicks(&scene.bob, &request.card, "plan").await;
    let fails = |m: &Message| m.ts == request.card.ts && m.says("roof: The drawing is blurred");
    let card = scene.bob.wait_for_dm(fails).await.unwrap();
    assert!(!card.offers("approve") && card.offers("plan"), "{}", card.plain());
    let request = Request { card, ..request };
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!(masons.sorted("discard", &request), ["roof", "walls"], "whatever came of it");
}

/// Withdrawn while two are at work and one is built.
async fn cancelled(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "holds-walls-roof").await;
    in_thread(scene, &request, &["walls 3/4 Laying bricks", "roof 3/4 Laying bricks"]).await;
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    scene.ended(&request, "cancelled").await;
    let gone = masons.parts("destroy", &request);
    assert_eq!((gone.len(), gone[2].as_str()), (3, "base"), "{gone:?}");
    assert!(masons.calls(&["discard"], &request).is_empty());
}

/// The plan of one part does not hold: it alone is planned anew, and the yes still holds.
async fn stale(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "stale-walls").await;
    scene.outcome(&request, "provisioned").await;
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(masons.sorted("plan", &request), ["roof", "walls", "walls"], "what is built is not planned");
    assert_eq!(masons.sorted("provision", &request), ["base", "roof", "walls", "walls"]);
    assert_eq!(masons.parts("discard", &request), ["walls"]);
    assert_eq!(state["offer"]["plan"]["parts"]["walls"]["planId"], "walls-2");
    assert_eq!(state["offer"]["plan"]["parts"]["roof"]["planId"], "roof-1");
    scene.said(&request.id);
}

/// It would do something else now: they are asked anew, and what is built stays while they think,
/// and goes when they say no.
async fn moved(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "moved-walls").await;
    let asks = |m: &Message| m.ts == request.card.ts && m.offers("approve") && m.says("Wall elsewhere");
    let card = scene.bob.wait_for_dm(asks).await.unwrap();
    let request = Request { card, ..request };
    assert!(masons.calls(&["destroy"], &request).is_empty());
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    let gone = masons.parts("destroy", &request);
    assert_eq!(gone.last().map(String::as_str), Some("base"), "{gone:?}");
    assert!(gone.contains(&"roof".to_owned()), "{gone:?}");
    scene.said(&request.id);
}

/// Asked anew, with what was built still there.
async fn anew(scene: &Scene, application: &str) -> Request {
    let request = approved(scene, application).await;
    let asks = |m: &Message| m.ts == request.card.ts && m.offers("approve") && m.says("Wall elsewhere");
    let card = scene.bob.wait_for_dm(asks).await.unwrap();
    Request { card, ..request }
}

/// Withdrawn meanwhile: what was built goes, and is not said never to have been.
async fn withdrawn(scene: &Scene, masons: &Masons) {
    let request = anew(scene, "moved-walls-withdrawn").await;
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    let outcome = scene.outcome(&request, "cancelled").await;
    assert!(!outcome.says("Nothing had been built") && outcome.says("removed"), "{}", outcome.plain());
    scene.ended(&request, "cancelled").await;
    assert_eq!(masons.sorted("destroy", &request), ["base", "roof"]);
    scene.said(&request.id);
}

/// Another region is planned, which removes nothing, and approved: what was built elsewhere goes
/// before anything is built there.
async fn elsewhere(scene: &Scene, masons: &Masons) {
    let request = anew(scene, "moved-walls-elsewhere").await;
    scene.bob.select(&request.card, "region", "eu-west-1").await.unwrap();
    let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
    assert!(ephemeral(&clicked).contains("made for other values"), "{}", ephemeral(&clicked));
    let offering = scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.offers("plan")).await.unwrap();
    scene.clicks(&scene.bob, &offering, "plan").await;
    let planned = |m: &Message| m.ts == request.card.ts && m.offers("approve") && m.says("eu-west-1");
    let card = scene.bob.wait_for_dm(planned).await.unwrap();
    assert!(masons.calls(&["destroy"], &request).is_empty(), "a plan removes nothing");
    let before = masons.calls(&["provision"], &request).len();
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    let calls = masons.calls(&["provision", "destroy"], &request);
    let words: Vec<&str> = calls[before..].iter().map(|call| call["call"].as_str().unwrap()).collect();
    assert_eq!(words, ["destroy", "destroy", "provision", "provision", "provision"], "one after the other");
    scene.said(&request.id);
}

/// A plan that did not hold is discarded, too, where another part failed or it is withdrawn.
async fn late(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "late-roof-fails-walls").await;
    let card = question(scene, &request, None).await;
    assert!(card.says("walls: Laying bricks"), "{}", card.plain());
    scene.clicks(&scene.bob, &card, "give_up").await;
    scene.outcome(&request, "failed").await;
    scene.ended(&request, "failed").await;
    assert_eq!(masons.parts("discard", &request), ["roof"]);
}

/// A part that says more than can be handed on needs a hand.
async fn talkative(scene: &Scene, masons: &Masons) {
    let request = approved(scene, "talks-base").await;
    let card = question(scene, &request, None).await;
    assert!(card.says("base") && card.says("64 KiB"), "{}", card.plain());
    scene.clicks(&scene.bob, &card, "give_up").await;
    scene.outcome(&request, "failed").await;
    scene.ended(&request, "failed").await;
    assert_eq!(masons.parts("destroy", &request), ["base"], "it is there");
}

/// The file says otherwise what a house is made of: what was planned and signed is not that.
async fn rebuilt(world: &mut World, masons: &Masons) {
    let scene = world.scene().patient(PATIENCE * 2);
    let request = shown(&scene, "rebuilt").await;
    let shed = "[[blueprints.parts]]\nid = \"shed\"\nblueprint = \"wall\"\n";
    world.stack.stop_bot().await.unwrap();
    world.stack.configure(&(with_houses().config + shed));
    world.stack.start_bot().await.unwrap();
    // A bot that has just started may say "try again", and a person does.
    eventually("it is heard", async || {
        let said = ephemeral(&scene.bob.click(&request.card, "approve").await.unwrap());
        let is_heard = said.is_empty() || said.contains("changed in the configuration");
        assert!(is_heard || said.contains("try again"), "{said}");
        is_heard.then_some(())
    })
    .await;
    scene.not_counted(&request, "changed in the configuration").await;
    assert!(masons.calls(&["provision"], &request).is_empty());
    let request = scene.now(&request).await;
    scene.reject(&request, "Ask anew").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!(masons.sorted("discard", &request), ["roof", "walls"]);
    scene.said(&request.id);
}

/// The bot dies while two are at work.
async fn bot_killed(world: &mut World, masons: &Masons) {
    let scene = world.scene().patient(PATIENCE * 2);
    let request = approved(&scene, "holds-walls").await;
    in_thread(&scene, &request, &["walls 3/4 Laying bricks", "roof built"]).await;
    world.stack.kill_bot().await;
    masons.go("walls", &request);
    world.stack.start_bot().await.unwrap();
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(masons.sorted("provision", &request), ["base", "roof", "walls"]);
    let late = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
    assert!(ephemeral(&late).contains("provisioned"), "{}", ephemeral(&late));
}

/// The message in the thread that says all of this.
async fn in_thread(scene: &Scene, request: &Request, words: &[&str]) -> Message {
    let says = |m: &Message| {
        let plain = m.plain().split_whitespace().collect::<Vec<_>>().join(" ");
        words.iter().all(|words| plain.contains(words))
    };
    scene.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, says).await.unwrap()
}
