//! What becomes of the clock, the round and the signatures where there are plans.

use super::*;
use crate::domain::plan::Plan;

fn plan(id: &str, removes: u64) -> Plan {
    Plan::read(&json!({ "planId": id, "counts": { "remove": removes } }), NOON)
}

fn wanted(region: &str) -> Event {
    Event::PlanAsked { region: region.into(), profile: "sandbox".into(), parameters: Map::new() }
}

fn there(number: u32, plan: Plan) -> Event {
    Event::Planned { number, plan }
}

/// Approved with the plan `p1`, which removes nothing.
fn approved() -> Approval {
    let mut approval = opened(Some(60));
    approval.apply(Event::Asked, at(0));
    approval.apply(wanted("us-east-1"), at(10));
    approval.apply(there(1, plan("p1", 0)), at(20));
    assert_eq!(approval.apply(yes(Door::Slack), at(30)), [Effect::Obey]);
    approval
}

#[test]
fn the_clock_stands_while_a_plan_is_made_and_keeps_what_was_left() {
    let mut approval = opened(Some(60));
    approval.apply(Event::Asked, at(0));
    assert_eq!(approval.apply(wanted("us-east-1"), at(50)), [Effect::Plan]);
    assert_eq!((approval.waiting_for(), approval.deadline(), approval.round), (WaitingFor::Plan, None, 1));
    assert_eq!(approval.open_until(at(100)), Some(at(170)), "seventy seconds are left");
    assert_eq!(approval.offer.region.as_deref(), Some("us-east-1"));
    assert_eq!(approval.next_deadline(), Some(at(50 + 120)), "of the plan alone");
    assert_eq!(approval.apply(Event::Time, at(160)), [], "neither a reminder nor the end");
    let shown = approval.apply(there(1, plan("p1", 0)), at(165));
    assert_eq!(shown, [Effect::ShowPlan { until: at(235) }]);
    assert_eq!(
        (approval.waiting_for(), approval.deadline(), approval.round),
        (WaitingFor::Authorizer, Some(at(235)), 2)
    );
    assert_eq!(approval.next_deadline(), Some(at(175)), "ten seconds to the reminder were left");
    assert_eq!(approval.apply(Event::Time, at(175)), [Effect::Remind { until: at(235) }]);
    assert_eq!(approval.apply(Event::Time, at(235)), [Effect::Late]);
}

#[test]
fn who_was_asked_while_it_stands_is_reminded_later() {
    let mut approval = opened(Some(60));
    approval.apply(wanted("us-east-1"), at(5));
    approval.apply(Event::Asked, at(7));
    approval.apply(there(1, plan("p1", 0)), at(20));
    assert_eq!(approval.next_deadline(), Some(at(80)));
}

#[test]
fn a_plan_that_takes_too_long_is_one_that_failed() {
    let mut approval = opened(None);
    approval.apply(wanted("us-east-1"), at(10));
    assert_eq!(approval.apply(Event::Time, at(129)), []);
    let late = approval.apply(Event::Time, at(130));
    assert_eq!(late, [Effect::StopPlan, Effect::ShowPlan { until: at(240) }]);
    assert!(matches!(&approval.offer.plan, Some(Plan::Failed { .. })));
    assert_eq!((approval.round, approval.planning()), (2, None));
    assert_eq!(approval.apply(there(1, plan("p1", 0)), at(131)), [], "it comes too late");
    assert!(matches!(&approval.offer.plan, Some(Plan::Failed { .. })));
}

#[test]
fn other_values_and_another_wish_make_a_plan_stale() {
    let mut approval = opened(None);
    approval.apply(wanted("us-east-1"), at(1));
    approval.apply(there(1, plan("p1", 0)), at(2));
    let digest = approval.offer.digest.clone();
    for region in ["eu-west-1", "us-east-1"] {
        let number = approval.round;
        assert_eq!(approval.apply(wanted(region), at(3)), [Effect::Plan]);
        assert_eq!((&approval.offer.plan, approval.round), (&None, number), "it shows nothing yet");
        approval.apply(there(number, plan("p1", 0)), at(4));
        assert_eq!((approval.offer.digest == digest, approval.round), (region == "us-east-1", number + 1));
    }
}

#[test]
fn the_digest_is_of_what_it_would_do_and_of_nothing_else() {
    let mut digests = Vec::new();
    for plan in [plan("p1", 0), plan("p2", 0), plan("p1", 1), Plan::failed("x")] {
        let mut approval = opened(None);
        approval.apply(wanted("us-east-1"), at(1));
        approval.apply(there(1, plan), at(2));
        digests.push(approval.offer.digest);
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_ne!(digests[0], digests[3]);
}

#[test]
fn a_no_ends_the_plan_that_is_being_made() {
    let mut approval = opened(None);
    approval.apply(wanted("us-east-1"), at(10));
    assert_eq!(approval.apply(no(), at(20)), [Effect::StopPlan, Effect::Obey]);
    assert_eq!((approval.planning(), approval.round), (None, 1));
    let mut withdrawn = opened(None);
    withdrawn.apply(wanted("us-east-1"), at(10));
    assert_eq!(withdrawn.apply(Event::PlanStopped, at(20)), [Effect::StopPlan]);
    assert_eq!(withdrawn.apply(Event::PlanStopped, at(21)), []);
}

#[test]
fn a_yes_keeps_its_plan_and_a_yes_that_is_struck_too() {
    let mut approval = approved();
    let digest = approval.offer.digest.clone();
    assert_eq!(approval.offer.plan_id(), Some("p1"));
    assert_eq!(approval.apply(Event::Struck, at(31)), [Effect::AskAgain { until: at(130) }]);
    assert_eq!((approval.offer.plan_id(), approval.round, &approval.offer.digest), (Some("p1"), 3, &digest));
}

#[test]
fn a_stale_plan_is_made_anew_and_the_same_one_holds() {
    let mut approval = approved();
    let (round, digest) = (approval.round, approval.offer.digest.clone());
    assert_eq!(approval.apply(Event::PlanStale { again: true }, at(500)), [Effect::Plan]);
    assert_eq!((&approval.offer.plan, approval.next_deadline()), (&None, Some(at(620))));
    assert_eq!(approval.apply(there(2, plan("p2", 0)), at(501)), [Effect::GoOn]);
    assert_eq!((approval.offer.plan_id(), approval.round, &approval.offer.digest), (Some("p2"), round, &digest));
    assert!(approval.decision().is_some() && approval.steps[0].signatures[0].struck.is_none());
    assert_eq!(approval.difference(), None);
    // Given up, and made anew later.
    assert_eq!(approval.apply(Event::PlanStale { again: false }, at(600)), []);
    assert_eq!((&approval.offer.plan, approval.next_deadline()), (&None, None));
    assert_eq!(approval.apply(Event::PlanStale { again: true }, at(900)), [Effect::Plan]);
    assert_eq!(approval.apply(there(3, plan("p3", 0)), at(901)), [Effect::GoOn]);
}

#[test]
fn another_plan_strikes_all_and_the_clock_begins_anew() {
    let blocked = Plan::read(&json!({ "planId": "p", "findings": [{ "level": "blocking", "text": "no" }] }), NOON);
    for other in [plan("p2", 1), Plan::failed("no template"), blocked] {
        let mut approval = approved();
        let round = approval.round;
        approval.apply(Event::PlanStale { again: true }, at(500));
        assert_eq!(approval.apply(there(2, other.clone()), at(510)), [Effect::AskAnew { until: at(630) }]);
        assert_eq!((approval.round, approval.decision(), approval.deadline()), (round + 1, None, Some(at(630))));
        assert_eq!(approval.steps[0].signatures[0].struck, Some(at(510)));
        assert_eq!(approval.offer.plan.as_ref(), Some(&other));
        assert!(!approval.difference().unwrap().lines.is_empty());
        // Another wish is another story.
        approval.apply(wanted("us-east-1"), at(511));
        assert_eq!(approval.difference(), None);
    }
    let mut late = approved();
    late.apply(Event::PlanStale { again: true }, at(500));
    assert_eq!(late.apply(Event::Time, at(620)), [Effect::StopPlan, Effect::AskAnew { until: at(740) }]);
}

#[test]
fn whatever_happens_with_plans_there_is_an_end() {
    arbtest::arbtest(|u| {
        let mut approval = opened(Some(60).filter(|_| u.arbitrary().unwrap_or(true)));
        let (mut now, mut asked) = (0, 0);
        for _ in 0..u.int_in_range(0..=30)? {
            now += u.int_in_range(0..=50)?;
            let (round, late) = (approval.round, approval.clock.is_late);
            let event = match u8::arbitrary(u)? % 6 {
                // In the last moment there is no time left to go on with.
                0 if !late
                    && approval.decision().is_none()
                    && approval.planning().is_none()
                    && approval.deadline().is_some_and(|due| due > at(now)) =>
                {
                    wanted("us-east-1")
                }
                1 => there(u.int_in_range(1..=4)?, plan("p", u.int_in_range(0..=1)?)),
                2 if approval.decision().is_some() && approval.planning().is_none() => Event::PlanStale { again: true },
                3 => Event::PlanStopped,
                _ => super::something(u)?,
            };
            let was_planning = approval.planning().is_some();
            let effects = approval.apply(event.clone(), at(now));
            asked += effects.iter().filter(|effect| matches!(effect, Effect::Plan)).count();
            assert!(approval.round >= round, "a round never goes back");
            assert_eq!(approval.waiting_for() == WaitingFor::Plan, approval.planning().is_some());
            if approval.planning().is_some() {
                assert_eq!((&approval.offer.plan, approval.deadline()), (&None, None));
                assert!(approval.next_deadline().is_some(), "a plan ends");
            }
            if was_planning && effects.contains(&Effect::Late) {
                panic!("it ended while the clock stood");
            }
            if event == Event::Time {
                assert!(approval.next_deadline().is_none_or(|due| due > at(now)), "what is due was done: {approval:?}");
            }
        }
        assert!(asked <= 30);
        Ok(())
    });
}
