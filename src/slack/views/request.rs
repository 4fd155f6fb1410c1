//! The form behind `/provision`, the answers of its selects that search, and the
//! modals that explain.

use serde_json::{Value, json};

use super::choice::{Choice, Entry, entry};
use super::fields::{OnCard, Room, inputs};
use super::parts::option;
use super::template::template;
use super::text::{Markup, Text};
use crate::domain::blueprint::Blueprint;
use crate::domain::field::By;
use crate::slack::ids;

/// Options of one select, at most.
const OPTIONS_MAX: usize = 100;
/// The longest title of a modal.
const TITLE_MAX: usize = 24;
/// The longest text of a section.
const SECTION_MAX: usize = 3000;
/// How much of a prefilled name is kept: far more than a name may have, so that
/// the person sees what they typed next to what is wrong with it.
const PREFILL_MAX: usize = 200;

/// What the request form offers.
#[derive(Clone, Debug, Default)]
pub struct RequestForm {
    /// What was typed behind the command; empty: nothing.
    pub application_name: String,
    /// The teams the requester may ask for; at least one.
    pub teams: Vec<Choice>,
    /// The value of the team that is preselected; a single team always is.
    pub team: Option<String>,
    pub authorizers: Authorizers,
    /// What can be asked for; with one there is nothing to choose, and no field.
    pub blueprints: Vec<Choice>,
    /// The one there is to ask for, if there is only one: its fields are shown at once.
    pub only: Option<Blueprint>,
    /// Does the form change with the choice of a blueprint?
    pub changes: bool,
    /// For how long it may be wanted, the first as it is proposed; none where nothing has an end.
    pub lifetimes: Vec<Choice>,
    /// What the submission has to bring back, at most 3000 characters.
    pub private_metadata: String,
}

/// How the form asks for the authorizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authorizers {
    /// Anybody of the workspace.
    #[default]
    Anyone,
    /// People of a list, which [`options`] answers.
    Listed,
}

template! {
    /// The form behind `/provision`.
    RequestModal from "request_modal" {
        private_metadata: String,
        application_name: Option<Text>,
        teams: Vec<Entry>,
        team_search: Option<String>,
        team_text: Option<Text>,
        team_value: Option<String>,
        team_description: Option<Text>,
        authorizer_anyone: Option<String>,
        authorizer_listed: Option<String>,
        blueprints: Vec<Entry>,
        blueprint_search: Option<String>,
        lifetimes: Vec<Entry>,
        lifetime_text: Option<Text>,
        lifetime_value: Option<String>,
    }
}

template! {
    /// A modal that explains, and asks for nothing.
    MessageModal from "message_modal" { private_metadata: String, title: Text, text: Markup }
}

/// The form behind `/provision`.
pub fn request_modal(form: &RequestForm) -> Value {
    let (teams, team_search) = list_or_search(&form.teams, ids::TEAM);
    let (blueprints, blueprint_search) = match form.blueprints.as_slice() {
        [] | [_] => (Vec::new(), None),
        several => list_or_search(several, ids::BLUEPRINT),
    };
    let team = match form.teams.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|team| Some(&team.value) == form.team.as_ref()),
    };
    let team = team.and_then(entry);
    let lifetime = form.lifetimes.first().and_then(entry);
    let asks = |by| (form.authorizers == by).then(|| ids::AUTHORIZER.to_owned());
    let mut view = RequestModal {
        private_metadata: form.private_metadata.clone(),
        application_name: Text::line(&form.application_name, PREFILL_MAX),
        teams,
        team_search,
        team_text: team.as_ref().map(|team| team.text.clone()),
        team_value: team.as_ref().map(|team| team.value.clone()),
        team_description: team.and_then(|team| team.description),
        authorizer_anyone: asks(Authorizers::Anyone),
        authorizer_listed: asks(Authorizers::Listed),
        blueprints,
        blueprint_search,
        lifetime_text: lifetime.as_ref().map(|it| it.text.clone()),
        lifetime_value: lifetime.map(|it| it.value),
        lifetimes: form.lifetimes.iter().filter_map(entry).collect(),
    }
    .render();
    if !form.changes {
        for block in view["blocks"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            block.remove("dispatch_action");
        }
    }
    with_fields(view, form.only.as_ref())
}

/// A form with the fields of this blueprint, and of no other: they stand before what the
/// request is for. Slack keeps what was typed into the inputs that stay.
pub fn with_fields(mut form: Value, blueprint: Option<&Blueprint>) -> Value {
    let Some(blocks) = form.get_mut("blocks").and_then(Value::as_array_mut) else { return form };
    let id = |block: &Value| block.get("block_id").and_then(Value::as_str).map(str::to_owned);
    blocks.retain(|block| id(block).is_none_or(|id| ids::field_of(&id).is_none()));
    let at = blocks.iter().position(|block| id(block).as_deref() == Some(ids::JUSTIFICATION)).unwrap_or(blocks.len());
    let fields =
        blueprint.map(|blueprint| inputs(blueprint, By::Requester, Room::ALL, OnCard::default())).unwrap_or_default();
    blocks.splice(at..at, fields);
    form
}

/// The answer to a select that searches: the choices whose text contains what
/// was typed, first those that begin with it, then those of which a word does, else in
/// the order given; as many as Slack takes.
pub fn options(choices: &[Choice], typed: &str) -> Value {
    let typed = typed.trim().to_lowercase();
    let ranked = |choice| rank(choice, &typed).map(|rank| (rank, choice));
    let mut fitting: Vec<_> = choices.iter().filter_map(ranked).collect();
    fitting.sort_by_key(|(rank, _)| *rank);
    let found: Vec<_> = fitting
        .into_iter()
        .filter_map(|(_, choice)| entry(choice))
        .take(OPTIONS_MAX)
        .map(|entry| option(&entry.text, &entry.value, entry.description.as_ref()))
        .collect();
    json!({ "options": found })
}

/// How well a choice fits what was typed, in small letters; `None`: not at all.
fn rank(choice: &Choice, typed: &str) -> Option<u8> {
    let text = choice.text.to_lowercase();
    let mut places = text.match_indices(typed).map(|(at, _)| at).peekable();
    match *places.peek()? {
        0 => Some(0),
        _ => Some(if places.any(|at| text[..at].ends_with(|c: char| !c.is_alphanumeric())) { 1 } else { 2 }),
    }
}

/// What is shown while the form is prepared.
pub fn loading_modal(private_metadata: &str) -> Value {
    MessageModal {
        private_metadata: private_metadata.to_owned(),
        title: Text::ours("Request resources"),
        text: Markup::ours("One moment, your teams are being looked up …"),
    }
    .render()
}

/// A modal that says `text`, with mentions of people in it, and has nothing to
/// fill in.
pub fn explanation_modal(title: &str, text: &str) -> Value {
    MessageModal {
        private_metadata: String::new(),
        title: Text::line_or_dash(title, TITLE_MAX),
        text: Markup::sentence(text, SECTION_MAX).unwrap_or_else(|| Markup::ours("Nothing more is known.")),
    }
    .render()
}

/// The options of a select, or the ID of the one that searches among too many.
fn list_or_search(choices: &[Choice], id: &str) -> (Vec<Entry>, Option<String>) {
    if choices.len() <= OPTIONS_MAX {
        (choices.iter().filter_map(entry).collect(), None)
    } else {
        (Vec::new(), Some(id.to_owned()))
    }
}
