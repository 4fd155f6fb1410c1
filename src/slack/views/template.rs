//! The renderer of `blocks/*.json`: Block Kit as it is, with holes.
//!
//! - `"{{name}}"`, and nothing else in the string, becomes the value of that
//!   name, whatever its JSON type. Inside a longer string it becomes text.
//! - In the `text` of a `mrkdwn` object, where Slack reads markup, a [`Text`] is
//!   escaped. Everywhere else (`plain_text`, rich text, IDs) Slack shows what it
//!   gets, and nothing is escaped.
//! - A value that is not there takes along what cannot be without it: a text
//!   takes its text object, the object its block. That ends at the nearest
//!   element of an array, or at a member that Block Kit lets one leave out
//!   (`MAY_BE_ABSENT`). An array nothing is left of is not there either.
//! - `{{list.name}}` is a value of one item of a list. The smallest element of an
//!   array that holds every mention of the list stands there once for each item.
//!
//! What a file may name is the fields of a Rust struct (`template!`), so a
//! forgotten value does not compile. That a file names all of them and no others
//! is checked when the program starts ([`Template::check`]); after that, rendering
//! cannot fail. Values are never searched for names.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::text::{Markup, Text, escape};

/// Members that Block Kit lets one leave out, as far as our files use them.
const MAY_BE_ABSENT: &[&str] = &["confirm", "description", "hint", "initial_option", "initial_value", "submit"];

/// What is wrong with a template, for whoever edits it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    #[error("blocks/{file}.json is not JSON: {cause}")]
    NotJson { file: String, cause: String },
    #[error("blocks/{file}.json: \"{text}\" opens a name and does not close it, or has an odd name")]
    Malformed { file: String, text: String },
    #[error("blocks/{file}.json names {{{{{name}}}}}, which has no value")]
    NoValue { file: String, name: String },
    #[error("blocks/{file}.json does not name {{{{{name}}}}}, which has a value")]
    NoName { file: String, name: String },
    #[error("blocks/{file}.json: {{{{{name}}}}} cannot be in \"{text}\": {why}")]
    Misplaced { file: String, name: String, text: String, why: &'static str },
    #[error("blocks/{file}.json: no single element of an array holds every mention of {{{{{list}.…}}}}")]
    Scattered { file: String, list: String },
}

/// A value a template may name.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
}

/// What kind of value: it decides where it may stand.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text from outside: anywhere.
    Text,
    /// Markup of ours: only where Slack reads markup.
    Markup,
    /// A value for machines: never where Slack reads markup.
    Exact,
    /// Items with values of their own.
    List(&'static [Field]),
}

/// A value on its way into a template.
#[derive(Clone, Debug)]
pub enum Filled {
    Nothing,
    Text(String),
    Markup(String),
    Exact(Value),
    Rows(Vec<Vec<Filled>>),
}

/// What can be the value of a field.
pub trait Slot {
    const KIND: Kind;
    fn fill(self) -> Filled;
}

impl Slot for Text {
    const KIND: Kind = Kind::Text;
    fn fill(self) -> Filled {
        Filled::Text(self.literal().to_owned())
    }
}

impl Slot for Markup {
    const KIND: Kind = Kind::Markup;
    fn fill(self) -> Filled {
        Filled::Markup(self.as_str().to_owned())
    }
}

impl Slot for Value {
    const KIND: Kind = Kind::Exact;
    fn fill(self) -> Filled {
        if self.is_null() { Filled::Nothing } else { Filled::Exact(self) }
    }
}

impl Slot for String {
    const KIND: Kind = Kind::Exact;
    fn fill(self) -> Filled {
        Filled::Exact(Value::String(self))
    }
}

impl<T: Slot> Slot for Option<T> {
    const KIND: Kind = T::KIND;
    fn fill(self) -> Filled {
        self.map_or(Filled::Nothing, Slot::fill)
    }
}

impl<T: Fields> Slot for Vec<T> {
    const KIND: Kind = Kind::List(T::FIELDS);
    fn fill(self) -> Filled {
        Filled::Rows(self.into_iter().map(Fields::values).collect())
    }
}

/// Named values, in a fixed order.
pub trait Fields {
    const FIELDS: &'static [Field];
    fn values(self) -> Vec<Filled>;
}

/// A struct whose fields are the values of a template, or of an item of a list.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name { $(pub(super) $field: $type),* }

        impl $crate::slack::views::template::Fields for $name {
            const FIELDS: &'static [$crate::slack::views::template::Field] =
                &[$($crate::slack::views::template::Field {
                    name: stringify!($field),
                    kind: <$type as $crate::slack::views::template::Slot>::KIND,
                }),*];
            fn values(self) -> Vec<$crate::slack::views::template::Filled> {
                vec![$($crate::slack::views::template::Slot::fill(self.$field)),*]
            }
        }
    };
}

/// A struct whose fields are the values of `blocks/<file>.json`.
macro_rules! template {
    ($(#[$doc:meta])* $name:ident from $file:literal { $($fields:tt)* }) => {
        $crate::slack::views::template::fields!($(#[$doc])* $name { $($fields)* });

        impl $name {
            pub(super) const TEMPLATE: &'static $crate::slack::views::template::Template = {
                static TEMPLATE: $crate::slack::views::template::Template =
                    $crate::slack::views::template::Template::new(
                        $file,
                        include_str!(concat!("../../../blocks/", $file, ".json")),
                        <$name as $crate::slack::views::template::Fields>::FIELDS,
                    );
                &TEMPLATE
            };

            /// The file with these values in it.
            pub(super) fn render(self) -> serde_json::Value {
                Self::TEMPLATE.render(&$crate::slack::views::template::Fields::values(self))
            }
        }
    };
}

pub(super) use {fields, template};

/// One file of `blocks/`, embedded, and what it may name.
pub struct Template {
    file: &'static str,
    source: &'static str,
    fields: &'static [Field],
    parsed: OnceLock<Result<Node, TemplateProblem>>,
}

impl Template {
    pub const fn new(file: &'static str, source: &'static str, fields: &'static [Field]) -> Self {
        Self { file, source, fields, parsed: OnceLock::new() }
    }

    /// Does the file name all its values, no others, and each in its place?
    pub fn check(&self) -> Result<(), TemplateProblem> {
        self.parsed().as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// The file with `values` in it, which are in the order of the fields.
    /// `null` if the file does not pass [`check`](Self::check).
    pub fn render(&self, values: &[Filled]) -> Value {
        let Ok(node) = self.parsed() else { return Value::Null };
        node.render(&Scope { values, rows: &[] }).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> (&'static str, &'static str) {
        (self.file, self.source)
    }

    fn parsed(&self) -> &Result<Node, TemplateProblem> {
        self.parsed.get_or_init(|| Parser::new(self.file, self.fields).parse(self.source))
    }
}

/// A parsed piece of a template.
enum Node {
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

enum Piece {
    Literal(String),
    Name(Name),
}

/// Where a value is: the field, or the list and the field of its items.
#[derive(Clone, Copy)]
struct Name {
    list: Option<usize>,
    field: usize,
}

/// How Slack reads a string.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Markup,
    Literally,
}

/// The values that can be named at one place.
struct Scope<'a> {
    values: &'a [Filled],
    /// The current item of every list we are inside of.
    rows: &'a [(usize, &'a [Filled])],
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
    fn render(&self, scope: &Scope) -> Option<Value> {
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

struct Parser {
    file: &'static str,
    fields: &'static [Field],
    /// How often each list is mentioned in the whole file.
    mentions: BTreeMap<usize, usize>,
    /// The lists that have found the element they repeat.
    bound: Vec<usize>,
    /// Which names were met.
    met: Vec<(Option<usize>, usize)>,
}

impl Parser {
    fn new(file: &'static str, fields: &'static [Field]) -> Self {
        Self { file, fields, mentions: BTreeMap::new(), bound: Vec::new(), met: Vec::new() }
    }

    fn parse(mut self, source: &str) -> Result<Node, TemplateProblem> {
        let file = self.file.to_owned();
        let value: Value = serde_json::from_str(source)
            .map_err(|error| TemplateProblem::NotJson { file: file.clone(), cause: error.to_string() })?;
        self.count(&value)?;
        let node = self.node(&value, Reading::Literally)?.0;
        if let Some(list) = self.mentions.keys().find(|list| !self.bound.contains(list)) {
            return Err(TemplateProblem::Scattered { file, list: self.fields[*list].name.to_owned() });
        }
        self.all_met()?;
        Ok(node)
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

    /// A node, and how often it mentions lists that are not bound inside of it.
    fn node(&mut self, value: &Value, reading: Reading) -> Result<(Node, BTreeMap<usize, usize>), TemplateProblem> {
        let mut free = BTreeMap::new();
        let node = match value {
            Value::String(text) => {
                let mut pieces = self.pieces(text)?;
                for piece in &pieces {
                    if let Piece::Name(name) = piece {
                        self.place(*name, text, reading)?;
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
                    let (node, inside) = self.node(member, reading)?;
                    add(&mut free, &inside);
                    nodes.push((key.clone(), MAY_BE_ABSENT.contains(&key.as_str()), node));
                }
                Node::Object(nodes)
            }
            Value::Array(elements) => {
                let mut nodes = Vec::new();
                for element in elements {
                    let (node, mut inside) = self.node(element, Reading::Literally)?;
                    let whole = inside.iter().find(|(list, count)| self.mentions.get(list) == Some(count));
                    let list = whole.map(|(list, _)| *list);
                    if let Some(list) = list {
                        inside.remove(&list);
                        self.bound.push(list);
                    }
                    add(&mut free, &inside);
                    nodes.push((list, node));
                }
                Node::Array(nodes)
            }
            other => Node::Literal(other.clone()),
        };
        Ok((node, free))
    }

    /// May the value of this name stand in `text`?
    fn place(&mut self, name: Name, text: &str, reading: Reading) -> Result<(), TemplateProblem> {
        self.met.push((name.list, name.field));
        let field = match name.list {
            Some(list) => match self.fields[list].kind {
                Kind::List(items) => items[name.field],
                _ => self.fields[list],
            },
            None => self.fields[name.field],
        };
        let why = match (field.kind, reading) {
            (Kind::Markup, Reading::Literally) => "Slack reads no markup there",
            (Kind::Exact, Reading::Markup) => "Slack reads markup there",
            (Kind::List(_), _) => "a list is named by the values of its items",
            _ => return Ok(()),
        };
        let (file, name) = (self.file.to_owned(), field.name.to_owned());
        Err(TemplateProblem::Misplaced { file, name, text: text.to_owned(), why })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fields!(Row { name: Text, value: Option<Text> });
    fields!(Values { text: Option<Text>, markup: Markup, exact: Value, rows: Vec<Row> });

    fn template(body: &Value) -> Template {
        // Leaked, as the real ones are static.
        Template::new("test", body.to_string().leak(), Values::FIELDS)
    }

    fn body() -> Value {
        json!({"blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*{{markup}}* {{text}}"}},
            {"type": "section", "text": {"type": "plain_text", "text": "{{text}}"}},
            {"type": "input", "hint": {"type": "plain_text", "text": "{{text}}"}, "n": "{{exact}}", "id": "n-{{exact}}"},
            {"type": "rich_text", "elements": [
                {"type": "s", "elements": [{"text": "{{rows.name}}"}, {"text": "{{rows.value}}"}]},
            ]},
        ]})
    }

    fn values(text: &str, rows: Vec<Row>) -> Vec<Filled> {
        let text = Text::line(text, 100);
        Values { text, markup: Markup::ours("<@U1>"), exact: json!(3), rows }.values()
    }

    #[test]
    fn values_stand_where_they_are_named_as_slack_reads_them() {
        let rows = vec![
            Row { name: Text::ours("{{text}}"), value: Text::line("<1>", 9) },
            Row { name: Text::ours("b"), value: None },
        ];
        let template = template(&body());
        template.check().unwrap();
        assert_eq!(
            template.render(&values("<!channel>", rows)),
            json!({"blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": "*<@U1>* &lt;!channel&gt;"}},
                {"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}},
                {"type": "input", "hint": {"type": "plain_text", "text": "<!channel>"}, "n": 3, "id": "n-3"},
                {"type": "rich_text", "elements": [
                    {"type": "s", "elements": [{"text": "{{text}}"}, {"text": "<1>"}]},
                    {"type": "s", "elements": [{"text": "b"}]},
                ]},
            ]})
        );
    }

    #[test]
    fn what_is_not_there_takes_along_what_needs_it() {
        assert_eq!(
            template(&body()).render(&values("", vec![])),
            json!({"blocks": [{"type": "input", "n": 3, "id": "n-3"}]})
        );
    }

    #[test]
    fn mistakes_are_found_before_anybody_sees_them() {
        let changed = |pointer: &str, text: &str| {
            let mut body = body();
            *body.pointer_mut(pointer).unwrap() = json!(text);
            template(&body).check().unwrap_err().to_string()
        };
        for (pointer, text, says) in [
            ("/blocks/1/text/text", "{{txt}}", "names {{txt}}, which has no value"),
            ("/blocks/1/text/text", "{{rows}}", "a list is named by the values of its items"),
            ("/blocks/1/text/text", "{{rows.gone}}", "names {{rows.gone}}, which has no value"),
            ("/blocks/1/text/text", "{{text", "opens a name and does not close it"),
            ("/blocks/1/text/text", "{{ text }}", "opens a name and does not close it"),
            ("/blocks/0/text/text", "{{text}}", "does not name {{markup}}, which has a value"),
            ("/blocks/3/elements/0/elements/1/text", "x", "does not name {{rows.value}}"),
            ("/blocks/1/text/text", "{{markup}}", "Slack reads no markup there"),
            ("/blocks/0/text/text", "{{exact}}", "Slack reads markup there"),
        ] {
            let said = changed(pointer, text);
            assert!(said.contains(says), "{said}");
        }
        let scattered = template(&json!({"a": "{{rows.name}}", "b": ["{{rows.value}}", "{{text}}", "{{exact}}"]}));
        assert!(scattered.check().unwrap_err().to_string().contains("every mention of {{rows.…}}"));
        let broken = Template::new("broken", "{", &[]);
        assert!(broken.check().unwrap_err().to_string().starts_with("blocks/broken.json is not JSON"));
        assert_eq!(broken.render(&[]), Value::Null);
    }
}
