//! The simulated Slack and the demo around it: what the other chapters stand on.

mod acting;
mod backends;
pub mod browser;
mod forms;
pub mod page;
mod page_forms;
mod page_looks;
mod page_stacks;
mod sdks;
mod tiny_bot;
mod web_api;
