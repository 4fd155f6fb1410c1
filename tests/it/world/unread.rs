//! Nothing that the bot said goes unread: at the end of a test somebody has looked at
//! everything, or it is what every request brings.

use std::collections::BTreeSet;
use std::sync::Mutex;

use slack_simulator::{Message, Simulator};

use super::Scene;

/// Is this what every request brings, once each? Whoever has looked at anything about a
/// request knows of these.
fn is_routine(part: &str) -> bool {
    matches!(part, "root" | "card" | "outcome") || part.strip_prefix("progress-").is_some()
}

/// The part of what is told along with this, to somebody else: whoever has looked at one of
/// the two knows of the other.
fn companion(part: &str) -> Option<String> {
    let (attention, needs) = ("attention-", "needs-attention-");
    match part {
        "reminder" => Some("reminded".to_owned()),
        "reminded" => Some("reminder".to_owned()),
        "not-counted" => Some("not-counted-card".to_owned()),
        "not-counted-card" => Some("not-counted".to_owned()),
        part => match part.strip_prefix(needs) {
            Some(attempt) => Some(format!("{attention}{attempt}")),
            None => part.strip_prefix(attention).map(|attempt| format!("{needs}{attempt}")),
        },
    }
}

/// The requests that a test knows of although it looks at none of their messages.
static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A test knows of this request: a program was told its ID. What every request brings is
/// no surprise.
pub fn knows(id: &str) {
    KNOWN.lock().unwrap().insert(id.to_owned());
}

/// Fails if the bot said something that nobody looked at, in a workspace that is one
/// test's own.
pub fn nothing(slack: &Simulator) {
    let modals = slack.unread_modals();
    assert!(modals.is_empty(), "nobody looked at what opened: {modals:#?}");
    none(slack, surprises(slack, |_| true));
}

impl Scene {
    /// Fails if the bot said something in this scene that nobody looked at.
    pub fn nothing_unread(&self) {
        let places = [self.channel.clone(), self.alice.dm_channel(), self.bob.dm_channel()];
        let here = |message: &Message| places.contains(&message.channel);
        let ours: BTreeSet<String> =
            self.slack.all_messages().iter().filter(|message| here(message)).filter_map(about).collect();
        let is_ours = |message: &Message| here(message) || about(message).is_some_and(|id| ours.contains(&id));
        none(&self.slack, surprises(&self.slack, is_ours));
    }
}

fn about(message: &Message) -> Option<String> {
    message.payload("request_id").map(str::to_owned)
}

/// What is neither looked at nor routine.
fn surprises(slack: &Simulator, is_ours: impl Fn(&Message) -> bool) -> Vec<Message> {
    let unread = slack.unread();
    let is_read = |message: &Message| !unread.contains(message);
    let said: Vec<Message> = slack.all_messages().into_iter().filter(Message::is_from_bot).collect();
    let mut known: BTreeSet<String> = said.iter().filter(|message| is_read(message)).filter_map(about).collect();
    let read: BTreeSet<(Option<String>, String)> = said
        .iter()
        .filter(|message| is_read(message))
        .map(|message| (about(message), message.payload("part").unwrap_or_default().to_owned()))
        .collect();
    known.extend(KNOWN.lock().unwrap().iter().cloned());
    let mut met = BTreeSet::new();
    let mut surprises = Vec::new();
    for message in said.into_iter().filter(&is_ours) {
        let (id, part) = (about(&message), message.payload("part").unwrap_or_default().to_owned());
        let is_first = met.insert((id.clone(), part.clone()));
        let is_known = id.as_ref().is_some_and(|id| known.contains(id));
        let is_told_along = companion(&part).is_some_and(|other| read.contains(&(id.clone(), other)));
        let expected = is_known && (is_routine(&part) || is_told_along) && !message.is_ephemeral();
        if unread.contains(&message) && !(expected && is_first) {
            surprises.push(message);
        }
    }
    surprises
}

fn none(slack: &Simulator, surprises: Vec<Message>) {
    let told: Vec<String> = surprises
        .iter()
        .map(|message| format!("in {} {:?}: {}", message.channel, message.payload("part"), message.text))
        .collect();
    assert!(told.is_empty(), "nobody looked at what was said: {told:#?}\n{}", slack.dump());
}
