//! The parameters of a template: what each takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::tree::{Mistake, Node, Value};

/// The parameter that is given the name of what is built, and needs no field.
pub const RESOURCE_NAME: &str = "ResourceName";

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// `String`, `Number`, `CommaDelimitedList`, `List<…>`, `AWS::…`.
    pub kind: String,
    pub default: Option<String>,
    pub allowed: Vec<String>,
    /// `MinValue` or `MinLength`; `MaxValue` or `MaxLength`.
    pub min: Option<String>,
    pub max: Option<String>,
    pub pattern: Option<String>,
    pub description: Option<String>,
    /// Its value is not shown.
    pub secret: bool,
    /// Where it is.
    pub line: usize,
}

impl Parameter {
    /// Whether it takes several values.
    pub fn is_list(&self) -> bool {
        self.kind == "CommaDelimitedList" || self.kind.starts_with("List<")
    }

    /// Whether it takes numbers.
    pub fn is_number(&self) -> bool {
        self.kind == "Number" || self.kind == "List<Number>"
    }
}

/// What a field and a parameter are compared by: CloudFormation's names are of letters and
/// digits.
pub fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The parameters below `Parameters`.
pub fn all(node: &Node, mistakes: &mut Vec<Mistake>) -> Vec<Parameter> {
    let Some(entries) = node.entries() else {
        mistakes.push(Mistake::new(node.line, "Parameters has to be a map of parameters by their names"));
        return Vec::new();
    };
    let mut found: Vec<Parameter> = Vec::new();
    for (key, node) in entries {
        match one(&key.name, key.line, node) {
            Ok(parameter) => {
                if let Some(twin) = found.iter().find(|other| bare(&other.name) == bare(&key.name)) {
                    let what = format!("the parameters {} and {} differ in case only", twin.name, key.name);
                    mistakes.push(Mistake::new(key.line, what));
                }
                found.push(parameter);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    found
}

fn one(name: &str, line: usize, node: &Node) -> Result<Parameter, Mistake> {
    let wrong = |line: usize, what: String| Mistake::new(line, format!("parameter {name}: {what}"));
    if name.is_empty() || name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(wrong(line, "a name is of letters and digits, at most 255".into()));
    }
    if node.entries().is_none() {
        return Err(wrong(node.line, "expected a map with its Type".into()));
    }
    let text = |key: &str| match node.get(key) {
        None => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(wrong(value.line, format!("{key} has to be a text or a number"))),
        },
    };
    let Some(kind) = text("Type")? else { return Err(wrong(line, "it has no Type".into())) };
    if !is_kind(&kind) {
        let known = "String, Number, CommaDelimitedList, List<Number>, AWS::… or List<AWS::…>";
        return Err(wrong(node.get("Type").map_or(line, |node| node.line), format!("{kind:?} is no type: {known}")));
    }
    let allowed = match node.get("AllowedValues") {
        None => Vec::new(),
        Some(Node { value: Value::List(values), .. }) => {
            let values = values.iter().map(|value| value.text().map(str::to_owned).ok_or(value.line));
            values
                .collect::<Result<Vec<_>, _>>()
                .map_err(|line| wrong(line, "AllowedValues has to be a list of texts or numbers".into()))?
        }
        Some(other) => return Err(wrong(other.line, "AllowedValues has to be a list".into())),
    };
    let number = |value: &String| value.trim().parse::<f64>().is_ok();
    if kind == "Number"
        && let Some(odd) = allowed.iter().chain(&text("Default")?).find(|value| !number(value))
    {
        return Err(wrong(line, format!("{odd:?} is no number")));
    }
    let default = text("Default")?;
    if let Some(default) = &default
        && !allowed.is_empty()
        && !default.split(',').all(|one| allowed.iter().any(|value| value == one.trim()))
        && !allowed.contains(default)
    {
        return Err(wrong(line, format!("its Default {default:?} is none of its AllowedValues")));
    }
    let first = |keys: [&str; 2]| Ok::<_, Mistake>(text(keys[0])?.or(text(keys[1])?));
    Ok(Parameter {
        name: name.to_owned(),
        default,
        allowed,
        min: first(["MinValue", "MinLength"])?,
        max: first(["MaxValue", "MaxLength"])?,
        pattern: text("AllowedPattern")?,
        description: text("Description")?,
        secret: text("NoEcho")?.is_some_and(|said| said.eq_ignore_ascii_case("true")),
        kind,
        line,
    })
}

fn is_kind(kind: &str) -> bool {
    let of_aws = |kind: &str| kind.starts_with("AWS::") && kind.len() > "AWS::".len();
    let within = |kind: &str| kind.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).map(str::to_owned);
    matches!(kind, "String" | "Number" | "CommaDelimitedList")
        || of_aws(kind)
        || within(kind).is_some_and(|inner| inner == "Number" || inner == "String" || of_aws(&inner))
}

/// The values of the parameters, by their names, as CloudFormation takes them. What is left
/// out has its default.
pub fn values(
    parameters: &[Parameter],
    resource_name: &str,
    given: &Map<String, Json>,
) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    let mut taken = Vec::new();
    for parameter in parameters {
        if parameter.name == RESOURCE_NAME {
            values.insert(parameter.name.clone(), resource_name.to_owned());
            continue;
        }
        let found = given.iter().find(|(id, _)| bare(id) == bare(&parameter.name));
        if let Some((id, value)) = found {
            taken.push(id);
            match written(value) {
                Some(text) => _ = values.insert(parameter.name.clone(), text),
                None if value.is_null() => {}
                None => return Err(format!("the value of {id:?} is none that a parameter of a template takes")),
            }
        }
        if !values.contains_key(&parameter.name) && parameter.default.is_none() {
            return Err(format!("the template's parameter {} has no value", parameter.name));
        }
    }
    match given.iter().find(|(id, value)| !value.is_null() && !taken.contains(id)) {
        Some((id, _)) => Err(format!("the template has no parameter for the value of {id:?}")),
        None => Ok(values),
    }
}

/// A value as a text; several, with commas.
fn written(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(yes) => Some(yes.to_string()),
        Json::Array(items) => items.iter().map(written).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        Json::Null | Json::Object(_) => None,
    }
}
