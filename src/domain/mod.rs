//! The words of the product. Nothing here knows Slack, Temporal, AWS, a clock or
//! a configuration file; everything else is told in these words.
//!
//! - [`request`]: what somebody asks for, and how a name or an ID is read.
//! - [`policy`]: what the organisation configured: teams, blueprints, regions.
//! - [`people`]: persons and groups; [`client`]: programs that ask and sign.
//! - [`rules`]: the part of the policy one request is judged by.
//! - [`act`]: what people do with a request. [`judge`]: whether that counts;
//!   [`refusal`]: why not; [`verdict`]: what came of it.
//! - [`approval`]: who has to say yes to what. [`plan`]: what a provisioner would do.
//! - [`lifecycle`]: the states of a request and what ends it.
//! - [`notice`]: everything the bot can tell people.
//! - [`provisioning`]: how far the work of a provisioner is, and what came of it.

pub mod act;
pub mod approval;
pub mod blueprint;
pub mod client;
pub mod decision;
pub mod field;
pub mod judge;
pub mod lease;
pub mod lifecycle;
pub mod moment;
pub mod notice;
pub mod parameters;
pub mod people;
pub mod plan;
pub mod policy;
pub mod provisioning;
pub mod refusal;
pub mod request;
pub mod rules;
#[cfg(feature = "samples")]
#[doc(hidden)]
pub mod samples;
pub mod verdict;
pub mod visible;
