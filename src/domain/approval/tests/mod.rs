//! What happens, and what is done about it.

use arbitrary::{Arbitrary, Unstructured};
use serde_json::json;

use super::*;

mod plans;

const NOON: Moment = Moment(1_795_773_720);

fn at(seconds: i64) -> Moment {
    Moment(NOON.0 + seconds)
}

fn opened(reminder: Option<u64>) -> Approval {
    let mut approval = Approval::by("U2");
    let opened = Event::Opened {
        waits: Duration::from_secs(120),
        reminder: reminder.map(Duration::from_secs),
        parameters: Map::new(),
        lifetime: None,
    };
    assert!(approval.steps[0].asked.is_empty(), "nobody is asked before the step opens");
    assert_eq!(approval.apply(opened, NOON), [Effect::Ask { until: at(120) }]);
    assert_eq!(approval.steps[0].asked, ["U2"]);
    approval
}

fn yes(door: Door) -> Event {
    let (region, profile) = ("us-east-1".to_owned(), "sandbox".to_owned());
    Event::Decided {
        authorization: Authorization::Approve { region, profile, decided_by: "U2".into() },
        parameters: Map::new(),
        door,
    }
}

fn no() -> Event {
    Event::Decided {
        authorization: Authorization::Reject { decided_by: "U2".into(), reason: None },
        parameters: Map::new(),
        door: Door::Slack,
    }
}

#[test]
fn those_who_were_asked_are_reminded_and_the_time_ends_once() {
    let mut approval = opened(Some(60));
    assert_eq!(approval.next_deadline(), Some(at(120)), "nobody is reminded who was not asked yet");
    assert_eq!(approval.apply(Event::Asked, at(5)), []);
    assert_eq!(approval.next_deadline(), Some(at(65)));
    assert_eq!(approval.apply(Event::Time, at(64)), [], "not yet");
    assert_eq!(approval.apply(Event::Time, at(65)), [Effect::Remind { until: at(120) }]);
    assert_eq!(approval.apply(Event::Time, at(66)), [], "once");
    assert_eq!(approval.next_deadline(), Some(at(120)));
    assert_eq!(approval.apply(Event::Time, at(120)), [Effect::Late]);
    assert_eq!(approval.apply(Event::Time, at(121)), []);
    assert_eq!(approval.next_deadline(), None);
}

#[test]
fn nobody_is_reminded_who_decided_or_too_late_or_at_all() {
    let mut decided = opened(Some(60));
    decided.apply(Event::Asked, at(5));
    assert_eq!(decided.apply(yes(Door::Slack), at(10)), [Effect::Obey]);
    assert_eq!(decided.apply(Event::Time, at(65)), []);
    for (reminder, asked) in [(Some(60), 60), (Some(120), 0), (None, 0)] {
        let mut approval = opened(reminder);
        approval.apply(Event::Asked, at(asked));
        assert_eq!(approval.next_deadline(), Some(at(120)), "{reminder:?}");
    }
    let mut late = opened(Some(60));
    late.apply(Event::Asked, at(5));
    assert_eq!(late.apply(Event::Time, at(500)), [Effect::Late], "a worker was away: the end, and no reminder of it");
}

#[test]
fn a_struck_signature_stays_and_the_step_opens_again() {
    let mut approval = opened(None);
    let nothing = approval.offer.digest.clone();
    approval.apply(yes(Door::Slack), NOON);
    assert_ne!(approval.offer.digest, nothing);
    assert_eq!((approval.decided_at(), approval.decision().is_some()), (Some(NOON), true));
    assert_eq!(approval.apply(Event::Struck, at(1)), [Effect::AskAgain { until: at(120) }]);
    assert_eq!((approval.round, &approval.offer.digest, approval.decision()), (2, &nothing, None));
    approval.apply(yes(Door::Http), at(2));
    assert_eq!(
        serde_json::to_value(&approval.steps).unwrap(),
        json!([{
            "from": ["U2"], "need": 1, "asked": ["U2"],
            "signatures": [
                { "by": "U2", "for": null, "at": "2026-11-27T10:02:00Z", "door": "slack",
                  "struck": "2026-11-27T10:02:01Z" },
                { "by": "U2", "for": null, "at": "2026-11-27T10:02:02Z", "door": "http", "struck": null }
            ]
        }])
    );
}

#[test]
fn a_no_is_a_decision_without_a_signature() {
    let mut approval = opened(None);
    let before = approval.offer.clone();
    assert_eq!(approval.apply(no(), at(3)), [Effect::Obey]);
    assert_eq!((&approval.offer, approval.round), (&before, 1));
    assert!(approval.steps[0].signatures.is_empty() && approval.decision().is_some());
}

#[test]
fn whatever_happens_the_time_ends_once_and_nothing_signed_is_erased() {
    arbtest::arbtest(|u| {
        let mut approval = opened(Some(60).filter(|_| u.arbitrary().unwrap_or(true)));
        let (mut now, mut ends, mut reminders) = (0, 0, 0);
        for _ in 0..u.int_in_range(0..=20)? {
            now += u.int_in_range(0..=40)?;
            let (round, signed) = (approval.round, approval.steps[0].signatures.len());
            let event = something(u)?;
            let effects = approval.apply(event.clone(), at(now));
            ends += effects.iter().filter(|effect| **effect == Effect::Late).count();
            reminders += effects.iter().filter(|effect| matches!(effect, Effect::Remind { .. })).count();
            assert!(approval.round >= round, "a round never goes back");
            assert!(approval.steps[0].signatures.len() >= signed, "a signature is never erased");
            let counting = approval.steps[0].signatures.iter().filter(|it| it.struck.is_none()).count();
            assert!(
                approval.decision().is_none()
                    || counting > 0
                    || matches!(approval.decision(), Some(Authorization::Reject { .. }))
            );
            if event == Event::Time {
                assert!(approval.next_deadline().is_none_or(|due| due > at(now)), "what is due was done: {approval:?}");
            }
            assert!(ends == 1 || approval.next_deadline().is_some(), "always a deadline, until it is over");
        }
        assert!(ends <= 1);
        assert!(reminders <= 20);
        Ok(())
    });
}

fn something(u: &mut Unstructured<'_>) -> arbitrary::Result<Event> {
    Ok(match u8::arbitrary(u)? % 7 {
        0 => Event::Asked,
        1 => yes(Door::Slack),
        2 => no(),
        3 => Event::Struck,
        4 => Event::Unconfirmed,
        5 => Event::NextQuestion,
        _ => Event::Time,
    })
}
