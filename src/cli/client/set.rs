//! [`Setting`]: the value of a blueprint's field, as it is typed behind `--set`.
//!
//! The program does not know the kinds of the fields: they are in the bot's file. So
//! how a value is typed says what it is, by a rule that needs no second try; and for
//! what the rule would read wrongly there is a way to say it exactly.

use std::str::FromStr;

use serde_json::{Map, Value};

/// What `--help` says of it.
pub(super) const HELP: &str = "\
A field of the blueprint; may be given more than once:
  --set domain=shop.example.com  a text, or one of several choices
  --set versions=3               a number
  --set public=true              a switch: true or false
  --set zones=a,b                a list of choices: commas, no spaces; a list of one is \"a,\"
  --set 'note:=\"3\"'              exactly this JSON, such as a text that looks like a number";

/// As many digits as a number keeps, whoever reads it.
const DIGITS_MAX: usize = 15;

/// A field, and what it is set to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    field: String,
    value: Value,
    /// Whether the kind of the value was told, not read from how it looks.
    is_exact: bool,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let (name, text) = typed.split_once('=').ok_or("expected FIELD=VALUE, such as domain=shop.example.com")?;
        let (field, is_exact) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let field = field.trim();
        if field.is_empty() || !field.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return Err("before the \"=\" is no field: its ID has letters, digits, \"-\" and \"_\"".to_owned());
        }
        let value = match is_exact {
            true => serde_json::from_str(text).map_err(|_| {
                "behind \":=\" is no JSON. A text has quotes of its own there, which the shell must leave: \
                 'note:=\"3\"'"
                    .to_owned()
            })?,
            false => read(text),
        };
        Ok(Self { field: field.to_owned(), value, is_exact })
    }
}

/// What a value is, by how it is typed.
fn read(text: &str) -> Value {
    if let "true" | "false" = text {
        return Value::Bool(text == "true");
    }
    if is_number(text)
        && let Ok(number) = serde_json::from_str(text)
    {
        return number;
    }
    // In prose a space follows a comma.
    let is_list = text.contains(',') && !text.contains(char::is_whitespace);
    match is_list {
        true => text.split(',').filter(|item| !item.is_empty()).collect(),
        false => text.into(),
    }
}

/// A plain decimal number. Longer ones, and those with zeros before them, are names of
/// something, such as of an account.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    is_digits(whole)
        && is_digits(decimals)
        && (whole == "0" || !whole.starts_with('0'))
        && whole.len() + decimals.len() <= DIGITS_MAX
}

/// All of them as `parameters`; a field that is set twice is a mistake.
pub(super) fn parameters(settings: &[Setting]) -> Result<Map<String, Value>, String> {
    let mut parameters = Map::new();
    for Setting { field, value, .. } in settings {
        if parameters.insert(field.clone(), value.clone()).is_some() {
            return Err(format!("--set {field}=… is there twice. A list is one value: --set {field}=a,b"));
        }
    }
    Ok(parameters)
}

/// As what a field was sent that the bot refused, where that was read from how it looks.
pub(super) fn hint(settings: &[Setting], refused: &str) -> Option<String> {
    let field = refused.strip_prefix("parameters.")?;
    let Setting { value, .. } = settings.iter().find(|setting| setting.field == field && !setting.is_exact)?;
    let (kind, other) = match value {
        Value::Bool(_) => ("a switch", format!("as a text: --set '{field}:=\"{value}\"'")),
        Value::Number(_) => ("a number", format!("as a text: --set '{field}:=\"{value}\"'")),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            ("a list", format!("as a text: --set '{field}:=\"{}\"'", items.join(",")))
        }
        // What is wrong with a text is more often what is in it.
        _ => return None,
    };
    Some(format!("{field} was sent as {kind}. To send it {other}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(typed: &str) -> Value {
        typed.parse::<Setting>().expect(typed).value
    }

    #[test]
    fn how_a_value_is_typed_says_what_it_is() {
        for (typed, read) in [
            ("f=shop.example.com", json!("shop.example.com")),
            ("f=", json!("")),
            ("f=a=b", json!("a=b")),
            ("f=True", json!("True")),
            ("f=true", json!(true)),
            ("f=false", json!(false)),
            ("f=3", json!(3)),
            ("f=-3", json!(-3)),
            ("f=0", json!(0)),
            ("f=1.50", json!(1.5)),
            ("f=1e3", json!("1e3")),
            ("f=.5", json!(".5")),
            ("f=1.", json!("1.")),
            ("f=-", json!("-")),
            ("f=007", json!("007")),
            ("f=1234567890123456", json!("1234567890123456")),
            ("f=a,b", json!(["a", "b"])),
            ("f=a,", json!(["a"])),
            ("f=,", json!([])),
            ("f=1,2", json!(["1", "2"])),
            ("f=Hello, world", json!("Hello, world")),
            ("f:=\"3\"", json!("3")),
            ("f:=[\"a\"]", json!(["a"])),
            ("f:=\"a,b\"", json!("a,b")),
            ("f:= null", json!(null)),
        ] {
            assert_eq!(value(typed), read, "{typed}");
        }
    }

    #[test]
    fn what_sets_no_field_is_refused() {
        for typed in ["f", "=x", ":=1", "a b=x", "f:=", "f:=text", "f:=[1,"] {
            assert!(typed.parse::<Setting>().is_err(), "{typed}");
        }
    }

    #[test]
    fn a_field_has_one_value() {
        let settings = |typed: &[&str]| typed.iter().map(|text| text.parse().expect(text)).collect::<Vec<Setting>>();
        let two = parameters(&settings(&["a=1", "b=x"])).expect("two fields");
        assert_eq!(Value::Object(two), json!({ "a": 1, "b": "x" }));
        assert!(parameters(&settings(&["a=1", "a=2"])).expect_err("twice").contains("--set a=a,b"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_comes_with_the_way_to_send_another() {
        let settings: Vec<Setting> =
            ["n=5", "t=x", "l=a,b", "e:=5"].map(|text| text.parse().expect(text)).into_iter().collect();
        let hint = |field: &str| hint(&settings, field);
        assert_eq!(
            hint("parameters.n").expect("one"),
            "n was sent as a number. To send it as a text: --set 'n:=\"5\"'"
        );
        assert!(hint("parameters.l").expect("one").ends_with("'l:=\"a,b\"'"));
        for unknown in ["parameters.t", "parameters.e", "parameters.x", "teamId", "n"] {
            assert_eq!(hint(unknown), None, "{unknown}");
        }
    }
}
