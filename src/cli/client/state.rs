//! [`State`]: where a request or a lease stands, as the bot tells it.
//!
//! Only what the commands go by must be there. Everything else is read where it is put
//! into words, so that a bot of another release can tell more, or less.

use serde_json::Value;

use super::problem::Problem;

/// Where a request or a lease stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) status: String,
    pub(super) round: u64,
    /// How many steps of building are done; 0: none was told.
    pub(super) step: u64,
    /// The whole answer.
    pub(super) document: Value,
}

impl State {
    pub(super) fn read(document: Value) -> Result<Self, Problem> {
        let (Some(status), Some(round)) = (document["status"].as_str(), document["round"].as_u64()) else {
            return Err(Problem::NotTheBot("an answer that has no status and round in it".to_owned()));
        };
        let step = document["progress"]["step"].as_u64().unwrap_or(0);
        Ok(Self { status: status.to_owned(), round, step, document })
    }

    /// The ID of the plan that is offered, where there is one.
    pub(super) fn plan_id(&self) -> Option<&str> {
        self.document["offer"]["plan"]["planId"].as_str()
    }

    /// The part of a query with which the bot waits for something else than this.
    pub(super) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("round", &self.round.to_string());
        query.append_pair("status", &self.status);
        query.append_pair("step", &self.step.to_string());
        query.finish()
    }

    /// Whether the bot, waiting for something else than `other`, would answer with this.
    pub(super) fn differs(&self, other: &Self) -> bool {
        (self.round, &self.status, self.step) != (other.round, &other.status, other.step)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_is_asked_for_by_what_is_known_of_it() {
        let document =
            json!({ "status": "provisioning", "round": 2, "progress": { "step": 3, "of": 8, "label": "x" } });
        let state = State::read(document).expect("a state");
        assert_eq!(state.query(), "round=2&status=provisioning&step=3");
        let begun = State::read(json!({ "status": "provisioning", "round": 2, "progress": null })).expect("a state");
        assert_eq!(begun.query(), "round=2&status=provisioning&step=0");
        assert!(begun.differs(&state) && !begun.differs(&begun));
        assert_eq!(begun.plan_id(), None);
    }

    #[test]
    fn what_is_no_state_is_not_taken_for_one() {
        for document in [json!({}), json!({ "status": "failed" }), json!({ "status": 1, "round": 1 })] {
            assert!(matches!(State::read(document), Err(Problem::NotTheBot(_))));
        }
    }
}
