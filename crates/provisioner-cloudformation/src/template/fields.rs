//! The fields of a blueprint beside the parameters of its template: each has to be the other's.

use super::parameter::{Parameter, RESOURCE_NAME, bare};
use super::tree::Mistake;

/// What a person is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub id: String,
    pub kind: Kind,
    /// What can be chosen, where something is.
    pub choices: Vec<String>,
    pub required: bool,
    pub has_default: bool,
}

/// How it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Choice,
    Choices,
    Switch,
}

/// Whatever of the fields and the parameters does not agree. `at` is the line of the
/// parameters as a whole.
pub fn compare(fields: &[Field], parameters: &[Parameter], at: usize) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let id = &field.id;
        if let Some(twin) = fields[..index].iter().find(|other| bare(&other.id) == bare(id)) {
            let what = format!("the fields {:?} and {id:?} would be the same parameter", twin.id);
            mistakes.push(Mistake::new(at, what));
        }
        match parameters.iter().find(|parameter| bare(&parameter.name) == bare(id)) {
            None => mistakes.push(Mistake::new(at, format!("there is no parameter for the field {id:?}"))),
            Some(parameter) if parameter.name == RESOURCE_NAME => {
                let what = format!("parameter {RESOURCE_NAME} is given by itself: take the field {id:?} away");
                mistakes.push(Mistake::new(parameter.line, what));
            }
            Some(parameter) => {
                if let Err(why) = agree(field, parameter) {
                    let what = format!("parameter {} and the field {id:?}: {why}", parameter.name);
                    mistakes.push(Mistake::new(parameter.line, what));
                }
            }
        }
    }
    for parameter in parameters {
        let Parameter { name, line, .. } = parameter;
        if name == RESOURCE_NAME {
            if parameter.kind != "String" {
                let what = format!("parameter {name} has to be of Type String, and is {}", parameter.kind);
                mistakes.push(Mistake::new(*line, what));
            }
        } else if parameter.default.is_none() && !fields.iter().any(|field| bare(&field.id) == bare(name)) {
            mistakes.push(Mistake::new(*line, format!("parameter {name} has neither a field nor a Default")));
        }
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes
}

fn agree(field: &Field, parameter: &Parameter) -> Result<(), String> {
    let kind = &parameter.kind;
    match field.kind {
        Kind::Text if parameter.is_number() => {
            return Err(format!("{kind} takes numbers, so the field has to be of kind number"));
        }
        Kind::Text if !parameter.allowed.is_empty() => {
            return Err("it has AllowedValues, so the field has to offer them as choices".to_owned());
        }
        Kind::Number if kind != "Number" && kind != "String" => {
            return Err(format!("{kind} takes no number"));
        }
        Kind::Choices if !parameter.is_list() => {
            return Err(format!("{kind} takes one value, and the field gives several"));
        }
        Kind::Choice | Kind::Switch if parameter.is_list() => {
            return Err(format!("{kind} takes several values, so the field has to be of kind choices"));
        }
        Kind::Switch if kind != "String" => return Err(format!("{kind} takes no true and false; String does")),
        Kind::Text | Kind::Number | Kind::Choice | Kind::Choices | Kind::Switch => {}
    }
    let offered: Vec<&str> = match field.kind {
        Kind::Switch => vec!["true", "false"],
        Kind::Choice | Kind::Choices => field.choices.iter().map(String::as_str).collect(),
        Kind::Text | Kind::Number => Vec::new(),
    };
    if parameter.is_number()
        && let Some(odd) = offered.iter().find(|value| value.trim().parse::<f64>().is_err())
    {
        return Err(format!("{kind} takes numbers, and {odd:?} is none"));
    }
    if !parameter.allowed.is_empty()
        && let Some(odd) = offered.iter().find(|value| !parameter.allowed.iter().any(|allowed| allowed == *value))
    {
        return Err(format!("{odd:?} is none of its AllowedValues: {}", parameter.allowed.join(", ")));
    }
    // These are never absent.
    let given = matches!(field.kind, Kind::Choices | Kind::Switch);
    if !field.required && !field.has_default && parameter.default.is_none() && !given {
        return Err("the field may be left empty, and the parameter has no Default".to_owned());
    }
    Ok(())
}
