//! What a provisioner would do is shown before anybody says yes.

pub mod not_discarded;
pub mod plan_changed;
pub mod plan_held;
pub mod plan_stale;
pub mod planned;
#[expect(clippy::module_inception, reason = "the notice is called so")]
pub mod planning;
