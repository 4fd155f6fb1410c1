//! What is done, in order: the steps as data.
//!
//! Each step is idempotent, so an attempt may repeat the one it died in. One plan
//! undoes them all, from wherever they got to: what they set goes with the bucket.

use futures::FutureExt;
use futures::future::BoxFuture;
use provisioner::Progress;

use crate::bucket::BucketContext;
use crate::failure::Stop;
use crate::{claim, destroy, s3, tags, verify, welcome};

/// One step of a plan.
pub struct Step {
    /// What is being done, as a person reads it while it runs.
    pub label: &'static str,
    /// Does it. It may be done already.
    pub run: Run,
    /// What was done, as a sentence of the result.
    pub told: fn(&BucketContext) -> String,
}

/// The work of a step.
pub type Run = for<'a> fn(&'a BucketContext) -> BoxFuture<'a, Result<(), Stop>>;

/// What an activity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    Provision,
    Undo,
}

impl Plan {
    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Provision => &PROVISION,
            Self::Undo => &UNDO,
        }
    }
}

/// `provision`: from nothing to a bucket that is as it should be.
pub const PROVISION: [Step; 8] = [
    Step {
        label: "Creating the bucket",
        run: |context| claim::claim(context).boxed(),
        told: |context| format!("created bucket {} in {}", context.bucket(), context.input.region),
    },
    Step {
        label: "Tagging the bucket",
        run: |context| async { Ok(tags::describe(context).await?) }.boxed(),
        told: |_| "tagged it with the request, the team and the people".into(),
    },
    Step {
        label: "Blocking public access",
        run: |context| async { Ok(s3::block_public_access(context).await?) }.boxed(),
        told: |_| "blocked public access".into(),
    },
    Step {
        label: "Enforcing owner-only access",
        run: |context| async { Ok(s3::enforce_ownership(context).await?) }.boxed(),
        told: |_| "made the account the owner of every object".into(),
    },
    Step {
        label: "Turning on encryption and versions",
        run: |context| {
            async {
                s3::encrypt(context).await?;
                Ok(s3::keep_versions(context).await?)
            }
            .boxed()
        },
        told: |_| "turned on default encryption and versioning".into(),
    },
    Step {
        label: "Refusing plain HTTP",
        run: |context| async { Ok(s3::refuse_plain_http(context).await?) }.boxed(),
        told: |_| "refused requests over plain HTTP".into(),
    },
    Step {
        label: "Writing the welcome page",
        run: |context| async { Ok(s3::write_welcome_page(context).await?) }.boxed(),
        told: |_| format!("wrote the welcome page {}", welcome::WELCOME_PAGE),
    },
    Step {
        label: "Verifying everything",
        run: |context| verify::verify(context).boxed(),
        told: |_| "verified all of it by reading it back".into(),
    },
];

/// `destroy`: from whatever `provision` left, to nothing.
pub const UNDO: [Step; 3] = [
    Step {
        label: "Aborting unfinished uploads",
        run: |context| destroy::abort_uploads(context).boxed(),
        told: |_| "aborted unfinished uploads".into(),
    },
    Step {
        label: "Emptying the bucket",
        run: |context| destroy::empty(context).boxed(),
        told: |_| "deleted every version of every object".into(),
    },
    Step {
        label: "Deleting the bucket",
        run: |context| destroy::delete(context).boxed(),
        told: |context| format!("deleted bucket {}", context.bucket()),
    },
];

/// The progress that says: step `number` of `plan`, counted from 1, is next.
pub fn progress(plan: &[Step], number: usize) -> Progress {
    let label = plan.get(number - 1).map_or("", |step| step.label);
    Progress { step: number as u32, of: plan.len() as u32, label: label.to_owned() }
}
