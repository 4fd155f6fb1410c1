//! The form: whether it opens, and selects with none, one, or far too many entries.

use std::collections::BTreeSet;

use serde_json::Value;
use slack_simulator::{Fault, Group, PARTNER_TEAM, Profile, Submitted};

use crate::doors::edges::{ALICE, DEPLOYS, OPEN};
use crate::world::{ADA, SAM, Web, eventually, plain};

#[test]
fn a_form_that_does_not_open_is_explained() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let alice = web.slack.person(ALICE);
        for fault in [
            Fault::Error("expired_trigger_id".into()),
            Fault::Error("internal_error".into()),
            Fault::ServerError(503),
            Fault::Hang,
            Fault::RateLimited { retry_after: 30 },
        ] {
            web.slack.fail_next("views.open", fault.clone());
            let ran = alice.command(DEPLOYS, "/provision", "checkout").await;
            assert_eq!(ran.error, None, "{fault:?}: answered in time");
            assert!(ran.modal.is_none());
            let said = ran.ephemeral().unwrap_or_else(|| panic!("{fault:?}: silence")).text.clone();
            assert!(said.contains("try again"), "{fault:?}: {said}");
            web.slack.heal();
        }
        // The older shape of the same answer.
        web.slack.set_rules(|rules| {
            rules.trigger_lifetime = std::time::Duration::ZERO;
            rules.older_trigger_errors = true;
        });
        let ran = alice.command(DEPLOYS, "/provision", "checkout").await;
        let said = &ran.ephemeral().expect("an answer").text;
        assert!(said.contains("/provision checkout"), "{said}");
    });
}

/// The input of a form with this `action_id`.
fn select(form: &slack_simulator::Modal, id: &str) -> Option<Value> {
    let view = form.view().unwrap();
    let blocks = view["blocks"].as_array().unwrap();
    blocks.iter().map(|block| &block["element"]).find(|element| element["action_id"] == id).cloned()
}

/// Checks a select with this many entries, named by `value` and `text`.
async fn holds_up(form: &slack_simulator::Modal, id: &str, count: usize, prefix: &str) {
    let element = select(form, id).unwrap_or_else(|| panic!("{count}: no `{id}`"));
    let offered = form.options(id, "").await.unwrap();
    assert_eq!(offered.len(), count.min(100), "{count}");
    if count <= 100 {
        assert_eq!(element["type"], "static_select", "{count}");
    } else {
        assert_eq!(element["type"], "external_select", "{count}");
        let last = format!("{prefix} {}", count - 1);
        let found = form.options(id, &last.to_uppercase()).await.unwrap();
        assert_eq!(found.len(), 1, "{count}: {found:?}");
        assert!(form.options(id, "no such thing").await.unwrap().is_empty());
    }
    // Every one can be chosen, the last one too.
    let last = format!("{}{}", prefix.to_lowercase(), count - 1);
    form.choose(id, &format!("{prefix} {}", count - 1)).await.unwrap();
    assert_eq!(form.value(id).unwrap()["selected_option"]["value"], last, "{count}");
}

#[test]
fn the_team_select_holds_up_with_any_number() {
    plain(async || {
        let sizes = [("U0NONE00001", 0), ("U0ONE000001", 1), ("U0HUNDRED01", 100), ("U0HUNDRED02", 101), (ALICE, 650)];
        let mut config = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n".to_owned();
        for n in 0..650 {
            let members: Vec<_> =
                sizes.iter().filter(|(_, size)| n < *size).map(|(who, _)| format!("{who:?}")).collect();
            let members = members.join(", ");
            config += &format!("[[teams]]\nid = \"team{n}\"\nname = \"Team {n}\"\nmembers = [{members}]\n");
        }
        let web = Web::start(&config).await;
        for (who, count) in sizes {
            web.slack.change(|acme| acme.add_person(Profile::member(who, "somebody", "Somebody")));
            let ran = web.slack.person(who).command(DEPLOYS, "/provision", "").await;
            let form = ran.modal.clone().unwrap_or_else(|| panic!("{count}: {:?} {:?}", ran.error, ran.ephemeral()));
            match count {
                0 => {
                    assert!(!form.offers("team") && form.view().unwrap()["submit"].is_null());
                    assert!(form.plain().contains("admin"), "{}", form.plain());
                }
                1 => assert_eq!(form.value("team").unwrap()["selected_option"]["value"], "team0", "chosen already"),
                _ => holds_up(&form, "team", count, "Team").await,
            }
        }
    });
}

#[test]
fn the_blueprint_select_holds_up_with_any_number() {
    plain(async || {
        for count in [1, 2, 100, 101, 650] {
            let mut config = OPEN.to_owned();
            for n in 0..count {
                config +=
                    &format!("[[blueprints]]\nid = \"plan{n}\"\nname = \"Plan {n}\"\ndescription = \"Number {n}\"\n");
            }
            let web = Web::start(&config).await;
            let ran = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
            let form = ran.modal.clone().unwrap_or_else(|| panic!("{count}: {:?} {:?}", ran.error, ran.ephemeral()));
            match count {
                1 => assert!(!form.offers("blueprint"), "nothing to choose"),
                _ => holds_up(&form, "blueprint", count, "Plan").await,
            }
        }
    });
}

#[test]
fn groups_count_and_only_people_who_may_decide_are_offered() {
    plain(async || {
        let config = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n\
            [[teams]]\nid = \"pay\"\nname = \"Pay\"\nmembers = [\"S0USERGROUP\"]\nauthorizers = [\"S0LEADS0001\", \"U0LEFT00001\"]\n\
            [[teams]]\nid = \"shut\"\nname = \"Shut\"\nmembers = [\"U0ADMIN0001\"]\nauthorizers = [\"U0STRANGER1\"]\n";
        let web = Web::start(config).await;
        let stranger = Profile { team_id: PARTNER_TEAM.into(), ..Profile::member("U0FOREIGN01", "fay", "Fay Foreign") };
        let leads =
            [ADA, ALICE, "U0AUTHORIZER", "U0LEFT00001", "U0OTHERBOT1", "U0GUEST0001", "U0FOREIGN01", "U0NOBODY001"];
        web.slack.change(|acme| {
            acme.add_person(stranger);
            let members = leads.iter().map(|id| id.to_string()).collect();
            acme.add_group(Group { id: "S0LEADS0001".into(), handle: "leads".into(), members, disabled: false });
        });
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("the form");
        assert_eq!(form.value("team").unwrap()["selected_option"]["value"], "pay", "by her group, and only that one");
        let offered = form.options("authorizer", "").await.unwrap();
        let offered: BTreeSet<_> = offered.iter().map(|option| option["value"].as_str().unwrap()).collect();
        assert_eq!(offered, BTreeSet::from([ADA, "U0AUTHORIZER"]));
        let typed = form.options("authorizer", "bob").await.unwrap();
        assert_eq!(typed.len(), 1, "{typed:?}");

        let ran = web.slack.person(SAM).command(DEPLOYS, "/provision", "").await;
        assert!(!ran.modal.expect("an explanation").offers("team"), "no team for those in no group");
    });
}

#[test]
fn where_anybody_may_decide_those_who_cannot_are_refused_in_the_form() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let stranger = Profile { team_id: PARTNER_TEAM.into(), ..Profile::member("U0FOREIGN01", "fay", "Fay Foreign") };
        web.slack.change(|acme| acme.add_person(stranger));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "mine").await.modal.expect("the form");
        for (who, word) in [
            (ALICE, "your own"),
            ("U0LEFT00001", "deactivated"),
            ("U0OTHERBOT1", "bot"),
            ("U0GUEST0001", "guest"),
            ("U0FOREIGN01", "other organisations"),
        ] {
            form.choose("authorizer", who).await.unwrap();
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{who} was taken") };
            assert!(errors["authorizer"].contains(word), "{who}: {errors:?}");
        }
    });
}

#[test]
fn a_form_waits_for_slow_groups_and_says_when_they_fail() {
    plain(async || {
        let config = OPEN.to_owned() + "members = [\"S0USERGROUP\"]\n";
        let web = Web::start(&config).await;
        web.slack.fail_next("usergroups.users.list", Fault::ServerError(500));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("a modal");
        eventually("the explanation", async || form.plain().contains("try again").then_some(())).await;
        assert!(!form.offers("team"));
        let form = web.slack.person(ALICE).command(DEPLOYS, "/provision", "").await.modal.expect("a modal");
        eventually("the form", async || form.offers("team").then_some(())).await;
    });
}
