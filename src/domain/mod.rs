//! The words of the product. Nothing here knows Slack, Temporal, AWS, a clock or
//! a configuration file; everything else is told in these words.
//!
//! - [`request`]: what somebody asks for, and how a name or an ID is read.
//! - [`policy`]: what the organisation configured: teams, blueprints, regions.
//! - [`rules`]: the part of the policy one request is judged by.
//! - [`lifecycle`]: the states of a request and what ends it.
//! - [`notice`]: everything the bot can tell people.
//! - [`provisioning`]: the contract with a provisioner.

pub mod lifecycle;
pub mod notice;
pub mod policy;
pub mod provisioning;
pub mod request;
pub mod rules;
