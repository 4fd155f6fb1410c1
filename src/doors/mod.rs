//! The doors: each translates what comes in into a use case of [`crate::requests`], and
//! what came of it into its own words. None decides anything.
//!
//! - [`slack`]: the command, the form, the buttons; over signed HTTP, or by a socket.
//! - [`http_api`]: programs, each with a token of its own. The commands that are clients of
//!   it are in [`crate::cli`].
//! - [`codec_server`]: what was encrypted, for Temporal's own page.

pub mod codec_server;
pub mod http_api;
pub mod slack;
