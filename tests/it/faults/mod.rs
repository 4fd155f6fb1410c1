//! Faults: processes die, servers go away, Slack refuses, and what was promised holds.

mod broken;
mod chaos;
pub mod deaths;
mod deleted;
mod load;
mod outages;
mod pauses;
pub mod processes;
mod proxied;
mod slack_answers;
mod slack_faults;
mod soak;
mod stops;
mod telling;
pub mod told_once;
