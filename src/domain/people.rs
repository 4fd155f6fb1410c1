//! People and groups, as they are named in the configuration and as they were looked up.

use std::collections::{BTreeMap, BTreeSet};

/// Somebody named in the configuration: a user or a user group, by ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    User(String),
    Group(String),
    /// A client, as it is called in requests.
    Client(String),
}

/// What is known of a person at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub standing: Standing,
}

/// Whether a person belongs to the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Member,
    Deactivated,
    /// Somebody who was invited, and has not joined yet.
    Invited,
    Bot,
    /// A guest account, restricted to some channels.
    Guest,
    /// Somebody of another organisation, met in a shared channel.
    Stranger,
    /// No such person.
    Unknown,
}

/// What had to be looked up to answer a question: members of groups, by group ID.
pub type Groups = BTreeMap<String, BTreeSet<String>>;

/// The people and groups a request is about, as they were looked up.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Who asks; of a client its owner, where it has one.
    pub requester: Option<Person>,
    /// Who is asked; `None`: a client.
    pub authorizer: Option<Person>,
    pub groups: Groups,
}

impl Principal {
    fn includes(&self, user: &str, groups: &Groups) -> bool {
        match self {
            Self::User(id) | Self::Client(id) => id == user,
            Self::Group(id) => groups.get(id).is_some_and(|members| members.contains(user)),
        }
    }
}

/// An empty list means anyone.
pub fn includes(list: &[Principal], user: &str, groups: &Groups) -> bool {
    list.is_empty() || list.iter().any(|who| who.includes(user, groups))
}

pub(super) fn group_ids<'a>(list: impl Iterator<Item = &'a Principal>) -> BTreeSet<String> {
    list.filter_map(|who| match who {
        Principal::Group(id) => Some(id.clone()),
        Principal::User(_) | Principal::Client(_) => None,
    })
    .collect()
}

impl Standing {
    /// Why such a person cannot decide; `None` when they can.
    pub fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Member => None,
            Self::Deactivated => Some("the account is deactivated."),
            Self::Invited => Some("the invitation to this workspace is not accepted yet."),
            Self::Bot => Some("it is a bot."),
            Self::Guest => Some("guests cannot decide."),
            Self::Stranger => Some("people of other organisations cannot decide."),
            Self::Unknown => Some("there is no such person."),
        }
    }
}
