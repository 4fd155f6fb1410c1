//! What came of the work, and what becomes of what was built.

pub mod cancelled;
pub mod failed;
pub mod provisioned;
pub mod undoing;
