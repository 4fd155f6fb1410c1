//! `template` of `[[blueprints]]`: the CloudFormation template that the built-in provisioner
//! builds, checked against the fields of its blueprint. What is wrong with it is told with
//! the file and the line of the template.

use std::path::Path;

use super::reader::{Item, Reader, Section};
use crate::config::problem::Problem;
use crate::domain::field::{Field, Kind};
use crate::stacks::{self, Template};

/// What CloudFormation takes of a template that is sent along.
const BYTES: usize = 51_200;
/// Keys that say who provisions; a template is provisioned by the built-in one.
const PROVISIONERS: [&str; 7] = [
    "task_queue",
    "provision_activity",
    "destroy_activity",
    "plan_activity",
    "discard_activity",
    "access_activity",
    "inspect_activity",
];

/// The outer `None`: a mistake.
pub(super) fn read(reader: &mut Reader, section: &Section, fields: &[Field]) -> Option<Option<Template>> {
    let Some(item) = section.get("template") else { return Some(None) };
    for key in PROVISIONERS {
        if let Some(other) = section.get(key) {
            reader.note(other.span.start, &other.key, "does not go with `template`: leave one of them out.".to_owned());
        }
    }
    if !stacks::ARE_BUILT_IN {
        let message = "needs a program with the cargo feature `cloudformation`, which this one was built without.";
        return reader.say(item.span.start, &item.key, message.to_owned());
    }
    let path = reader.text(&item, "the path of a CloudFormation template", |text| !text.trim().is_empty())?;
    let path = reader.beside(&path);
    let text = file(reader, &item, &path)?;
    let mistakes = match stacks::parse(&text) {
        Err(mistakes) => mistakes,
        Ok(template) => match stacks::compare(&template, &fields.iter().map(asked).collect::<Vec<_>>()) {
            mistakes if mistakes.is_empty() => return Some(Some(template)),
            mistakes => mistakes,
        },
    };
    for (line, message) in mistakes {
        reader.add(item.span.start, Problem::Line { path: path.clone(), line, message });
    }
    None
}

fn file(reader: &mut Reader, item: &Item, path: &Path) -> Option<String> {
    let refuse = |reader: &mut Reader, what: String| {
        reader.say(item.span.start, &item.key, format!("names {}, which {what}.", path.display()))
    };
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() > BYTES => {
            refuse(reader, format!("has {} bytes; CloudFormation takes {BYTES} at most", bytes.len()))
        }
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => refuse(reader, "is not UTF-8".to_owned()),
        },
        Err(error) => refuse(reader, format!("cannot be read: {error}")),
    }
}

/// A field, as it is held against a parameter.
fn asked(field: &Field) -> stacks::Asked {
    let (kind, choices) = match &field.kind {
        Kind::Text { .. } => (stacks::Kind::Text, Vec::new()),
        Kind::Number { .. } => (stacks::Kind::Number, Vec::new()),
        Kind::Choice { choices } => (stacks::Kind::Choice, choices.clone()),
        Kind::Choices { choices } => (stacks::Kind::Choices, choices.clone()),
        Kind::Switch => (stacks::Kind::Switch, Vec::new()),
    };
    let (required, has_default) = (field.required, field.default.is_some());
    stacks::Asked { id: field.id.clone(), kind, choices, required, has_default }
}
