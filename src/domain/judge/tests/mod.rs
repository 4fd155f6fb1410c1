//! Who does what, when, and what comes of it: each door leads here.

use super::*;
use crate::domain::act::Door;
use crate::domain::decision::DecisionKind;
use crate::domain::samples::{ALICE as REQUESTER, BOB as ASKED, approved, request, rules};

mod plans;

const WAITING: Standing<'_> = Standing {
    status: Status::AwaitingAuthorization,
    round: 3,
    authorization: None,
    offer: None,
    is_planning: false,
    chosen: None,
    is_withdrawn: false,
    is_late: false,
};

fn judged(standing: &Standing<'_>, act: &Act) -> Result<Accepted, Refusal> {
    judge(&request(), Some(&rules()), standing, act)
}

fn act(kind: Kind, by: &str) -> Act {
    Act::new(kind, by, Door::Signal)
}

fn approve(by: &str, region: Option<&str>, profile: Option<&str>) -> Act {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Act { region: owned(region), profile: owned(profile), ..act(Kind::Approve, by) }
}

fn good() -> Act {
    approve(ASKED, Some("eu-west-1"), Some("sandbox"))
}

#[test]
fn only_who_is_asked_with_configured_values_counts() {
    use Refusal::*;
    let stranger = |act| Err(NotAsked { act, asked: vec![ASKED.into()] });
    let reject = Act { text: Some("  because  ".into()), ..act(Kind::Reject, ASKED) };
    let rejected = Authorization::Reject { decided_by: ASKED.into(), reason: Some("because".into()) };
    for (act, expected) in [
        (good(), Ok(Accepted::Decided(approved(), Map::new()))),
        (reject, Ok(Accepted::Decided(rejected, Map::new()))),
        (act(Kind::Cancel, REQUESTER), Ok(Accepted::Withdrawn)),
        (approve(REQUESTER, Some("eu-west-1"), Some("sandbox")), stranger(Kind::Approve)),
        (act(Kind::Reject, REQUESTER), stranger(Kind::Reject)),
        (act(Kind::Retry, REQUESTER), stranger(Kind::Retry)),
        (act(Kind::Cancel, ASKED), Err(NotRequester { requester: REQUESTER.into() })),
        (approve(ASKED, None, None), Err(NoRegionAndProfile)),
        (approve(ASKED, Some(""), Some("sandbox")), Err(NoRegion)),
        (approve(ASKED, Some("eu-west-1"), None), Err(NoProfile)),
        (approve(ASKED, Some("mars-1"), Some("sandbox")), Err(UnknownRegion { region: "mars-1".into() })),
        (approve(ASKED, Some("eu-west-1"), Some("root")), Err(UnknownProfile { profile: "root".into() })),
        (Act { plan_id: Some("p".into()), ..good() }, Err(UnknownValue { name: "planId".into() })),
        (Act { lifetime_seconds: Some(1.into()), ..good() }, Err(UnknownValue { name: "lifetimeSeconds".into() })),
        (act(Kind::Retry, ASKED), Err(NothingToChoose)),
        (act(Kind::Undo, ASKED), Err(NotOffered { act: Kind::Undo })),
        (act(Kind::HandOver, ASKED), Err(NotOffered { act: Kind::HandOver })),
        (Act { text: Some("x".repeat(TEXT_MAX + 1)), ..act(Kind::Reject, ASKED) }, Err(TextTooLong { most: TEXT_MAX })),
    ] {
        assert_eq!(judged(&WAITING, &act), expected, "{act:?}");
    }
}

#[test]
fn an_act_of_another_round_changes_nothing() {
    for act in [good(), act(Kind::Reject, ASKED), act(Kind::Cancel, REQUESTER)] {
        for (round, counts) in [(None, true), (Some(3), true), (Some(2), false), (Some(4), false), (Some(0), false)] {
            let judged = judged(&WAITING, &Act { round, ..act.clone() });
            assert_eq!(judged.is_ok(), counts, "{act:?} in round {round:?}");
            assert!(counts || judged == Err(Refusal::OtherRound { round: 3 }));
        }
    }
}

#[test]
fn what_was_decided_stays() {
    let approval = approved();
    let decided = Standing { authorization: Some(&approval), ..WAITING };
    let building = Standing { status: Status::Provisioning, ..decided };
    let already = Err(Refusal::Decided { verdict: DecisionKind::Approve, by: ASKED.into() });
    for standing in [decided, building] {
        assert_eq!(judged(&standing, &good()), Ok(Accepted::Again), "the same once more");
        assert_eq!(judged(&standing, &approve(ASKED, Some("us-east-1"), Some("sandbox"))), already);
        assert_eq!(judged(&standing, &act(Kind::Reject, ASKED)), already);
        assert_eq!(judged(&standing, &act(Kind::Cancel, REQUESTER)), Ok(Accepted::Withdrawn));
    }
    let late = Standing { is_late: true, ..WAITING };
    assert_eq!(judged(&late, &good()), Err(Refusal::TooLate));
    for status in [Status::Provisioned, Status::Rejected, Status::Expired, Status::Cancelled, Status::Failed] {
        let over = Standing { status, ..WAITING };
        for act in [good(), act(Kind::Reject, ASKED), act(Kind::Retry, ASKED), act(Kind::Cancel, REQUESTER)] {
            assert_eq!(judged(&over, &act), Err(Refusal::Past { status }), "{act:?}");
        }
    }
    let withdrawn = Standing { is_withdrawn: true, ..building };
    assert_eq!(judged(&withdrawn, &act(Kind::Cancel, REQUESTER)), Ok(Accepted::Again));
}

#[test]
fn a_failure_is_chosen_about_once_and_in_its_round() {
    let approval = approved();
    let stuck = Standing { status: Status::NeedsAttention, authorization: Some(&approval), ..WAITING };
    assert_eq!(judged(&stuck, &act(Kind::Retry, ASKED)), Ok(Accepted::Chosen(Choice::Retry)));
    assert_eq!(judged(&stuck, &act(Kind::GiveUp, ASKED)), Ok(Accepted::Chosen(Choice::GiveUp)));
    let other = Act { round: Some(2), ..act(Kind::Retry, ASKED) };
    assert_eq!(judged(&stuck, &other), Err(Refusal::OtherRound { round: 3 }));
    let chosen = Standing { chosen: Some((Choice::Retry, ASKED)), ..stuck };
    assert_eq!(judged(&chosen, &act(Kind::Retry, ASKED)), Ok(Accepted::Again));
    assert_eq!(judged(&chosen, &act(Kind::GiveUp, ASKED)), Err(Refusal::NothingToChoose));
    let late = Standing { is_late: true, ..stuck };
    assert_eq!(judged(&late, &act(Kind::Retry, ASKED)), Err(Refusal::TooLate));
}

#[test]
fn a_door_knows_at_once_what_is_wrong_whatever_the_state() {
    let (request, rules) = (request(), rules());
    assert_eq!(by_what_is_recorded(&request, None, &good()), Ok(()));
    let mars = approve(ASKED, Some("mars-1"), Some("sandbox"));
    assert_eq!(by_what_is_recorded(&request, None, &mars), Ok(()), "nobody knows yet");
    let refused = by_what_is_recorded(&request, Some(&rules), &mars);
    assert_eq!(refused, Err(Refusal::UnknownRegion { region: "mars-1".into() }));
    assert!(by_what_is_recorded(&request, None, &approve(REQUESTER, None, None)).is_err());
}
