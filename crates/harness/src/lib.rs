//! A bot with everything around it on one machine, with no account anywhere: a real
//! Temporal dev server, real servers of S3 and CloudFormation, a simulated Slack workspace with
//! a page, and the bot as a process of its own, which knows all of them through its public
//! settings alone.
//!
//! The tests run on the same [`stack::Stack`] the demo shows.
//!
//! - [`stack`]: everything, started and stopped together. [`bot`]: a process of the bot.
//! - [`backends`]: Temporal, moto and ministack as child processes; [`ports`]: which are held for
//!   them; [`aws_files`]: profiles that open nothing; [`offer`]: what can be asked for.
//! - [`proxy`]: what stands between the bot and Temporal, S3 or CloudFormation, and every way it
//!   fails.
//! - [`app`]: what the app's manifest asks of the workspace.
//! - [`show`]: a stack with its page: what is underneath, and the plugs to pull.
//! - [`serve`] and [`play`] are the demo's two commands.

pub mod app;
pub mod aws_files;
pub mod backends;
pub mod bot;
pub mod offer;
pub mod ports;
pub mod proxy;
pub mod show;
pub mod stack;

mod backstage;
mod demo;
mod environment;
mod faults;
mod play;
mod plugs;

pub use self::demo::serve;
pub use self::play::play;
