//! What came of the question whether a request may be built.

pub mod approval_not_counted;
pub mod authorized;
pub mod expired;
pub mod rejected;
