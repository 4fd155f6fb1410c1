//! The arguments of a call, wherever they travel: query, form or JSON.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::answer::Refusal;

pub(super) struct Args {
    fields: Map<String, Value>,
    token: Option<String>,
}

impl Args {
    pub(super) fn parse(query: &str, headers: &HeaderMap, body: &[u8]) -> Args {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let form = |encoded: &[u8]| -> Map<String, Value> {
            let pairs = url::form_urlencoded::parse(encoded);
            pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
        };
        let mut fields = form(query.as_bytes());
        if header(header::CONTENT_TYPE).starts_with("application/json") {
            // Slack ignores a token in a JSON body.
            let mut json: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
            json.remove("token");
            fields.extend(json);
        } else {
            fields.extend(form(body));
        }
        let bearer = header(header::AUTHORIZATION).strip_prefix("Bearer ").map(String::from);
        let given = fields.remove("token").and_then(|token| token.as_str().map(String::from));
        Args { fields, token: bearer.or(given) }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// For the record, without the token.
    pub(super) fn recorded(&self) -> Value {
        let mut fields = self.fields.clone();
        for name in ["blocks", "metadata", "view"] {
            if let Some(parsed) = self.json(name).and_then(Result::ok) {
                fields.insert(name.into(), parsed);
            }
        }
        Value::Object(fields)
    }

    /// A string, not empty; numbers count.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::argument(&format!("missing required field: {name}")))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match self.fields.get(name) {
            Some(Value::Bool(set)) => *set,
            Some(Value::String(text)) => text == "true" || text == "1",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A JSON value, itself or as a string of JSON; an error when the string is none.
    pub(super) fn json(&self, name: &str) -> Option<Result<Value, serde_json::Error>> {
        match self.fields.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text)),
            value => Some(Ok(value.clone())),
        }
    }

    /// A list of strings: a JSON array, or separated by commas.
    pub(super) fn strings(&self, name: &str) -> Vec<String> {
        match self.fields.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(String::from).collect(),
            Some(Value::String(text)) if text.starts_with('[') => serde_json::from_str(text).unwrap_or_default(),
            Some(Value::String(text)) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(String::from).collect()
            }
            _ => Vec::new(),
        }
    }
}
