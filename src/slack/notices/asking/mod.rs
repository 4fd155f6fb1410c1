//! A request is checked, and somebody is asked whether it may be built.

pub mod refused;
pub mod reminded;
pub mod requested;
