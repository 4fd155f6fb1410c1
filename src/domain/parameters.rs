//! The values of a blueprint's fields, as a request and an offer have them: `parameters`.

use serde_json::{Map, Value};

use super::blueprint::Blueprint;
use super::field::{By, Field};

/// How much of an unknown name is said, more than any field's ID has.
const SHOWN: usize = 60;

/// Something that is wrong with one of them. The sentence is for whoever gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterProblem {
    /// The ID of the field, or whatever was given as one.
    pub id: String,
    pub what: String,
}

impl Blueprint {
    /// The fields that somebody fills in, in the order of the file.
    pub fn fields_by(&self, by: By) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.by == by)
    }

    /// What `by` gave, as it is recorded: what was left out is what the file says, and what was
    /// emptied although it says something is null. Or everything that is wrong with it.
    pub fn given(&self, by: By, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<ParameterProblem>> {
        let mut problems: Vec<_> = given.keys().filter_map(|id| self.not_by(by, id)).collect();
        let mut read = Map::new();
        for field in self.fields_by(by) {
            match given.get(&field.id).map_or_else(|| field.unsaid(), |value| field.read(value)) {
                Ok(Some(value)) => _ = read.insert(field.id.clone(), value),
                Ok(None) if field.default.is_some() => _ = read.insert(field.id.clone(), Value::Null),
                Ok(None) => {}
                Err(wrong) => problems.push(ParameterProblem { id: field.id.clone(), what: wrong.to_string() }),
            }
        }
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// The values of the fields that `by` fills in, for what they gave: what is empty is absent.
    pub fn parameters(&self, by: By, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<ParameterProblem>> {
        let given = self.given(by, given)?;
        Ok(given.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    /// What is wrong with giving this at all.
    fn not_by(&self, by: By, id: &str) -> Option<ParameterProblem> {
        let what = match (self.fields.iter().find(|field| field.id == id), by) {
            (Some(field), by) if field.by == by => return None,
            (Some(_), By::Requester) => "This is chosen by whoever decides. Leave it out.".to_owned(),
            (Some(_), By::Authorizer) => "This was chosen by who asked. Leave it out.".to_owned(),
            (None, _) => {
                let id: String = id.chars().take(SHOWN).collect();
                format!("This blueprint asks for nothing called \"{id}\". Leave it out.")
            }
        };
        Some(ParameterProblem { id: id.to_owned(), what })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::field::Kind;
    use crate::domain::samples;

    fn blueprint() -> Blueprint {
        let field = |id: &str, by, required, default| Field {
            id: id.into(),
            label: id.into(),
            kind: Kind::Text { pattern: None, min: None, max: Some(9) },
            by,
            required,
            hint: String::new(),
            default,
        };
        let fields = vec![
            field("domain", By::Requester, true, None),
            field("note", By::Requester, false, Some(json!("none"))),
            field("size", By::Authorizer, false, Some(json!("small"))),
        ];
        Blueprint { fields, ..samples::blueprint() }
    }

    fn read(by: By, given: Value) -> Result<Value, Vec<String>> {
        let read = blueprint().parameters(by, given.as_object().unwrap());
        read.map(Value::Object).map_err(|wrong| wrong.into_iter().map(|it| format!("{}: {}", it.id, it.what)).collect())
    }

    #[test]
    fn what_is_left_out_is_what_the_file_says_and_what_is_empty_is_absent() {
        assert_eq!(read(By::Requester, json!({ "domain": "a" })), Ok(json!({ "domain": "a", "note": "none" })));
        assert_eq!(read(By::Requester, json!({ "domain": "a", "note": "" })), Ok(json!({ "domain": "a" })));
        assert_eq!(read(By::Requester, json!({ "domain": "a", "note": null })), Ok(json!({ "domain": "a" })));
        assert_eq!(read(By::Authorizer, json!({})), Ok(json!({ "size": "small" })));
        // What is recorded means the same when it is read again.
        let recorded = blueprint().given(By::Requester, json!({ "domain": "a", "note": "" }).as_object().unwrap());
        assert_eq!(recorded, Ok(json!({ "domain": "a", "note": null }).as_object().unwrap().clone()));
        assert_eq!(read(By::Requester, Value::Object(recorded.unwrap())), Ok(json!({ "domain": "a" })));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let wrong = read(By::Requester, json!({ "size": "large", "x": 1, "note": "far too long" })).unwrap_err();
        let [size, x, domain, note] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert!(size.starts_with("size: This is chosen by whoever decides"), "{size}");
        assert!(x.starts_with("x: This blueprint asks for nothing"), "{x}");
        assert!(domain.starts_with("domain: This is needed") && note.starts_with("note: Too long"), "{wrong:?}");
        assert!(read(By::Authorizer, json!({ "domain": "b" })).unwrap_err()[0].contains("by who asked"));
    }
}
