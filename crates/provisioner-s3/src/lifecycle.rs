//! Lifecycle rules, which a policy does not hold up: they go on expiring what nobody may delete
//! (S3 user guide, "Lifecycle and other bucket configurations"). So those that are on are
//! suspended while a bucket may not be changed, and resumed after; and two of our own empty
//! what is too large to be emptied by calls.
//!
//! Which rules were on is remembered by their IDs, so that it is where the rules are: no
//! attempt that dies, and nobody's edit, loses it.

use std::collections::BTreeSet;

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration,
};

use crate::hindrance::Hindrance;

/// Behind the ID of a rule that was on before it was suspended.
pub const MARK: &str = ".provision-bot";
/// The longest ID of a rule, in characters (S3 API reference, "LifecycleRule").
const ID_MAX: usize = 255;
/// The most rules of a bucket (S3 user guide, "Setting a Lifecycle configuration").
const RULES_MAX: usize = 1000;

/// The rule that expires everything, and the one that removes what then is left of an object.
/// S3 takes `ExpiredObjectDeleteMarker` beside no number of days.
const EMPTYING: [&str; 2] = ["ProvisionBotExpireAll", "ProvisionBotRemoveMarkers"];

/// The rules, those that are on suspended. All that is in them stays.
pub fn suspended(rules: &[LifecycleRule]) -> Result<Vec<LifecycleRule>, Hindrance> {
    let rules = without_emptying(rules).map(|rule| {
        if !is_on(rule) {
            return Ok(rule.clone());
        }
        let id = rule.id().filter(|id| !id.is_empty()).ok_or_else(Hindrance::rule_without_name)?;
        let marked = if id.ends_with(MARK) { id.to_owned() } else { format!("{id}{MARK}") };
        if marked.chars().count() > ID_MAX {
            return Err(Hindrance::rule_name_too_long(id, MARK, ID_MAX));
        }
        Ok(with(rule, Some(marked), ExpirationStatus::Disabled))
    });
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    told_apart(&rules).map(|()| rules)
}

/// The rules, those that were suspended on again. Those that were disabled before stay so.
pub fn resumed(rules: &[LifecycleRule]) -> Result<Vec<LifecycleRule>, Hindrance> {
    let rules: Vec<_> = without_emptying(rules)
        .map(|rule| match rule.id().and_then(|id| id.strip_suffix(MARK)) {
            Some(id) => with(rule, Some(id.to_owned()), ExpirationStatus::Enabled),
            None => rule.clone(),
        })
        .collect();
    told_apart(&rules).map(|()| rules)
}

/// The rules that empty the bucket, beside those that are there, which do nothing meanwhile: a
/// transition would come before the expiry of a current version (S3 user guide, "Lifecycle
/// configuration elements": what applies where rules overlap). Where the bucket has as many
/// rules as it can have, they go before the bucket does.
pub fn emptying(rules: &[LifecycleRule]) -> Result<Vec<LifecycleRule>, BuildError> {
    let others = suspended(rules).unwrap_or_else(|_| {
        let off = |rule: &LifecycleRule| with(rule, rule.id.clone(), ExpirationStatus::Disabled);
        without_emptying(rules).map(off).collect()
    });
    let mut all = if others.len() + EMPTYING.len() > RULES_MAX { Vec::new() } else { others };
    let [expire_all, remove_markers] = EMPTYING;
    let rule = |id: &str| {
        let everything = LifecycleRuleFilter::builder().prefix("").build();
        LifecycleRule::builder().id(id).filter(everything).status(ExpirationStatus::Enabled)
    };
    let days = LifecycleExpiration::builder().days(1).build();
    let noncurrent = NoncurrentVersionExpiration::builder().noncurrent_days(1).build();
    let uploads = AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build();
    let expire = rule(expire_all).expiration(days).noncurrent_version_expiration(noncurrent);
    let lone = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
    for ours in [expire.abort_incomplete_multipart_upload(uploads), rule(remove_markers).expiration(lone)] {
        let ours = ours.build()?;
        // S3 may write the same back in another form.
        let there = rules.iter().find(|rule| is_on(rule) && rule.id() == ours.id() && does_as_much(rule, &ours));
        all.push(there.cloned().unwrap_or(ours));
    }
    Ok(all)
}

/// Whether a rule expires all that another one does.
fn does_as_much(rule: &LifecycleRule, other: &LifecycleRule) -> bool {
    let expires = |rule: &LifecycleRule| {
        let expiration = rule.expiration();
        (
            expiration.and_then(LifecycleExpiration::days),
            expiration.and_then(LifecycleExpiration::expired_object_delete_marker).unwrap_or_default(),
            rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days),
            rule.abort_incomplete_multipart_upload().and_then(AbortIncompleteMultipartUpload::days_after_initiation),
        )
    };
    let everything = |rule: &LifecycleRule| match rule.filter() {
        Some(filter) => filter.prefix().is_none_or(str::is_empty) && filter.tag().is_none() && filter.and().is_none(),
        None => true,
    };
    expires(rule) == expires(other) && everything(rule)
}

/// Whether a rule is on.
pub fn is_on(rule: &LifecycleRule) -> bool {
    *rule.status() == ExpirationStatus::Enabled
}

/// Whether a rule is suspended.
pub fn is_suspended(rule: &LifecycleRule) -> bool {
    !is_on(rule) && rule.id().is_some_and(|id| id.ends_with(MARK))
}

/// Whether a rule is one of those that empty the bucket.
pub fn is_emptying(rule: &LifecycleRule) -> bool {
    rule.id().is_some_and(|id| EMPTYING.contains(&id))
}

fn without_emptying(rules: &[LifecycleRule]) -> impl Iterator<Item = &LifecycleRule> {
    rules.iter().filter(|rule| !is_emptying(rule))
}

/// The rule under another ID, with another status.
fn with(rule: &LifecycleRule, id: Option<String>, status: ExpirationStatus) -> LifecycleRule {
    let mut rule = rule.clone();
    rule.id = id.filter(|id| !id.is_empty());
    rule.status = status;
    rule
}

/// S3 takes no two rules of one ID.
fn told_apart(rules: &[LifecycleRule]) -> Result<(), Hindrance> {
    let mut met = BTreeSet::new();
    match rules.iter().filter_map(LifecycleRule::id).find(|id| !met.insert(*id)) {
        Some(id) => {
            let other = id.strip_suffix(MARK).map_or_else(|| format!("{id}{MARK}"), str::to_owned);
            Err(Hindrance::rule_name_taken(&other, id))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
