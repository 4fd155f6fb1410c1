//! What was built, as a workflow of Temporal's that lives as long as that does.
//!
//! - `resource_lease`: what it remembers, its signals and its query.
//! - `life`: what happens, step by step.
//! - `begin`: how a request begins it.
//! - `begun`: its input, be it from outside or from the run before.
//! - `provisioner`: what is asked of the provisioner of each part.

mod begin;
mod begun;
mod life;
mod provisioner;
pub mod resource_lease;

pub use begin::begin;
pub use begun::{Begun, workflow_id};
pub use resource_lease::ResourceLease;
