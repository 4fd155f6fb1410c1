//! To be written.
pub mod calls;
pub mod provision_application;
