//! The few calls of Slack's Web API we make, with our own idea of an error.
//!
//! - `methods`: what is called, and what of its answer is read.
//! - `transport`: how any call is made, with its deadline, its count and its place in
//!   the trace.
//! - `error`: why a call had no success.
//!
//! The connection, the requests and their blocks are slack-morphism's; most answers are read
//! by ourselves. `methods` says which, and why.

mod error;
mod methods;
#[cfg(test)]
mod tests;
mod transport;

pub use self::error::SlackError;
pub(super) use self::error::unreadable;
pub use self::methods::{Event, Post};
pub use self::transport::{IN_A_HANDLER, IN_AN_ACTIVITY, SlackApi};
