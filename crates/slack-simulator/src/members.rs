//! Who and what a workspace has: people, channels, user groups.

use std::collections::BTreeSet;

use crate::rules::Rules;

/// Someone who can be mentioned: a person, a guest, a bot.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Such as `U0REQUESTER`.
    pub id: String,
    /// The handle, as in `@alice`.
    pub name: String,
    /// The name that people read.
    pub real_name: String,
    /// An admin of the workspace.
    pub is_admin: bool,
    /// Deactivated.
    pub deleted: bool,
    /// A guest.
    pub is_restricted: bool,
    /// Nobody, but an app.
    pub is_bot: bool,
    /// Of another organisation, met in a Slack Connect channel: the ID of their
    /// workspace. Empty: a person of this one.
    pub team_id: String,
    /// On Enterprise Grid: the ID of their organisation.
    pub enterprise_id: String,
}

impl Profile {
    /// An ordinary member: `Profile::member("U0NEW000001", "nora", "Nora New")`.
    pub fn member(id: &str, name: &str, real_name: &str) -> Self {
        Profile { id: id.into(), name: name.into(), real_name: real_name.into(), ..Profile::default() }
    }

    /// Of another organisation?
    pub fn is_foreign(&self, ours: &Rules) -> bool {
        !self.team_id.is_empty() && (self.enterprise_id.is_empty() || self.enterprise_id != ours.enterprise_id)
    }
}

/// A channel, public or private, or a direct message between two.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// Such as `C0DEPLOYS01`.
    pub id: String,
    /// Its name, without the `#`.
    pub name: String,
    /// Seen by its members alone.
    pub is_private: bool,
    /// A direct message.
    pub is_im: bool,
    /// A direct message among several; private, too.
    pub is_mpim: bool,
    /// Nothing can be said there any more.
    pub is_archived: bool,
    /// A posting policy forbids the bot to post: `restricted_action`.
    pub is_restricted: bool,
    /// Who is in it, by ID.
    pub members: BTreeSet<String>,
}

impl Channel {
    /// A public channel with these members.
    pub fn public(id: &str, name: &str, members: &[&str]) -> Self {
        let members = members.iter().map(|member| member.to_string()).collect();
        Channel { id: id.into(), name: name.into(), members, ..Channel::default() }
    }

    /// A private channel with these members.
    pub fn private(id: &str, name: &str, members: &[&str]) -> Self {
        Channel { is_private: true, ..Channel::public(id, name, members) }
    }

    /// A direct message among these.
    pub fn group_dm(id: &str, members: &[&str]) -> Self {
        let name = format!("mpdm-{}-1", members.join("--").to_lowercase());
        Channel { is_mpim: true, ..Channel::private(id, &name, members) }
    }
}

/// A user group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Such as `S0USERGROUP`.
    pub id: String,
    /// As in `@payments`.
    pub handle: String,
    /// Who is in it, by ID.
    pub members: Vec<String>,
    /// Nobody can be mentioned by it any more.
    pub disabled: bool,
}
