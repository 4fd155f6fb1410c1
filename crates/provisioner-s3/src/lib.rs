//! A provisioner of S3 buckets: activities that walk a plan, heartbeat each step, and go on where
//! an earlier attempt stopped. `provision` makes a bucket, `destroy` empties and removes it,
//! `access` sets how much of it can be used, `inspect` tells what differs from how it was made.
//!
//! It is called exactly as a stranger's provisioner is, by a queue and two names,
//! and knows nothing of who calls it but the contract in [`::provisioner`].
//!
//! - `plan`: the steps as data.
//! - `attempt`: heartbeats and cancellation around them.
//! - [`activity_lease`]: an attempt that Temporal gave up changes nothing any more.
//! - `bucket`: one request's, and what is known of it: what every step works on.
//! - `claim`: making the bucket this request's own.
//! - `ownership`: whose bucket it is; nothing of a stranger's is touched. `tags`: by which it
//!   says so. `account`: whose the profile is. `guard`: holds every request to all that.
//! - [`clients`]: an S3 client per region and profile.
//! - `s3`: what is set on it; `settings`, `verify`: read back. `welcome`: the page.
//! - `access`: its policy and its lifecycle rules as they are called; `policy`, `lifecycle`: what they
//!   say, as pure functions. `inspect`: what differs.
//! - `destroy`: whether, and the last step; `empty`: of any size; `versions`: what is in it; `names`: of
//!   objects, in lists; `locks`: what Object Lock keeps.
//! - [`spans`]: what a trace shows.
//! - [`aws_profiles`]: credentials, the way there, codes, partitions: what has nothing to do with S3.
//! - [`failure`]: what went wrong; `hindrance`: what is in the way; `answer`: as the SDK says it. [`verdict`]: which errors are
//!   retried, and which a person gets; `report`: as Temporal records them.

pub mod clients;
pub mod failure;
pub mod spans;
pub mod verdict;

mod access;
mod account;
mod answer;
mod attempt;
mod bucket;
mod claim;
mod destroy;
mod empty;
mod guard;
mod hindrance;
mod inspect;
mod lifecycle;
mod locks;
mod names;
mod ownership;
mod plan;
mod policy;
mod report;
mod s3;
mod settings;
mod tags;
mod verify;
mod versions;
mod welcome;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::provisioner::{AccessInput, FailureDetails, InspectInput, Inspected, ProvisionInput, Provisioned, Remaining};
use aws_profiles::partition;
use jiff::{Timestamp, Unit};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::Instant;

use self::attempt::{Attempt, Beat};
use self::bucket::{BucketContext, Owner};
use self::failure::Stop;
use self::plan::{PROVISION, Plan, Step, progress};
use self::spans::Hang;

pub use self::clients::{Clients, Connected};
pub use aws_profiles::metrics::Metrics;
pub use aws_profiles::profiles::Aws;
pub use aws_profiles::tags::REQUEST_TAG;

/// The task queue that the built-in provisioner polls.
pub const QUEUE: &str = "provision-aws-s3";

/// The activities. One instance serves any number of requests.
pub struct Provisioner {
    clients: Clients,
    metrics: Metrics,
    hang: Hang,
    by_calls: usize,
}

impl Default for Provisioner {
    fn default() -> Self {
        Self::new()
    }
}

#[activities]
impl Provisioner {
    /// Makes the bucket, or goes on making it.
    #[activity(name = "provision")]
    pub async fn provision(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ProvisionInput,
    ) -> Result<Provisioned, ActivityError> {
        spans::activity(&ctx.info().clone(), self.hang, async {
            let context = self.context(ctx, input, Plan::Provision).await;
            let from = match context.attempt.alive(beginning(&context)).await {
                Ok(step) => step,
                Err(stop) => return Err(self.end(&context, stop, Plan::Provision, 1).await),
            };
            self.follow(&context, Plan::Provision, from).await?;
            Ok(result(&context))
        })
        .await
    }

    /// Removes the bucket and everything in it, if it is this request's. `Some`: it is being
    /// emptied, or kept, and this has to be called again.
    #[activity(name = "destroy")]
    pub async fn destroy(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ProvisionInput,
    ) -> Result<Option<Remaining>, ActivityError> {
        spans::activity(&ctx.info().clone(), self.hang, async {
            let context = self.context(ctx, input, Plan::Undo).await;
            match context.attempt.alive(destroy::is_there_something_to_undo(&context)).await {
                Ok(true) => self.follow(&context, Plan::Undo, 1).await?,
                Ok(false) => {}
                Err(stop) => return Err(self.end(&context, stop, Plan::Undo, 1).await),
            }
            Ok(context.remaining.get().cloned())
        })
        .await
    }

    /// Sets how much of the bucket can be used.
    #[activity(name = "access")]
    pub async fn access(self: Arc<Self>, ctx: ActivityContext, input: AccessInput) -> Result<(), ActivityError> {
        spans::activity(&ctx.info().clone(), self.hang, async {
            let plan = Plan::Access(input.level);
            let context = self.context(ctx, input.input, plan).await;
            let ready = async {
                ownership::can_own(&context.input)?;
                Ok::<_, Stop>(context.credentials.ready().await?)
            };
            match context.attempt.alive(context.attempt.unless_cancelled(ready)).await {
                Ok(()) => self.follow(&context, plan, 1).await,
                Err(stop) => Err(self.end(&context, stop, plan, 1).await),
            }
        })
        .await
    }

    /// Tells whether the bucket is there, whose it is, and what is not as it was made.
    #[activity(name = "inspect")]
    pub async fn inspect(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: InspectInput,
    ) -> Result<Inspected, ActivityError> {
        spans::activity(&ctx.info().clone(), self.hang, async {
            let context = self.context(ctx, input.input, Plan::Inspect).await;
            let looking = inspect::inspect(&context, input.level);
            match context.attempt.alive(context.attempt.unless_cancelled(looking)).await {
                Ok(inspected) => Ok(inspected),
                Err(stop) => Err(self.end(&context, stop, Plan::Inspect, 1).await),
            }
        })
        .await
    }
}

impl Provisioner {
    /// A provisioner with the AWS SDK's own settings.
    pub fn new() -> Self {
        Self::with(Aws::default(), Metrics::default())
    }

    /// A provisioner that finds S3 or the profiles elsewhere, or is counted.
    pub fn with(aws: Aws, metrics: Metrics) -> Self {
        Self { clients: Clients::new(aws), metrics, hang: |_, _| {}, by_calls: empty::BY_CALLS }
    }

    /// The same, with its spans hung into the traces of requests.
    pub fn traced(self, hang: Hang) -> Self {
        Self { hang, ..self }
    }

    /// The same, which deletes as many versions by calls, and leaves to Lifecycle what is more.
    pub fn deleting_by_calls(self, versions: usize) -> Self {
        Self { by_calls: versions, ..self }
    }

    async fn context(&self, ctx: ActivityContext, input: ProvisionInput, plan: Plan) -> BucketContext {
        spans::tell_place(&input.region, &input.profile);
        let connected = self.clients.get(&input.region, &input.profile).await;
        let attempt = Attempt::new(ctx, progress(plan.steps(), 1), &input);
        BucketContext::new(&connected, input, attempt, self.by_calls)
    }

    /// Does the steps of `plan` from number `from` on, each announced.
    async fn follow(&self, context: &BucketContext, plan: Plan, from: usize) -> Result<(), ActivityError> {
        let steps = plan.steps();
        for (number, step) in steps.iter().enumerate().map(|(i, step)| (i + 1, step)).skip(from - 1) {
            let done = match may_begin(context, number).await {
                Ok(()) => {
                    // Only the first step can be claiming; behind it the tag speaks.
                    let last = context.attempt.last();
                    let (claiming, made) = (number == 1 && last.claiming, context.attempt.may_have_made);
                    context.attempt.say(Beat { progress: progress(steps, number), claiming, made, ..last }).await;
                    let started = Instant::now();
                    let work = context.attempt.alive((step.run)(context));
                    let done = spans::step(step.label, number, steps.len(), work).await;
                    if done.is_ok() {
                        self.metrics.done(step.label, started.elapsed());
                    }
                    done
                }
                Err(stop) => Err(stop),
            };
            if let Err(stop) = done {
                return Err(self.end(context, stop, plan, number).await);
            }
            if context.remaining.get().is_some() {
                break;
            }
        }
        Ok(())
    }

    /// What the activity ends with when step number `step` of `plan` did not get done.
    async fn end(&self, context: &BucketContext, stop: Stop, plan: Plan, step: usize) -> ActivityError {
        let (input, step) = (&context.input, plan.steps()[step - 1].label);
        // Travels with the failure: where the next attempt goes on.
        context.attempt.heartbeat().await;
        let last = context.attempt.last();
        let makes = matches!(plan, Plan::Provision | Plan::Undo);
        let open = (makes && (last.claiming || last.may_have_made())).then(|| context.attempt.details());
        match stop {
            Stop::Cancelled => match open {
                Some(open) => ActivityError::cancelled_with_details(FailureDetails {
                    last_heartbeat: Some(open),
                    ..FailureDetails::default()
                }),
                None => ActivityError::cancelled(),
            },
            Stop::Superseded => {
                tracing::warn!(request.id = %input.application_id, step, "an attempt ends that Temporal had given up");
                ActivityError::cancelled()
            }
            Stop::Failed(problem) => {
                let problem = context.attempt.alive(self.clients.compare(problem, &input.region, &input.profile)).await;
                self.metrics.failed(step, &problem.judge(&input.region, &input.profile).kind);
                if problem.blames_credentials() {
                    self.clients.forget(&input.region, &input.profile).await;
                }
                ActivityError::application(problem.report(step, input, open, plan))
            }
        }
    }
}

/// Where to begin, if the bucket is still there and ours: at the step an earlier
/// attempt announced last, or at the one that failed before a person chose to try
/// again; else at the first.
async fn beginning(context: &BucketContext) -> Result<usize, Stop> {
    ownership::can_own(&context.input)?;
    partition::is_somewhere(&context.input.region, context.endpoint.as_deref())?;
    let last = context.attempt.last();
    let look = async {
        context.credentials.ready().await?;
        Ok::<_, Stop>(ownership::first_look(context).await?)
    };
    let owner = if last.claiming { look.await? } else { context.attempt.unless_cancelled(look).await? };
    match owner {
        Owner::Us => {
            let announced = last.progress.step as usize;
            Ok(announced.max(failed_before(&context.input)).clamp(1, PROVISION.len()))
        }
        Owner::Nobody => {
            // The very first heartbeat carries the mark.
            let beat = Beat {
                progress: progress(&PROVISION, 1),
                claiming: true,
                refused: false,
                made: context.attempt.may_have_made,
            };
            context.attempt.announce(beat).await?;
            Ok(1)
        }
        _ => Ok(1), // `claim` has the last word
    }
}

/// Whether a step may begin. What an earlier attempt created and did not tag is tagged
/// although the request is cancelled: `destroy` would not know whose it is.
async fn may_begin(context: &BucketContext, number: usize) -> Result<(), Stop> {
    let half_claimed = context.attempt.last().claiming && matches!(context.first_look.get(), Some(Owner::Untagged));
    match number == 1 && half_claimed {
        true => Ok(()),
        false => context.attempt.alive(context.attempt.may_go_on()).await,
    }
}

/// The number of the step that a person wants to be tried again, by what it is
/// called. Where reading everything back failed, all of it is done again.
fn failed_before(input: &ProvisionInput) -> usize {
    let failed = |step: &Step| input.resume_from.as_deref() == Some(step.label);
    PROVISION[..PROVISION.len() - 1].iter().position(failed).map_or(1, |index| index + 1)
}

#[expect(clippy::disallowed_methods, reason = "an activity may know when it finished")]
fn result(context: &BucketContext) -> Provisioned {
    let now = Timestamp::now();
    let outputs = [("bucketName", context.bucket().to_owned()), ("bucketArn", context.arn()), ("url", context.url())];
    Provisioned {
        application_id: context.input.application_id.clone(),
        region: context.input.region.clone(),
        completion_date_time: now.round(Unit::Second).unwrap_or(now).to_string(),
        summary: PROVISION.iter().map(|step| (step.told)(context)).collect(),
        outputs: BTreeMap::from(outputs.map(|(name, value)| (name.to_owned(), value.into()))),
    }
}
