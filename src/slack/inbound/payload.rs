//! The payloads of interactions: a button, a form, a select that wants its options.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::deed::{Button, Chosen, Click, Entered, Entry, Given, Inbound, Reason, Search, Submission};
use super::malformed::Malformed;
use crate::domain::lease::act::LeaseKind;
use crate::slack::ids;

/// What of an interaction is read, whichever it is.
#[derive(Deserialize)]
pub(super) struct Payload {
    r#type: String,
    user: User,
    #[serde(default, deserialize_with = "or_default")]
    trigger_id: String,
    response_url: Option<String>,
    message: Option<Message>,
    #[serde(default, deserialize_with = "or_default")]
    container: Container,
    channel: Option<Named>,
    #[serde(default, deserialize_with = "or_default")]
    actions: Vec<Action>,
    state: Option<State>,
    view: Option<View>,
    // Of a search for options.
    action_id: Option<String>,
    value: Option<String>,
}

/// What a person did, by the kind of the interaction.
pub(super) fn read(payload: Payload) -> Result<Inbound, Malformed> {
    match payload.r#type.as_str() {
        "block_actions" => pressed(payload),
        "view_submission" => submitted(payload),
        "block_suggestion" => Ok(searched(payload)),
        _ => Ok(Inbound::Nothing),
    }
}

fn pressed(payload: Payload) -> Result<Inbound, Malformed> {
    let Some(action) = payload.actions.into_iter().next() else { return Ok(Inbound::Nothing) };
    if let (ids::BLUEPRINT, Some(view)) = (action.action_id.as_str(), &payload.view) {
        return Ok(blueprint_chosen(view));
    }
    let state = payload.state.unwrap_or_default();
    // What is chosen already, and was not touched, Slack does not always report.
    let shown = payload.message.as_ref();
    let chosen = |id| state.get(id).or_else(|| shown.and_then(|message| message.preselected(id)));
    let entered = || shown.map(Message::prefilled).unwrap_or_default().into_iter().chain(state.said()).collect();
    let request_id = action.value.clone().unwrap_or_default();
    let of_lease = ids::round_of(&action.block_id, &ids::lease(&request_id));
    let button = match action.action_id.as_str() {
        ids::RETRY if of_lease > 0 => Button::OfLease(LeaseKind::Retry),
        ids::GIVE_UP if of_lease > 0 => Button::OfLease(LeaseKind::GiveUp),
        ids::EXTEND => Button::OfLease(LeaseKind::Extend),
        ids::KEEP => Button::OfLease(LeaseKind::Keep),
        ids::REMOVE => Button::OfLease(LeaseKind::Remove),
        ids::GIVE => Button::OfLease(LeaseKind::Give),
        ids::PLAN => {
            let (region, profile) = (chosen(ids::REGION), chosen(ids::PROFILE));
            Button::Plan { region, profile, fields: entered() }
        }
        ids::APPROVE => {
            let (region, profile) = (chosen(ids::REGION), chosen(ids::PROFILE));
            Button::Approve { region, profile, fields: entered() }
        }
        ids::REJECT => Button::Reject,
        ids::CANCEL => Button::Cancel,
        ids::RETRY => Button::Retry,
        ids::GIVE_UP => Button::GiveUp,
        _ => return Ok(Inbound::Nothing),
    };
    let channel = payload.channel.map(|channel| channel.id).or(payload.container.channel_id).unwrap_or_default();
    let message = payload.container.message_ts.or(payload.message.and_then(|message| message.ts));
    let round =
        if matches!(button, Button::OfLease(_)) { of_lease } else { ids::round_of(&action.block_id, &request_id) };
    let click = Click {
        id: digest(&format!("{}-{}-{}", payload.user.id, action.action_id, action.action_ts)),
        user: payload.user.id,
        round,
        request_id,
        trigger: payload.trigger_id,
        channel,
        message: message.filter(|ts| !ts.is_empty()),
        response_url: payload.response_url,
    };
    Ok(Inbound::Pressed(button, click))
}

fn blueprint_chosen(view: &View) -> Inbound {
    let form = json!({
        "type": "modal", "callback_id": view.callback_id, "private_metadata": view.private_metadata,
        "title": view.title, "submit": view.submit, "close": view.close, "blocks": view.blocks,
    });
    let blueprint = view.state.as_ref().and_then(|state| state.get(ids::BLUEPRINT));
    Inbound::BlueprintChosen(Chosen { view_id: view.id.clone(), form, blueprint })
}

fn submitted(payload: Payload) -> Result<Inbound, Malformed> {
    let view = payload.view.ok_or_else(|| Malformed::Payload("a submission without a view".to_owned()))?;
    let state = view.state.unwrap_or_default();
    let metadata: FormMetadata = serde_json::from_str(&view.private_metadata).unwrap_or_default();
    match view.callback_id.as_str() {
        ids::PROVISION_REQUEST => Ok(Inbound::Submitted(Submission {
            digest: digest(&view.id),
            user: payload.user.id,
            channel: metadata.channel_id,
            application_name: state.get(ids::APPLICATION_NAME).unwrap_or_default(),
            team: state.get(ids::TEAM),
            authorizer: state.get(ids::AUTHORIZER),
            blueprint: state.get(ids::BLUEPRINT),
            lifetime: state.get(ids::LIFETIME),
            justification: state.get(ids::JUSTIFICATION),
            fields: state.fields(),
        })),
        ids::REJECT_REQUEST => Ok(Inbound::RejectSubmitted(Reason {
            user: payload.user.id,
            request_id: metadata.request_id,
            round: metadata.round,
            reason: state.get(ids::REASON).unwrap_or_default(),
            click_id: digest(&format!("{}-{}", view.id, view.hash)),
        })),
        ids::GIVE_RESOURCE => Ok(Inbound::GiveSubmitted(Given {
            user: payload.user.id,
            request_id: metadata.request_id,
            round: metadata.round,
            to: state.get(ids::TO),
            click_id: digest(&format!("{}-{}", view.id, view.hash)),
        })),
        _ => Ok(Inbound::Nothing),
    }
}

fn searched(payload: Payload) -> Inbound {
    let state = payload.view.and_then(|view| view.state).unwrap_or_default();
    let chosen = |id| state.get(id);
    Inbound::OptionsRequested(Search {
        user: payload.user.id,
        action_id: payload.action_id.unwrap_or_default(),
        typed: payload.value.unwrap_or_default(),
        team: chosen(ids::TEAM),
        blueprint: chosen(ids::BLUEPRINT),
        request_id: payload.message.and_then(|message| message.request_id()),
    })
}

/// Stands for what Slack names so. It is kept in histories in the clear, where no
/// person shall be named.
fn digest(name: &str) -> String {
    hex::encode(Sha256::digest(name.as_bytes()))
}

/// What `view.private_metadata` of our forms carries.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FormMetadata {
    channel_id: String,
    request_id: String,
    round: Option<u32>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Default, Deserialize)]
struct Container {
    channel_id: Option<String>,
    message_ts: Option<String>,
}

/// A message as Slack shows it: our blocks, with some more in them.
#[derive(Deserialize)]
struct Message {
    ts: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    blocks: Value,
}

impl Message {
    /// What stands in the inputs of fields as long as nobody touches them.
    fn prefilled(&self) -> Entered {
        let entry = |block: &Value| {
            let (id, element) = (ids::field_of(block["block_id"].as_str()?)?.to_owned(), &block["element"]);
            let value = |option: &Value| option["value"].as_str().map(str::to_owned);
            Some(match element["type"].as_str()? {
                "plain_text_input" | "number_input" => {
                    (id, Entry::Typed(element["initial_value"].as_str().unwrap_or_default().to_owned()))
                }
                _ => {
                    let several = element["initial_options"].as_array().into_iter().flatten();
                    (id, Entry::Chosen(several.chain(element.get("initial_option")).filter_map(value).collect()))
                }
            })
        };
        self.blocks.as_array().into_iter().flatten().filter_map(entry).collect()
    }

    /// What a select of the message shows as chosen when nobody has touched it.
    fn preselected(&self, id: &str) -> Option<String> {
        let block = self.blocks.as_array()?.iter().find(|block| block["block_id"] == id)?;
        block.pointer("/element/initial_option/value")?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The request it is about: the value of its buttons.
    fn request_id(&self) -> Option<String> {
        let elements = self.blocks.as_array()?.iter().filter_map(|block| block.get("elements")?.as_array()).flatten();
        let button = |element: &&Value| element.get("type").is_some_and(|kind| kind == "button");
        elements.filter(button).find_map(|button| button.get("value")?.as_str()).map(str::to_owned)
    }
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default, deserialize_with = "or_default")]
    block_id: String,
    #[serde(default, deserialize_with = "or_default")]
    action_ts: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct View {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    callback_id: String,
    #[serde(default, deserialize_with = "or_default")]
    private_metadata: String,
    #[serde(default, deserialize_with = "or_default")]
    hash: String,
    state: Option<State>,
    #[serde(default)]
    title: Value,
    #[serde(default)]
    submit: Value,
    #[serde(default)]
    close: Value,
    #[serde(default)]
    blocks: Value,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default, deserialize_with = "or_default")]
    values: HashMap<String, Option<HashMap<String, Value>>>,
}

impl State {
    /// What was chosen or typed in an input, whatever kind of input it is. An
    /// absent block, an absent value and null all mean that nothing was.
    fn get(&self, id: &str) -> Option<String> {
        let input = self.values.get(id)?.as_ref()?.get(id)?;
        ["value", "selected_user"]
            .into_iter()
            .find_map(|name| input.get(name)?.as_str())
            .or_else(|| input.get("selected_option")?.get("value")?.as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// What is in the inputs of fields, where something is.
    fn said(&self) -> Entered {
        let is_said = |entry: &Entry| match entry {
            Entry::Typed(text) => !text.is_empty(),
            Entry::Chosen(chosen) => !chosen.is_empty(),
        };
        self.fields().into_iter().filter(|(_, entry)| is_said(entry)).collect()
    }

    /// What is in the inputs of fields.
    fn fields(&self) -> Entered {
        let entry = |(block, inputs): (&String, &Option<HashMap<String, Value>>)| {
            Some((ids::field_of(block)?.to_owned(), entry(inputs.as_ref()?.get(block)?)))
        };
        self.values.iter().filter_map(entry).collect()
    }
}

/// What is in an input, whatever kind of input it is.
fn entry(input: &Value) -> Entry {
    let value = |option: &Value| option.get("value")?.as_str().map(str::to_owned);
    match (input.get("selected_options"), input.get("selected_option")) {
        (Some(options), _) => Entry::Chosen(options.as_array().into_iter().flatten().filter_map(value).collect()),
        (None, Some(option)) => Entry::Chosen(value(option).into_iter().collect()),
        (None, None) => Entry::Typed(input.get("value").and_then(Value::as_str).unwrap_or_default().to_owned()),
    }
}

/// What is null is absent: Slack writes either.
pub(super) fn or_default<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(value)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a click on the card says was chosen.
    fn chosen(action: &str, touched: &Value) -> Button {
        let select = |id: &str, element: Value| json!({ "type": "input", "block_id": id, "element": element });
        let payload = json!({
            "type": "block_actions", "user": { "id": "U2" },
            "message": { "ts": "1.2", "blocks": [
                select("region", json!({ "type": "static_select", "initial_option": { "value": "eu-west-1" } })),
                select("profile", json!({ "type": "external_select" })),
            ] },
            "state": { "values": touched },
            "actions": [{ "action_id": action, "block_id": "checkout-1:3", "value": "checkout-1" }],
        });
        match read(serde_json::from_value(payload).unwrap()).unwrap() {
            Inbound::Pressed(button, click) => {
                assert_eq!((click.round, &*click.request_id), (3, "checkout-1"));
                button
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_nobody_touched_is_what_the_card_shows_as_chosen() {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let other = json!({ "region": { "region": { "selected_option": { "value": "us-east-1" } } },
                            "profile": { "profile": { "selected_option": { "value": "sandbox" } } } });
        for (touched, region, profile) in
            [(json!({}), Some("eu-west-1"), None), (other, Some("us-east-1"), Some("sandbox"))]
        {
            let (region, profile) = (owned(region), owned(profile));
            let approve = Button::Approve { region: region.clone(), profile: profile.clone(), fields: Entered::new() };
            assert_eq!(chosen("approve", &touched), approve);
            assert_eq!(chosen("plan", &touched), Button::Plan { region, profile, fields: Entered::new() });
        }
    }
}
