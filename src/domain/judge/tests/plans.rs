//! Who may see a plan, and which plan may be said yes to.

use serde_json::json;

use super::*;
use crate::domain::approval::{Approval, Event};
use crate::domain::blueprint::Blueprint;
use crate::domain::field::{Field, Kind as FieldKind};
use crate::domain::moment::Moment;
use crate::domain::plan::Plan;
use crate::domain::samples;

const NOW: Moment = Moment(1_795_773_720);

fn planned_rules() -> Rules {
    let field = Field {
        id: "size".into(),
        label: "Size".into(),
        kind: FieldKind::Text { pattern: None, min: None, max: None },
        by: By::Authorizer,
        required: false,
        hint: String::new(),
        default: None,
    };
    let blueprint = Blueprint {
        plan_activity: Some("plan".into()),
        discard_activity: Some("discard".into()),
        fields: vec![field],
        ..samples::blueprint()
    };
    Rules { blueprint, ..rules() }
}

fn size(size: &str) -> Map<String, Value> {
    json!({ "size": size }).as_object().cloned().unwrap()
}

/// An offer whose plan, of Ireland and a small one, is this; `None`: it is being made.
fn approval(plan: Option<Plan>) -> Approval {
    let mut approval = Approval::by(ASKED);
    let asked = json!({ "domain": "a.test" }).as_object().cloned().unwrap();
    approval.apply(
        Event::Opened { waits: std::time::Duration::from_secs(60), reminder: None, parameters: asked, lifetime: None },
        NOW,
    );
    let (region, profile) = ("eu-west-1".into(), "sandbox".into());
    approval.apply(Event::PlanAsked { region, profile, parameters: size("small") }, NOW);
    if let Some(plan) = plan {
        approval.apply(Event::Planned { number: 1, plan }, NOW);
    }
    approval
}

fn plan(findings: &Value) -> Plan {
    Plan::read(&json!({ "planId": "p1", "findings": findings }), NOW)
}

fn judged_with(approval: &Approval, act: &Act) -> Result<Accepted, Refusal> {
    let standing = standing(approval);
    judge(&request(), Some(&planned_rules()), &standing, act)
}

fn standing(approval: &Approval) -> Standing<'_> {
    Standing {
        round: approval.round,
        authorization: approval.decision(),
        offer: Some(&approval.offer),
        is_planning: approval.planning().is_some(),
        ..WAITING
    }
}

fn with_plan(id: &str) -> Act {
    Act { plan_id: Some(id.into()), parameters: Some(size("small")), ..good() }
}

fn wish() -> Act {
    Act { act: Kind::Plan, plan_id: None, ..with_plan("") }
}

#[test]
fn who_is_asked_may_see_the_plan_of_whatever_may_be_chosen() {
    use Refusal::*;
    let none = Approval::by(ASKED);
    let wanted =
        |parameters| Ok(Accepted::PlanWanted { region: "eu-west-1".into(), profile: "sandbox".into(), parameters });
    for (act, expected) in [
        (wish(), wanted(size("small"))),
        (Act { parameters: None, ..wish() }, wanted(Map::new())),
        (Act { by: REQUESTER.into(), ..wish() }, Err(NotAsked { act: Kind::Plan, asked: vec![ASKED.into()] })),
        (Act { region: None, ..wish() }, Err(NoRegion)),
        (Act { profile: None, ..wish() }, Err(NoProfile)),
        (Act { region: Some("mars-1".into()), ..wish() }, Err(UnknownRegion { region: "mars-1".into() })),
        (Act { plan_id: Some("p".into()), ..wish() }, Err(UnknownValue { name: "planId".into() })),
        (Act { lifetime_seconds: Some(1.into()), ..wish() }, Err(UnknownValue { name: "lifetimeSeconds".into() })),
        (Act { round: Some(7), ..wish() }, Err(OtherRound { round: 1 })),
    ] {
        assert_eq!(judged_with(&none, &act), expected, "{act:?}");
    }
    let wrong = Act { parameters: json!({ "domain": "x" }).as_object().cloned(), ..wish() };
    assert!(matches!(judged_with(&none, &wrong), Err(Parameter { .. })));
    assert_eq!(judged(&WAITING, &wish()), Err(NotOffered { act: Kind::Plan }), "this blueprint has none");
    for status in [Status::Provisioning, Status::NeedsAttention, Status::Provisioned, Status::Rejected, Status::Failed]
    {
        let past = Standing { status, ..standing(&none) };
        assert_eq!(judge(&request(), Some(&planned_rules()), &past, &wish()), Err(Past { status }));
    }
    let late = Standing { is_late: true, ..standing(&none) };
    assert_eq!(judge(&request(), Some(&planned_rules()), &late, &wish()), Err(TooLate));
}

#[test]
fn a_plan_that_is_being_made_is_waited_for() {
    let underway = approval(None);
    assert_eq!(judged_with(&underway, &wish()), Ok(Accepted::Again), "the same once more");
    assert_eq!(judged_with(&underway, &Act { round: Some(1), ..wish() }), Ok(Accepted::Again));
    assert_eq!(
        judged_with(&underway, &Act { parameters: None, ..wish() }),
        Ok(Accepted::Again),
        "nothing else is said"
    );
    for other in [
        Act { region: Some("us-east-1".into()), ..wish() },
        Act { parameters: Some(size("large")), ..wish() },
        with_plan("p1"),
    ] {
        assert_eq!(judged_with(&underway, &other), Err(Refusal::PlanUnderway), "{other:?}");
    }
    assert!(matches!(judged_with(&underway, &act(Kind::Reject, ASKED)), Ok(Accepted::Decided(..))));
    assert_eq!(judged_with(&underway, &act(Kind::Cancel, REQUESTER)), Ok(Accepted::Withdrawn));
    let shown = approval(Some(plan(&json!([]))));
    assert!(matches!(judged_with(&shown, &wish()), Ok(Accepted::PlanWanted { .. })), "another one may be wanted");
    assert_eq!(judged_with(&shown, &Act { round: Some(1), ..wish() }), Err(Refusal::OtherRound { round: 2 }));
}

#[test]
fn only_the_plan_of_exactly_these_values_is_approved() {
    use Refusal::*;
    let there = approval(Some(plan(&json!([{ "level": "warning", "text": "x" }]))));
    let yes = |parameters| Ok(Accepted::Decided(approved(), parameters));
    for (act, expected) in [
        (with_plan("p1"), yes(size("small"))),
        (Act { round: Some(2), ..with_plan("p1") }, yes(size("small"))),
        (Act { plan_id: None, ..with_plan("p1") }, Err(NoPlanId)),
        (with_plan("p2"), Err(OtherPlan)),
        (Act { region: Some("us-east-1".into()), ..with_plan("p1") }, Err(PlanOfOtherValues)),
        (Act { parameters: Some(size("large")), ..with_plan("p1") }, Err(PlanOfOtherValues)),
        // What is not said anew is what the plan was made of.
        (Act { parameters: None, ..with_plan("p1") }, yes(size("small"))),
        (Act { region: None, ..with_plan("p1") }, Err(NoRegion)),
        (Act { round: Some(1), ..with_plan("p1") }, Err(OtherRound { round: 2 })),
        (
            Act { by: REQUESTER.into(), ..with_plan("p1") },
            Err(NotAsked { act: Kind::Approve, asked: vec![ASKED.into()] }),
        ),
    ] {
        assert_eq!(judged_with(&there, &act), expected, "{act:?}");
    }
    let blocked = approval(Some(plan(&json!([{ "level": "blocking", "text": "x" }]))));
    for (approval, expected) in [
        (Approval::by(ASKED), NoPlan),
        (approval(Some(Plan::failed("x"))), PlanFailed),
        (blocked, PlanBlocked),
        (approval(None), PlanUnderway),
    ] {
        assert_eq!(judged_with(&approval, &with_plan("p1")), Err(expected));
    }
}

#[test]
fn an_approval_of_a_plan_is_repeated_only_with_that_plan() {
    let mut signed = approval(Some(plan(&json!([]))));
    let Ok(Accepted::Decided(authorization, parameters)) = judged_with(&signed, &with_plan("p1")) else { panic!() };
    signed.apply(Event::Decided { authorization, parameters, door: Door::Http }, NOW);
    assert_eq!(judged_with(&signed, &with_plan("p1")), Ok(Accepted::Again));
    let decided = Err(Refusal::Decided { verdict: DecisionKind::Approve, by: ASKED.into() });
    assert_eq!(judged_with(&signed, &with_plan("p2")), decided);
    assert_eq!(judged_with(&signed, &wish()), decided);
}

#[test]
fn a_door_that_knows_the_rules_leaves_the_plan_to_the_workflow() {
    let rules = planned_rules();
    for act in [with_plan("p1"), Act { plan_id: None, ..with_plan("p1") }, wish()] {
        assert_eq!(by_what_is_recorded(&request(), Some(&rules), &act), Ok(()), "{act:?}");
    }
    assert_eq!(by_what_is_recorded(&request(), None, &wish()), Ok(()), "nobody knows yet");
}
