//! Building: what is made, by whom, what goes wrong with it, and what is left of it.

pub mod attention;
pub mod aws_gate;
pub mod aws_policy;
mod aws_profiles;
mod aws_worlds;
pub mod cloudformation;
pub mod foreign;
pub mod parts;
pub mod provisioner;
pub mod s3_dialects;
pub mod s3_faults;
pub mod s3_lease;
mod s3_leftovers;
mod s3_strangers;
mod undoing;
