//! A provisioner of CloudFormation stacks: activities that plan what a template says as a
//! change set, execute exactly that change set, undo, and look whether all is still as it was
//! made. There is no state but the stack.
//!
//! It is called exactly as a stranger's provisioner is, by a queue and names, and knows
//! nothing of who calls it but the contract in [`::provisioner`].
//!
//! - [`template`]: what a template says of itself, and what is asked beside it.
//! - `place`: one request's stack, and whose it is. `clients`: one per region and profile.
//! - `plan`: making a change set; `sets`: reading one; `planned`: what it would do. `build`:
//!   executing it, and watching.
//! - `events`: what a stack tells of itself; `checks`: what was found wanting before it was made. `remove`: stacks and plans. `inspect`: drift.
//! - [`validate`]: whether a template is taken, asked beforehand.
//! - `attempt`: heartbeats and cancellation; `guard`: an attempt given up changes nothing more.
//!   `pace`: how often is looked.
//! - [`failure`]: what went wrong. [`verdict`]: which errors are retried, and which a person
//!   gets; `report`: as Temporal records them. `console`: where people look.

pub mod failure;
pub mod template;
pub mod validate;
pub mod verdict;

mod attempt;
mod build;
mod checks;
mod clients;
mod console;
mod events;
mod guard;
mod inspect;
mod pace;
mod place;
mod plan;
mod planned;
mod remove;
mod report;
mod sets;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::provisioner::{FailureDetails, InspectInput, Inspected, Plan, ProvisionInput, Provisioned};
use aws_profiles::metrics::Metrics;
use aws_profiles::profiles::Aws;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use self::attempt::Attempt;
use self::clients::Clients;
use self::failure::{Problem, Stop};
use self::place::Place;
use self::report::Doing;
use self::template::Template;

/// The task queue that this provisioner polls.
pub const QUEUE: &str = "provision-aws-cloudformation";

/// The activities. One instance serves any number of requests.
pub struct Provisioner {
    clients: Clients,
    /// By the IDs of their blueprints.
    templates: BTreeMap<String, Template>,
    metrics: Metrics,
}

#[activities]
impl Provisioner {
    /// Makes a change set of what the template says, and tells what it would do.
    #[activity(name = "plan")]
    pub async fn plan(self: Arc<Self>, ctx: ActivityContext, input: ProvisionInput) -> Result<Plan, ActivityError> {
        let place = self.place(ctx, input).await;
        let work = async {
            place.ready().await?;
            let template = self.template(&place.input)?;
            let planned = plan::make(&place, template).await?;
            let link = place.change_set_page(&planned.stack_id, &planned.id);
            Ok(planned.plan(planned::findings(template), link))
        };
        let done = place.attempt.alive(work).await;
        self.ended(&place, Doing::Planning, done).await
    }

    /// Executes the change set that was approved, or goes on watching it.
    #[activity(name = "provision")]
    pub async fn provision(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ProvisionInput,
    ) -> Result<Provisioned, ActivityError> {
        let place = self.place(ctx, input).await;
        let work = async {
            place.ready().await?;
            build::provision(&place, self.template(&place.input)?).await
        };
        let done = place.attempt.alive(work).await;
        self.ended(&place, Doing::Building, done).await
    }

    /// Removes what `plan` left.
    #[activity(name = "discard")]
    pub async fn discard(self: Arc<Self>, ctx: ActivityContext, input: ProvisionInput) -> Result<(), ActivityError> {
        let place = self.place(ctx, input).await;
        let work = async {
            place.ready().await?;
            remove::plans(&place, place.input.plan_id.as_deref()).await
        };
        let done = place.attempt.alive(work).await;
        self.ended(&place, Doing::Discarding, done).await
    }

    /// Deletes the stack, if it is this request's.
    #[activity(name = "destroy")]
    pub async fn destroy(self: Arc<Self>, ctx: ActivityContext, input: ProvisionInput) -> Result<(), ActivityError> {
        let place = self.place(ctx, input).await;
        let work = async {
            place.ready().await?;
            remove::all(&place).await
        };
        let done = place.attempt.alive(work).await;
        self.ended(&place, Doing::Undoing, done).await
    }

    /// Looks whether the stack is there, whose it is, and what is not as it was made.
    #[activity(name = "inspect")]
    pub async fn inspect(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: InspectInput,
    ) -> Result<Inspected, ActivityError> {
        let place = self.place(ctx, input.input).await;
        let work = async {
            place.ready().await?;
            inspect::inspect(&place).await
        };
        let done = place.attempt.alive(work).await;
        self.ended(&place, Doing::Inspecting, done).await
    }
}

impl Provisioner {
    /// A provisioner of these templates, by the IDs of their blueprints.
    pub fn new(aws: Aws, templates: BTreeMap<String, Template>, metrics: Metrics) -> Self {
        Self { clients: Clients::new(aws), templates, metrics }
    }

    async fn place(&self, ctx: ActivityContext, input: ProvisionInput) -> Place {
        let connected = self.clients.get(&input.region, &input.profile).await;
        let attempt = Attempt::new(ctx, &input);
        Place::new(&connected, input, attempt)
    }

    fn template(&self, input: &ProvisionInput) -> Result<&Template, Problem> {
        let known = self.templates.get(&input.blueprint);
        known.ok_or_else(|| Problem::Unusable(format!("the blueprint {:?} has no template here", input.blueprint)))
    }

    /// What an activity ends with.
    async fn ended<T>(&self, place: &Place, doing: Doing, done: Result<T, Stop>) -> Result<T, ActivityError> {
        let stop = match done {
            Ok(done) => {
                self.metrics.done(doing.words(), place.attempt.began.elapsed());
                return Ok(done);
            }
            Err(stop) => stop,
        };
        // Travels with the failure: what the next attempt has to know.
        place.attempt.heartbeat().await;
        let open = place.attempt.last().asked.then(|| place.attempt.details());
        let input = &place.input;
        Err(match stop {
            Stop::Cancelled if open.is_some() => ActivityError::cancelled_with_details(FailureDetails {
                last_heartbeat: open,
                ..FailureDetails::default()
            }),
            Stop::Cancelled => ActivityError::cancelled(),
            Stop::Superseded => {
                tracing::warn!(request.id = %input.application_id, ?doing, "an attempt ends that Temporal had given up");
                ActivityError::cancelled()
            }
            Stop::Failed(problem) => {
                self.metrics.failed(doing.words(), &problem.judge(&input.region, &input.profile).kind);
                if problem.blames_credentials() {
                    self.clients.forget(&input.region, &input.profile).await;
                }
                ActivityError::application(problem.report(doing, input, open))
            }
        })
    }
}
