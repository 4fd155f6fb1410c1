//! [`Inbound`]: what a person did, in our words. Outside of this folder nobody knows a
//! signature, a form body or `view.state.values`.
//!
//! - `signature`: whether a delivery is Slack's.
//! - `delivery`: the bodies and envelopes in which a payload comes.
//! - `payload`: the payloads of interactions.
//! - `deed`, `malformed`: what is made of them, or why nothing can be.
//!
//! Only the fields that are needed are read, so that a payload with something
//! new in it still arrives. Identity comes from the signed payload alone.

mod deed;
mod delivery;
mod malformed;
mod payload;
mod signature;

pub use self::deed::{Button, Chosen, Click, Command, Entered, Entry, Given, Inbound, Reason, Search, Submission};
pub use self::delivery::{command, envelope, event, interaction};
pub(super) use self::delivery::{form, payload};
pub use self::malformed::Malformed;
pub use self::signature::{NotSlack, Signed, WINDOW_SECONDS, signed};
