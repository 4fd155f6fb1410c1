//! To be written.
pub mod file;
