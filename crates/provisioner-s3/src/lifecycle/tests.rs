use aws_sdk_s3::types::ExpirationStatus::{self, Disabled, Enabled};
use aws_sdk_s3::types::{Transition, TransitionStorageClass};

use super::*;

fn rule(id: Option<&str>, status: ExpirationStatus) -> LifecycleRule {
    let glacier = Transition::builder().days(30).storage_class(TransitionStorageClass::Glacier).build();
    LifecycleRule::builder()
        .set_id(id.map(str::to_owned))
        .status(status)
        .filter(LifecycleRuleFilter::builder().prefix("logs/").build())
        .expiration(LifecycleExpiration::builder().days(1).build())
        .transitions(glacier)
        .build()
        .unwrap()
}

fn rules(told: &[(&str, ExpirationStatus)]) -> Vec<LifecycleRule> {
    told.iter().map(|(id, status)| rule(Some(id), status.clone())).collect()
}

#[test]
fn what_was_on_is_suspended_and_comes_back_as_it_was() {
    let before = rules(&[("a", Enabled), ("b", Disabled), ("ü 3", Enabled)]);
    let suspended_ = suspended(&before).unwrap();
    assert_eq!(suspended_, rules(&[("a.provision-bot", Disabled), ("b", Disabled), ("ü 3.provision-bot", Disabled)]));
    assert_eq!(suspended(&suspended_).unwrap(), suspended_, "again");
    assert_eq!(resumed(&suspended_).unwrap(), before);
    assert_eq!(resumed(&before).unwrap(), before, "again");
    assert_eq!(suspended(&[]).unwrap(), []);
    assert!(suspended_.iter().filter(|rule| is_suspended(rule)).count() == 2 && !suspended_.iter().any(is_on));
}

#[test]
fn what_people_do_meanwhile_is_kept() {
    for (meanwhile, again, after) in [
        // A new rule, which is on.
        (
            vec![("a.provision-bot", Disabled), ("new", Enabled)],
            vec![("a.provision-bot", Disabled), ("new.provision-bot", Disabled)],
            vec![("a", Enabled), ("new", Enabled)],
        ),
        // One that was turned on by hand gets no second mark.
        (vec![("a.provision-bot", Enabled)], vec![("a.provision-bot", Disabled)], vec![("a", Enabled)]),
        // One that was removed stays so.
        (vec![("b", Disabled)], vec![("b", Disabled)], vec![("b", Disabled)]),
    ] {
        let meanwhile = rules(&meanwhile);
        assert_eq!(suspended(&meanwhile).unwrap(), rules(&again));
        assert_eq!(resumed(&meanwhile).unwrap(), rules(&after));
        assert_eq!(resumed(&suspended(&meanwhile).unwrap()).unwrap(), rules(&after));
    }
}

#[test]
fn a_rule_that_cannot_be_marked_is_named() {
    let longest = "x".repeat(ID_MAX - MARK.len());
    assert!(suspended(&rules(&[(&longest, Enabled)])).is_ok());
    let longer = format!("{longest}x");
    let refused = suspended(&rules(&[("a", Enabled), (&longer, Enabled)])).unwrap_err();
    assert!(
        refused.kind == "LifecycleRuleName" && refused.how.contains(&longer[..60]) && !refused.passes,
        "{refused:?}"
    );
    let longest_that_is_off = "x".repeat(ID_MAX);
    assert!(suspended(&rules(&[(&longest_that_is_off, Disabled)])).is_ok(), "it stays as it is");

    for nameless in [None, Some("")] {
        let refused = suspended(&[rule(nameless, Enabled)]).unwrap_err();
        assert!(refused.how.contains("no ID"), "{refused:?}");
        assert!(suspended(&[rule(nameless, Disabled)]).is_ok());
    }

    let two = [("a", Enabled), ("a.provision-bot", Disabled)];
    let refused = suspended(&rules(&two)).unwrap_err();
    assert!(refused.how.contains(r#""a" would be called "a.provision-bot""#), "{refused:?}");
    let refused = resumed(&rules(&two)).unwrap_err();
    assert!(refused.how.contains(r#""a.provision-bot" would be called "a""#), "{refused:?}");
}

#[test]
fn two_rules_empty_it_beside_those_that_are_there() {
    let emptied = emptying(&rules(&[("a", Enabled), ("b", Disabled)])).unwrap();
    let [a, b, all, markers] = &emptied[..] else { panic!("{emptied:?}") };
    assert_eq!([a.clone(), b.clone()], [rule(Some("a.provision-bot"), Disabled), rule(Some("b"), Disabled)]);
    assert!([all, markers].iter().all(|rule| is_on(rule) && is_emptying(rule)));
    assert_eq!(all.expiration().unwrap().days(), Some(1));
    assert_eq!(all.expiration().unwrap().expired_object_delete_marker(), None, "S3 takes it beside no days");
    assert_eq!(all.noncurrent_version_expiration().unwrap().noncurrent_days(), Some(1));
    assert_eq!(all.abort_incomplete_multipart_upload().unwrap().days_after_initiation(), Some(1));
    let lone = markers.expiration().unwrap();
    assert_eq!((lone.expired_object_delete_marker(), lone.days()), (Some(true), None));
    assert_eq!(emptying(&emptied).unwrap(), emptied, "again");
    // S3 may write the same in another form; one that somebody changed is set right.
    let mut back = emptied.clone();
    back[2].filter = None;
    back[2].expiration.as_mut().unwrap().expired_object_delete_marker = Some(false);
    assert_eq!(emptying(&back).unwrap(), back);
    back[2].filter = Some(LifecycleRuleFilter::builder().prefix("logs/").build());
    back[3].status = Disabled;
    assert_eq!(emptying(&back).unwrap(), emptied);
    // Whatever level is set after all, nothing is emptied any more.
    assert_eq!(suspended(&emptied).unwrap(), rules(&[("a.provision-bot", Disabled), ("b", Disabled)]));
    assert_eq!(resumed(&emptied).unwrap(), rules(&[("a", Enabled), ("b", Disabled)]));
}

#[test]
fn no_rule_of_others_keeps_a_bucket_from_being_emptied() {
    let longer = "x".repeat(ID_MAX);
    let emptied = emptying(&[rule(None, Enabled), rule(Some(&longer), Enabled)]).unwrap();
    assert_eq!(emptied.iter().filter(|rule| is_on(rule)).count(), 2, "{emptied:?}");
    assert_eq!((emptied.len(), emptied[0].id(), emptied[1].id()), (4, None, Some(&*longer)));
    let full: Vec<_> = (0..RULES_MAX).map(|n| rule(Some(&n.to_string()), Enabled)).collect();
    let emptied = emptying(&full[..RULES_MAX - 2]).unwrap();
    assert_eq!(emptied.len(), RULES_MAX);
    assert!(emptying(&full).unwrap().iter().all(is_emptying), "S3 takes no more");
}
