//! The doors beside Slack's: what a program asks for and does, with a token of its own.

mod bodies;
pub mod client;
mod command_line;
mod commands;
mod crowd;
mod cut_off;
pub mod edges;
mod fuzzed;
mod fuzzer;
mod http_api;
mod mistakes;
mod oidc;
mod origins;
pub mod same;
mod signing;
mod socket;
mod waiting;
