//! What can be done with requests, whichever door somebody comes through: the use cases.
//! A door translates what came in, and what came of it; it decides nothing.
//!
//! - `act`: deciding, withdrawing, choosing about a failure.

mod act;

pub use self::act::{NotDone, act, judged};
