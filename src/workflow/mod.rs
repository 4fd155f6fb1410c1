//! The story of a request, told to Temporal.
//!
//! Workflow code is replayed: what is decided here must depend on recorded data
//! alone. So it reads no configuration, no clock and no environment; what it
//! needs of the world it asks the activities in [`calls`]. A change of the steps
//! (another activity, another order, another timer) breaks recorded histories
//! and is guarded with `ctx.patched("…")`; the histories in `tests/histories`
//! are replayed in the tests to show it.

mod asking;
pub mod calls;
mod confirm;
pub mod explain;
pub mod payload;
pub mod provision_application;
pub mod search_attributes;
mod story;
mod telling;
mod undo;

pub use payload::Lenient;
pub use provision_application::ProvisionApplication;

/// The task queue of the workflows and of the bot's own activities.
pub const TASK_QUEUE: &str = "provision-bot";
/// The workflow type.
pub const WORKFLOW_TYPE: &str = "ProvisionApplication";
/// The signal that carries an authorizer's decision.
pub const SIGNAL_AUTHORIZE: &str = "authorize";
/// The signal that carries a choice about a request that needs a hand.
pub const SIGNAL_ATTEND: &str = "attend";
/// The query for the state of a request.
pub const QUERY_STATE: &str = "state";
/// The query for what whoever accompanies the work tells next. Not for others.
pub const QUERY_PENDING_NOTICE: &str = "outcome";
/// The query for why the last approval or choice did not count. Not for others.
pub const QUERY_NOT_COUNTED: &str = "not_counted";
