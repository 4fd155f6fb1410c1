//! Making the bucket this request's own: seen free, asked for, tagged.
//!
//! **The crash between creating and tagging.** `CreateBucket` takes tags, but not
//! everywhere: some regions and partitions of Amazon's refuse them, so do some
//! servers that speak S3, and others ignore them. So a bucket is created without and
//! tagged at once, and a worker may die in between. An untagged bucket is therefore
//! taken for ours only if all of this holds:
//!
//! 1. this activity saw the name free, and then asked for it: this attempt did,
//!    or an earlier one said so in its heartbeat ([`Beat::claiming`]) before it
//!    sent `CreateBucket`;
//! 2. the bucket carries no tag at all;
//! 3. nothing is in it: no object, no old version, no delete marker.
//!
//! Anything else is left alone, and a person is told. The mark is acknowledged before
//! `CreateBucket` leaves (see [`activity_lease`]), and goes with the request to whoever undoes it, or
//! tries again, when nobody heard how the activity ended (`ProvisionInput::unheard`).
//! What was just created and cannot be tagged is taken back at once, and an attempt that
//! finds the mark tags the bucket before it obeys a cancellation.
//!
//! **Why look before creating.** In `us-east-1` S3 answers 200 when asked to
//! create a bucket that the account already owns, and resets its ACL.
//!
//! [`Beat::claiming`]: crate::attempt::Beat::claiming

use std::sync::atomic::Ordering;
use std::time::Duration;

use activity_lease::Word;
use aws_profiles::tags::all_tags;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use tokio::time::{Instant, sleep};

use crate::attempt::Beat;
use crate::bucket::{BucketContext, Owner};
use crate::failure::{Problem, Stop};
use crate::ownership::{first_look, is_empty, is_listed_if_told, look, taken};
use crate::tags::put_tags;

/// A new bucket is visible after this time at the latest, or something is wrong.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks for a new bucket.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How often, and how soon again, is looked for a bucket that may be made too late: for
/// as long as a call may take.
const GIVE_BACK_LOOKS: u32 = 6;
const BETWEEN_GIVE_BACK_LOOKS: Duration = Duration::from_secs(5);

/// Makes the bucket exist and carry this request's tags, or fails.
pub async fn claim(context: &BucketContext) -> Result<(), Stop> {
    let claimed = match first_look(context).await? {
        Owner::Us => return Ok(()),
        Owner::Nobody => make(context).await,
        // A stranger's, of which CreateBucket says so; or the permission to read tags
        // is missing, without which nothing is begun.
        Owner::Denied(problem) => match is_listed_if_told(context).await? {
            Some(false) => make(context).await,
            Some(true) | None => return Err(problem.clone().into()),
        },
        // An earlier attempt's, perhaps. From here to the tag there is no obeying a
        // cancellation: `destroy` would find a bucket that it cannot tell from a stranger's.
        Owner::Untagged => settle(context).await,
        other => return Err(taken(context, other).into()),
    };
    let asked_for_nothing = matches!(claimed, Err(Stop::Cancelled | Stop::Superseded));
    if asked_for_nothing || context.attempt.lease.holds() {
        return claimed;
    }
    // Paused, or out of Temporal's reach, for so long that somebody else may have looked here
    // already and found nothing.
    match context.attempt.ask().await {
        Word::Lost => {
            give_back(context).await;
            Err(Stop::Superseded)
        }
        Word::GoOn | Word::Cancelled | Word::NoAnswer => claimed,
    }
}

/// Leaves the mark, unless it already stands and has just been heard.
async fn announce_claim(context: &BucketContext) -> Result<(), Stop> {
    let last = context.attempt.last();
    if last.claiming && !last.refused && context.attempt.lease.is_fresh() {
        return Ok(());
    }
    context.attempt.announce(Beat { claiming: true, refused: false, ..last }).await
}

/// Creates the bucket, which nobody has, and tags it. What cannot be tagged goes again.
async fn make(context: &BucketContext) -> Result<(), Stop> {
    announce_claim(context).await?;
    let made = async {
        create(context).await?;
        settle(context).await
    };
    let made = made.await;
    let taken = matches!(made, Err(Stop::Failed(Problem::Taken(_))));
    let never_made = !context.attempt.may_have_made && !context.made.load(Ordering::Relaxed);
    if never_made && matches!(&made, Err(Stop::Failed(why)) if why.is_a_refusal()) {
        context.attempt.remember(Beat { refused: true, ..context.attempt.last() });
    }
    if made.is_err() && !taken && context.attempt.lease.holds() {
        take_back(context).await;
    }
    made
}

/// Removes what an attempt made after it had been given up. Nobody else would: who
/// undid the request found nothing. S3 deletes a bucket only while it is empty, so
/// what is complete stays, whoever made it.
async fn give_back(context: &BucketContext) {
    if context.attempt.lease.is_in_others_care().await {
        return;
    }
    context.attempt.lease.give_back();
    // Whether the bucket was made is not always known: its making may be under way.
    for _ in 0..GIVE_BACK_LOOKS {
        match give_back_once(context).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(problem) => tracing::warn!(?problem, "what was made too late could not be removed yet"),
        }
        sleep(BETWEEN_GIVE_BACK_LOOKS).await;
    }
}

/// Whether there was something to decide.
async fn give_back_once(context: &BucketContext) -> Result<bool, Problem> {
    match look(context).await? {
        Owner::Nobody => return Ok(false),
        Owner::Us | Owner::Untagged if is_empty(context).await? => {}
        _ => return Ok(true),
    }
    let (request, bucket) = (&context.input.application_id, context.bucket());
    match context.client.delete_bucket().bucket(bucket).send().await.map_err(Problem::from) {
        Ok(_) => tracing::warn!(request.id = %request, s3.bucket = %bucket, "removed a bucket that was made too late"),
        Err(Problem::Refused { code, .. }) if code == "BucketNotEmpty" || code == "NoSuchBucket" => {}
        Err(problem) => return Err(problem),
    }
    Ok(true)
}

async fn create(context: &BucketContext) -> Result<(), Problem> {
    let mut call = context.client.create_bucket().bucket(context.bucket());
    if let Some(region) = context.location_constraint() {
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region));
        call = call.create_bucket_configuration(place.build());
    }
    match call.send().await.map_err(Problem::from) {
        Ok(_) => {}
        // An answer lost on the way and a repetition look like this: see `settle`.
        Err(Problem::Refused { code, .. }) if code == "BucketAlreadyOwnedByYou" => {}
        Err(Problem::Refused { code, .. }) if code == "BucketAlreadyExists" => {
            return Err(Problem::Taken(format!("the bucket name {} belongs to another AWS account", context.bucket())));
        }
        Err(problem) => return Err(problem),
    }
    context.made.store(true, Ordering::Relaxed);
    let _ = context.in_our_account_only().await; // it is ours, whether or not anybody tells
    Ok(())
}

/// After `CreateBucket`: waits until the bucket is visible, and makes sure it
/// carries the tags.
async fn settle(context: &BucketContext) -> Result<(), Stop> {
    let deadline = Instant::now() + VISIBLE_WITHIN;
    loop {
        match look(context).await? {
            Owner::Us => return Ok(()),
            Owner::Untagged if context.attempt.last().claiming && is_empty(context).await? => {
                let tags = all_tags(&context.input);
                put_tags(context, tags.clone()).await?;
                let _ = context.first_tags.set(tags);
                return Ok(());
            }
            Owner::Nobody if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            Owner::Nobody => return Err(Problem::Unreachable("the new bucket is still not visible".into()).into()),
            Owner::Denied(problem) => return Err(problem.into()),
            other => return Err(taken(context, &other).into()),
        }
    }
}

/// A bucket that this attempt saw free and asked for does not stay without its tag, as far
/// as that can be: it gets the tag (an answer may have been lost), or it goes again. The
/// next attempt, or `destroy`, finds either nothing or the tag. S3 deletes no bucket that
/// has anything in it.
async fn take_back(context: &BucketContext) {
    let untagged = matches!(look(context).await, Ok(Owner::Untagged | Owner::Denied(_)));
    if !untagged
        || !is_empty(context).await.is_ok_and(|empty| empty)
        || put_tags(context, all_tags(&context.input)).await.is_ok()
    {
        return;
    }
    let gone = context.client.delete_bucket().bucket(context.bucket()).send().await.map(drop).map_err(Problem::from);
    tracing::warn!(
        s3.bucket = context.bucket(),
        ?gone,
        "a new bucket could not be tagged, and is taken back, if it can be"
    );
}
