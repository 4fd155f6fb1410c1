//! A template's text as a tree whose every node knows its line. YAML with CloudFormation's
//! short tags; JSON is read as the YAML that it is.

use granit_parser::{Event, Parser, Span};

/// Something wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl Mistake {
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// As deep as a template may be nested.
const DEPTH: usize = 64;

/// A value in a template.
#[derive(Clone, Debug)]
pub struct Node {
    pub line: usize,
    /// Its tag without the exclamation mark, if it has one: `Ref` of `!Ref Bucket`.
    pub tag: Option<String>,
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub struct Key {
    pub name: String,
    pub line: usize,
}

impl Node {
    /// The entries, if it is a map.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// What is under a key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// The text, if it is one that stands for itself.
    pub fn text(&self) -> Option<&str> {
        match (&self.value, &self.tag) {
            (Value::Text(text), None) => Some(text),
            _ => None,
        }
    }

    /// Whether it, or anything in it, is so.
    pub fn any(&self, is: &dyn Fn(&Node) -> bool) -> bool {
        is(self)
            || match &self.value {
                Value::Text(_) => false,
                Value::List(items) => items.iter().any(|item| item.any(is)),
                Value::Map(entries) => entries.iter().any(|(_, node)| node.any(is)),
            }
    }
}

/// Reads the text. Whatever is not a single tree is a mistake.
pub fn read(text: &str) -> Result<Node, Mistake> {
    let mut events = Events(Parser::new_from_str(text));
    let root = loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Err(Mistake::new(1, "the template is empty")),
            (event, span) => break events.node(event, &span, 0)?,
        }
    };
    loop {
        match events.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(root),
            (_, span) => return Err(Mistake::new(span.start.line(), "a second document begins; a template is one")),
        }
    }
}

struct Events<'a>(Parser<'a, granit_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Mistake> {
        match self.0.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Mistake::new(error.marker().line().max(1), format!("this is no YAML: {error}"))),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The node that an event begins.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Mistake> {
        let line = span.start.line().max(1);
        if depth > DEPTH {
            return Err(Mistake::new(line, format!("it is nested deeper than {DEPTH} levels")));
        }
        let tag = event.tag().map(|tag| tag.suffix().trim_start_matches('!').to_owned());
        let value = match event {
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Value::List(items),
                        (event, span) => items.push(self.node(event, &span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => self.map(depth)?,
            Event::Alias(_) => return Err(Mistake::new(line, "CloudFormation takes no aliases of YAML")),
            _ => return Err(Mistake::new(line, "something else than a value")),
        };
        Ok(Node { line, tag, value })
    }

    fn map(&mut self, depth: usize) -> Result<Value, Mistake> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Map(entries)),
                (Event::Scalar(name, ..), span) => Key { name: name.into_owned(), line: span.start.line().max(1) },
                (_, span) => return Err(Mistake::new(span.start.line(), "a key has to be a plain text")),
            };
            if let Some((first, _)) = entries.iter().find(|(other, _)| other.name == key.name) {
                let what = format!("{:?} is there already, in line {}", key.name, first.line);
                return Err(Mistake::new(key.line, what));
            }
            let (event, span) = self.next()?;
            entries.push((key, self.node(event, &span, depth + 1)?));
        }
    }
}
