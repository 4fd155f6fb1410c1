//! Who may ask and decide: people of this organisation, by the groups and the policy
//! of the moment in which something is built on it.

use provision_bot::domain::people::Standing;
use provision_bot::slack::web_api::SlackApi;
use provision_bot::telemetry::Metrics;
use serde_json::json;
use slack_simulator::{ClickOutcome, Fault, Message, Person, Simulator, Submitted};
use slack_simulator::{Group, PARTNER_TEAM, Profile};

use crate::building::attention::{question, stuck, with_a_lost_profile};
use crate::temporal::input;
use crate::world::{ADA, Request, SAM, Scene, Web, alone, ephemeral, eventually, options, plain, policy};

const DEPLOYS: &str = "C0DEPLOYS01";
const LEADS: &str = "S0LEADS0001";
const PARTNER: &str = "U0PARTNER01";

/// A team of anybody that anybody may decide for, and one whose leads decide.
fn teams() -> String {
    format!(
        "\n[[teams]]\nid = \"open\"\nname = \"Open\"\n\n[[teams]]\nid = \"led\"\nname = \"Led\"\nauthorizers = [\"{LEADS}\"]\n"
    )
}

fn partner() -> Profile {
    Profile { team_id: PARTNER_TEAM.into(), ..Profile::member(PARTNER, "pat", "Pat Partner") }
}

fn leads(members: &[&str]) -> Group {
    let members = members.iter().map(|id| id.to_string()).collect();
    Group { id: LEADS.into(), handle: "leads".into(), members, disabled: false }
}

/// Presses a button to no effect: the answer is private or, where finding out takes
/// longer than a click may, in the thread.
async fn in_vain(scene: &Scene, request: &Request, person: &Person, card: &Message, action: &str, word: &str) {
    // What did not count opens the question again, in another round.
    let card = if card.ts == request.card.ts { &scene.now(request).await.card } else { card };
    if action == "approve" && person.id() == scene.bob.id() {
        scene.select_as_seen(request).await;
    }
    let clicked: ClickOutcome = person.click_as_seen(card, action).await.unwrap();
    assert_eq!(clicked.error, None);
    match ephemeral(&clicked) {
        told if told.is_empty() => {
            let refused = |m: &Message| m.says("did not count") && m.says(word);
            scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, refused).await.unwrap();
        }
        told => assert!(told.contains(word), "{action}, {word}: {told}"),
    }
}

#[test]
fn people_of_other_organisations_can_neither_ask_nor_decide() {
    alone(options(&(policy("") + &teams())), async |world| {
        let scene = world.scene();
        scene.slack.change(|acme| {
            acme.add_person(partner());
            acme.channels.get_mut(&scene.channel).unwrap().members.insert(PARTNER.into());
        });
        let partner = scene.slack.person(PARTNER);

        // By the form, in a shared channel, and by a start that no form sent.
        let form = partner.command(&scene.channel, "/provision", "theirs").await.modal.expect("the form");
        form.choose("team", "open").await.unwrap();
        form.choose("authorizer", scene.bob.id()).await.unwrap();
        let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("a stranger asked") };
        assert!(errors["team"].contains("other organisations"), "{errors:?}");
        for (name, who) in [("requesterId", "other organisations"), ("authorizerId", "other organisations")] {
            let id = format!("theirs-{}-0123456789", name.to_lowercase());
            let mut sent = input(&scene, "theirs");
            sent["teamId"] = json!("open");
            sent[name] = json!(PARTNER);
            scene.temporal.start(&id, &sent).await;
            let ended = scene.temporal.ended(&id).await.unwrap();
            assert_eq!(ended["status"], "failed", "{ended:#}");
            assert!(ended["failure"]["cause"].as_str().unwrap().contains(who), "{ended:#}");
            let said = scene.said(&id);
            assert!(!said.is_empty() && said.iter().all(|message| message.says(who)), "{said:?}");
        }

        // Somebody else's card is not theirs to press, whatever they press.
        let request = scene.ask("ours").await;
        scene.slack.change(|acme| acme.channels.get_mut(&request.card.channel).unwrap().members.insert(PARTNER.into()));
        for action in ["approve", "reject"] {
            in_vain(&scene, &request, &partner, &request.card, action, "Only").await;
        }
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization");
    });
}

#[test]
fn who_left_the_group_a_moment_ago_cannot_approve() {
    alone(options(&(policy("") + &teams())), async |world| {
        let scene = world.scene();
        scene.slack.change(|acme| acme.add_group(leads(&[scene.bob.id(), ADA])));
        let form = scene.form("led").await;
        form.choose("team", "led").await.unwrap();
        form.choose("authorizer", scene.bob.id()).await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("led").await;
        scene.slack.change(|acme| acme.add_group(leads(&[ADA])));
        scene.select_as_seen(&request).await;
        in_vain(&scene, &request, &scene.bob, &request.card, "approve", "may not decide for Led").await;
        scene.not_counted(&request, "may not decide for Led").await;
        assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization");

        // Nor can who asked, if they left meanwhile.
        let alice = Profile::member(scene.alice.id(), "alice", "Alice");
        scene.slack.change(|acme| {
            acme.add_group(leads(&[scene.bob.id()]));
            acme.add_person(Profile { is_restricted: true, ..alice.clone() });
        });
        in_vain(&scene, &request, &scene.bob, &request.card, "approve", "guests").await;
        scene.not_counted(&request, "guests").await;
        scene.slack.change(|acme| acme.add_person(alice));
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn who_may_not_decide_any_more_can_neither_try_again_nor_give_up() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let (request, card) = stuck(&scene, "stuck").await;
        let bob = Profile::member(scene.bob.id(), "bob", "Bob");
        for (change, word) in [
            (Profile { is_restricted: true, ..bob.clone() }, "guests cannot decide"),
            (Profile { team_id: PARTNER_TEAM.into(), ..bob.clone() }, "other organisations"),
        ] {
            scene.slack.change(|acme| acme.add_person(change));
            for action in ["retry", "give_up"] {
                in_vain(&scene, &request, &scene.bob, &card, action, word).await;
            }
        }
        // Nor by a signal that no click sent.
        scene.slack.change(|acme| acme.add_person(Profile { deleted: true, ..bob.clone() }));
        scene.temporal.act(&request.id, &json!({ "act": "retry", "by": scene.bob.id() })).await;
        scene.not_counted(&request, "deactivated").await;
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!((&state["status"], &state["round"]), (&json!("needs_attention"), &json!(2)));
        assert_eq!(scene.bob.refresh(&card).unwrap(), card, "it can still be chosen");

        // Once he may again, it counts.
        scene.slack.change(|acme| acme.add_person(bob));
        scene.clicks(&scene.bob, &card, "retry").await;
        let card = question(&scene, &request, Some(&card)).await;

        // Who asked may be gone: that bars building, and no end.
        let alice = Profile { deleted: true, ..Profile::member(scene.alice.id(), "alice", "Alice") };
        scene.slack.change(|acme| acme.add_person(alice));
        in_vain(&scene, &request, &scene.bob, &card, "retry", "Only members").await;
        scene.not_counted(&request, "Only members").await;
        scene.clicks(&scene.bob, &card, "give_up").await;
        assert_eq!(scene.ended(&request, "failed").await["round"], 3);
    });
}

#[test]
fn trying_again_asks_the_policy_of_the_moment() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let (request, card) = stuck(&scene, "mended").await;
        for (change, word) in [
            (
                with_a_lost_profile().replace(&format!("\"{}\", \"{ADA}\"", scene.bob.id()), &format!("\"{ADA}\"")),
                "may not decide",
            ),
            (policy(""), "lost"),
        ] {
            world.stack.stop_bot().await.unwrap();
            world.stack.configure(&change);
            world.stack.start_bot().await.unwrap();
            in_vain(&scene, &request, &scene.bob, &card, "retry", word).await;
        }
        // Of one attempt it is told once.
        scene.not_counted(&request, "still needs a hand").await;
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.ended(&request, "failed").await;
    });
}

#[test]
fn nobody_is_a_member_until_the_bot_knows_its_own_organisation() {
    plain(async || {
        let slack = Simulator::start(harness::app::workspace()).await.unwrap();
        slack.set_rules(|rules| rules.enterprise_id = "E0ACMEGRID".into());
        slack.change(|acme| {
            acme.add_person(partner());
            for (id, grid) in [("U0COLLEAGUE", "E0ACMEGRID"), ("U0ELSEWHERE", "E0PARTNER01")] {
                let elsewhere =
                    Profile { team_id: "T0ACMEEMEA".into(), enterprise_id: grid.into(), ..Profile::default() };
                acme.add_person(Profile { id: id.into(), name: id.into(), ..elsewhere });
            }
        });
        let api = SlackApi::new(&slack.api_url(), slack.bot_token(), None, Metrics::default()).unwrap();
        slack.fail_times("auth.test", Fault::Error("internal_error".into()), 2);
        assert!(api.person(SAM).await.unwrap_err().is("internal_error"));
        assert!(api.person(PARTNER).await.is_err());
        for (who, standing) in [
            (SAM, Standing::Member),
            (PARTNER, Standing::Stranger),
            ("U0COLLEAGUE", Standing::Member),
            ("U0ELSEWHERE", Standing::Stranger),
        ] {
            assert_eq!(api.person(who).await.unwrap().standing, standing, "{who}");
        }
        assert_eq!(slack.calls_of("auth.test").len(), 3, "asked until it was answered, and never again");
    });
}

/// A team that a thousand people decide for, and what its form offers for a text.
async fn crowd() -> Web {
    let config = format!(
        "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"led\"\nname = \"Led\"\nauthorizers = [\"{LEADS}\"]\n"
    );
    let web = Web::start(&config).await;
    web.slack.change(|acme| {
        let ids: Vec<String> = (0..1000).map(|n| format!("U0CROWD{n:04}")).collect();
        for (n, id) in ids.iter().enumerate() {
            acme.add_person(Profile::member(id, &format!("member {n:04}"), "One Of Many"));
        }
        acme.add_group(Group { id: LEADS.into(), handle: "leads".into(), members: ids, disabled: false });
    });
    web
}

#[test]
fn a_thousand_authorizers_can_be_chosen_from() {
    plain(async || {
        let web = crowd().await;
        let form = web.slack.person(SAM).command(DEPLOYS, "/provision", "many").await.modal.expect("the form");
        assert_eq!(form.options("authorizer", "").await.unwrap().len(), 100);
        eventually("somebody late in the list", async || {
            let found = form.options("authorizer", "member 0987").await.unwrap();
            (found.len() == 1 && found[0]["value"] == "U0CROWD0987").then_some(())
        })
        .await;
        let looked_up = web.slack.calls_of("users.info").len();
        assert!(looked_up < 50, "{looked_up} were asked for singly");
        assert!(web.slack.calls_of("users.list").len() < 10);
    });
}

#[test]
fn a_limit_of_slack_empties_no_form() {
    plain(async || {
        let web = crowd().await;
        for method in ["users.info", "users.list"] {
            web.slack.fail_times(method, Fault::RateLimited { retry_after: 600 }, 100);
        }
        let form = web.slack.person(SAM).command(DEPLOYS, "/provision", "many").await.modal.expect("the form");
        let offered = form.options("authorizer", "").await.unwrap();
        assert_eq!(offered.len(), 100);
        assert_eq!(offered[0]["text"]["text"], "U0CROWD0000", "by their ID, while nothing else is known");
        let found = form.options("authorizer", "crowd0987").await.unwrap();
        assert_eq!(found[0]["value"], "U0CROWD0987");
    });
}
