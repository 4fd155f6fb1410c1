//! What somebody asks for: the request, its name and its ID.
//!
//! A value of these types is valid; `parse` either gives one or says, in a
//! sentence for the person who typed, what would have been.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The shortest application name.
pub const NAME_MIN: usize = 3;
/// The longest application name. With [`SUFFIX_LENGTH`] it leaves room for the
/// team where names may have 63 characters, as most that a cloud gives.
pub const NAME_MAX: usize = 40;
/// Characters of a request ID behind the application name: 40 bits, so that
/// 10,000 requests for one name collide with a chance of 1 in 20,000.
pub const SUFFIX_LENGTH: usize = 10;

/// The name of an application, as it appears in IDs and in what is built: 3 to 40
/// lower-case letters, digits and single hyphens, a letter first, no hyphen last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationName(String);

/// Why a text is no application name, said to the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} Use 3 to 40 lower-case letters, digits and hyphens, starting with a letter, like \"checkout-api\".")]
pub struct NameProblem {
    what: String,
}

impl ApplicationName {
    /// Reads a name. White space around it is forgiven, nothing else is changed:
    /// a name that is not what was typed would surprise later.
    pub fn parse(typed: &str) -> Result<Self, NameProblem> {
        let name = typed.trim();
        let problem = |what: String| Err(NameProblem { what });
        if name.is_empty() {
            return problem("An application needs a name.".into());
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if let Some(odd) = name.chars().find(|c| !allowed(*c)) {
            return problem(match odd {
                c if c.is_ascii_uppercase() => format!("\"{c}\" is upper case."),
                c if c.is_whitespace() => "A name has no spaces in it.".into(),
                c if c.is_control() => "The name contains a control character.".into(),
                // Escaped where nothing would be seen, or the text around it turned round.
                c => format!("\"{}\" cannot be in a name.", c.escape_debug()),
            });
        }
        match name.len() {
            n if n < NAME_MIN => {
                return problem(format!("The name is too short: {n} of at least {NAME_MIN} characters."));
            }
            n if n > NAME_MAX => {
                return problem(format!("The name is too long: {n} of at most {NAME_MAX} characters."));
            }
            _ => {}
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return problem("A name starts with a letter.".into());
        }
        if name.ends_with('-') {
            return problem("A name does not end with a hyphen.".into());
        }
        if name.contains("--") {
            return problem("A name has no two hyphens in a row.".into());
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ApplicationName {
    type Error = NameProblem;
    fn try_from(typed: String) -> Result<Self, NameProblem> {
        Self::parse(&typed)
    }
}

impl From<ApplicationName> for String {
    fn from(name: ApplicationName) -> Self {
        name.0
    }
}

/// The ID of a request, which is also its workflow ID: `<application>-<suffix>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// The ID of the request for `application` whose submission hashes to
    /// `digest` (lower-case hex): the same submission always gives the same ID.
    pub fn new(application: &ApplicationName, digest: &str) -> Self {
        let suffix: String = digest.chars().take(SUFFIX_LENGTH).collect();
        Self(format!("{application}-{suffix}"))
    }

    /// Reads an ID that came back from outside, such as a button's value.
    /// `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ok = (1..=128).contains(&text.len()) && text.chars().all(shape) && text.contains('-');
        ok.then(|| Self(text.to_owned()))
    }

    /// The ID of a workflow that exists, whatever its shape.
    pub fn of_workflow(workflow_id: &str) -> Self {
        Self(workflow_id.to_owned())
    }

    /// What tells this request from others for the same application: the part
    /// behind the last hyphen.
    pub fn suffix(&self) -> &str {
        self.0.rsplit('-').next().unwrap_or(&self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request for resources: the input of the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionRequest {
    pub application_name: ApplicationName,
    pub team_id: String,
    /// Who asks: a person, by whom the delivery says that it comes, never from a typed
    /// field; or a client, `client:<id>`, from its token.
    pub requester_id: String,
    /// Who is asked to decide.
    pub authorizer_id: String,
    pub blueprint: String,
    #[serde(default)]
    pub justification: Option<String>,
    /// Where it was asked, and where the bot answers.
    pub channel_id: String,
    /// How long the request waits for its authorizer, in seconds.
    pub authorization_timeout_seconds: u64,
    /// For how long it is wanted: seconds, or `"never"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<Value>,
    /// What the blueprint asks for beyond the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
}

impl ProvisionRequest {
    /// What was given of that.
    pub fn parameters(&self) -> Map<String, Value> {
        self.parameters.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_as_typed_or_explained() {
        for good in ["abc", "checkout", "checkout-api", "a1-b2-c3", &"a".repeat(40), "  checkout "] {
            assert_eq!(ApplicationName::parse(good).map(String::from).as_deref(), Ok(good.trim()));
        }
        for (bad, says) in [
            ("", "needs a name"),
            ("ab", "too short: 2"),
            (&"a".repeat(41), "too long: 41"),
            ("Checkout", "\"C\" is upper case"),
            ("check out", "no spaces"),
            ("check_out", "\"_\" cannot be"),
            ("1st-app", "starts with a letter"),
            ("-app", "starts with a letter"),
            ("app-", "end with a hyphen"),
            ("a--b", "two hyphens"),
            ("naïve", "\"ï\" cannot be"),
            ("a\0bc", "control character"),
            ("<!channel>", "\"<\" cannot be"),
        ] {
            let said = ApplicationName::parse(bad).unwrap_err().to_string();
            assert!(said.contains(says), "{bad:?}: {said}");
            assert!(said.contains("3 to 40"), "{said}");
        }
    }

    #[test]
    fn an_id_is_the_name_and_ten_characters_of_the_digest() {
        let name = ApplicationName::parse("checkout").unwrap();
        let id = RequestId::new(&name, "7f3a9c0011223344");
        assert_eq!(id.as_str(), "checkout-7f3a9c0011");
        assert_eq!(id.suffix(), "7f3a9c0011");
        assert_eq!(RequestId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        for odd in ["", "checkout", "Checkout-1", "a b-1", "a-\u{202e}1", &"a-".repeat(65)] {
            assert_eq!(RequestId::parse(odd), None, "{odd:?}");
        }
    }
}
