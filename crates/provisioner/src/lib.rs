//! The contract with a provisioner: what it is told, what it answers, what it
//! reports on the way, and how it says that it failed.
//!
//! A provisioner is a task queue of Temporal and two activities on it, one that builds
//! and one that undoes, and others if it likes; any worker in any language can be one, so these types are
//! lenient in what they read. Nothing here knows Temporal, a cloud or a chat: it is
//! serde and nothing else.
//!
//! - [`ProvisionInput`]: what all of them are told. [`bucket_name`]: the name in it.
//! - [`Progress`]: what is heartbeated.
//! - [`Provisioned`]: what the first one answers. [`Plan`]: what it would do.
//! - [`AccessInput`], [`InspectInput`]: what `access` and `inspect` are told beside. [`Inspected`]:
//!   what the latter answers. [`Remaining`]: what `destroy` answers that is not done yet.
//! - [`FailureDetails`]: what a failure may carry, so that people read more than a message.

mod access;
mod bucket_name;
mod failure;
mod input;
mod plan;
mod progress;
mod remaining;
mod result;

pub use self::access::{AccessInput, InspectInput, Inspected, Level};
pub use self::bucket_name::{bucket_name, bucket_name_of_part};
pub use self::failure::FailureDetails;
pub use self::input::{ProvisionInput, Unheard};
pub use self::plan::{Change, Counts, Finding, Plan};
pub use self::progress::Progress;
pub use self::remaining::Remaining;
pub use self::result::Provisioned;
