//! A card that shows the plan of other values than were chosen on it since: it offers to show
//! the plan of these instead. The request itself stays as it is, and others may look at that
//! plan.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::handlers::Handlers;
use crate::domain::notice::part;
use crate::domain::plan::PlanOnCard;
use crate::domain::plan::shown::Stage;
use crate::domain::request::RequestId;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::inbound::Click;
use crate::slack::notices::asking::requested::ask;
use crate::slack::web_api::{Event, Post};

/// What was chosen and filled in on a card.
pub(super) struct Chosen {
    pub(super) region: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) filled: Map<String, Value>,
}

impl Handlers {
    /// Takes the plan off the card that was clicked. Best effort: who clicks again is told again.
    pub(super) async fn show_no_plan(&self, click: &Click, chosen: Chosen) {
        let (Some(id), Some(ts)) = (RequestId::parse(&click.request_id), &click.message) else { return };
        let Chosen { region, profile, filled } = chosen;
        let (seen, state) = tokio::join!(self.requests.seen(&id), self.requests.state(&id));
        let (Ok(seen), Ok(state)) = (seen, state) else { return };
        let Some(mut told) = seen.told.filter(|_| state.round == click.round) else { return };
        told.subject.round = click.round;
        told.subject.plan = Some(PlanOnCard { region, profile, filled, stage: Stage::None, difference: None });
        let message = ask(&told, state.deadline.map(|at| at.0));
        let metadata = BTreeMap::from([("request_id", id.to_string()), ("part", part::CARD.to_owned())]);
        let post = Post {
            channel: &click.channel,
            thread: None,
            text: &message.text,
            blocks: Some(&message.blocks),
            metadata: Some(Event { event_type: EVENT_TYPE, event_payload: &metadata }),
        };
        if let Err(error) = self.slack.update_message(ts, &post).await {
            tracing::warn!(request.id = %id, %error, "a card keeps the plan of other values");
        }
    }
}
