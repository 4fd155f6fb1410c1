//! The raw signal: whoever may signal workflows in the namespace names who acts. Nothing is
//! answered, but for what the server itself refuses.

use serde_json::{Value, json};

use super::by_program::text;
use super::stage::{Act, Door};
use super::words::{Deed, Heard, Seat, Way};
use crate::temporal::{input, json_payload};
use crate::world::{SAM, Scene};

pub struct BySignal {
    scene: Scene,
    id: String,
}

impl Door for BySignal {
    const WAY: Way = Way::Signal;
    const WORD: &'static str = "signal";

    async fn ask(scene: &Scene, application: &str) -> Self {
        let id = format!("{application}-0000000001");
        scene.temporal.start(&id, &input(scene, application)).await;
        scene.asked(application).await;
        Self { scene: scene.clone(), id }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn team(&self) -> &str {
        &self.scene.team
    }

    fn name(&self, seat: Seat) -> String {
        match seat {
            Seat::Named => self.scene.bob.id().to_owned(),
            Seat::Requester => self.scene.alice.id().to_owned(),
            Seat::Stranger => SAM.to_owned(),
        }
    }

    fn asks_for(&self) -> String {
        self.name(Seat::Requester)
    }

    async fn act(&self, act: &Act<'_>) -> Option<Heard> {
        let (word, more) = match act.deed {
            Deed::Approve { region, profile } => ("approve", json!({ "region": region, "profile": profile })),
            Deed::Reject(why) => ("reject", json!({ "text": text(why) })),
            Deed::Cancel => ("cancel", json!({})),
            Deed::Retry => ("retry", json!({})),
            Deed::GiveUp => ("give_up", json!({})),
        };
        let mut signal = json!({ "act": word, "round": act.round, "by": self.name(act.who), "planId": null });
        if let (Value::Object(signal), Value::Object(more)) = (&mut signal, more) {
            signal.extend(more);
        }
        let sent = self.scene.temporal.signal_raw(act.id, "act", vec![json_payload(&signal)]).await;
        let refused = sent.err()?;
        Some(match refused.message() {
            why if why.contains("already completed") => Heard::Time,
            why if why.contains("not found") => Heard::Unknown,
            _ => panic!("{act:?}: {refused:?}"),
        })
    }
}
