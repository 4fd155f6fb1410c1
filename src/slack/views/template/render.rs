//! A parsed template and the values of a view, made into Block Kit.

use serde_json::{Map, Value};

use super::values::Filled;
use crate::slack::views::text::escape;

/// A parsed piece of a template.
pub(super) enum Node {
    Literal(Value),
    /// A string that is a name and nothing else.
    Exact(Name, Reading),
    /// A string with names in it.
    Pieces(Vec<Piece>, Reading),
    /// Members, and whether each may be absent.
    Object(Vec<(String, bool, Node)>),
    /// Elements, and of which list each is an item.
    Array(Vec<(Option<usize>, Node)>),
}

pub(super) enum Piece {
    Literal(String),
    Name(Name),
}

/// Where a value is: the field, or the list and the field of its items.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) list: Option<usize>,
    pub(super) field: usize,
}

/// How Slack reads a string.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reading {
    Markup,
    Literally,
}

/// The values that can be named at one place.
pub(super) struct Scope<'a> {
    pub(super) values: &'a [Filled],
    /// The current item of every list we are inside of.
    pub(super) rows: &'a [(usize, &'a [Filled])],
}

impl Scope<'_> {
    fn get(&self, name: Name) -> &Filled {
        let values = match name.list {
            None => self.values,
            Some(list) => self.rows.iter().find(|(of, _)| *of == list).map_or(&[][..], |(_, row)| row),
        };
        values.get(name.field).unwrap_or(&Filled::Nothing)
    }
}

impl Node {
    /// What stands in this place; `None` when it is not there.
    pub(super) fn render(&self, scope: &Scope) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Exact(name, reading) => match scope.get(*name) {
                Filled::Nothing | Filled::Rows(_) => None,
                Filled::Exact(value) => Some(value.clone()),
                Filled::Markup(text) => Some(Value::String(text.clone())),
                Filled::Text(text) => Some(Value::String(reading.read(text))),
            },
            Self::Pieces(pieces, reading) => {
                let mut out = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Literal(text) => out.push_str(text),
                        Piece::Name(name) => match scope.get(*name) {
                            Filled::Nothing | Filled::Rows(_) => return None,
                            Filled::Exact(Value::String(text)) | Filled::Markup(text) => out.push_str(text),
                            Filled::Exact(value) => out.push_str(&value.to_string()),
                            Filled::Text(text) => out.push_str(&reading.read(text)),
                        },
                    }
                }
                Some(Value::String(out))
            }
            Self::Object(members) => {
                let mut out = Map::new();
                for (key, may_be_absent, node) in members {
                    match node.render(scope) {
                        Some(value) => drop(out.insert(key.clone(), value)),
                        None if *may_be_absent => {}
                        None => return None,
                    }
                }
                Some(Value::Object(out))
            }
            Self::Array(elements) => {
                let mut out = Vec::new();
                for (list, node) in elements {
                    let Some(list) = list else {
                        out.extend(node.render(scope));
                        continue;
                    };
                    let Some(Filled::Rows(rows)) = scope.values.get(*list) else { continue };
                    for row in rows {
                        let mut inside = scope.rows.to_vec();
                        inside.push((*list, row));
                        out.extend(node.render(&Scope { values: scope.values, rows: &inside }));
                    }
                }
                (!out.is_empty() || elements.is_empty()).then_some(Value::Array(out))
            }
        }
    }
}

impl Reading {
    fn read(self, text: &str) -> String {
        match self {
            Self::Markup => escape(text),
            Self::Literally => text.to_owned(),
        }
    }
}
