//! To be written.
pub mod plan;
pub mod s3;
