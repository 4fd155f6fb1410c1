//! Operating: setting up, looking in from outside, and what nobody is to see.

pub mod check;
mod cli;
mod codec;
pub mod collector;
mod encryption;
pub mod exposition;
mod health;
mod install;
mod logs;
mod observability;
pub mod search_attributes;
pub mod secrets;
mod traces;
