//! To be written.
pub mod decision;
pub mod followup;
pub mod request;
