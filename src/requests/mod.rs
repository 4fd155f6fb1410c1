//! What can be done with requests, whichever door somebody comes through: the use cases.
//! A door translates what came in, and what came of it; it decides nothing.
//!
//! - `ask`: making one.
//! - `act`: deciding, withdrawing, choosing about a failure.
//! - `show`, `wait`, `list`: reading.

mod act;
mod ask;
mod list;
mod shared;
mod show;
mod wait;

pub use self::act::{Done, NotDone, act, judged};
pub use self::ask::{Asked, Asking, NotAsked, ask};
pub use self::list::{Page, list};
pub use self::show::{Shown, show};
pub use self::wait::{Known, Waiting};
