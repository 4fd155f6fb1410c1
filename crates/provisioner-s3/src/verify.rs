//! Reading back: the bucket is what the plan says, or the difference is named.

use std::time::Duration;

use futures::FutureExt;

use crate::answer::if_set;
use crate::bucket::BucketContext;
use crate::failure::{Problem, Stop};
use crate::settings;
use crate::welcome::{HTML, WELCOME_PAGE, welcome_page};

/// A setting just made may be read back old: S3 promises that for objects only.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Reads everything back; what differs after some looks is a failure.
pub async fn verify(context: &BucketContext) -> Result<(), Stop> {
    for look in 1.. {
        let found = context.attempt.unless_cancelled(async { Ok(differences(context).await?) }).await?;
        if found.is_empty() {
            return Ok(());
        }
        if look == LOOKS {
            return Err(Problem::Differs(found).into());
        }
        context.attempt.pause(BETWEEN_LOOKS).await?;
    }
    Ok(())
}

/// Each thing that is not as it should be, as half a sentence. All is read at once:
/// somebody waits.
async fn differences(context: &BucketContext) -> Result<Vec<String>, Problem> {
    let page = context.client.get_object().bucket(context.bucket()).key(WELCOME_PAGE).send();
    let (settings, page) = tokio::try_join!(settings::read(context).boxed(), if_set(page))?;
    let mut wrong = settings.differences(&context.input);
    match page {
        Some(page) => {
            let has_version = page.version_id().is_some_and(|id| id != "null");
            // Only with versioning it has a version.
            if settings.versioned.is_none() && !has_version {
                wrong.push(settings::NO_VERSIONS.into());
            }
            if page.content_type() != Some(HTML) {
                wrong.push("the welcome page is not of type HTML".into());
            }
            let body = page.body.collect().await.map_err(|error| Problem::Unreachable(error.to_string()))?;
            if body.into_bytes() != welcome_page(&context.input).as_bytes() {
                wrong.push("the welcome page has another content".into());
            }
        }
        None => wrong.push("the welcome page is missing".into()),
    }
    Ok(wrong)
}
