//! The doors beside Slack's: what a program asks for and does, with a token of its own.

pub mod client;
mod command_line;
mod fuzzer;
mod http_api;
mod mistakes;
mod oidc;
pub mod same;
mod signing;
mod waiting;
