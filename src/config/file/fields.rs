//! `[[blueprints.fields]]`: what a blueprint asks for beyond the name.

use std::collections::BTreeSet;

use serde_json::{Number, Value};
use toml::de::DeValue;

use super::reader::{Item, Reader, Section};
use super::values::{is_line, is_option_text, option_text};
use crate::domain::field::{By, Field, Kind, TEXT_MAX, pattern};

pub(super) const KEYS: &[&str] =
    &["id", "label", "kind", "by", "required", "hint", "default", "pattern", "min", "max", "choices"];

/// Fields of one blueprint.
const FIELDS: usize = 20;
/// Choices of one field: options of a select.
const CHOICES: usize = 100;
/// What of a form is left for the choices of all fields, in characters: Slack takes 250,000.
const ALL_CHOICES: usize = 100_000;
/// What of a card is left for fields, in characters: Slack takes some 9,000.
const CARD: usize = 6_000;
/// What Slack shows of a label, and of a hint, before it cuts them on a phone.
const LABEL: usize = 75;
const HINT: usize = 150;
/// Kinds, with the keys that only they have.
const KINDS: [(&str, &[&str]); 5] = [
    ("text", &["pattern", "min", "max"]),
    ("number", &["min", "max"]),
    ("choice", &["choices"]),
    ("choices", &["choices"]),
    ("switch", &[]),
];
const EXPECTED_KIND: &str = r#""text", "number", "choice", "choices" or "switch""#;

/// The fields of a blueprint.
pub(super) fn read(reader: &mut Reader, blueprint: &Section) -> Option<Vec<Field>> {
    let Some(item) = blueprint.get("fields") else { return Some(Vec::new()) };
    let sections = reader.sections(item, "tables [[blueprints.fields]]")?;
    if let Some(one_more) = sections.get(FIELDS) {
        return reader.say(one_more.at, &one_more.key, format!("is one too many; a blueprint has {FIELDS} at most."));
    }
    let mut ids = BTreeSet::new();
    let fields: Vec<_> = sections.iter().map(|section| field(reader, section, &mut ids)).collect();
    let fields: Vec<Field> = fields.into_iter().collect::<Option<_>>()?;
    let choices: usize = fields.iter().flat_map(choices_of).map(|choice| option_takes(choice)).sum();
    if choices > ALL_CHOICES {
        let found = format!("have choices that take {choices} characters of a form, which has room for {ALL_CHOICES}.");
        return reader.say(blueprint.at, &blueprint.path_of("fields"), found);
    }
    let takes: usize = fields.iter().map(takes).sum();
    if takes > CARD {
        let found = format!(
            "take {takes} characters of a card, which has room for {CARD}: have fewer by the authorizer, with shorter \
             ids and defaults."
        );
        return reader.say(blueprint.at, &blueprint.path_of("fields"), found);
    }
    Some(fields)
}

fn choices_of(field: &Field) -> &[String] {
    match &field.kind {
        Kind::Choice { choices } | Kind::Choices { choices } => choices,
        _ => &[],
    }
}

/// How much of a form or a card an option takes, with its text and its value.
fn option_takes(choice: &str) -> usize {
    75 + 2 * Value::from(choice).to_string().chars().count()
}

/// How much of a card a field takes at least, as the blocks of its message: the input of who
/// decides, or the value of who asks.
fn takes(field: &Field) -> usize {
    /// A short value with its label.
    const VALUE: usize = 210;
    /// That something is used if nothing is said.
    const DEFAULT: usize = 130;
    if field.by == By::Requester {
        return VALUE;
    }
    let input = match field.kind {
        Kind::Text { .. } => 180,
        Kind::Number { .. } => 220,
        Kind::Choice { .. } | Kind::Choices { .. } => 250,
        Kind::Switch => 330,
    };
    let default = if field.default.is_some() { DEFAULT } else { 0 };
    input + 2 * field.id.len() + default
}

fn field(reader: &mut Reader, section: &Section, ids: &mut BTreeSet<String>) -> Option<Field> {
    reader.refuse_unknown(section, KEYS);
    let id = reader.required(section, "id", r#"an id of 1 to 40 characters of a-z, 0-9, "_" and "-""#, is_id);
    let id = id.and_then(|id| reader.once(&section.get("id")?, id, ids));
    let label = reader.required(section, "label", &option_text("a label"), |text| is_line(text, LABEL));
    let by = by(reader, section);
    let required = reader.yes_or_no(section, "required", true);
    let hint =
        reader.optional(section, "hint", "a hint of 1 to 150 characters on one line", |text| is_line(text, HINT));
    let kind = kind(reader, section);
    let (id, label, by, required, hint, kind) = (id?, label?, by?, required?, hint?.unwrap_or_default(), kind?);
    let required = required && kind != Kind::Switch;
    let field = Field { id, label, kind, by, required, hint, default: None };
    let default = default(reader, section, &field)?;
    Some(Field { default, ..field })
}

pub(super) fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    (1..=40).contains(&text.len()) && text.chars().all(allowed)
}

fn by(reader: &mut Reader, section: &Section) -> Option<By> {
    let Some(item) = section.get("by") else { return Some(By::Requester) };
    match item.value {
        DeValue::String(text) if text == "requester" => Some(By::Requester),
        DeValue::String(text) if text == "authorizer" => Some(By::Authorizer),
        _ => reader.mistake(&item, r#""requester" or "authorizer""#),
    }
}

fn kind(reader: &mut Reader, section: &Section) -> Option<Kind> {
    let word = reader.required(section, "kind", EXPECTED_KIND, |text| KINDS.iter().any(|(kind, _)| *kind == text))?;
    let own = KINDS.iter().find(|(kind, _)| *kind == word).map_or(&[][..], |(_, keys)| *keys);
    for key in ["pattern", "min", "max", "choices"].iter().filter(|key| !own.contains(key)) {
        if let Some(item) = section.get(key) {
            reader.note(item.span.start, &item.key, format!("does not belong to a field of kind {word:?}."));
        }
    }
    match &*word {
        "text" => {
            let pattern = like(reader, section);
            let min = length(reader, section, "min");
            let max = length(reader, section, "max");
            let (pattern, min, max) = (pattern?, min?, max?);
            ordered(reader, section, min.zip(max).is_none_or(|(min, max)| min <= max))?;
            Some(Kind::Text { pattern, min, max })
        }
        "number" => {
            let min = limit(reader, section, "min");
            let max = limit(reader, section, "max");
            let (min, max) = (min?, max?);
            let of = |limit: &Option<Number>| limit.as_ref().and_then(Number::as_f64);
            ordered(reader, section, of(&min).zip(of(&max)).is_none_or(|(min, max)| min <= max))?;
            Some(Kind::Number { min, max })
        }
        "choice" => Some(Kind::Choice { choices: choices(reader, section)? }),
        "choices" => Some(Kind::Choices { choices: choices(reader, section)? }),
        _ => Some(Kind::Switch),
    }
}

fn like(reader: &mut Reader, section: &Section) -> Option<Option<String>> {
    let Some(item) = section.get("pattern") else { return Some(None) };
    let expected = "a regular expression in the syntax of the crate regex, which the whole value has to be like";
    let DeValue::String(text) = item.value else { return reader.mistake(&item, expected) };
    match pattern(text) {
        Ok(_) => Some(Some(text.to_string())),
        Err(error) => {
            // Its last line says what is wrong, those before show where.
            let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            reader.say(item.span.start, &item.key, format!("is no regular expression: {why}."))
        }
    }
}

fn length(reader: &mut Reader, section: &Section, key: &str) -> Option<Option<u32>> {
    let Some(item) = section.get(key) else { return Some(None) };
    let number = number_of(&item).and_then(|number| number.as_u64()).and_then(|number| u32::try_from(number).ok());
    match number.filter(|number| (1..=TEXT_MAX).contains(number)) {
        Some(number) => Some(Some(number)),
        None => reader.mistake(&item, "a number of characters from 1 to 3000"),
    }
}

fn limit(reader: &mut Reader, section: &Section, key: &str) -> Option<Option<Number>> {
    let Some(item) = section.get(key) else { return Some(None) };
    match number_of(&item) {
        Some(number) => Some(Some(number)),
        None => reader.mistake(&item, "a number of at most 15 digits"),
    }
}

fn ordered(reader: &mut Reader, section: &Section, are_ordered: bool) -> Option<()> {
    if are_ordered {
        return Some(());
    }
    let item = section.get("min")?;
    reader.mistake(&item, "no more than `max`")
}

fn choices(reader: &mut Reader, section: &Section) -> Option<Vec<String>> {
    let expected = format!("a list of 1 to {CHOICES} different texts of 1 to 75 characters");
    let Some(item) = section.get("choices") else {
        return reader.say(section.at, &section.path_of("choices"), format!("is missing, expected {expected}."));
    };
    let items = reader.list(&item, &expected)?;
    if items.is_empty() || items.len() > CHOICES {
        return reader.found(&item, &format!("{} entries", items.len()), &expected);
    }
    let mut seen = BTreeSet::new();
    let read: Vec<_> = items
        .iter()
        .map(|item| {
            let text =
                reader.text(item, &option_text("a choice"), |text| is_option_text(text) && text.trim() == text)?;
            reader.once(item, text, &mut seen)
        })
        .collect();
    read.into_iter().collect()
}

/// The outer `None`: a mistake.
fn default(reader: &mut Reader, section: &Section, field: &Field) -> Option<Option<Value>> {
    let Some(item) = section.get("default") else { return Some(None) };
    let Some(value) = value_of(&item) else { return reader.mistake(&item, "a value that the field takes") };
    if value.as_str() == Some("") {
        return Some(None);
    }
    // Slack may count an emoji as two.
    if value.as_str().is_some_and(|text| text.encode_utf16().count() > TEXT_MAX as usize) {
        return reader.mistake(&item, "a text of at most 3000 characters, emoji counted twice");
    }
    // As it is written, for with decimals of its own a number may have some.
    let field = Field { default: Some(value), required: false, ..field.clone() };
    match field.unsaid() {
        Ok(_) => Some(field.default),
        Err(wrong) => reader.say(item.span.start, &item.key, format!("would be refused by the field itself: {wrong}")),
    }
}

fn value_of(item: &Item) -> Option<Value> {
    match item.value {
        DeValue::String(text) => Some(text.to_string().into()),
        DeValue::Boolean(value) => Some((*value).into()),
        DeValue::Integer(_) | DeValue::Float(_) => number_of(item).map(Value::Number),
        DeValue::Array(_) => Reader::items(item).iter().map(value_of).collect::<Option<Vec<_>>>().map(Value::Array),
        _ => None,
    }
}

fn number_of(item: &Item) -> Option<Number> {
    const MOST: f64 = 1e15;
    let number = match item.value {
        DeValue::Integer(number) => Number::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Number::from_f64(number.as_str().parse().ok()?)?,
        _ => return None,
    };
    Some(number).filter(|number| number.as_f64().is_some_and(|value| value.abs() < MOST))
}
