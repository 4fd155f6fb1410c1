//! Slack: what a person did, said in our words, and what we say back.

mod app_id;
mod bot;
pub mod directory;
pub mod identity;
pub mod inbound;
pub mod leases;
pub mod manifest;
pub mod notices;
pub mod origin;
mod person;
pub mod rate_limits;
pub mod read_back;
pub mod refusal;
pub mod views;
pub mod web_api;

/// Every `callback_id` and `action_id`, named once. A `block_id` of an input
/// equals its `action_id`; the templates in `blocks/` are checked against these.
pub mod ids {
    /// The slash command.
    pub const COMMAND: &str = "/provision";

    // The request form, and its fields.
    pub const PROVISION_REQUEST: &str = "provision_request";
    pub const APPLICATION_NAME: &str = "application_name";
    pub const TEAM: &str = "team";
    pub const AUTHORIZER: &str = "authorizer";
    pub const BLUEPRINT: &str = "blueprint";
    pub const LIFETIME: &str = "lifetime";
    pub const JUSTIFICATION: &str = "justification";

    /// The input of a field of a blueprint.
    pub fn field(id: &str) -> String {
        format!("{FIELD}{id}")
    }

    /// The field that an input is of.
    pub fn field_of(action_id: &str) -> Option<&str> {
        action_id.strip_prefix(FIELD)
    }

    const FIELD: &str = "field-";

    /// The one value of a switch.
    pub const ON: &str = "true";

    /// The other one, where a switch is a choice.
    pub const OFF: &str = "false";

    // The authorizer's card.
    pub const REGION: &str = "region";
    pub const PROFILE: &str = "profile";
    pub const PLAN: &str = "plan";
    pub const APPROVE: &str = "approve";
    pub const REJECT: &str = "reject";

    // The form that asks for a reason.
    pub const REJECT_REQUEST: &str = "reject_request";
    pub const REASON: &str = "reason";

    // The request's message in the channel.
    pub const CANCEL: &str = "cancel";

    // The card of a request that needs a hand.
    pub const RETRY: &str = "retry";
    pub const GIVE_UP: &str = "give_up";

    // What was built.
    pub const EXTEND: &str = "extend";
    pub const KEEP: &str = "keep";
    pub const REMOVE: &str = "remove";
    pub const GIVE: &str = "give";

    // The form that asks to whom it is given.
    pub const GIVE_RESOURCE: &str = "give_resource";
    pub const TO: &str = "to";

    /// The ID of the workflow of what a request built.
    pub fn lease(request_id: &str) -> String {
        format!("{request_id}.lease")
    }

    /// The `block_id` of the buttons of a request in a round. Further blocks of buttons in
    /// the same message have `:2`, `:3` … behind it.
    pub fn buttons(request_id: &str, round: u32) -> String {
        format!("{}:{round}", named(request_id))
    }

    /// Whoever started the workflow may have chosen a longer ID than Slack takes.
    fn named(request_id: &str) -> String {
        request_id.chars().take(NAMED_MAX).collect()
    }

    /// Slack takes 255 characters; a round and a number need some of them.
    const NAMED_MAX: usize = 230;

    /// The round that buttons are for, from their `block_id`, so that an old message never
    /// answers a new question; 0, which no round is, if it does not tell.
    pub fn round_of(block_id: &str, request_id: &str) -> u32 {
        let round =
            block_id.strip_prefix(&named(request_id)).and_then(|rest| rest.strip_prefix(':')?.split(':').next());
        round.and_then(|round| round.parse().ok()).unwrap_or(0)
    }

    /// `event_type` of the metadata of every message about a request.
    pub const EVENT_TYPE: &str = "provision_request";
}
