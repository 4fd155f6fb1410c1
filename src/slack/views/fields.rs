//! What a blueprint asks for beyond the name: the inputs of its fields, in the form and on
//! the card, and their values, to be read.

use serde_json::{Map, Value};

use super::choice::{Choice, entry};
use super::parts::{Fact, QUOTE_MAX};
use super::template::{fields, template};
use super::text::Text;
use crate::domain::blueprint::Blueprint;
use crate::domain::field::{By, Field, Kind};
use crate::domain::notice::Notification;
use crate::slack::ids;

/// All blocks of a message together, as JSON: Slack refuses more from somewhere above.
const BLOCKS_MAX: usize = 9_000;
/// Slack's own limits of labels and hints are higher than those of the file.
const LABEL_MAX: usize = 75;
const HINT_MAX: usize = 240;
/// What is filled in anew on a card, as JSON: the longer ones have no room there.
const FILLED_MAX: usize = 100;
/// How much of a default is told.
const DEFAULT_MAX: usize = 60;
/// What Slack takes of checkboxes; more choices are a select.
const CHECKBOXES_MAX: usize = 10;

fields! {
    /// An option of a field.
    Named { text: Text, value: String }
}

template! {
    /// The input of a field: the one whose ID is there.
    FieldInput from "fields" {
        label: Text,
        hint: Option<Text>,
        text: Option<String>,
        typed: Option<String>,
        number: Option<String>,
        counted: Option<String>,
        choice: Option<String>,
        choice_options: Vec<Named>,
        chosen_text: Option<Text>,
        chosen: Option<String>,
        choice_search: Option<String>,
        found_text: Option<Text>,
        found: Option<String>,
        checkboxes: Option<String>,
        boxes: Vec<Named>,
        checked: Vec<Named>,
        choices: Option<String>,
        choices_options: Vec<Named>,
        picked: Vec<Named>,
        choices_search: Option<String>,
        found_any: Vec<Named>,
    }
}

/// How much is shown of the fields, where room is short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::slack) struct Room {
    /// Are choices listed? Else the select asks for them.
    pub lists: bool,
    /// Are hints shown?
    pub hints: bool,
    /// How much of a label.
    pub label: usize,
    /// How much of a value.
    pub value: usize,
    /// How much of what it is for.
    pub quote: usize,
    /// How much of a plan beside them, of all that there is room for.
    pub plan: f32,
}

impl Room {
    /// All that there is.
    pub(in crate::slack) const ALL: Self =
        Self { lists: true, hints: true, label: LABEL_MAX, value: 300, quote: QUOTE_MAX, plan: 1.0 };

    /// What is tried in turn until a message is small enough for Slack.
    const FEWER: [Self; 4] = [
        Self::ALL,
        Self { lists: false, ..Self::ALL },
        Self { lists: false, hints: false, value: 100, plan: 0.6, ..Self::ALL },
        Self { lists: false, hints: false, label: 30, value: 30, quote: 100, plan: 0.3 },
    ];

    /// The blocks of a message with as much of the fields as Slack takes.
    pub(in crate::slack) fn enough(view: impl Fn(Self) -> Value) -> Value {
        let fits = |view: &Value| view["blocks"].to_string().encode_utf16().count() <= BLOCKS_MAX;
        let mut views = Self::FEWER.into_iter().map(view);
        let mut last = Value::Null;
        for view in views.by_ref() {
            if fits(&view) {
                return view;
            }
            last = view;
        }
        last
    }
}

/// What stands in the inputs of a card: it is not told apart there from what nobody touched.
#[derive(Clone, Copy, Default)]
pub(in crate::slack) struct OnCard<'a> {
    /// What counts where nothing is said, before what the file says: the values of a plan.
    pub planned: Option<&'a Map<String, Value>>,
    /// What was filled in since.
    pub filled: Option<&'a Map<String, Value>>,
}

/// The inputs of the fields that somebody fills in.
pub(in crate::slack) fn inputs(blueprint: &Blueprint, by: By, room: Room, on_card: OnCard<'_>) -> Vec<Value> {
    blueprint.fields_by(by).filter_map(|field| input(field, room, on_card)).collect()
}

/// The input of a field.
fn input(field: &Field, room: Room, on_card: OnCard<'_>) -> Option<Value> {
    let id = ids::field(&field.id);
    // In a message Slack does not tell what nobody touched, so nothing is filled in there
    // beforehand: what is left empty stands below the input.
    let of = |values: Option<&'_ Map<String, Value>>| values.and_then(|values| values.get(&field.id)).cloned();
    let unsaid = of(on_card.planned).or_else(|| field.default.clone());
    let default = match field.by {
        By::Requester => unsaid.clone(),
        By::Authorizer => of(on_card.filled).filter(|value| value.to_string().len() <= FILLED_MAX),
    };
    let default = default.as_ref();
    let unsaid = unsaid.filter(|_| field.by == By::Authorizer);
    let some = || Some(id.clone());
    let options = |choices: &[String]| choices.iter().filter_map(|choice| named(choice)).collect::<Vec<_>>();
    let mut input = FieldInput::none(
        Text::line_or_dash(&field.label, room.label),
        Text::line(&hint(field, room, unsaid.as_ref()), HINT_MAX),
    );
    match &field.kind {
        Kind::Text { .. } => {
            (input.text, input.typed) = (some(), default.and_then(Value::as_str).map(str::to_owned));
        }
        Kind::Number { .. } => {
            (input.number, input.counted) = (some(), default.and_then(Value::as_number).map(ToString::to_string));
        }
        Kind::Choice { choices } => {
            let (text, value) = default.and_then(Value::as_str).and_then(named).map(|it| (it.text, it.value)).unzip();
            match room.lists {
                true => {
                    (input.choice, input.choice_options) = (some(), options(choices));
                    (input.chosen_text, input.chosen) = (text, value);
                }
                false => (input.choice_search, input.found_text, input.found) = (some(), text, value),
            }
        }
        Kind::Choices { choices } => {
            let initial = default.and_then(Value::as_array).into_iter().flatten();
            let initial = initial.filter_map(|choice| named(choice.as_str()?)).collect();
            match room.lists {
                true if choices.len() <= CHECKBOXES_MAX => {
                    (input.checkboxes, input.boxes, input.checked) = (some(), options(choices), initial);
                }
                true => (input.choices, input.choices_options, input.picked) = (some(), options(choices), initial),
                false => (input.choices_search, input.found_any) = (some(), initial),
            }
        }
        // A box that nobody touched would say no.
        Kind::Switch if unsaid == Some(Value::Bool(true)) || default.is_some() && field.by == By::Authorizer => {
            let word = |on: bool| if on { ("Yes", ids::ON) } else { ("No", ids::OFF) };
            let option = |on: bool| Named { text: Text::ours(word(on).0), value: word(on).1.to_owned() };
            (input.choice, input.choice_options) = (some(), vec![option(true), option(false)]);
            let chosen = default.and_then(Value::as_bool).map(option);
            (input.chosen_text, input.chosen) = chosen.map(|it| (it.text, it.value)).unzip();
        }
        Kind::Switch => {
            let on = || vec![Named { text: Text::ours("Yes"), value: ids::ON.to_owned() }];
            let checked = if default == Some(&Value::Bool(true)) { on() } else { Vec::new() };
            (input.checkboxes, input.boxes, input.checked) = (some(), on(), checked);
        }
    }
    let view = input.render();
    let mut block = view.get("blocks")?.as_array()?.iter().find(|block| block["block_id"] == *id)?.clone();
    // In the file they stand as the Block Kit Builder takes them.
    block["optional"] = (!field.required).into();
    if let Some(decimals) = block["element"].get_mut("is_decimal_allowed") {
        *decimals = field.has_decimals().into();
    }
    Some(block)
}

impl FieldInput {
    /// No input.
    fn none(label: Text, hint: Option<Text>) -> Self {
        Self {
            label,
            hint,
            text: None,
            typed: None,
            number: None,
            counted: None,
            choice: None,
            choice_options: Vec::new(),
            chosen_text: None,
            chosen: None,
            choice_search: None,
            found_text: None,
            found: None,
            checkboxes: None,
            boxes: Vec::new(),
            checked: Vec::new(),
            choices: None,
            choices_options: Vec::new(),
            picked: Vec::new(),
            choices_search: None,
            found_any: Vec::new(),
        }
    }
}

fn named(choice: &str) -> Option<Named> {
    entry(&Choice::of(choice)).map(|entry| Named { text: entry.text, value: entry.value })
}

/// What helps whoever fills it in. `unsaid`: what it is if they do not.
fn hint(field: &Field, room: Room, unsaid: Option<&Value>) -> String {
    let hint = match (&field.kind, field.hint.as_str()) {
        _ if !room.hints => String::new(),
        (Kind::Number { min: Some(min), max: Some(max) }, "") => format!("From {min} to {max}."),
        (Kind::Number { min: Some(min), max: None }, "") => format!("At least {min}."),
        (Kind::Number { min: None, max: Some(max) }, "") => format!("At most {max}."),
        (_, hint) => hint.to_owned(),
    };
    // A box that is left empty says so itself.
    let unsaid = unsaid.filter(|unsaid| field.kind != Kind::Switch || **unsaid == Value::Bool(true));
    let unsaid = unsaid.and_then(|unsaid| Text::line(&shown(unsaid), DEFAULT_MAX));
    let left_empty = unsaid.map(|unsaid| format!("If left empty: {}", unsaid.literal()));
    let stop = if hint.ends_with(['.', '!', '?', ':', '…']) { "" } else { "." };
    match left_empty {
        None => hint,
        Some(left_empty) if hint.is_empty() => left_empty,
        Some(left_empty) => format!("{hint}{stop} {left_empty}"),
    }
}

/// The choices of a field whose select asks for them.
pub fn choices(field: &Field) -> Vec<Choice> {
    match &field.kind {
        Kind::Choice { choices } | Kind::Choices { choices } => choices.iter().map(|one| Choice::of(one)).collect(),
        _ => Vec::new(),
    }
}

/// The values that a request has of such fields, in the order of the file, each cut where it is
/// long.
pub(in crate::slack) fn values(n: &Notification, room: Room, of: impl Fn(&Field) -> bool) -> Vec<Fact> {
    let fields = n.subject.rules.iter().flat_map(|rules| &rules.blueprint.fields);
    let fact = |field: &Field| {
        let value = shown(n.subject.parameters.get(&field.id)?);
        let name = Text::line_or_dash(&field.label, room.label);
        Text::line(&value, room.value).map(|value| Fact { name, value: Some(value), code: None })
    };
    fields.filter(|field| of(field)).filter_map(fact).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
