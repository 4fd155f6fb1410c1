//! Slack's door: buttons and forms, in the message as it was when it asked. What no button
//! offers any more comes as an old client could send it.

use std::sync::Mutex;

use serde_json::json;
use slack_simulator::{Message, Person, Submitted};

use super::stage::{Act, Door};
use super::words::{Deed, Heard, Seat, Way, Why};
use crate::world::{Request, SAM, Scene};

pub struct BySlack {
    scene: Scene,
    id: String,
    /// Messages as they were when they asked.
    seen: Mutex<Vec<Message>>,
}

impl Door for BySlack {
    const WAY: Way = Way::Slack;
    const WORD: &'static str = "slack";

    async fn ask(scene: &Scene, application: &str) -> Self {
        let Request { id, root, card } = scene.ask(application).await;
        Self { scene: scene.clone(), id, seen: Mutex::new(vec![root, card]) }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn team(&self) -> &str {
        &self.scene.team
    }

    fn name(&self, seat: Seat) -> String {
        self.person(seat).id().to_owned()
    }

    fn asks_for(&self) -> String {
        self.name(Seat::Requester)
    }

    async fn act(&self, act: &Act<'_>) -> Option<Heard> {
        let person = self.person(act.who);
        let (button, text) = match act.deed {
            Deed::Approve { .. } => ("approve", None),
            Deed::Reject(Why::Said(text)) => ("reject", Some(text.to_owned())),
            Deed::Reject(Why::TooLong) => ("reject", Some("x".repeat(3_001))),
            Deed::Cancel => ("cancel", None),
            Deed::Retry => ("retry", None),
            Deed::GiveUp => ("give_up", None),
        };
        let message = self.message(act, button).await;
        if let Deed::Approve { region, profile } = act.deed {
            self.choose(&person, &message, [("region", region), ("profile", profile)]);
        }
        let before = self.told(&person, &message).len();
        let clicked = person.click_as_seen(&message, button).await.unwrap();
        assert_eq!(clicked.error, None, "{act:?}");
        let mut said = self.told(&person, &message).split_off(before);
        assert!(said.len() <= 1, "{act:?}: {said:?}");
        let Some(form) = clicked.modal else { return Some(heard(&said.pop().unwrap_or_default())) };
        assert!(said.is_empty(), "{act:?}: {said:?}");
        // Into the field itself: Slack's own client stops at the field's limit.
        self.scene.slack.change(|acme| {
            let typed = json!({ "type": "plain_text_input", "value": text.expect("a form for a text") });
            let view = acme.views.get_mut(form.id()).expect("the form is open");
            view.values.insert(("reason".to_owned(), "reason".to_owned()), typed);
        });
        match form.submit().await.unwrap() {
            Submitted::Closed => Some(Heard::Counts),
            Submitted::Errors(errors) => {
                form.close().await.unwrap();
                Some(heard(&errors["reason"]))
            }
            other => panic!("{act:?}: {other:?}"),
        }
    }
}

impl BySlack {
    fn person(&self, seat: Seat) -> Person {
        match seat {
            Seat::Named => self.scene.bob.clone(),
            Seat::Requester => self.scene.alice.clone(),
            Seat::Stranger => self.scene.slack.person(SAM),
        }
    }

    /// The message with this button, as it was when it asked in this round. One of a round in
    /// which the bot never asked that, or of another request, is made up.
    async fn message(&self, act: &Act<'_>, button: &str) -> Message {
        let is_choice = matches!(act.deed, Deed::Retry | Deed::GiveUp);
        let asked = if is_choice { act.round.max(2) } else { act.round };
        let block = format!("{}:{asked}", self.id);
        let shows = |m: &Message| m.offers(button) && m.blocks.iter().any(|it| it["block_id"] == *block);
        let kept = self.seen.lock().unwrap().iter().find(|message| shows(message)).cloned();
        let mut message = match (kept, act.deed) {
            (Some(kept), _) => kept,
            (None, Deed::Cancel) => self.scene.alice.wait_for(&self.scene.channel, shows).await.unwrap(),
            (None, _) => self.scene.bob.wait_for_dm(shows).await.unwrap(),
        };
        self.seen.lock().unwrap().push(message.clone());
        for buttons in message.blocks.iter_mut().filter(|it| it["block_id"] == *block) {
            buttons["block_id"] = format!("{}:{}", act.id, act.round).into();
            for element in buttons["elements"].as_array_mut().expect("buttons") {
                element["value"] = act.id.into();
            }
        }
        message
    }

    /// Whatever was chosen there before.
    fn choose(&self, person: &Person, message: &Message, values: [(&str, Option<&str>); 2]) {
        let chosen = values.into_iter().filter_map(|(id, value)| {
            let option = json!({ "type": "static_select", "selected_option": { "value": value? } });
            Some(((id.to_owned(), id.to_owned()), option))
        });
        let place = (person.id().to_owned(), message.channel.clone(), message.ts.clone());
        self.scene.slack.change(|acme| acme.choices.insert(place, chosen.collect()));
    }

    /// What the bot said to this person alone, where the message is.
    fn told(&self, person: &Person, message: &Message) -> Vec<String> {
        let all = self.scene.said_in_private(person.id(), &message.channel);
        all.into_iter().map(|message| message.text).collect()
    }
}

/// What a sentence says, which is Slack's only answer.
fn heard(said: &str) -> Heard {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    if said.is_empty() {
        Heard::Counts
    } else if said.starts_with("Only <@") {
        Heard::Who
    } else if says(&["is not known any more"]) {
        Heard::Unknown
    } else if says(&["Choose a region", "Choose a profile", "is not one of the configured ones", "is too long"]) {
        Heard::Value
    } else if says(&[
        "was already",
        "has already",
        "is already",
        "already chosen",
        "was cancelled",
        "has changed since",
    ]) || says(&["has expired", "The time for this is over", "cannot be approved any more"])
    {
        Heard::Time
    } else {
        panic!("an answer that nobody thought of: {said}")
    }
}
