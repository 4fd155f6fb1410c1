//! What was entered into the inputs of a blueprint's fields, read by the kind of each field.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::blueprint::Blueprint;
use crate::domain::field::{By, Field, Kind, Wrong};
use crate::slack::ids;
use crate::slack::inbound::{Entered, Entry};

/// What was entered, by the IDs of the fields, as an act or a request has it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    pub(super) given: Map<String, Value>,
    /// What is wrong with it, by the ID of the field.
    pub(super) wrong: BTreeMap<String, String>,
    /// An input was not there at all: whoever sent this has seen something else.
    pub(super) is_incomplete: bool,
}

/// Reads the inputs of the fields that `by` fills in. What was emptied in the form is null, so
/// that it is not taken for what nobody was asked; what is left empty on a card is the default.
pub(super) fn read(blueprint: &Blueprint, by: By, entered: &Entered) -> Read {
    let mut read = Read::default();
    for field in blueprint.fields_by(by) {
        match entered.get(&field.id).map(|entry| value(field, entry)) {
            None => read.is_incomplete = true,
            Some(_) if by == By::Authorizer && is_empty(&entered[&field.id]) => {}
            Some(Ok(value)) => _ = read.given.insert(field.id.clone(), value.unwrap_or_default()),
            Some(Err(wrong)) => _ = read.wrong.insert(field.id.clone(), wrong.to_string()),
        }
    }
    read
}

/// Was nothing said? A switch that nobody touched is what stands below it, or else off.
fn is_empty(entry: &Entry) -> bool {
    match entry {
        Entry::Typed(text) => text.trim().is_empty(),
        Entry::Chosen(chosen) => chosen.is_empty(),
    }
}

fn value(field: &Field, entry: &Entry) -> Result<Option<Value>, Wrong> {
    match (&field.kind, entry) {
        (Kind::Switch, Entry::Chosen(chosen)) => field.read(&chosen.iter().any(|value| value == ids::ON).into()),
        (Kind::Choices { .. }, Entry::Chosen(chosen)) => field.read(&chosen.iter().cloned().collect()),
        (_, Entry::Chosen(chosen)) => field.read(&chosen.first().cloned().into()),
        (_, Entry::Typed(text)) => field.read_typed(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::samples;

    fn field(id: &str, kind: Kind, by: By, required: bool) -> Field {
        let default = (id == "note").then(|| json!("none"));
        Field { id: id.into(), label: id.into(), kind, by, required, hint: String::new(), default }
    }

    fn blueprint() -> Blueprint {
        let text = || Kind::Text { pattern: None, min: Some(2), max: None };
        let choices = || ["a", "b"].map(String::from).to_vec();
        let fields = vec![
            field("domain", text(), By::Requester, true),
            field("note", text(), By::Requester, false),
            field("count", Kind::Number { min: None, max: None }, By::Requester, false),
            field("size", Kind::Choice { choices: choices() }, By::Requester, false),
            field("zones", Kind::Choices { choices: choices() }, By::Requester, false),
            field("public", Kind::Switch, By::Requester, false),
            field("budget", Kind::Number { min: None, max: None }, By::Authorizer, false),
        ];
        Blueprint { fields, ..samples::blueprint() }
    }

    fn entered(entries: &[(&str, Entry)]) -> Entered {
        entries.iter().map(|(id, entry)| ((*id).to_owned(), entry.clone())).collect()
    }

    fn typed(text: &str) -> Entry {
        Entry::Typed(text.to_owned())
    }

    fn chosen(values: &[&str]) -> Entry {
        Entry::Chosen(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn each_is_read_by_its_kind_and_what_is_emptied_is_null() {
        let all = entered(&[
            ("domain", typed(" shop ")),
            ("note", typed("")),
            ("count", typed("12")),
            ("size", chosen(&["b"])),
            ("zones", chosen(&["b", "a"])),
            ("public", chosen(&["true"])),
            ("budget", typed("not for who asks")),
        ]);
        let given = json!({
            "domain": "shop", "note": null, "count": 12, "size": "b", "zones": ["a", "b"], "public": true
        });
        let expected = Read { given: given.as_object().unwrap().clone(), ..Read::default() };
        assert_eq!(read(&blueprint(), By::Requester, &all), expected);
        let none = entered(&[("budget", typed(""))]);
        assert_eq!(read(&blueprint(), By::Authorizer, &none), Read::default(), "the default, on a card");
        let mut switched = blueprint();
        switched.fields[5].by = By::Authorizer;
        let off = entered(&[("budget", typed("")), ("public", chosen(&[]))]);
        assert_eq!(read(&switched, By::Authorizer, &off), Read::default());
        for (value, is) in [("true", true), ("false", false)] {
            let said = entered(&[("budget", typed("")), ("public", chosen(&[value]))]);
            let given = json!({ "public": is }).as_object().unwrap().clone();
            assert_eq!(read(&switched, By::Authorizer, &said), Read { given, ..Read::default() });
        }
    }

    #[test]
    fn every_mistake_is_told_and_what_was_not_there_is_noticed() {
        let some = entered(&[("domain", typed("")), ("note", typed("x")), ("count", typed("many"))]);
        let read = read(&blueprint(), By::Requester, &some);
        assert!(read.is_incomplete);
        let wrong: Vec<_> = read.wrong.iter().map(|(id, what)| format!("{id}: {what}")).collect();
        assert_eq!(
            wrong,
            ["count: Expected a number.", "domain: This is needed.", "note: Too short: 1 of at least 2 characters."]
        );
    }
}
