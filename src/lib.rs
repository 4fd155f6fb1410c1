//! provision-bot: application teams ask for cloud resources in Slack, the right
//! person says yes in one click, and a durable Temporal workflow stands behind
//! every request.
//!
//! The modules in reading order: the words first, then the story told in them,
//! then the edges where side effects live.

pub mod domain;

pub mod workflow;

pub mod codec;
pub mod config;
pub mod open;
pub mod temporal;

pub mod requests;

pub mod activities;
pub mod slack;

pub mod doors;

pub mod app;
pub mod bodies;
pub mod check;
pub mod cli;
pub mod logs;
pub mod otlp;
pub mod server;
pub mod stacks;
pub mod telemetry;
pub mod traces;
pub mod versioning;
pub mod web;
pub mod workers;
