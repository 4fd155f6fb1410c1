//! Object Lock: versions that nobody may delete, until a date or while there is a legal hold on
//! them (S3 user guide, "Locking objects with Object Lock").

use aws_sdk_s3::types::{ObjectIdentifier, ObjectLockLegalHoldStatus};
use jiff::{SignedDuration, Timestamp};
use provisioner::Remaining;

use crate::bucket::BucketContext;
use crate::failure::{Problem, Stop};
use crate::hindrance::Hindrance;

/// Of how many versions is asked until when they are kept: each is a call.
const ASKED: usize = 100;
/// In a week is looked again at the latest: retention can be shortened.
const AGAIN_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why these may not be deleted: until when Object Lock keeps them, after which is looked
/// again. An error: what a person has to mend, or what S3 said of the first of them.
pub async fn explain(context: &BucketContext, refused: Vec<(ObjectIdentifier, Problem)>) -> Result<Remaining, Stop> {
    let mut last: Option<Timestamp> = None;
    for (object, problem) in refused.iter().take(ASKED) {
        context.attempt.may_go_on().await?;
        match kept(context, object).await {
            Kept::Until(date) => last = last.max(Some(date)),
            Kept::Held => return Err(Hindrance::legal_hold(object.key(), refused.len()).into()),
            Kept::NotByALock => return Err(problem.clone().into()),
        }
    }
    let Some(last) = last else { return Err(Problem::Unreachable("what is kept is not told".into()).into()) };
    Ok(remaining(refused.len(), last, now()))
}

/// What is left until a date, as of `now`.
fn remaining(number: usize, until: Timestamp, now: Timestamp) -> Remaining {
    // A second later: at the date itself it is still kept.
    let again = (until.duration_since(now) + SignedDuration::from_secs(1)).min(AGAIN_AT_MOST);
    let versions = if number == 1 { "1 version".to_owned() } else { format!("{number} versions") };
    let left = format!("{versions} that Object Lock keeps until {}", until.strftime("%-d %b %Y %H:%M UTC"));
    Remaining::new(u64::try_from(again.as_secs()).unwrap_or(1), left)
}

/// What keeps a version.
enum Kept {
    Until(Timestamp),
    Held,
    NotByALock,
}

/// What is not told is no reason: S3 has said already that it refuses.
async fn kept(context: &BucketContext, object: &ObjectIdentifier) -> Kept {
    let (client, bucket) = (&context.client, context.bucket());
    let hold = client.get_object_legal_hold().bucket(bucket).key(object.key());
    let hold = hold.set_version_id(object.version_id.clone()).send().await.ok().and_then(|answer| answer.legal_hold);
    if hold.and_then(|hold| hold.status) == Some(ObjectLockLegalHoldStatus::On) {
        return Kept::Held;
    }
    let retention = client.get_object_retention().bucket(bucket).key(object.key());
    let answer = retention.set_version_id(object.version_id.clone()).send().await;
    let date = answer.ok().and_then(|answer| answer.retention?.retain_until_date);
    let date = date.and_then(|date| Timestamp::from_second(date.secs()).ok());
    date.filter(|date| *date > now()).map_or(Kept::NotByALock, Kept::Until)
}

#[expect(clippy::disallowed_methods, reason = "an activity may know for how long something is kept yet")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_again_when_the_last_is_free() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        for (number, until, again, left) in [
            (1, "2026-11-29T10:00:00Z", 86_401, "1 version that Object Lock keeps until 29 Nov 2026 10:00 UTC"),
            (12, "2026-11-28T10:00:00Z", 1, "12 versions that Object Lock keeps until 28 Nov 2026 10:00 UTC"),
            (2, "2036-01-01T00:00:00Z", 604_800, "2 versions that Object Lock keeps until 1 Jan 2036 00:00 UTC"),
        ] {
            assert_eq!(remaining(number, until.parse().unwrap(), now), Remaining::new(again, left));
        }
    }
}
