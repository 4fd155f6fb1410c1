//! `fields!` and `template!`: Rust structs whose fields are what a template may name.

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
