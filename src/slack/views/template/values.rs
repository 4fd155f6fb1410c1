//! What a template may name: the fields of a Rust struct, and what can be their value.

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

/// A struct whose fields are the values of a template, or of an item of a list.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(in crate::slack) struct $name { $(pub(in crate::slack) $field: $type),* }

        impl $crate::slack::views::template::Fields for $name {
            const FIELDS: &'static [$crate::slack::views::template::Field] =
                &[$($crate::slack::views::template::Field {
                    name: stringify!($field),
                    kind: <$type as $crate::slack::views::template::Slot>::KIND,
                    optional: <$type as $crate::slack::views::template::Slot>::OPTIONAL,
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

pub(in crate::slack::views) use {fields, template};
