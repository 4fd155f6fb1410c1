//! A strict Slack workspace on this machine: its Web API, what its people do, how an app
//! hears of it, and a page on which one can be any of them.
//!
//! It knows what Slack says in public of its API, and nothing of the app that it is for
//! but a name: so it cannot agree with the app's mistakes. What Slack refuses, it refuses.
//!
//! - [`Simulator`]: the workspace, served. A test looks into it, and breaks it.
//! - [`Workspace`]: its state; [`Rules`]: what it allows; [`scopes`]: what calls need.
//! - [`Person`], [`Modal`]: what its people do. [`Message`]: what they read.
//! - [`deliveries`]: what Slack sends to the app, over HTTP or by Socket Mode.
//! - [`limits`]: what Slack takes of blocks and views.
//! - [`Panel`]: what whoever runs the workspace shows beside it on its page.

pub mod deliveries;
pub mod limits;
pub mod scopes;

mod blocks;
mod client;
mod filling;
mod handed_out;
mod identity;
mod looking;
mod members;
mod message;
mod messages;
mod modal;
mod numbers;
mod page;
mod panel;
mod payloads;
mod people;
mod proofs;
mod reading;
mod record;
mod response_url;
mod rules;
mod serving;
mod simulator;
mod socket_mode;
mod sockets;
mod storing;
mod transcript;
mod values;
mod view;
mod views;
mod web_api;
mod workspace;

pub use self::identity::{APP_ID, BOT_ID, BOT_NAME, BOT_USER, COMMAND, PARTNER_TEAM, TEAM_DOMAIN, TEAM_ID, TEAM_NAME};
pub use self::members::{Channel, Group, Profile};
pub use self::message::Message;
pub use self::modal::{Modal, Submitted, TROUBLE};
pub use self::panel::Panel;
pub use self::people::{ClickOutcome, CommandOutcome, PATIENCE, Person};
pub use self::proofs::{RESPONSE_URL_LIFETIME, RESPONSE_URL_USES, ResponseUrl, Trigger};
pub use self::record::{Call, Delivery, Fault};
pub use self::rules::Rules;
pub use self::simulator::{Simulator, SimulatorOptions};
pub use self::sockets::{CONNECTIONS_MAX, Connection, SocketFault};
pub use self::values::Values;
pub use self::view::View;
pub use self::views::STACK_LIMIT;
pub use self::workspace::Workspace;
