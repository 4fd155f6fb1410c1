//! The doors: each translates what comes in into a use case of [`crate::requests`], and
//! what came of it into its own words. Slack's is in [`crate::slack::handlers`].

pub mod http_api;
