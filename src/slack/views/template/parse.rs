//! A file of `blocks/` into a tree with its names found, or what is wrong with it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::absence::Absence;
use super::problem::TemplateProblem;
use super::render::{Name, Node, Piece, Reading};
use super::values::{Field, Kind};

pub(super) struct Parser {
    file: &'static str,
    fields: &'static [Field],
    /// How often each list is mentioned in the whole file.
    mentions: BTreeMap<usize, usize>,
    /// The lists that have found the element they repeat.
    bound: Vec<usize>,
    /// Which names were met.
    met: Vec<(Option<usize>, usize)>,
}

/// A piece of a template, and what is known of it.
struct Parsed {
    node: Node,
    /// How often it mentions each list that is not bound inside of it.
    free: BTreeMap<usize, usize>,
    /// The value without which the piece is not there, if there is one.
    needs: Option<String>,
}

impl Parser {
    pub(super) fn new(file: &'static str, fields: &'static [Field]) -> Self {
        Self { file, fields, mentions: BTreeMap::new(), bound: Vec::new(), met: Vec::new() }
    }

    pub(super) fn parse(mut self, source: &str) -> Result<Node, TemplateProblem> {
        let file = self.file.to_owned();
        let value: Value = serde_json::from_str(source)
            .map_err(|error| TemplateProblem::NotJson { file: file.clone(), cause: error.to_string() })?;
        self.count(&value)?;
        let Parsed { node, needs, .. } = self.node(&value, Reading::Literally)?;
        if let Some(list) = self.mentions.keys().find(|list| !self.bound.contains(list)) {
            return Err(TemplateProblem::Scattered { file, list: self.fields[*list].name.to_owned() });
        }
        self.all_met()?;
        match needs {
            Some(name) => Err(TemplateProblem::Nothing { file, name }),
            None => Ok(node),
        }
    }

    fn all_met(&self) -> Result<(), TemplateProblem> {
        let missing = |name: String| TemplateProblem::NoName { file: self.file.to_owned(), name };
        for (at, field) in self.fields.iter().enumerate() {
            match field.kind {
                Kind::List(items) => {
                    if let Some(unmet) = (0..items.len()).find(|item| !self.met.contains(&(Some(at), *item))) {
                        return Err(missing(format!("{}.{}", field.name, items[unmet].name)));
                    }
                }
                _ if !self.met.contains(&(None, at)) => return Err(missing(field.name.to_owned())),
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts the mentions of every list.
    fn count(&mut self, value: &Value) -> Result<(), TemplateProblem> {
        match value {
            Value::String(text) => {
                for piece in self.pieces(text)? {
                    if let Piece::Name(Name { list: Some(list), .. }) = piece {
                        *self.mentions.entry(list).or_default() += 1;
                    }
                }
                Ok(())
            }
            Value::Array(elements) => elements.iter().try_for_each(|element| self.count(element)),
            Value::Object(members) => members.values().try_for_each(|member| self.count(member)),
            _ => Ok(()),
        }
    }

    fn node(&mut self, value: &Value, reading: Reading) -> Result<Parsed, TemplateProblem> {
        let mut free = BTreeMap::new();
        let mut needs = None;
        let node = match value {
            Value::String(text) => {
                let mut pieces = self.pieces(text)?;
                for piece in &pieces {
                    if let Piece::Name(name) = piece {
                        self.place(*name, text, reading)?;
                        if self.field(*name).optional {
                            needs = Some(self.called(*name));
                        }
                        if let Some(list) = name.list {
                            *free.entry(list).or_default() += 1;
                        }
                    }
                }
                match pieces.as_slice() {
                    [] | [Piece::Literal(_)] => Node::Literal(value.clone()),
                    [Piece::Name(name)] => Node::Exact(*name, reading),
                    _ => Node::Pieces(std::mem::take(&mut pieces), reading),
                }
            }
            Value::Object(members) => {
                let markup = members.get("type").is_some_and(|kind| kind == "mrkdwn");
                let mut nodes = Vec::new();
                for (key, member) in members {
                    let reading = if markup && key == "text" { Reading::Markup } else { Reading::Literally };
                    let member = self.node(member, reading)?;
                    add(&mut free, &member.free);
                    let absence = Absence::of(key);
                    match (member.needs, absence) {
                        (Some(name), None) => {
                            let (file, member) = (self.file.to_owned(), key.clone());
                            return Err(TemplateProblem::Unsettled { file, name, member });
                        }
                        (Some(name), Some(Absence::TakesAlong)) => needs = Some(name),
                        (Some(_), Some(Absence::LeavesOut)) | (None, _) => {}
                    }
                    nodes.push((key.clone(), absence == Some(Absence::LeavesOut), member.node));
                }
                Node::Object(nodes)
            }
            Value::Array(elements) => {
                let mut nodes = Vec::new();
                let mut always_there = elements.is_empty();
                for element in elements {
                    let Parsed { node, free: mut inside, needs: needed } = self.node(element, Reading::Literally)?;
                    let whole = inside.iter().find(|(list, count)| self.mentions.get(list) == Some(count));
                    let list = whole.map(|(list, _)| *list);
                    if let Some(list) = list {
                        inside.remove(&list);
                        self.bound.push(list);
                    }
                    match list.map(|list| self.fields[list].name.to_owned()).or(needed) {
                        Some(name) => needs = Some(name),
                        None => always_there = true,
                    }
                    add(&mut free, &inside);
                    nodes.push((list, node));
                }
                // One element that stays keeps the array.
                if always_there {
                    needs = None;
                }
                Node::Array(nodes)
            }
            other => Node::Literal(other.clone()),
        };
        Ok(Parsed { node, free, needs })
    }

    /// May the value of this name stand in `text`?
    fn place(&mut self, name: Name, text: &str, reading: Reading) -> Result<(), TemplateProblem> {
        self.met.push((name.list, name.field));
        let field = self.field(name);
        let why = match (field.kind, reading) {
            (Kind::Markup, Reading::Literally) => "Slack reads no markup there",
            (Kind::Exact, Reading::Markup) => "Slack reads markup there",
            (Kind::List(_), _) => "a list is named by the values of its items",
            _ => return Ok(()),
        };
        let (file, name) = (self.file.to_owned(), field.name.to_owned());
        Err(TemplateProblem::Misplaced { file, name, text: text.to_owned(), why })
    }

    fn field(&self, name: Name) -> Field {
        match name.list {
            Some(list) => match self.fields[list].kind {
                Kind::List(items) => items[name.field],
                _ => self.fields[list],
            },
            None => self.fields[name.field],
        }
    }

    /// As the file says it.
    fn called(&self, name: Name) -> String {
        let field = self.field(name).name;
        name.list.map_or_else(|| field.to_owned(), |list| format!("{}.{field}", self.fields[list].name))
    }

    /// Takes a string apart into what stands there and what is named there.
    fn pieces(&self, text: &str) -> Result<Vec<Piece>, TemplateProblem> {
        let malformed = || TemplateProblem::Malformed { file: self.file.to_owned(), text: text.to_owned() };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or_else(malformed)?;
            if !name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '.') {
                return Err(malformed());
            }
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Name(self.find(name)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(pieces)
    }

    fn find(&self, name: &str) -> Result<Name, TemplateProblem> {
        let position = |fields: &[Field], name: &str| fields.iter().position(|field| field.name == name);
        let found = match name.split_once('.') {
            None => position(self.fields, name).map(|field| Name { list: None, field }),
            Some((list, item)) => position(self.fields, list).and_then(|list| match self.fields[list].kind {
                Kind::List(items) => position(items, item).map(|field| Name { list: Some(list), field }),
                _ => None,
            }),
        };
        found.ok_or_else(|| TemplateProblem::NoValue { file: self.file.to_owned(), name: name.to_owned() })
    }
}

fn add(all: &mut BTreeMap<usize, usize>, more: &BTreeMap<usize, usize>) {
    for (list, count) in more {
        *all.entry(*list).or_default() += count;
    }
}
