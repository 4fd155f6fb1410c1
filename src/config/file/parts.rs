//! `[[blueprints.parts]]`: what a blueprint is made of, where that is other blueprints.

use std::collections::BTreeSet;

use super::fields;
use super::reader::{Item, Reader, Section};
use crate::domain::blueprint::{Blueprint, Part};
use crate::domain::field::{Field, Kind};

pub(super) const KEYS: &[&str] = &["id", "blueprint", "after"];
/// What a blueprint cannot have beside parts: it is what they have.
const NOT_BESIDE: &[&str] = &[
    "task_queue",
    "provision_activity",
    "destroy_activity",
    "plan_activity",
    "discard_activity",
    "access_activity",
    "inspect_activity",
    "encrypt",
    "template",
];
/// Parts of one blueprint.
const PARTS: usize = 10;

/// A part as the file says it; `at` is where it names its blueprint.
pub(super) struct Named {
    id: String,
    blueprint: String,
    after: Vec<String>,
    at: usize,
    key: String,
}

/// The parts of a blueprint, by the names of theirs; none where it has none.
pub(super) fn read(reader: &mut Reader, blueprint: &Section) -> Option<Vec<Named>> {
    let Some(item) = blueprint.get("parts") else { return Some(Vec::new()) };
    for key in NOT_BESIDE {
        if let Some(beside) = blueprint.get(key) {
            let found = "does not belong to a blueprint that is made of parts: theirs count.".to_owned();
            reader.note(beside.span.start, &beside.key, found);
        }
    }
    let sections = reader.sections(item, "tables [[blueprints.parts]]")?;
    if sections.is_empty() {
        return reader.say(blueprint.at, &blueprint.path_of("parts"), "is empty; name what it is made of.".to_owned());
    }
    if let Some(one_more) = sections.get(PARTS) {
        return reader.say(one_more.at, &one_more.key, format!("is one too many; a blueprint has {PARTS} at most."));
    }
    let mut ids = BTreeSet::new();
    let parts: Vec<_> = sections.iter().map(|section| part(reader, section, &mut ids)).collect();
    let parts: Vec<Named> = parts.into_iter().collect::<Option<_>>()?;
    let mut all_known = true;
    for (part, section) in parts.iter().zip(&sections) {
        let is_other = |id: &&String| **id != part.id && parts.iter().any(|other| other.id == **id);
        if let Some(unknown) = part.after.iter().find(|id| !is_other(id)) {
            let found = format!("has {unknown:?}, expected the ids of other parts of this blueprint.");
            reader.note(section.at, &section.path_of("after"), found);
            all_known = false;
        }
    }
    if !all_known {
        return None;
    }
    if let Some(circle) = in_a_circle(&parts) {
        let found = format!("go round in a circle: the part {circle:?} comes after itself.");
        return reader.say(blueprint.at, &blueprint.path_of("parts"), found);
    }
    Some(parts)
}

fn part(reader: &mut Reader, section: &Section, ids: &mut BTreeSet<String>) -> Option<Named> {
    reader.refuse_unknown(section, KEYS);
    let expected = r#"an id of 1 to 40 characters of a-z, 0-9, "_" and "-""#;
    let id = reader.required(section, "id", expected, |text| fields::is_id(text) && !as_named(text).is_empty());
    // Two that differ in nothing else would be built under the same name.
    let id = id.and_then(|id| reader.once(&section.get("id")?, as_named(&id), ids).map(|_| id));
    let blueprint = reader.required(section, "blueprint", "the id of a blueprint", |text| !text.is_empty());
    let after = match section.get("after") {
        Some(item) => after(reader, &item),
        None => Some(Vec::new()),
    };
    let at = section.get("blueprint").map_or(section.at, |item| item.span.start);
    Some(Named { id: id?, blueprint: blueprint?, after: after?, at, key: section.path_of("blueprint") })
}

/// As it stands in the name of what is built, which has neither "_" nor two "-" in a row.
fn as_named(id: &str) -> String {
    id.split(['-', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

fn after(reader: &mut Reader, item: &Item) -> Option<Vec<String>> {
    let expected = "a list of ids of parts of this blueprint";
    let items = reader.list(item, expected)?;
    let mut seen = BTreeSet::new();
    let ids: Vec<_> = items
        .iter()
        .map(|item| {
            let id = reader.text(item, "the id of a part", fields::is_id)?;
            reader.once(item, id, &mut seen)
        })
        .collect();
    ids.into_iter().collect()
}

/// A part that comes after itself, by whatever way.
fn in_a_circle(parts: &[Named]) -> Option<&str> {
    let mut there: BTreeSet<&str> = BTreeSet::new();
    loop {
        let is_next = |part: &&Named| {
            !there.contains(part.id.as_str()) && part.after.iter().all(|id| there.contains(id.as_str()))
        };
        let next: Vec<&str> = parts.iter().filter(is_next).map(|part| part.id.as_str()).collect();
        if next.is_empty() {
            return parts.iter().map(|part| part.id.as_str()).find(|id| !there.contains(id));
        }
        there.extend(next);
    }
}

/// The parts with their blueprints. `known`: all there are, and whether each is made of parts.
/// `fields`: what the whole asks for.
pub(super) fn resolve(
    reader: &mut Reader,
    named: Vec<Named>,
    fields: &[Field],
    known: &[(Blueprint, bool)],
) -> Option<Vec<Part>> {
    let known = |id: &str| known.iter().find(|(it, _)| it.id == id);
    let mut parts = Vec::new();
    for Named { id, blueprint, after, at, key } in named {
        let Some((found, has_parts)) = known(&blueprint) else {
            reader.note(at, &key, format!("is {blueprint:?}, expected the id of another blueprint of this file."));
            parts.push(None);
            continue;
        };
        if *has_parts {
            reader.note(at, &key, format!("is {blueprint:?}, which is made of parts itself; name those."));
            parts.push(None);
            continue;
        }
        parts.push(match given(fields, found) {
            Ok((takes, values)) => {
                let blueprint = Blueprint { description: String::new(), fields: Vec::new(), ..found.clone() };
                Some(Part { id, after, blueprint, takes, values })
            }
            Err(why) => reader.say(at, &key, format!("is {blueprint:?}, {why}")),
        });
    }
    parts.into_iter().collect()
}

/// What a part is given: the fields of the whole that it gets, and the values of its others.
type Given = (Vec<String>, serde_json::Map<String, serde_json::Value>);

fn given(fields: &[Field], part: &Blueprint) -> Result<Given, String> {
    let (mut takes, mut values) = (Vec::new(), serde_json::Map::new());
    for theirs in &part.fields {
        let id = &theirs.id;
        match fields.iter().find(|field| field.id == *id) {
            Some(mine) if !takes_all_of(&theirs.kind, &mine.kind) || mine.has_decimals() && !theirs.has_decimals() => {
                return Err(format!(
                    "whose field {id:?} does not take all that this blueprint's takes: let both be alike."
                ));
            }
            Some(mine) if theirs.required && !mine.required && mine.default.is_none() => {
                return Err(format!("whose field {id:?} is required, so it has to be required here, too."));
            }
            Some(_) => takes.push(id.clone()),
            None => match theirs.unsaid() {
                Ok(Some(value)) => _ = values.insert(id.clone(), value),
                Ok(None) => {}
                Err(_) => return Err(format!("which needs the field {id:?}: let this blueprint ask for it.")),
            },
        }
    }
    Ok((takes, values))
}

/// Does a field of the kind `theirs` take whatever one of the kind `mine` takes?
fn takes_all_of(theirs: &Kind, mine: &Kind) -> bool {
    let among = |mine: &[String], theirs: &[String]| mine.iter().all(|it| theirs.contains(it));
    match (theirs, mine) {
        (Kind::Text { pattern, min, max }, Kind::Text { pattern: mine, min: from, max: to }) => {
            (pattern.is_none() || pattern == mine)
                && min.is_none_or(|min| from.is_some_and(|from| from >= min))
                && max.is_none_or(|max| to.is_some_and(|to| to <= max))
        }
        (Kind::Number { min, max }, Kind::Number { min: from, max: to }) => {
            let number = |limit: &Option<serde_json::Number>| limit.as_ref().and_then(serde_json::Number::as_f64);
            number(min).is_none_or(|min| number(from).is_some_and(|from| from >= min))
                && number(max).is_none_or(|max| number(to).is_some_and(|to| to <= max))
        }
        (Kind::Choice { choices }, Kind::Choice { choices: mine })
        | (Kind::Choices { choices }, Kind::Choices { choices: mine }) => among(mine, choices),
        (Kind::Switch, Kind::Switch) => true,
        _ => false,
    }
}
