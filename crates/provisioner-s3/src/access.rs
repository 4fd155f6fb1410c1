//! How much of a bucket can be used: what stands in its policy, and which of its lifecycle
//! rules are on. Each is read, changed as far as it has to be, written, and read back.
//!
//! **The rules first, then the policy**, and in the opposite order back: a policy does not hold
//! up Lifecycle, so that nothing that may not be changed expires in between. Whoever dies in
//! between is followed by somebody who does both again, and finds the first one done.

use std::time::Duration;

use aws_sdk_s3::types::{BucketLifecycleConfiguration, LifecycleRule, TransitionDefaultMinimumObjectSize};

use futures::FutureExt;

use crate::answer::if_set;
use crate::bucket::BucketContext;
use crate::failure::{Problem, Stop};
use crate::hindrance::Hindrance;
use crate::lifecycle;
use crate::ownership::still_ours;
use crate::policy::{self, Denied, Edit, Found};

/// A setting just made may be read back old: S3 promises that for objects only.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Suspends the rules that are on, before `denied` is. Where that cannot be denied they are left on.
pub async fn suspend_rules(context: &BucketContext, denied: Denied) -> Result<(), Stop> {
    ours(context).await?;
    policy::edit(read_policy(context).await?.as_deref(), Some(denied), &context.arn())?;
    set_rules(context, |rules| Ok(lifecycle::suspended(rules)?)).await
}

/// Lets our statement deny this.
pub async fn deny(context: &BucketContext, denied: Denied) -> Result<(), Stop> {
    ours(context).await?;
    set_statement(context, Some(denied)).await
}

/// Takes our statement out of the policy, before rules are resumed. Where they cannot be it is left.
pub async fn allow(context: &BucketContext) -> Result<(), Stop> {
    ours(context).await?;
    lifecycle::resumed(&read_rules(context).await?.rules)?;
    set_statement(context, None).await
}

/// Turns on again what was suspended.
pub async fn resume_rules(context: &BucketContext) -> Result<(), Stop> {
    ours(context).await?;
    set_rules(context, |rules| Ok(lifecycle::resumed(rules)?)).await
}

/// A bucket that is gone, or somebody else's by now, gets no level.
async fn ours(context: &BucketContext) -> Result<(), Stop> {
    match still_ours(context).await? {
        true => Ok(()),
        false => Err(Hindrance::missing(context.bucket()).into()),
    }
}

/// Lets our statement deny this and nothing else, and waits until that is read back; `None`: takes
/// it out.
pub async fn set_statement(context: &BucketContext, denied: Option<Denied>) -> Result<(), Stop> {
    let arn = context.arn();
    let read = async || Ok::<_, Stop>(policy::edit(read_policy(context).await?.as_deref(), denied, &arn)?);
    match read().await? {
        Edit::Nothing => return Ok(()),
        Edit::Write(text) => {
            let call = context.client.put_bucket_policy().bucket(context.bucket());
            call.policy(text).send().boxed().await?;
        }
        Edit::Delete => drop(context.client.delete_bucket_policy().bucket(context.bucket()).send().boxed().await?),
    }
    for _ in 1..LOOKS {
        if read().await? == Edit::Nothing {
            return Ok(());
        }
        context.attempt.pause(BETWEEN_LOOKS).await?;
    }
    Err(Problem::Differs(vec![format!("its policy has another statement {}", policy::SID)]).into())
}

/// Changes the rules as `edit` says, unless that changes nothing, and waits until it does not.
pub async fn set_rules(
    context: &BucketContext,
    edit: impl Fn(&[LifecycleRule]) -> Result<Vec<LifecycleRule>, Problem>,
) -> Result<(), Stop> {
    let Rules { rules, smallest } = read_rules(context).await?;
    let wanted = edit(&rules)?;
    if wanted == rules {
        return Ok(());
    }
    let bucket = context.bucket();
    if wanted.is_empty() {
        context.client.delete_bucket_lifecycle().bucket(bucket).send().boxed().await?;
    } else {
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(wanted)).build()?;
        let call = context.client.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules);
        call.set_transition_default_minimum_object_size(smallest).send().boxed().await?;
    }
    for _ in 1..LOOKS {
        let Rules { rules, .. } = read_rules(context).await?;
        if edit(&rules)? == rules {
            return Ok(());
        }
        context.attempt.pause(BETWEEN_LOOKS).await?;
    }
    Err(Problem::Differs(vec!["its lifecycle rules are not as they were written".into()]).into())
}

/// The policy's text, if there is one.
pub async fn read_policy(context: &BucketContext) -> Result<Option<String>, Problem> {
    let answer = if_set(context.client.get_bucket_policy().bucket(context.bucket()).send()).await?;
    Ok(answer.and_then(|answer| answer.policy))
}

/// What our statement denies now.
pub async fn read_statement(context: &BucketContext) -> Result<Found, Problem> {
    Ok(policy::find(read_policy(context).await?.as_deref(), &context.arn())?)
}

/// The lifecycle rules, and what is set for all of them.
#[derive(Default)]
pub struct Rules {
    pub rules: Vec<LifecycleRule>,
    /// Written back as it is; left out, S3 would set its default.
    smallest: Option<TransitionDefaultMinimumObjectSize>,
}

/// The lifecycle rules: none where there is no such thing.
pub async fn read_rules(context: &BucketContext) -> Result<Rules, Problem> {
    let call = context.client.get_bucket_lifecycle_configuration().bucket(context.bucket());
    match if_set(call.send()).await {
        Ok(None) => Ok(Rules::default()),
        Ok(Some(answer)) => Ok(Rules {
            smallest: answer.transition_default_minimum_object_size,
            rules: answer.rules.unwrap_or_default(),
        }),
        Err(Problem::Refused { code, .. }) if matches!(code.as_str(), "NotImplemented" | "MethodNotAllowed") => {
            Ok(Rules::default())
        }
        Err(problem) => Err(problem),
    }
}
