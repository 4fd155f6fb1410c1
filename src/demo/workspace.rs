//! A Slack workspace as plain state: who is in it, what was said, which modals
//! are open. No I/O: the Web API, the people and the page all work on this.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::message::Message;
use super::record::{Call, Delivery, Fault};
use super::scopes;

/// The one workspace, its app, and the app's bot.
pub const TEAM_ID: &str = "T0ACME0001";
/// A workspace of another organisation.
pub const PARTNER_TEAM: &str = "T0PARTNER1";
pub const TEAM_DOMAIN: &str = "acme";
pub const TEAM_NAME: &str = "Acme";
pub const APP_ID: &str = "A0PROVISION";
pub const BOT_USER: &str = "U0PROVBOT1";
pub const BOT_ID: &str = "B0PROVBOT1";
pub const BOT_NAME: &str = "provision-bot";

/// A modal stack holds at most three views.
pub const STACK_LIMIT: usize = 3;
/// A `response_url` may be used five times...
pub const RESPONSE_URL_USES: u32 = 5;
/// ...within thirty minutes.
pub const RESPONSE_URL_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Someone who can be mentioned: a person, a guest, a bot.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub id: String,
    /// The handle, as in `@alice`.
    pub name: String,
    pub real_name: String,
    pub is_admin: bool,
    /// Deactivated.
    pub deleted: bool,
    /// A guest.
    pub is_restricted: bool,
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
    pub id: String,
    pub name: String,
    pub is_private: bool,
    pub is_im: bool,
    /// A direct message among several; private, too.
    pub is_mpim: bool,
    pub is_archived: bool,
    /// A posting policy forbids the bot to post: `restricted_action`.
    pub is_restricted: bool,
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
    pub id: String,
    pub handle: String,
    pub members: Vec<String>,
    pub disabled: bool,
}

/// A modal, or somebody's Home tab. `values` is what its person typed and
/// chose, by `(block_id, action_id)`, each in the shape of `state.values`.
#[derive(Debug, Clone)]
pub struct View {
    pub id: String,
    pub user: String,
    /// The view as sent, with defaults and generated block ids.
    pub body: Value,
    pub hash: String,
    pub external_id: String,
    pub previous: Option<String>,
    pub root: String,
    pub values: Values,
    /// Errors under fields, by block id.
    pub errors: BTreeMap<String, String>,
    pub trouble: Option<String>,
}

/// The state of interactive elements by `(block_id, action_id)`.
pub type Values = BTreeMap<(String, String), Value>;

/// Proof that a person just did something; opens one modal, for three seconds.
#[derive(Debug, Clone)]
pub struct Trigger {
    pub user: String,
    pub made: Instant,
    pub used: bool,
    /// Did the person act inside a modal?
    pub in_modal: bool,
}

/// Where an answer to one action may be posted.
#[derive(Debug, Clone)]
pub struct ResponseUrl {
    pub user: String,
    pub channel: String,
    /// The message acted on, none for a slash command.
    pub source: Option<String>,
    pub made: Instant,
    pub uses: u32,
}

/// What the workspace allows; tests change it to see the bot cope.
#[derive(Debug, Clone)]
pub struct Rules {
    pub scopes: BTreeSet<String>,
    pub messages_tab_enabled: bool,
    pub home_tab_enabled: bool,
    /// One message a second per channel, with a small burst.
    pub rate_limits: bool,
    /// Edits a minute in the whole workspace, while rate limits are on.
    pub edits_per_minute: usize,
    /// The app is set up for Socket Mode: nothing is delivered over HTTP.
    pub socket_mode: bool,
    pub trigger_lifetime: Duration,
    pub ack_deadline: Duration,
    /// A reply to a message that was deleted appears in the channel, outside of any
    /// thread, instead of being refused: there are reports of both.
    pub orphans_at_the_top: bool,
    /// Answer an expired trigger in Slack's older form, `invalid_arguments`.
    pub older_trigger_errors: bool,
    /// The organisation of the workspace, on Enterprise Grid; empty: on none.
    pub enterprise_id: String,
    /// How many seconds the workspace's clock is ahead of this machine's (behind, if
    /// negative): in `Date` of its answers, and in what it signs.
    pub clock_ahead: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            scopes: scopes::of_the_manifest(),
            messages_tab_enabled: true,
            home_tab_enabled: true,
            rate_limits: false,
            edits_per_minute: 50,
            socket_mode: false,
            trigger_lifetime: Duration::from_secs(3),
            ack_deadline: Duration::from_secs(3),
            orphans_at_the_top: false,
            older_trigger_errors: false,
            enterprise_id: String::new(),
            clock_ahead: 0,
        }
    }
}

/// Everything there is.
#[derive(Debug, Default)]
pub struct Workspace {
    pub rules: Rules,
    pub people: BTreeMap<String, Profile>,
    pub channels: BTreeMap<String, Channel>,
    pub groups: BTreeMap<String, Group>,
    /// Per channel, in the order of their `ts`.
    pub messages: BTreeMap<String, Vec<Message>>,
    pub views: BTreeMap<String, View>,
    /// Open modals per person, the visible one last.
    pub modals: HashMap<String, Vec<String>>,
    /// Published Home tabs per person.
    pub homes: HashMap<String, String>,
    pub triggers: HashMap<String, Trigger>,
    pub response_urls: HashMap<String, ResponseUrl>,
    /// What a person chose in a message, by `(user, channel, ts)`.
    pub choices: HashMap<(String, String, String), Values>,
    pub calls: Vec<Call>,
    pub deliveries: Vec<Delivery>,
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
    last_ts: i64,
    counter: u64,
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

    pub fn add_person(&mut self, person: Profile) {
        self.people.insert(person.id.clone(), person);
    }

    pub fn add_channel(&mut self, channel: Channel) {
        self.channels.insert(channel.id.clone(), channel);
    }

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

    /// The time by the workspace's clock.
    pub fn clock(&self) -> jiff::Timestamp {
        crate::demo::record::now() + jiff::SignedDuration::from_secs(self.rules.clock_ahead)
    }

    /// A fresh message id: seconds, dot, six digits; never twice, always later.
    pub fn new_ts(&mut self) -> String {
        self.last_ts = crate::demo::record::now().as_microsecond().max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    /// A fresh identifier such as `V0000000A1` or a block id.
    pub fn new_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{:0>8}", format!("{:X}", self.counter + 0xA0))
    }

    pub fn new_hash(&mut self) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        format!("{}.{}", crate::demo::record::now().as_second(), &random[..8])
    }

    pub fn new_trigger(&mut self, user: &str, in_modal: bool) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        self.counter += 1;
        let id = format!("{}.8123456789012.{random}", 9_847_362_510_000_u64 + self.counter);
        self.triggers.insert(id.clone(), Trigger { user: user.into(), made: Instant::now(), used: false, in_modal });
        id
    }

    /// A new response URL; the answer is its path below the server.
    pub fn new_response_url(&mut self, kind: &str, user: &str, channel: &str, source: Option<&str>) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let path = format!("/response/{kind}/{TEAM_ID}/{id}");
        let (user, channel, source) = (user.to_string(), channel.to_string(), source.map(String::from));
        self.response_urls.insert(id, ResponseUrl { user, channel, source, made: Instant::now(), uses: 0 });
        path
    }

    /// Puts a message into its channel, under a new `ts` unless it has one.
    pub fn post(&mut self, mut message: Message) -> Message {
        if message.ts.is_empty() {
            message.ts = self.new_ts();
        }
        self.messages.entry(message.channel.clone()).or_default().push(message.clone());
        message
    }

    /// Deletes a message, whoever does that: an admin, or the retention of messages.
    /// Where it has replies, something stays in its place.
    pub fn delete(&mut self, channel: &str, ts: &str) {
        let has_replies = !self.replies(channel, ts).is_empty();
        if let Some(message) = self.find_message_mut(channel, ts).filter(|_| has_replies) {
            *message = Message {
                channel: channel.into(),
                ts: ts.into(),
                user: "USLACKBOT".into(),
                text: "This message was deleted.".into(),
                is_tombstone: true,
                ..Message::default()
            };
        } else if let Some(messages) = self.messages.get_mut(channel) {
            messages.retain(|message| message.ts != ts);
        }
    }

    pub fn find_message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.messages.get(channel)?.iter().find(|message| message.ts == ts)
    }

    pub fn find_message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages.get_mut(channel)?.iter_mut().find(|message| message.ts == ts)
    }

    /// The messages of a channel that a person can see, threads included.
    pub fn visible(&self, channel: &str, viewer: &str) -> Vec<Message> {
        if !self.may_see(channel, viewer) {
            return Vec::new();
        }
        let messages = self.messages.get(channel).map(Vec::as_slice).unwrap_or_default();
        messages.iter().filter(|message| message.is_for(viewer)).cloned().collect()
    }

    /// Public channels are open to members, private ones to those inside;
    /// guests only see what they are in.
    pub fn may_see(&self, channel: &str, viewer: &str) -> bool {
        let guest = self.people.get(viewer).is_some_and(|person| person.is_restricted);
        self.channels
            .get(channel)
            .is_some_and(|channel| channel.members.contains(viewer) || (!channel.is_private && !guest))
    }

    /// The replies of a thread, ephemeral ones left out.
    pub fn replies(&self, channel: &str, parent: &str) -> Vec<&Message> {
        let messages = self.messages.get(channel).map(Vec::as_slice).unwrap_or_default();
        messages
            .iter()
            .filter(|message| message.only_for.is_none() && message.thread_ts.as_deref() == Some(parent))
            .filter(|message| message.ts != parent)
            .collect()
    }

    /// The visible modal of a person.
    pub fn top_modal(&self, user: &str) -> Option<&View> {
        self.views.get(self.modals.get(user)?.last()?)
    }

    /// Is the view a modal that its person has open?
    pub fn is_open(&self, view: &str) -> bool {
        self.modals.values().any(|stack| stack.iter().any(|id| id == view))
    }

    /// A view as the Web API and payloads show it.
    pub fn view_json(&self, view: &View, with_state: bool) -> Value {
        let body = &view.body;
        let or_null = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
        let or_empty = |key: &str| body.get(key).cloned().unwrap_or_else(|| json!(""));
        let title = body.get("title").cloned();
        json!({
            "id": view.id,
            "team_id": TEAM_ID,
            "type": body["type"],
            "blocks": body["blocks"],
            "private_metadata": or_empty("private_metadata"),
            "callback_id": or_empty("callback_id"),
            "state": { "values": if with_state { values_json(&view.values) } else { json!({}) } },
            "hash": view.hash,
            "title": title.unwrap_or_else(|| json!({ "type": "plain_text", "text": "View Title", "emoji": true })),
            "clear_on_close": body["clear_on_close"].as_bool().unwrap_or(false),
            "notify_on_close": body["notify_on_close"].as_bool().unwrap_or(false),
            "close": or_null("close"),
            "submit": or_null("submit"),
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": APP_ID,
            "external_id": view.external_id,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        })
    }
}

/// `state.values` of a surface.
pub fn values_json(values: &Values) -> Value {
    let mut blocks = serde_json::Map::new();
    for ((block, action), value) in values {
        let actions = blocks.entry(block.clone()).or_insert_with(|| json!({}));
        actions[action.as_str()] = value.clone();
    }
    Value::Object(blocks)
}
