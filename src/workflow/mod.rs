//! A request as a workflow of Temporal's.
//!
//! Workflow code is replayed: what is decided here must depend on recorded data
//! alone. So it reads no configuration, no clock and no environment; what it
//! needs of the world it asks the activities in [`calls`]. A change of the steps
//! (another activity, another order, another timer) breaks recorded histories
//! and is guarded with `ctx.patched("…")`; the histories in `tests/histories`
//! are replayed in the tests to show it.

mod asking;
pub mod calls;
mod clock;
mod confirm;
pub mod contract;
pub mod explain;
mod hands;
pub mod lease;
mod legible;
pub mod payload;
mod planning;
mod plans;
pub mod provision_application;
mod run;
pub mod search_attributes;
mod telling;
mod told;
mod undo;
mod work;

pub use lease::ResourceLease;
pub use payload::Lenient;
pub use provision_application::ProvisionApplication;

/// The task queue of the workflows and of the bot's own activities.
pub const TASK_QUEUE: &str = "provision-bot";
/// The workflow type.
pub const WORKFLOW_TYPE: &str = "ProvisionApplication";
/// The workflow type of what was built.
pub const LEASE_TYPE: &str = "ResourceLease";
/// The signal that carries a decision, for clients that know no rounds.
pub const SIGNAL_AUTHORIZE: &str = "authorize";
/// The signal that carries whatever somebody does with a request.
pub const SIGNAL_ACT: &str = "act";
/// The query for the state of a request.
pub const QUERY_STATE: &str = "state";
/// The query for what the notice that runs beside the work posts next. Not for others.
pub const QUERY_PENDING_NOTICE: &str = "pending_notice";
/// The query for what a lease is about, and how it stands. Not for others.
pub const QUERY_RESOURCE: &str = "resource";
/// The query for what came of an act. Not for others.
pub const QUERY_VERDICT: &str = "verdict";
