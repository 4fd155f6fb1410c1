//! What is done, in order: the steps as data.
//!
//! Each step is idempotent, so an attempt may repeat the one it died in. One plan
//! undoes them all, from wherever they got to: what they set goes with the bucket. The plans of
//! `access` are short enough to be walked from their beginning each time.

use futures::FutureExt;
use futures::future::BoxFuture;
use provisioner::{Level, Progress};

use crate::bucket::BucketContext;
use crate::failure::Stop;
use crate::policy::Denied;
use crate::{access, claim, destroy, empty, s3, tags, verify, welcome};

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
    Access(Level),
    Inspect,
}

impl Plan {
    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Provision => &PROVISION,
            Self::Undo => &UNDO,
            Self::Access(Level::Open) => &OPEN,
            Self::Access(Level::ReadOnly) => &READ_ONLY,
            Self::Access(Level::Closed) => &CLOSE,
            Self::Inspect => &INSPECT,
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

/// `destroy`: from whatever `provision` left, and whatever came into it, to nothing.
pub const UNDO: [Step; 4] = [
    Step {
        label: "Stopping writers",
        run: |context| destroy::stop_writers(context).boxed(),
        told: |_| "refused reads and writes".into(),
    },
    Step {
        label: "Aborting unfinished uploads",
        run: |context| empty::abort_uploads(context).boxed(),
        told: |_| "aborted unfinished uploads".into(),
    },
    Step {
        label: "Emptying the bucket",
        run: |context| empty::empty(context).boxed(),
        told: |_| "deleted every version of every object".into(),
    },
    Step {
        label: "Deleting the bucket",
        run: |context| destroy::delete(context).boxed(),
        told: |context| format!("deleted bucket {}", context.bucket()),
    },
];

/// `access`: nothing in it changes any more.
pub const READ_ONLY: [Step; 2] = [
    Step {
        label: "Suspending lifecycle rules",
        run: |context| access::suspend_rules(context, Denied::Changing).boxed(),
        told: |_| "suspended the lifecycle rules that were on".into(),
    },
    Step {
        label: "Making the bucket read-only",
        run: |context| access::deny(context, Denied::Changing).boxed(),
        told: |_| "refused writes".into(),
    },
];

/// `access`: nothing in it is read any more, either.
pub const CLOSE: [Step; 2] = [
    Step {
        label: "Suspending lifecycle rules",
        run: |context| access::suspend_rules(context, Denied::Using).boxed(),
        told: |_| "suspended the lifecycle rules that were on".into(),
    },
    Step {
        label: "Closing the bucket",
        run: |context| access::deny(context, Denied::Using).boxed(),
        told: |_| "refused reads and writes".into(),
    },
];

/// `access`: as it was made.
pub const OPEN: [Step; 2] = [
    Step {
        label: "Opening the bucket",
        run: |context| access::allow(context).boxed(),
        told: |_| "allowed reads and writes".into(),
    },
    Step {
        label: "Resuming lifecycle rules",
        run: |context| access::resume_rules(context).boxed(),
        told: |_| "turned on again the lifecycle rules that were suspended".into(),
    },
];

/// `inspect`: its one step is not run but asked, since it has an answer.
pub const INSPECT: [Step; 1] =
    [Step { label: "Looking at the bucket", run: |_| async { Ok(()) }.boxed(), told: |_| "looked at it".into() }];

/// The progress that says: step `number` of `plan`, counted from 1, is next.
pub fn progress(plan: &[Step], number: usize) -> Progress {
    let label = plan.get(number - 1).map_or("", |step| step.label);
    Progress { step: number as u32, of: plan.len() as u32, label: label.to_owned() }
}
