//! Every view in every state.
//!
//! - `looks`: a snapshot of how it looks, and of the words.
//! - `says`: what must and must not be in it.
//! - `hostile`: nothing that goes in breaks Slack's limits or comes out as markup.
//! - `limits`: Slack's limits.
//! - `samples`: the states.

mod hostile;
mod limits;
mod looks;
mod plans;
pub(in crate::slack) mod samples;
mod says;
