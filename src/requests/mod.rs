//! What can be done with requests, whichever door somebody comes through: the use cases.
//! A door translates what came in, and what came of it; it decides nothing.
//!
//! - `ask`: making one.
//! - `act`: deciding, withdrawing, choosing about a failure.
//! - `lease`: what is done with what was built.
//! - `show`, `wait`, `list`: reading.

mod act;
mod ask;
pub mod lease;
mod list;
pub mod overview;
mod shared;
mod show;
mod wait;

// What doors need to name of it: which requests there are, and why nothing is known.
pub use crate::open::Open;
pub use crate::temporal::{Execution, Place, Recorded, RequestError, Requests, Seen, Started};

pub use self::act::{Done, NotDone, act, judged};
pub use self::ask::{Asked, Asking, NotAsked, ask};
pub use self::list::{Page, list};
pub use self::show::{Shown, show};
pub use self::wait::{Known, Waiting};
