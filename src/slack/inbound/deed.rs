//! [`Inbound`]: what a person did, by all that is known of each deed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::lease::act::LeaseKind;
use crate::slack::ids;

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Ran the slash command.
    Command(Command),
    /// Chose a blueprint in the request form, which is open.
    BlueprintChosen(Chosen),
    /// Sent the request form.
    Submitted(Submission),
    /// Sent the form that asks why a request is rejected.
    RejectSubmitted(Reason),
    /// Sent the form that asks to whom something is given.
    GiveSubmitted(Given),
    /// Pressed a button.
    Pressed(Button, Click),
    /// Opened, or typed into, a select whose options we serve.
    OptionsRequested(Search),
    /// Slack wants to know whether this address is ours.
    Challenged(String),
    /// Nothing that needs an answer: a choice in a select, a closed form, an event.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub user: String,
    pub channel: String,
    pub text: String,
    pub trigger: String,
}

/// The request form, as it was sent. `None`: nothing chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// What makes this submission itself, also when it is delivered twice.
    pub digest: String,
    pub user: String,
    /// Where the command was run.
    pub channel: String,
    pub application_name: String,
    pub team: Option<String>,
    pub authorizer: Option<String>,
    pub blueprint: Option<String>,
    pub lifetime: Option<String>,
    pub justification: Option<String>,
    pub fields: Entered,
}

/// The request form while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub view_id: String,
    /// The form as Slack shows it, to be changed.
    pub form: Value,
    pub blueprint: Option<String>,
}

/// What is in the inputs of a blueprint's fields, by the IDs of the fields.
pub type Entered = BTreeMap<String, Entry>;

/// What is in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Typed(String),
    /// The values of what was chosen.
    Chosen(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub user: String,
    pub request_id: String,
    /// The round of the card whose button opened the form.
    pub round: Option<u32>,
    pub reason: String,
    /// Slack's ID of this form: the same one sent twice counts once.
    pub click_id: String,
}

/// To whom something that was built is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub user: String,
    pub request_id: String,
    /// The round of the message whose button opened the form.
    pub round: Option<u32>,
    pub to: Option<String>,
    /// Slack's ID of this form: the same one sent twice counts once.
    pub click_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    Plan {
        region: Option<String>,
        profile: Option<String>,
        fields: Entered,
    },
    Approve {
        region: Option<String>,
        profile: Option<String>,
        fields: Entered,
    },
    Reject,
    Cancel,
    Retry,
    GiveUp,
    /// Of something that was built.
    OfLease(LeaseKind),
}

impl Button {
    /// Its `action_id`.
    pub fn action_id(&self) -> &'static str {
        match self {
            Self::Plan { .. } => ids::PLAN,
            Self::Approve { .. } => ids::APPROVE,
            Self::Reject => ids::REJECT,
            Self::Cancel => ids::CANCEL,
            Self::Retry => ids::RETRY,
            Self::GiveUp | Self::OfLease(LeaseKind::GiveUp) => ids::GIVE_UP,
            Self::OfLease(LeaseKind::Extend) => ids::EXTEND,
            Self::OfLease(LeaseKind::Keep) => ids::KEEP,
            Self::OfLease(LeaseKind::Remove) => ids::REMOVE,
            Self::OfLease(LeaseKind::Give | LeaseKind::Take) => ids::GIVE,
            Self::OfLease(LeaseKind::Approve) => ids::APPROVE,
            Self::OfLease(LeaseKind::Reject) => ids::REJECT,
            Self::OfLease(LeaseKind::Retry) => ids::RETRY,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    pub user: String,
    pub request_id: String,
    /// The round that the message was for; 0, which no round is, if it does not tell.
    pub round: u32,
    pub trigger: String,
    /// Stands for this click: the same one delivered twice counts once.
    pub id: String,
    /// Where the button is, and where a private answer goes.
    pub channel: String,
    /// The message with the button, by its ID in the channel.
    pub message: Option<String>,
    pub response_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub user: String,
    /// Whose options are wanted.
    pub action_id: String,
    pub typed: String,
    /// The team chosen in the form, where Slack tells.
    pub team: Option<String>,
    /// The blueprint chosen in the form.
    pub blueprint: Option<String>,
    /// The request whose card the select is on.
    pub request_id: Option<String>,
}
