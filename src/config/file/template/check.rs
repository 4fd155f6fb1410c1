//! A template read from its file, and held against the fields of its blueprint.

use std::path::Path;

use provisioner_cloudformation::template::{Field as Asked, Kind as Parameter, Mistake};

use crate::config::file::reader::{Item, Reader};
use crate::config::problem::Problem;
use crate::domain::field::{Field, Kind};
use crate::stacks::Template;

/// What CloudFormation takes of a template that is sent along.
const BYTES: usize = 51_200;

/// The template that is named here. What is wrong with it is told by its lines.
pub(super) fn template(reader: &mut Reader, item: &Item, fields: &[Field]) -> Option<Template> {
    let path = reader.text(item, "the path of a CloudFormation template", |text| !text.trim().is_empty())?;
    let path = reader.beside(&path);
    let text = file(reader, item, &path)?;
    let asked: Vec<_> = fields.iter().map(asked).collect();
    let checked = Template::parse(&text).and_then(|template| match template.compare(&asked) {
        mistakes if mistakes.is_empty() => Ok(template),
        mistakes => Err(mistakes),
    });
    match checked {
        Ok(template) => Some(template),
        Err(mistakes) => {
            for Mistake { line, what: message } in mistakes {
                reader.add(item.span.start, Problem::Line { path: path.clone(), line, message });
            }
            None
        }
    }
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
fn asked(field: &Field) -> Asked {
    let (kind, choices) = match &field.kind {
        Kind::Text { .. } => (Parameter::Text, Vec::new()),
        Kind::Number { .. } => (Parameter::Number, Vec::new()),
        Kind::Choice { choices } => (Parameter::Choice, choices.clone()),
        Kind::Choices { choices } => (Parameter::Choices, choices.clone()),
        Kind::Switch => (Parameter::Switch, Vec::new()),
    };
    let (required, has_default) = (field.required, field.default.is_some());
    Asked { id: field.id.clone(), kind, choices, required, has_default }
}
