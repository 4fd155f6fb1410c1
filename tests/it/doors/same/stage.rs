//! Plays a story by a door, and looks after each act what is true of the request: by
//! query, in S3, in the history and in Slack, the same way whichever door it was.

use harness::proxy::Fault;
use serde_json::{Value, json};

use super::words::{Beat, Column, Deed, Heard, REASON, Row, Seat, Story, Way};
use crate::world::{Scene, eventually};

/// A request that does not exist.
const NOWHERE: &str = "nobody-0000000000";

/// An act, as a door is to do it.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    pub who: Seat,
    pub deed: Deed,
    pub round: u32,
    pub id: &'a str,
}

/// A way to a request that somebody asked for by it.
pub trait Door: Sized {
    const WAY: Way;
    /// As a signature has it.
    const WORD: &'static str;

    /// Asks, and waits until somebody may decide.
    async fn ask(scene: &Scene, application: &str) -> Self;

    fn id(&self) -> &str;

    fn team(&self) -> &str;

    /// As the request has them.
    fn name(&self, seat: Seat) -> String;

    /// The person without whom the request does not pass its checks.
    fn asks_for(&self) -> String;

    /// Does it, and tells what is answered; `None`: nothing is.
    async fn act(&self, act: &Act<'_>) -> Option<Heard>;

    /// Does by another door what cannot be said here.
    async fn act_elsewhere(&self, act: &Act<'_>) -> Option<Heard> {
        panic!("{act:?} is only done here")
    }
}

/// From the question to the end, row by row.
pub async fn play<D: Door>(scene: &Scene, story: &Story) {
    let door = D::ask(scene, &format!("same-{}", story.name)).await;
    let stage = Stage { scene, door, story };
    for (number, beat) in story.beats.iter().enumerate() {
        stage.goes_on(number, beat).await;
    }
    stage.ended().await;
}

struct Stage<'a, D> {
    scene: &'a Scene,
    door: D,
    story: &'a Story,
}

impl<D: Door> Stage<'_, D> {
    async fn goes_on(&self, number: usize, beat: &Beat) {
        let Scene { slack, s3_proxy, temporal, .. } = self.scene;
        let bucket = self.bucket();
        let last = format!("{bucket} GET /index.html");
        let leaves = |deleted| {
            slack.change(|acme| acme.people.get_mut(&self.door.asks_for()).expect("a person").deleted = deleted);
        };
        match beat {
            Beat::Does(row) => self.done(number, row).await,
            Beat::Refuses => s3_proxy.fail_each(&bucket, Fault::refuse(403, "AccessDenied")),
            Beat::Holds => s3_proxy.hold(&last),
            Beat::Heals => [&bucket, &last].into_iter().for_each(|what| s3_proxy.heal_each(what)),
            Beat::Leaves => leaves(true),
            Beat::Returns => leaves(false),
            Beat::Ends => {
                let ended = temporal.ended(self.door.id()).await.expect("the workflow returns");
                assert_eq!(ended["status"], self.story.status, "{ended:#}");
            }
        }
    }

    /// One row: what is answered, and what is so then.
    async fn done(&self, number: usize, row: &Row) {
        let place = format!("{:?}, {} {number}: {:?} {:?}", D::WAY, self.story.name, row.who, row.deed);
        let before = self.state().await;
        let round = before["round"].as_u64().and_then(|round| u32::try_from(round).ok()).expect("a round");
        let act = Act {
            who: row.who,
            deed: row.deed,
            round: if row.in_round_one { 1 } else { round },
            id: if row.is_nowhere { NOWHERE } else { self.door.id() },
        };
        let column = row.columns.iter().find(|(way, _)| *way == D::WAY).map(|(_, column)| column);
        let expected = if let Some(Column::Hears(heard)) = column { *heard } else { row.heard };
        let heard = match column {
            Some(Column::Cannot(_)) if row.then.is_none() => return,
            Some(Column::Cannot(_)) => self.door.act_elsewhere(&act).await,
            _ => self.door.act(&act).await,
        };
        // A signal is not answered: what it did is all there is to see.
        assert!(heard.is_none_or(|heard| heard == expected), "{place}: {heard:?} instead of {expected:?}");
        match row.then {
            None => assert_eq!(self.state().await, before, "{place}: it changed something"),
            Some((status, round)) => {
                let is_so = |state: &Value| state["status"] == status && state["round"] == round;
                let look = async || Some(self.state().await).filter(is_so);
                eventually(&format!("{status} in round {round} after {place}"), look).await;
            }
        }
    }

    async fn state(&self) -> Value {
        self.scene.temporal.state(self.door.id()).await.unwrap()
    }

    fn bucket(&self) -> String {
        let (application, suffix) = self.door.id().rsplit_once('-').expect("an ID");
        format!("app-{application}-{}-{suffix}", self.door.team())
    }

    /// What holds at the end, whichever way it came about.
    async fn ended(&self) {
        let (door, story) = (&self.door, self.story);
        let place = format!("{:?}, {}", D::WAY, story.name);
        let state = self.state().await;
        assert_eq!((&state["status"], &state["round"]), (&json!(story.status), &json!(story.round)), "{place}");
        let named = door.name(Seat::Named);
        let signatures = state["steps"][0]["signatures"].as_array().expect("signatures");
        let struck: Vec<_> = signatures.iter().map(|signature| signature["struck"].is_string()).collect();
        assert_eq!(struck, story.struck, "{place}: {state:#}");
        for signature in signatures {
            assert_eq!((&signature["by"], &signature["door"]), (&json!(named), &json!(D::WORD)), "{place}");
        }
        let counts = &state["authorization"];
        assert_eq!(counts["decision"].as_str(), story.decision, "{place}: {state:#}");
        let values = ["region", "profile", "decidedBy", "reason"].map(|key| counts[key].as_str());
        let expected = match story.decision {
            Some("approve") => [Some("us-east-1"), Some("sandbox"), Some(&*named), None],
            Some(_) => [None, None, Some(&*named), Some(REASON)],
            None => [None; 4],
        };
        assert_eq!(values, expected, "{place}");
        // Nothing happened twice, and nothing is left that could be pressed.
        assert_eq!(self.builds().await, story.builds, "{place}");
        assert_eq!(self.scene.buckets(door.id()).await.len(), story.buckets, "{place}");
        self.scene.check(door.id());
        self.told();
    }

    /// What was said beyond what every request brings tells of what the story has.
    fn told(&self) {
        let stops = self.story.beats.iter().any(|beat| matches!(beat, Beat::Refuses));
        let strikes = self.story.struck.contains(&true);
        for message in self.scene.said(self.door.id()) {
            let part = message.payload("part").unwrap_or_default();
            let fits = match part.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "attention-" | "needs-attention-" | "choice-not-counted-" => stops,
                "not-counted" | "not-counted-card" => strikes,
                other => matches!(other, "root" | "card" | "progress-" | "outcome"),
            };
            assert!(fits, "{}: {part}: {}", self.story.name, message.text);
        }
    }

    /// How often a provisioner was called.
    async fn builds(&self) -> usize {
        let history = self.scene.temporal.history(self.door.id()).await;
        let events = history["events"].as_array().expect("events");
        let called = |event: &&Value| {
            let id = &event["attributes"]["ActivityTaskScheduledEventAttributes"]["activity_id"];
            id.as_str().is_some_and(|id| id.starts_with("provision-"))
        };
        events.iter().filter(called).count()
    }
}
