//! Looking whether a bucket is still as it was made, as far as its level does not explain what
//! differs. Nothing is changed.

use aws_sdk_s3::types::LifecycleRule;
use provisioner::{Inspected, Level};

use crate::access::read_rules;
use crate::bucket::{BucketContext, Owner};
use crate::failure::Stop;
use crate::lifecycle::{is_emptying, is_on, is_suspended};
use crate::ownership::{can_own, is_listed_if_told, look};
use crate::policy::{self, Denied, Found};
use crate::settings;

/// Looks at the bucket of a request, whose level was set last to `level`, if that is known.
pub async fn inspect(context: &BucketContext, level: Option<Level>) -> Result<Inspected, Stop> {
    can_own(&context.input)?;
    context.credentials.ready().await?;
    let not_ours = Inspected { exists: true, ..Inspected::default() };
    match look(context).await? {
        Owner::Us => {}
        Owner::Nobody => return Ok(Inspected::default()),
        Owner::Denied(problem) => match is_listed_if_told(context).await? {
            Some(false) => return Ok(not_ours),
            Some(true) | None => return Err(problem.into()),
        },
        Owner::Untagged | Owner::Somebody | Owner::Stranger | Owner::Elsewhere => return Ok(not_ours),
    }
    let (settings, rules) = tokio::try_join!(settings::read(context), read_rules(context))?;
    if settings.elsewhere.is_some() {
        return Ok(not_ours);
    }
    let mut drift = settings.differences(&context.input);
    match policy::find(settings.policy.as_deref(), &context.arn()) {
        Ok(found) => drift.extend(unexplained(found, &rules.rules, level)),
        Err(hindrance) => drift.push(hindrance.how),
    }
    Ok(Inspected { exists: true, ours: true, drift })
}

/// What the level does not explain of our statement and of the lifecycle rules. A level that is not
/// known is the one that the statement says.
fn unexplained(found: Found, rules: &[LifecycleRule], level: Option<Level>) -> Vec<String> {
    let mut drift = Vec::new();
    let statement = match (found, level) {
        (Found::Changed, _) => Some("was changed"),
        (Found::Nothing, Some(Level::ReadOnly)) => Some("is missing: the bucket can be changed"),
        (Found::Nothing, Some(Level::Closed)) => Some("is missing: the bucket can be used"),
        (Found::Nothing, None) if rules.iter().any(is_suspended) => {
            Some("is missing, and lifecycle rules are suspended")
        }
        (Found::Nothing, Some(Level::Open) | None) => None,
        (Found::Whole(_), Some(Level::Open)) => Some("is there: the bucket is not open"),
        (Found::Whole(Denied::Changing), Some(Level::ReadOnly)) => None,
        // From closed on it may be emptied.
        (Found::Whole(Denied::Using | Denied::UsingButEmptying), Some(Level::Closed)) => None,
        (Found::Whole(_), Some(_)) => Some("denies something else than it was set to"),
        (Found::Whole(_), None) => None,
    };
    drift.extend(statement.map(|what| format!("the statement {} of its policy {what}", policy::SID)));
    let restricted = match level {
        Some(level) => level != Level::Open,
        None => found != Found::Nothing,
    };
    let emptied = found == Found::Whole(Denied::UsingButEmptying);
    for rule in rules {
        let what = match rule {
            rule if is_emptying(rule) => (!emptied && is_on(rule)).then_some("empties it"),
            rule if restricted && is_on(rule) => Some("is on"),
            rule if level == Some(Level::Open) && is_suspended(rule) => Some("is suspended"),
            _ => None,
        };
        drift.extend(what.map(|what| format!("the lifecycle rule {:?} {what}", rule.id().unwrap_or_default())));
    }
    drift
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::ExpirationStatus::{self, Disabled, Enabled};

    use super::*;

    fn rule(id: &str, status: ExpirationStatus) -> LifecycleRule {
        LifecycleRule::builder().id(id).status(status).build().unwrap()
    }

    #[test]
    fn what_the_level_explains_is_no_drift() {
        let open = [rule("theirs", Enabled), rule("old", Disabled)];
        let frozen = [rule("theirs.provision-bot", Disabled), rule("old", Disabled)];
        let none: &[&str] = &[];
        let (changing, using) = (Found::Whole(Denied::Changing), Found::Whole(Denied::Using));
        for (found, rules, level, expected) in [
            (Found::Nothing, &open, None, none),
            (Found::Nothing, &open, Some(Level::Open), none),
            (changing, &frozen, None, none),
            (changing, &frozen, Some(Level::ReadOnly), none),
            (using, &frozen, Some(Level::Closed), none),
            (Found::Whole(Denied::UsingButEmptying), &frozen, Some(Level::Closed), none),
            (Found::Changed, &frozen, None, &["was changed"]),
            (Found::Nothing, &frozen, None, &["is missing, and lifecycle rules are suspended"]),
            (Found::Nothing, &frozen, Some(Level::ReadOnly), &["the bucket can be changed"]),
            (Found::Nothing, &frozen, Some(Level::Closed), &["the bucket can be used"]),
            (using, &frozen, Some(Level::ReadOnly), &["something else"]),
            (changing, &frozen, Some(Level::Closed), &["something else"]),
            (changing, &open, Some(Level::ReadOnly), &["rule \"theirs\" is on"]),
            (changing, &open, None, &["rule \"theirs\" is on"]),
            (using, &frozen, Some(Level::Open), &["is not open", "rule \"theirs.provision-bot\" is suspended"]),
            (Found::Nothing, &frozen, Some(Level::Open), &["rule \"theirs.provision-bot\" is suspended"]),
        ] {
            let drift = unexplained(found, rules, level);
            assert_eq!(drift.len(), expected.len(), "{found:?} {level:?}: {drift:?}");
            assert!(drift.iter().zip(expected).all(|(told, words)| told.contains(words)), "{drift:?} {expected:?}");
        }
    }

    #[test]
    fn the_rules_that_empty_it_belong_to_emptying() {
        let rules = crate::lifecycle::emptying(&[]).unwrap();
        assert!(unexplained(Found::Whole(Denied::UsingButEmptying), &rules, None).is_empty());
        assert_eq!(unexplained(Found::Nothing, &rules, Some(Level::Open)).len(), 2);
    }
}
