//! What others built, and to whom it is given.

use serde_json::{Value, json};
use slack_simulator::{Message, Submitted};

use super::removal::{built, lease, said, stands};
use crate::building::parts::mason::{Masons, approved, with_houses};
use crate::world::{ADA, Scene, alone, ephemeral, options, policy};

/// Of parts each is removed by its own provisioner, what stands on another one first; they have no
/// levels, which are left out.
#[test]
fn a_house_is_removed_in_reverse() {
    let mut houses = with_houses();
    houses.config += "\n[lease]\nundo = \"2s\"\n";
    alone(houses, async |world| {
        let masons = Masons::start(world).await;
        let scene = world.scene();
        let request = approved(&scene, "plain-house").await;
        let outcome = scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        let state = lease(&scene, &request).await;
        assert_eq!(state["resources"]["roof"]["stands"], "roof");
        scene.clicks(&scene.alice, &outcome, "remove").await;
        stands(&scene, &request, "closed").await;
        said(&scene, &request, &["is removed", "Looked twice"]).await;
        stands(&scene, &request, "removed").await;
        let gone = masons.parts("destroy", &request);
        assert_eq!((gone.len(), gone.last().map(String::as_str)), (6, Some("base")), "each twice: {gone:?}");
        assert!(gone.iter().position(|part| part == "base") > gone.iter().rposition(|part| part == "roof"), "{gone:?}");
        scene.said(&request.id);
    });
}

/// What cannot be removed asks its owner, who tries again or leaves it.
#[test]
fn what_cannot_be_removed_asks() {
    let mut houses = with_houses();
    houses.config += "\n[lease]\nundo = \"1s\"\n";
    alone(houses, async |world| {
        let masons = Masons::start(world).await;
        let scene = world.scene();
        let request = approved(&scene, "keeps-roof").await;
        let outcome = scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        scene.clicks(&scene.alice, &outcome, "remove").await;
        let state = stands(&scene, &request, "needs_attention").await;
        assert_eq!(
            (&state["failure"]["step"], &state["failure"]["cause"]),
            (&json!("roof"), &json!("Somebody lives there"))
        );
        let card = owners(&scene, "retry").await;
        let round = state["round"].as_u64().unwrap();
        // Once more, which does not help either.
        scene.clicks(&scene.alice, &card, "retry").await;
        let again = crate::world::eventually("it needs a hand again", async || {
            let state = lease(&scene, &request).await;
            (state["status"] == "needs_attention" && state["round"].as_u64()? > round + 1).then_some(())
        });
        again.await;
        let card = scene.alice.wait_for_dm(|m| m.offers("give_up") && m.ts > card.ts).await.unwrap();
        scene.clicks(&scene.alice, &card, "give_up").await;
        said(&scene, &request, &["leaves *keeps-roof* as it is"]).await;
        assert_eq!(lease(&scene, &request).await["status"], "needs_attention", "and stays so");
        assert!(masons.parts("destroy", &request).iter().all(|part| part != "base"), "what it stands on stays");
        scene.said(&request.id);
    });
}

async fn owners(scene: &Scene, action: &str) -> Message {
    scene.alice.wait_for_dm(|m| m.offers(action)).await.unwrap()
}

/// Its owner gives it to somebody of the team, and to nobody else.
#[test]
fn it_is_given_to_somebody_of_the_team() {
    let team = "\n[[teams]]\nid = \"pair\"\nname = \"Pair\"\nmembers = [\"U0ALICE000\", \"U0ADMIN0001\"]\n\
                authorizers = [\"U0BOB000\"]\n";
    alone(options(&(policy("") + team)), async |world| {
        let mut scene = world.scene();
        scene.team = "pair".to_owned();
        let (request, _) = built(&scene, "given").await;
        let shown = scene.alice.command(&scene.channel, "/provision", &format!("status {}", request.id)).await;
        let shown = shown.ephemeral().expect("an answer").clone();
        let give = async |to: &str| -> Submitted {
            let form = scene.alice.click(&shown, "give").await.unwrap().modal.expect("a form");
            form.choose("to", to).await.unwrap();
            let sent = form.submit().await.unwrap();
            if sent != Submitted::Closed {
                form.close().await.unwrap();
            }
            sent
        };
        let Submitted::Errors(errors) = give(scene.bob.id()).await else { panic!("taken") };
        assert!(errors["to"].contains("not a member of the team"), "{errors:?}");
        assert_eq!(give(ADA).await, Submitted::Closed);
        said(&scene, &request, &["gave *given* to", ADA]).await;
        let state: Value = lease(&scene, &request).await;
        assert_eq!(state["owner"], ADA);
        let card = scene.slack.person(ADA).wait_for_dm(|m| m.offers("remove") && m.says("given")).await.unwrap();
        let not_theirs =
            scene.alice.click(&scene.alice.refresh(&shown).unwrap_or(shown.clone()), "remove").await.unwrap();
        assert!(ephemeral(&not_theirs).contains(ADA), "{}", ephemeral(&not_theirs));
        scene.clicks(&scene.slack.person(ADA), &card, "remove").await;
        stands(&scene, &request, "closed").await;
        said(&scene, &request, &["is done with"]).await;
        scene.slack.person(ADA).wait_for_dm(|m| m.offers("keep") && m.says("given")).await.unwrap();
        scene.said(&request.id);
    });
}
