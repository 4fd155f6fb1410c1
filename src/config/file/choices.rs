//! `regions` and `profiles`: the lists an authorizer chooses from.

use std::collections::BTreeSet;

use super::reader::{Reader, Section};
use super::values::{OPTION_TEXT, is_option_text};

/// Options of one select; teams and blueprints are searched instead.
const OPTIONS: usize = 100;

pub(super) fn regions(reader: &mut Reader, top: &Section) -> Option<Vec<String>> {
    choices(reader, top, "regions", r#"AWS regions, such as ["us-east-1"]"#, &REGION)
}

pub(super) fn profiles(reader: &mut Reader, top: &Section) -> Option<Vec<String>> {
    choices(reader, top, "profiles", r#"AWS profiles, such as ["sandbox"]"#, &PROFILE)
}

/// A list an authorizer chooses from: not empty, no more than fits, nothing twice.
fn choices(reader: &mut Reader, top: &Section, key: &str, what: &str, check: &Check) -> Option<Vec<String>> {
    let Some(item) = top.get(key) else { return reader.say(0, key, format!("is missing; list {what}.")) };
    let items = reader.list(&item, &format!("a list of {what}"))?;
    if items.is_empty() || items.len() > OPTIONS {
        let found = if items.is_empty() { "an empty list".to_owned() } else { format!("{} entries", items.len()) };
        return reader.found(&item, &found, &format!("a list of 1 to {OPTIONS} {what}"));
    }
    let mut seen = BTreeSet::new();
    let read: Vec<_> = items
        .iter()
        .map(|item| {
            let text = reader.text(item, check.expected, check.accepts)?;
            reader.once(item, text, &mut seen)
        })
        .collect();
    read.into_iter().collect()
}

/// What one entry of a list may be.
struct Check {
    expected: &'static str,
    accepts: fn(&str) -> bool,
}

const REGION: Check = Check {
    expected: r#"the name of an AWS region, such as "eu-west-1""#,
    accepts: |text| {
        (1..=OPTION_TEXT).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    },
};

const PROFILE: Check = Check {
    expected: "the name of a profile of the AWS config, 1 to 75 characters on one line, of which the AWS SDK reads \
               letters, digits and _-/.%@:+ only",
    accepts: |text| is_option_text(text) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c)),
};
