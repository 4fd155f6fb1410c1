//! The life of what was built: who is done with it, who keeps it, and how it ends.

mod doors;
mod ends;
mod others;
mod removal;
