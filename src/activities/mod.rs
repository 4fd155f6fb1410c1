//! To be written.
pub mod notify;
pub mod preflight;
pub mod progress;
