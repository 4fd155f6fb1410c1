//! What a template may name, and what can be its value.

use serde_json::Value;

use crate::slack::views::text::{Markup, Text};

/// A value a template may name.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// May there be none?
    pub optional: bool,
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
    const OPTIONAL: bool = false;
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

impl Slot for u32 {
    const KIND: Kind = Kind::Exact;
    fn fill(self) -> Filled {
        Filled::Exact(self.into())
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
    const OPTIONAL: bool = true;
    fn fill(self) -> Filled {
        self.map_or(Filled::Nothing, Slot::fill)
    }
}

impl<T: Fields> Slot for Vec<T> {
    const KIND: Kind = Kind::List(T::FIELDS);
    const OPTIONAL: bool = true;
    fn fill(self) -> Filled {
        Filled::Rows(self.into_iter().map(Fields::values).collect())
    }
}

/// Named values, in a fixed order.
pub trait Fields {
    const FIELDS: &'static [Field];
    fn values(self) -> Vec<Filled>;
}
