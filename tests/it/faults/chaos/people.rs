//! What the people do while things break: one asks, the other decides, and whoever
//! hears "try again" tries again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use slack_simulator::{ClickOutcome, Message, Submitted};
use tokio::time::{Instant, sleep};

use crate::world::Scene;

/// Between two looks at what is there to decide.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Before a form that did not open, or could not be sent, is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// How long somebody tries to send the same form.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

/// What becomes of a request, as far as people decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Approve,
    /// Pressed twice at the same moment.
    ApproveTwice,
    Reject,
    Cancel,
    /// Withdrawn while it is being built.
    ApproveThenCancel,
    /// Withdrawn at the moment of the yes.
    ApproveAndCancel,
    /// Nobody does anything.
    Leave,
}

const DEEDS: [Deed; 10] = [
    Deed::Approve,
    Deed::Approve,
    Deed::Approve,
    Deed::ApproveTwice,
    Deed::Reject,
    Deed::Cancel,
    Deed::ApproveThenCancel,
    Deed::ApproveThenCancel,
    Deed::ApproveAndCancel,
    Deed::Leave,
];

/// One requester, one authorizer, one channel.
pub struct Lane {
    pub scene: Scene,
    number: usize,
    chance: Mutex<Rng>,
    plans: Mutex<BTreeMap<String, Deed>>,
    /// The applications whose form closed: these requests exist.
    sent: Mutex<BTreeSet<String>>,
}

impl Lane {
    pub fn new(scene: Scene, number: usize, chance: Rng) -> Self {
        Self { scene, number, chance: Mutex::new(chance), plans: Mutex::default(), sent: Mutex::default() }
    }

    fn chance<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The applications whose request was taken.
    pub fn sent(&self) -> BTreeSet<String> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the bot writes, but for the requester, who is told when all else fails.
    pub fn places(&self) -> [String; 2] {
        [self.scene.channel.clone(), self.scene.bob.id().to_owned()]
    }

    /// The beginning of every request's ID in this lane.
    pub fn prefix(&self) -> String {
        format!("chaos-{:02}-", self.number)
    }

    /// The requests that are not over.
    pub async fn open(&self) -> Vec<String> {
        let all = self.scene.temporal.listed(&self.prefix()).await;
        all.into_iter().filter(|(_, running)| *running).map(|(id, _)| id).collect()
    }

    /// Asks for one thing after the other until then.
    pub async fn asks(&self, until: Instant) {
        for number in 0.. {
            if Instant::now() > until {
                return;
            }
            let (deed, pause) = self.chance(|chance| (DEEDS[chance.usize(0..DEEDS.len())], chance.u64(500..8_000)));
            let name = format!("{}{number:03}", self.prefix());
            self.plans.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), deed);
            self.ask(&name).await;
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Asks until the form closes, or it has been tried for long enough.
    async fn ask(&self, name: &str) {
        let give_up = Instant::now() + GIVE_UP_AFTER;
        let alice = &self.scene.alice;
        let form = loop {
            if let Some(form) = alice.command(&self.scene.channel, "/provision", name).await.modal
                && form.choose("team", &self.scene.team).await.is_ok()
                && form.choose("authorizer", self.scene.bob.id()).await.is_ok()
            {
                break form;
            }
            if Instant::now() > give_up {
                return;
            }
            sleep(TRY_AGAIN).await;
        };
        while Instant::now() < give_up {
            if let Ok(Submitted::Closed) = form.submit().await {
                self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
                return;
            }
            sleep(TRY_AGAIN).await;
        }
    }

    /// Does with every request what was planned, for ever.
    pub async fn decides(&self) {
        loop {
            self.withdraw().await;
            self.decide().await;
            self.lend_a_hand().await;
            sleep(LOOK_AGAIN).await;
        }
    }

    fn plan(&self, message: &Message) -> Option<Deed> {
        let application = message.payload("request_id")?.rsplit_once('-')?.0;
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).get(application).copied()
    }

    async fn withdraw(&self) {
        let mut roots = self.scene.roots(&self.scene.channel);
        roots.extend(self.scene.alice.dm_with_bot());
        for root in roots.iter().filter(|root| root.offers("cancel")) {
            let building = !root.says("Waiting for");
            let now = match self.plan(root) {
                Some(Deed::Cancel) => true,
                Some(Deed::ApproveThenCancel) => building,
                _ => false,
            };
            if now {
                let _ = self.scene.alice.click(root, "cancel").await;
            }
        }
    }

    async fn decide(&self) {
        for card in self.scene.bob.dm_with_bot().iter().filter(|card| card.offers("approve")) {
            match self.plan(card) {
                Some(Deed::Approve | Deed::ApproveThenCancel) => {
                    self.approve(card).await;
                }
                Some(Deed::ApproveTwice) => {
                    tokio::join!(self.approve(card), self.approve(card));
                }
                Some(Deed::ApproveAndCancel) => {
                    let root = self
                        .scene
                        .roots(&self.scene.channel)
                        .into_iter()
                        .find(|root| root.payload("request_id") == card.payload("request_id"));
                    match root.filter(|root| root.offers("cancel")) {
                        Some(root) => {
                            let _ = tokio::join!(self.approve(card), self.scene.alice.click(&root, "cancel"));
                        }
                        None => {
                            self.approve(card).await;
                        }
                    }
                }
                Some(Deed::Reject) => self.reject(card).await,
                Some(Deed::Cancel | Deed::Leave) | None => {}
            }
        }
    }

    async fn approve(&self, card: &Message) -> Option<ClickOutcome> {
        let bob = &self.scene.bob;
        bob.select(card, "region", "us-east-1").await.ok()?;
        bob.select(card, "profile", "sandbox").await.ok()?;
        bob.click(card, "approve").await.ok()
    }

    async fn reject(&self, card: &Message) {
        let Ok(clicked) = self.scene.bob.click(card, "reject").await else { return };
        let Some(form) = clicked.modal else { return };
        if form.fill("reason", "Not this one").await.is_ok() {
            let _ = form.submit().await;
        }
        // One that could not be sent is closed, and the button pressed again.
        if form.is_open() {
            let _ = form.close().await;
        }
    }

    /// Tries again or gives up, where something failed.
    async fn lend_a_hand(&self) {
        for card in self.scene.bob.dm_with_bot().iter().filter(|card| card.offers("retry")) {
            let action = if self.chance(|chance| chance.bool()) { "retry" } else { "give_up" };
            let _ = self.scene.bob.click(card, action).await;
        }
    }
}
