//! To be written.
pub mod decision;
pub mod request;
pub mod thread;
