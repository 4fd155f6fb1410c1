//! Undoing: everything goes with the bucket, so the bucket is emptied and
//! deleted. Every part may be repeated, from any state it was left in.
//!
//! Whoever made the bucket may be silent and yet not be dead: see [`activity_lease`]. A
//! `provision` of which nobody heard how it ended may have asked for the bucket, which
//! then appears only now.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::access::{read_statement, set_statement};
use crate::attempt::{claimed_before, may_have_made};
use crate::bucket::{BucketContext, Owner};
use crate::empty;
use crate::failure::{Problem, Stop};
use crate::hindrance::Hindrance;
use crate::ownership::{can_own, is_empty, is_listed_if_told, look, still_ours};
use crate::policy::{Denied, Found};

/// For how long a bucket may still appear that a silent attempt asked for. Its requests
/// leave within eight seconds of its last heartbeat, a living process gives up each after
/// ten, and undoing begins ten seconds after that heartbeat at the earliest: see
/// `activity_lease`, `clients`.
const LATE: Duration = Duration::from_secs(15);
/// Between two looks for it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// How often a bucket that fills again is emptied before somebody hears of it.
const ROUNDS: u32 = 3;

/// Whether there is something to undo. A bucket that is not ours is not ours to
/// delete. It counts as nothing, with a word in the log, where this request's `provision`
/// certainly made none; else it may be what was made, and say so no more (its tags were
/// replaced, the profile speaks for another account by now), which a person is told.
pub async fn is_there_something_to_undo(context: &BucketContext) -> Result<bool, Stop> {
    can_own(&context.input)?;
    context.credentials.ready().await?;
    let claimed = claimed_before(&context.input);
    let silent = context.input.unheard.as_ref().is_some_and(|unheard| unheard.silent);
    let deadline = Instant::now() + if silent && claimed != Some(false) { LATE } else { Duration::ZERO };
    let why = loop {
        match look(context).await? {
            Owner::Nobody if Instant::now() < deadline => context.attempt.pause(LOOK_AGAIN).await?,
            other => break other,
        }
    };
    let why = match why {
        Owner::Us => return Ok(true),
        Owner::Nobody => return nothing(context, "there is no such bucket"),
        Owner::Untagged if claimed != Some(false) && is_empty(context).await? => {
            let bucket = context.bucket();
            let unmarked = format!("{bucket} is empty and carries no tag, so it may be this request's or somebody's");
            if claimed != Some(true) {
                return Err(Problem::Taken(unmarked).into());
            }
            // It was seen free, and then asked for: `claim` tells why that is enough.
            context.untagged_is_ours.store(true, Ordering::Relaxed);
            return Ok(true);
        }
        Owner::Untagged => "it carries no tag of this request",
        Owner::Stranger => "it belongs to another account",
        Owner::Somebody => "it belongs to something else",
        Owner::Elsewhere => "it is in another region",
        Owner::Denied(problem) => match is_listed_if_told(context).await? {
            Some(false) => "it belongs to another account",
            Some(true) | None => return Err(problem.into()),
        },
    };
    match may_have_made(&context.input) {
        true => Err(Problem::Taken(format!(
            "a bucket {} is there, and it does not (any more) say that it is this request's: {why}; nothing was changed",
            context.bucket()
        ))
        .into()),
        false => nothing(context, why),
    }
}

fn nothing(context: &BucketContext, why: &str) -> Result<bool, Stop> {
    let (request, bucket) = (&context.input.application_id, context.bucket());
    tracing::info!(request.id = %request, s3.bucket = %bucket, "nothing to undo: {why}");
    Ok(false)
}

/// Stops whoever writes into the bucket, or emptying it never ends (S3 user guide, "Emptying a
/// bucket"). One that is empty needs no policy for that. Where a few objects are to be deleted it
/// is done without as well, if the policy cannot be changed: a request that is half built is
/// undone on servers that have no policies, and nobody uses it yet.
pub async fn stop_writers(context: &BucketContext) -> Result<(), Stop> {
    if !still_ours(context).await? {
        return Ok(());
    }
    let found = match read_statement(context).await {
        Ok(found) => found,
        Err(problem) => return without_stopping(context, problem),
    };
    if found == Found::Nothing && empty::is_bare(context).await? {
        return Ok(());
    }
    match set_statement(context, Some(Denied::UsingButEmptying)).await {
        Ok(()) => {}
        Err(Stop::Failed(problem)) => without_stopping(context, problem)?,
        Err(stop) => return Err(stop),
    }
    // An earlier attempt may have done it just now.
    if found != Found::Nothing {
        let _ = context.loosened.set(Instant::now());
    }
    Ok(())
}

/// What may pass is tried again; what a person would have to mend is left to emptying.
fn without_stopping(context: &BucketContext, problem: Problem) -> Result<(), Stop> {
    if problem.judge(&context.input.region, &context.input.profile).retry || problem.blames_credentials() {
        return Err(problem.into());
    }
    let (request, bucket) = (&context.input.application_id, context.bucket());
    tracing::warn!(request.id = %request, s3.bucket = %bucket, ?problem, "who writes into a bucket cannot be stopped");
    let _ = context.writers_go_on.set(problem);
    Ok(())
}

/// Deletes the bucket. Someone may have written to it meanwhile: then it is emptied again, and
/// what keeps arriving is named.
pub async fn delete(context: &BucketContext) -> Result<(), Stop> {
    for round in 1.. {
        if !still_ours(context).await? {
            return Ok(());
        }
        match context.client.delete_bucket().bucket(context.bucket()).send().await.map_err(Problem::from) {
            Ok(_) => return Ok(()),
            Err(Problem::Refused { code, .. }) if code == "NoSuchBucket" => return Ok(()),
            Err(Problem::Refused { code, .. }) if code == "BucketNotEmpty" => {
                if round == ROUNDS {
                    let what = empty::what_is_there(context).await?;
                    return Err(Hindrance::still_arriving(what.as_deref().unwrap_or("S3 lists nothing")).into());
                }
                empty::abort_uploads(context).await?;
                empty::empty(context).await?;
                if context.remaining.get().is_some() {
                    return Ok(());
                }
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    Ok(())
}
