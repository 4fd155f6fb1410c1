//! `[[teams]]`: who may ask, and who decides about it.

use std::collections::BTreeSet;

use super::reader::{Reader, Section};
use super::values::{is_option_text, option_text};
use crate::domain::policy::{Principal, Team};

pub(super) const KEYS: &[&str] = &["id", "name", "members", "authorizers"];

pub(super) fn read(reader: &mut Reader, top: &Section) -> Option<Vec<Team>> {
    let missing = "add a [[teams]] table with an id and a name for each team that may ask for resources";
    let Some(item) = top.get("teams") else { return reader.say(0, "teams", format!("is missing; {missing}.")) };
    let sections = reader.sections(item, "tables [[teams]]")?;
    if sections.is_empty() {
        return reader.say(0, "teams", format!("is empty; {missing}."));
    }
    let mut ids = BTreeSet::new();
    let mut teams = Vec::new();
    for section in &sections {
        reader.refuse_unknown(section, KEYS);
        let id = reader.id(section, &mut ids);
        let name = reader.required(section, "name", &option_text("a name"), is_option_text);
        let members = principals(reader, section, "members");
        let authorizers = principals(reader, section, "authorizers");
        teams.push((|| Some(Team { id: id?, name: name?, members: members?, authorizers: authorizers? }))());
    }
    teams.into_iter().collect()
}

fn principals(reader: &mut Reader, section: &Section, key: &str) -> Option<Vec<Principal>> {
    let expected = "the ID of a user (U… or W…) or of a user group (S…), as in \"Copy member ID\" in Slack";
    let Some(item) = section.get(key) else { return Some(Vec::new()) };
    let items = reader.list(&item, r#"a list of IDs of users or user groups, such as ["U0123ABCD"]"#)?;
    let read: Vec<_> = items.iter().map(|item| reader.text(item, expected, is_principal)).collect();
    read.into_iter().map(|id| id.map(principal)).collect()
}

/// `S…` is a user group, anything else a user.
fn principal(id: String) -> Principal {
    if id.starts_with('S') { Principal::Group(id) } else { Principal::User(id) }
}

fn is_principal(text: &str) -> bool {
    let mut chars = text.chars();
    matches!(chars.next(), Some('U' | 'W' | 'S'))
        && text.len() > 1
        && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
