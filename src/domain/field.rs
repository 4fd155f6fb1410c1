//! A field: something that a blueprint asks for beyond the name, and which values it takes.

use regex::RegexBuilder;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::visible::is_hidden;

/// The longest text of a field, in characters: what Slack takes of an input.
pub const TEXT_MAX: u32 = 3_000;
/// As many digits as a number keeps, whoever reads it.
const DIGITS_MAX: usize = 15;
/// What a pattern may take of memory, compiled: far more than any that a person writes.
const PATTERN_SIZE: usize = 1 << 20;

/// Something that a blueprint asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// 1 to 40 of `a-z0-9_-`: the key of its value among the `parameters`.
    pub id: String,
    pub label: String,
    #[serde(flatten)]
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "By::is_requester")]
    pub by: By,
    /// May it not be left empty? A switch never is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What it is if nobody says anything, as a value that the field takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// What kind of value it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A line of text: of so many characters, and as a whole like the pattern, in the syntax of
    /// the crate `regex`.
    Text { pattern: Option<String>, min: Option<u32>, max: Option<u32> },
    /// A number, with decimals where one of these or the default has.
    Number { min: Option<Number>, max: Option<Number> },
    /// One of these.
    Choice { choices: Vec<String> },
    /// Any of these, in this order.
    Choices { choices: Vec<String> },
    /// On or off.
    Switch,
}

/// Who says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Who asks, in the form.
    #[default]
    Requester,
    /// Who decides, on the card.
    Authorizer,
}

impl By {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_requester(&self) -> bool {
        *self == Self::Requester
    }
}

/// Why a field does not take a value. The sentence is for whoever gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("This is needed.")]
    Missing,
    #[error("Choose one.")]
    NothingChosen,
    #[error("Expected {0}.")]
    Type(&'static str),
    #[error("It contains a character that cannot be seen. Type it anew instead of pasting it.")]
    Hidden,
    #[error("Expected one line.")]
    Lines,
    #[error("Too short: {length} of at least {least} characters.")]
    TooShort { length: usize, least: u32 },
    #[error("Too long: {length} of at most {most} characters.")]
    TooLong { length: usize, most: u32 },
    #[error("It does not have the form that is asked for: {form}")]
    Form { form: String },
    #[error("Expected a number without decimals.")]
    Decimals,
    #[error("Expected a number of at most {DIGITS_MAX} digits.")]
    Digits,
    #[error("Expected at least {0}.")]
    TooSmall(Number),
    #[error("Expected at most {0}.")]
    TooLarge(Number),
    #[error("Expected one of {0}.")]
    NoChoice(String),
}

impl Field {
    /// The value of the field as it is recorded, for what was given; `None`: left empty.
    pub fn read(&self, given: &Value) -> Result<Option<Value>, Wrong> {
        let value = match (&self.kind, given) {
            (Kind::Switch, Value::Null) => Some(false.into()),
            (Kind::Switch, Value::Bool(_)) => Some(given.clone()),
            (Kind::Switch, _) => return Err(Wrong::Type("true or false")),
            (Kind::Choices { .. }, Value::Null) => Some(Value::Array(Vec::new())),
            (_, Value::Null) => None,
            (Kind::Text { pattern, min, max }, Value::String(text)) => {
                let like = pattern.as_deref().map(|pattern| (pattern, self.hint.as_str()));
                text_of(text, like, *min, *max)?.map(Value::String)
            }
            (Kind::Text { .. }, _) => return Err(Wrong::Type("a text")),
            (Kind::Number { min, max }, Value::Number(number)) => {
                Some(self.number(number, min.as_ref(), max.as_ref())?.into())
            }
            (Kind::Number { .. }, _) => return Err(Wrong::Type("a number")),
            (Kind::Choice { .. }, Value::String(text)) if text.is_empty() => None,
            (Kind::Choice { choices }, Value::String(text)) if choices.contains(text) => Some(given.clone()),
            (Kind::Choices { choices }, Value::Array(chosen)) => {
                if !chosen.iter().all(|one| one.as_str().is_some_and(|one| choices.iter().any(|it| it == one))) {
                    return Err(Wrong::NoChoice(listed(choices)));
                }
                let is_chosen = |choice: &&String| chosen.iter().any(|one| one.as_str() == Some(choice));
                Some(choices.iter().filter(is_chosen).cloned().map(Value::String).collect())
            }
            (Kind::Choices { .. }, _) => return Err(Wrong::Type("a list of choices")),
            (Kind::Choice { choices }, _) => return Err(Wrong::NoChoice(listed(choices))),
        };
        let is_empty = value.as_ref().is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
        match self.required && is_empty {
            true => Err(self.missing()),
            false => Ok(value),
        }
    }

    /// The same for what was typed where there is only text: a number is read from it.
    pub fn read_typed(&self, typed: &str) -> Result<Option<Value>, Wrong> {
        let typed = typed.trim();
        if typed.is_empty() {
            return self.read(&Value::Null);
        }
        match &self.kind {
            Kind::Number { .. } => self.read(&Value::Number(typed_number(typed)?)),
            _ => self.read(&typed.into()),
        }
    }

    /// What it is if nobody says anything.
    pub fn unsaid(&self) -> Result<Option<Value>, Wrong> {
        self.read(self.default.as_ref().unwrap_or(&Value::Null))
    }

    /// May a number have decimals?
    pub fn has_decimals(&self) -> bool {
        let Kind::Number { min, max } = &self.kind else { return false };
        let default = self.default.as_ref().and_then(Value::as_number);
        [min.as_ref(), max.as_ref(), default].into_iter().flatten().any(Number::is_f64)
    }

    fn missing(&self) -> Wrong {
        match self.kind {
            Kind::Choice { .. } | Kind::Choices { .. } => Wrong::NothingChosen,
            _ => Wrong::Missing,
        }
    }

    /// A number as it is recorded: without decimals where they are none.
    fn number(&self, number: &Number, min: Option<&Number>, max: Option<&Number>) -> Result<Number, Wrong> {
        let value = number.as_f64().filter(|value| value.abs() < 10f64.powi(DIGITS_MAX as i32)).ok_or(Wrong::Digits)?;
        if value.fract() != 0.0 && !self.has_decimals() {
            return Err(Wrong::Decimals);
        }
        let of = |limit: &Number| limit.as_f64().unwrap_or_default();
        if let Some(min) = min.filter(|min| value < of(min)) {
            return Err(Wrong::TooSmall(min.clone()));
        }
        if let Some(max) = max.filter(|max| value > of(max)) {
            return Err(Wrong::TooLarge(max.clone()));
        }
        Ok(match value.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and few digits")]
            true => Number::from(value as i64),
            false => Number::from_f64(value).ok_or(Wrong::Digits)?,
        })
    }
}

/// A pattern that a whole text has to be like.
pub fn pattern(text: &str) -> Result<regex::Regex, regex::Error> {
    // By itself first: what is put around it could make one of what is none.
    RegexBuilder::new(text).size_limit(PATTERN_SIZE).build()?;
    // In the verbose mode it may end with a comment.
    let end = if text.contains("(?x") { "\n" } else { "" };
    RegexBuilder::new(&format!("\\A(?:{text}{end})\\z")).size_limit(PATTERN_SIZE).build()
}

fn text_of(
    text: &str,
    like: Option<(&str, &str)>,
    min: Option<u32>,
    max: Option<u32>,
) -> Result<Option<String>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().any(|c| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')) {
        return Err(Wrong::Lines);
    }
    if text.chars().any(|c| c.is_control() || is_hidden(c)) || has_stray_joiner(text) {
        return Err(Wrong::Hidden);
    }
    let (length, most) = (text.chars().count(), max.unwrap_or(TEXT_MAX));
    let longer = |limit: u32| u32::try_from(length).is_ok_and(|length| length >= limit);
    if let Some(least) = min.filter(|least| !longer(*least)) {
        return Err(Wrong::TooShort { length, least });
    }
    if longer(most.saturating_add(1)) {
        return Err(Wrong::TooLong { length, most });
    }
    if let Some((like, hint)) = like
        && !pattern(like).is_ok_and(|like| like.is_match(text))
    {
        // Few people read expressions.
        return Err(Wrong::Form { form: if hint.is_empty() { like } else { hint }.to_owned() });
    }
    Ok(Some(text.to_owned()))
}

/// A joiner or a variation selector that no emoji is made with: it does not stand behind a
/// character that could be one, or joins nothing.
fn has_stray_joiner(text: &str) -> bool {
    let is_picture = |c: char| matches!(c, '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}');
    let chars: Vec<char> = text.chars().collect();
    chars.iter().enumerate().any(|(at, c)| {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        match c {
            '\u{200c}' | '\u{fe00}'..='\u{fe0e}' => true,
            '\u{fe0f}' => {
                !before.is_some_and(is_picture) || before.is_some_and(|c| c.is_ascii()) && after != Some('\u{20e3}')
            }
            '\u{200d}' => {
                !before.is_some_and(|c| is_picture(c) && !c.is_ascii() || c == '\u{fe0f}')
                    || !after.is_some_and(|c| is_picture(c) && !c.is_ascii())
            }
            _ => false,
        }
    })
}

fn typed_number(typed: &str) -> Result<Number, Wrong> {
    let digits = typed.strip_prefix(['-', '+']).unwrap_or(typed);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return Err(Wrong::Type("a number"));
    }
    if whole.trim_start_matches('0').len() + decimals.trim_end_matches('0').len() > DIGITS_MAX {
        return Err(Wrong::Digits);
    }
    typed.parse().ok().and_then(Number::from_f64).ok_or(Wrong::Type("a number"))
}

fn listed(choices: &[String]) -> String {
    choices.iter().map(|choice| format!("\"{choice}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
