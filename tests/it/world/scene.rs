//! A scene: one test's people, team and channel, and what they do and see.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::proxy::Proxy;
use serde_json::Value;
use slack_simulator::{ClickOutcome, Message, Modal, Person, Simulator, Submitted};

use super::s3;
use crate::temporal::Temporal;

/// One test's part of a world.
#[derive(Clone)]
pub struct Scene {
    pub slack: Simulator,
    pub temporal: Temporal,
    pub bot_url: String,
    pub(super) s3_endpoint: String,
    /// Where S3 fails; shared with other scenes, so faults are of one bucket.
    pub s3_proxy: Proxy,
    /// Asks.
    pub alice: Person,
    /// Decides.
    pub bob: Person,
    pub team: String,
    /// Where Alice runs the command.
    pub channel: String,
}

/// A request that waits for its authorizer.
pub struct Request {
    pub id: String,
    /// The bot's message in the channel.
    pub root: Message,
    /// The authorizer's direct message.
    pub card: Message,
}

impl Scene {
    /// The same, with people who wait this long for everything.
    pub fn patient(mut self, patience: Duration) -> Self {
        self.alice = self.alice.with_patience(patience);
        self.bob = self.bob.with_patience(patience);
        self
    }

    /// Alice runs the command, and the form opens.
    pub async fn form(&self, text: &str) -> Modal {
        self.form_in(&self.channel, text).await
    }

    pub async fn form_in(&self, channel: &str, text: &str) -> Modal {
        let ran = self.alice.command(channel, "/provision", text).await;
        ran.modal.clone().unwrap_or_else(|| panic!("no form opened: {:?} {:?}", ran.error, ran.ephemeral()))
    }

    /// The form, filled in.
    pub async fn filled_form(&self, application: &str) -> Modal {
        let form = self.form(application).await;
        self.fill(&form).await;
        form
    }

    pub async fn fill(&self, form: &Modal) {
        form.choose("team", &self.team).await.unwrap();
        form.choose("authorizer", self.bob.id()).await.unwrap();
        if form.offers("blueprint") {
            form.choose("blueprint", "bucket").await.unwrap();
        }
        form.fill("justification", "Landing page for the spring launch").await.unwrap();
    }

    /// Alice asks Bob. Returns when both messages are there.
    pub async fn ask(&self, application: &str) -> Request {
        let form = self.filled_form(application).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        self.asked(application).await
    }

    /// Waits for the messages of a request that was submitted or started.
    pub async fn asked(&self, application: &str) -> Request {
        let card = self.bob.wait_for_dm(|m| m.offers("approve") && m.says(application)).await.unwrap();
        let id = card.payload("request_id").expect("the card names its request").to_owned();
        let root = self.root_in(&self.channel, &id).await;
        Request { id, root, card }
    }

    /// Alice asks for the same once more, beside the first request.
    pub async fn ask_again(&self, application: &str, first: &Request) -> Request {
        let form = self.filled_form(application).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let other =
            |m: &Message| m.offers("approve") && m.says(application) && m.payload("request_id") != Some(&*first.id);
        let card = self.bob.wait_for_dm(other).await.unwrap();
        let id = card.payload("request_id").expect("the card names its request").to_owned();
        let root = self.root_in(&self.channel, &id).await;
        Request { id, root, card }
    }

    pub async fn root_in(&self, channel: &str, id: &str) -> Message {
        let is_root = |m: &Message| m.payload("request_id") == Some(id) && m.thread_ts.is_none();
        self.alice.wait_for(channel, is_root).await.unwrap()
    }

    /// A request's messages, as they ask in the round of the moment.
    pub async fn now(&self, request: &Request) -> Request {
        let asks = self.asks_now(request).await;
        let card = self.bob.wait_for_dm(|m| m.ts == request.card.ts && asks(m)).await.unwrap();
        Request { id: request.id.clone(), root: self.root_now(request).await, card }
    }

    /// The same of the message in the channel alone.
    pub async fn root_now(&self, request: &Request) -> Message {
        let asks = self.asks_now(request).await;
        self.alice.wait_for(&self.channel, |m| m.ts == request.root.ts && asks(m)).await.unwrap()
    }

    async fn asks_now(&self, request: &Request) -> impl Fn(&Message) -> bool + use<> {
        let state = self.temporal.state(&request.id).await.unwrap();
        let round = format!("{}:{}", request.id, state["round"]);
        move |message| message.blocks.iter().any(|block| block["block_id"] == *round)
    }

    pub async fn select(&self, request: &Request) {
        self.bob.select(&request.card, "region", "us-east-1").await.unwrap();
        self.bob.select(&request.card, "profile", "sandbox").await.unwrap();
    }

    /// The same in a client that still shows the message as it was.
    pub async fn select_as_seen(&self, request: &Request) {
        self.slack.change(|state| {
            let place = (self.bob.id().to_owned(), request.card.channel.clone(), request.card.ts.clone());
            let chosen = state.choices.entry(place).or_default();
            for (id, value) in [("region", "us-east-1"), ("profile", "sandbox")] {
                let option = serde_json::json!({ "type": "static_select", "selected_option": { "value": value } });
                chosen.insert((id.to_owned(), id.to_owned()), option);
            }
        });
    }

    /// Bob chooses and approves, and nothing is said against it.
    pub async fn approve(&self, request: &Request) {
        self.select(request).await;
        self.clicks(&self.bob, &request.card, "approve").await;
    }

    /// A click that is acknowledged, with nothing said in private.
    pub async fn clicks(&self, person: &Person, message: &Message, action: &str) {
        let clicked = person.click(message, action).await.unwrap();
        assert_eq!(clicked.error, None);
        assert!(clicked.ephemerals().is_empty(), "{:?}", ephemeral(&clicked));
    }

    /// Bob rejects with this reason.
    pub async fn reject(&self, request: &Request, reason: &str) {
        let form = self.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        form.fill("reason", reason).await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    }

    /// Waits for the reply that ends the request with this word.
    pub async fn outcome(&self, request: &Request, word: &str) -> Message {
        let ends = |m: &Message| m.ts != request.root.ts && m.text.contains(word);
        self.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, ends).await.unwrap()
    }

    /// Waits until everybody is told that what Bob did does not count, and why.
    pub async fn not_counted(&self, request: &Request, why: &str) {
        let told = |m: &Message| m.says("did not count") && m.says(why);
        self.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, told).await.unwrap();
    }

    /// Waits until the workflow is over, and checks what holds for every ending.
    /// Returns the state it ended in.
    pub async fn ended(&self, request: &Request, status: &str) -> Value {
        let state = self.temporal.ended(&request.id).await.expect("the workflow returns");
        assert_eq!(state["status"], status, "{state:#}");
        assert_eq!(state["requestId"], request.id);
        self.slack.look_at(&[request.root.clone(), request.card.clone()]);
        self.check(&request.id);
        state
    }

    /// What holds for everything that was said about a request that is over. What not every
    /// request brings is to be looked at by the test all the same.
    pub fn check(&self, id: &str) {
        let said = self.about(id);
        let mut seen = BTreeSet::new();
        for message in &said {
            let metadata = message.metadata.as_ref().unwrap();
            assert_eq!(metadata["event_type"], "provision_request");
            let place = (message.channel.clone(), message.thread_ts.clone(), message.text.clone());
            assert!(seen.insert(place), "said twice: {}\n{}", message.text, self.slack.dump());
            // What was built lives on, with buttons of its own.
            let is_of_lease = |block: &Value| block["block_id"].as_str().is_some_and(|id| id.contains(".lease:"));
            let is_alive = message.blocks.iter().any(is_of_lease);
            let dead = is_alive || message.buttons().is_empty();
            assert!(dead, "a dead button: {:?}\n{}", message.buttons(), self.slack.dump());
            for action in ["region", "profile"] {
                assert!(!message.offers(action), "a dead select: {action}\n{}", self.slack.dump());
            }
        }
        // Nothing is said in the scene's places that does not tell what it is about.
        let places = [self.channel.clone(), self.alice.dm_channel(), self.bob.dm_channel()];
        for message in self.slack.all_messages() {
            if message.is_from_bot() && !message.is_ephemeral() && places.contains(&message.channel) {
                assert!(message.payload("request_id").is_some(), "without metadata: {}", message.text);
            }
        }
    }

    /// Everything posted about a request, by time.
    pub fn said(&self, id: &str) -> Vec<Message> {
        let messages = self.about(id);
        self.slack.look_at(&messages);
        messages
    }

    fn about(&self, id: &str) -> Vec<Message> {
        let mut messages = self.slack.all_messages();
        messages.retain(|message| message.payload("request_id") == Some(id));
        messages
    }

    /// What was said to one person alone, whether they are a member there or not.
    pub fn said_in_private(&self, who: &str, channel: &str) -> Vec<Message> {
        let mut messages = self.slack.all_messages();
        messages.retain(|message| message.only_for.as_deref() == Some(who) && message.channel == channel);
        self.slack.look_at(&messages);
        messages
    }

    pub fn roots(&self, channel: &str) -> Vec<Message> {
        let mut messages = self.slack.all_messages();
        messages.retain(|m| m.channel == channel && m.is_from_bot() && !m.is_ephemeral() && m.thread_ts.is_none());
        self.slack.look_at(&messages);
        messages
    }

    /// The thread as Alice reads it, without what differs from run to run.
    pub fn thread(&self, request: &Request) -> String {
        self.alice.thread(&request.root.channel, &request.root.ts);
        let text = self.slack.thread_transcript(&request.root.channel, &request.root.ts, self.alice.id());
        self.scrub(&text, &request.id)
    }

    /// A text without what differs from run to run.
    pub fn scrub(&self, text: &str, id: &str) -> String {
        let suffix = id.rsplit('-').next().unwrap_or(id);
        let text = text.replace(suffix, "SUFFIX").replace(&self.team, "team").replace("Team 0", "Team");
        let number = self.team.trim_start_matches("team-");
        without_moments(&text.replace(&format!("Team {number}"), "Team"))
    }

    /// A client of our own, to look into S3.
    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        s3(&self.s3_endpoint, region)
    }

    /// The buckets that carry the tag of a request, among those for applications of its name.
    pub async fn buckets(&self, id: &str) -> Vec<String> {
        let s3 = self.s3("us-east-1");
        let mut found = Vec::new();
        for bucket in self.buckets_for(id.rsplit_once('-').map_or(id, |(application, _)| application)).await {
            if let Ok(tags) = s3.get_bucket_tagging().bucket(&bucket).send().await
                && tags.tag_set().iter().any(|tag| tag.value() == id)
            {
                found.push(bucket);
            }
        }
        found
    }

    /// The buckets for applications of this name, whosever they are.
    pub async fn buckets_for(&self, application: &str) -> Vec<String> {
        let all = self.s3("us-east-1").list_buckets().send().await.unwrap();
        let names = all.buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned));
        names.filter(|name| name.starts_with(&format!("app-{application}-"))).collect()
    }
}

/// What was said in private to a click, in one text.
pub fn ephemeral(clicked: &ClickOutcome) -> String {
    clicked.ephemerals().iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Dates and times, replaced.
fn without_moments(text: &str) -> String {
    const SHAPE: &str = "0000-00-00 00:00 UTC";
    let chars: Vec<char> = text.chars().collect();
    let shape: Vec<char> = SHAPE.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let here = &chars[at..(at + shape.len()).min(chars.len())];
        let fits = |(c, s): (&char, &char)| if *s == '0' { c.is_ascii_digit() } else { c == s };
        if here.len() == shape.len() && here.iter().zip(&shape).all(fits) {
            out.push_str("MOMENT");
            at += shape.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}
