//! A Slack workspace as plain state: who is in it, what was said, which modals
//! are open. No I/O: the Web API, the people and the page all work on this.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Instant;

use crate::identity::{BOT_NAME, BOT_USER};
use crate::members::{Channel, Group, Profile};
use crate::message::Message;
use crate::proofs::{ResponseUrl, Trigger};
use crate::record::{Call, Delivery, Fault};
use crate::rules::Rules;
use crate::values::Values;
use crate::view::View;

/// Everything there is.
#[derive(Debug, Default)]
pub struct Workspace {
    /// What it allows.
    pub rules: Rules,
    /// Who is in it, by ID.
    pub people: BTreeMap<String, Profile>,
    /// Where people talk, by ID.
    pub channels: BTreeMap<String, Channel>,
    /// The user groups, by ID.
    pub groups: BTreeMap<String, Group>,
    /// Per channel, in the order of their `ts`.
    pub messages: BTreeMap<String, Vec<Message>>,
    /// Every view there is, by ID.
    pub views: BTreeMap<String, View>,
    /// Open modals per person, the visible one last.
    pub modals: HashMap<String, Vec<String>>,
    /// Published Home tabs per person.
    pub homes: HashMap<String, String>,
    /// What was handed out for modals, by ID.
    pub triggers: HashMap<String, Trigger>,
    /// What was handed out for answers, by the ID in their path.
    pub response_urls: HashMap<String, ResponseUrl>,
    /// What a person chose in a message, by `(user, channel, ts)`.
    pub choices: HashMap<(String, String, String), Values>,
    /// Every Web API call so far.
    pub calls: Vec<Call>,
    /// Every delivery to the app so far.
    pub deliveries: Vec<Delivery>,
    /// The faults that were ordered for the next calls, by method.
    pub faults: HashMap<String, VecDeque<Fault>>,
    /// Faults of one method in one channel, or about one message, and how many calls they still hit.
    pub faults_in: HashMap<(String, String), (Fault, usize)>,
    /// From when until when a method (in a channel, for posts) may not be called, by
    /// a `Retry-After` that a test ordered.
    pub promised: HashMap<(String, String), (Instant, Instant)>,
    /// Calls that came before their `Retry-After` had passed.
    pub impatient: Vec<String>,
    /// How calls without a fault of their own fail.
    pub every_call: Option<Fault>,
    /// Recent posts per channel, for the rate limit.
    pub posted: HashMap<String, VecDeque<Instant>>,
    /// The messages that somebody looked at, by channel and `ts`.
    pub(crate) looked_at: HashSet<(String, String)>,
    /// The modals that somebody looked at, by ID.
    pub(crate) modals_looked_at: HashSet<String>,
    pub(crate) last_ts: i64,
    pub(crate) counter: u64,
}

impl Workspace {
    /// Acme: four people, a guest, someone who left, another bot, three
    /// channels and a user group.
    pub fn acme() -> Self {
        let mut acme = Workspace::default();
        let everyone = ["U0REQUESTER", "U0AUTHORIZER", "U0ADMIN0001", "U0STRANGER1"];
        for person in [
            Profile::member("U0REQUESTER", "alice", "Alice Requester"),
            Profile::member("U0AUTHORIZER", "bob", "Bob Authorizer"),
            Profile { is_admin: true, ..Profile::member("U0ADMIN0001", "ada", "Ada Admin") },
            Profile::member("U0STRANGER1", "sam", "Sam Stranger"),
            Profile { is_restricted: true, ..Profile::member("U0GUEST0001", "gus", "Gus Guest") },
            Profile { deleted: true, ..Profile::member("U0LEFT00001", "lea", "Lea Left") },
            Profile { is_bot: true, ..Profile::member("U0OTHERBOT1", "otherbot", "Otherbot") },
            Profile { is_bot: true, ..Profile::member(BOT_USER, "provisionbot", BOT_NAME) },
        ] {
            acme.people.insert(person.id.clone(), person);
        }
        acme.add_channel(Channel::public("C0DEPLOYS01", "deploys", &everyone));
        acme.add_channel(Channel::public("C0GENERAL01", "general", &everyone));
        acme.add_channel(Channel::private("C0PRIVATE01", "payments-only", &["U0REQUESTER", "U0AUTHORIZER"]));
        let members = vec!["U0REQUESTER".to_string(), "U0AUTHORIZER".to_string()];
        acme.add_group(Group { id: "S0USERGROUP".into(), handle: "payments".into(), members, disabled: false });
        acme
    }

    /// Lets somebody in.
    pub fn add_person(&mut self, person: Profile) {
        self.people.insert(person.id.clone(), person);
    }

    /// Opens a channel.
    pub fn add_channel(&mut self, channel: Channel) {
        self.channels.insert(channel.id.clone(), channel);
    }

    /// Makes a user group.
    pub fn add_group(&mut self, group: Group) {
        self.groups.insert(group.id.clone(), group);
    }

    /// The direct message between a person and the bot, opened when needed.
    pub fn dm_with_bot(&mut self, user: &str) -> String {
        if let Some(found) = self.find_dm(user) {
            return found;
        }
        let id = format!("D0{}", user.trim_start_matches(['U', 'W', '0']));
        let mut channel = Channel { is_im: true, ..Channel::public(&id, "directmessage", &[BOT_USER, user]) };
        channel.is_private = true;
        self.add_channel(channel);
        id
    }

    /// The direct message between a person and the bot, if one is open.
    pub fn find_dm(&self, user: &str) -> Option<String> {
        let is_it =
            |channel: &&Channel| channel.is_im && channel.members.contains(user) && channel.members.contains(BOT_USER);
        self.channels.values().find(is_it).map(|channel| channel.id.clone())
    }

    /// A person's name to read, for transcripts and mentions.
    pub fn name_of(&self, user: &str) -> String {
        self.people.get(user).map_or_else(|| user.to_string(), |person| person.real_name.clone())
    }

    /// A channel's name to read: `#deploys`, or `DM`.
    pub fn channel_name(&self, channel: &str) -> String {
        match self.channels.get(channel) {
            Some(channel) if channel.is_im => "DM".into(),
            Some(channel) => format!("#{}", channel.name),
            None => channel.into(),
        }
    }
}
