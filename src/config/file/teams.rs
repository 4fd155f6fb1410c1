//! `[[teams]]`: who may ask, and who decides about it.

use std::collections::BTreeSet;

use toml::de::DeValue;

use super::reader::{Item, Reader, Section};
use super::values::{is_option_text, option_text};
use crate::domain::client;
use crate::domain::people::Principal;
use crate::domain::policy::Team;

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
        let members = principals(reader, section, "members", PERSON, is_principal);
        let authorizers = principals(reader, section, "authorizers", PERSON_OR_CLIENT, |text| {
            is_principal(text) || client::id(text).is_some()
        });
        teams.push((|| Some(Team { id: id?, name: name?, members: members?, authorizers: authorizers? }))());
    }
    teams.into_iter().collect()
}

const PERSON: &str = "the ID of a user (U… or W…) or of a user group (S…), as in \"Copy member ID\" in Slack";
const PERSON_OR_CLIENT: &str = "the ID of a user (U… or W…) or of a user group (S…), as in \"Copy member ID\" in Slack, \
                                or \"client:\" and the id of one of [[clients]]";

fn principals(
    reader: &mut Reader,
    section: &Section,
    key: &str,
    expected: &str,
    accepts: impl Fn(&str) -> bool,
) -> Option<Vec<Principal>> {
    let Some(item) = section.get(key) else { return Some(Vec::new()) };
    let items = reader.list(&item, r#"a list of IDs of users or user groups, such as ["U0123ABCD"]"#)?;
    let read: Vec<_> = items.iter().map(|item| reader.text(item, expected, &accepts)).collect();
    read.into_iter().map(|id| id.map(principal)).collect()
}

/// `S…` is a user group, `client:…` a client, anything else a user.
pub(super) fn principal(id: String) -> Principal {
    match client::id(&id) {
        Some(_) => Principal::Client(id),
        None if id.starts_with('S') => Principal::Group(id),
        None => Principal::User(id),
    }
}

/// Every client that is named to decide, with the team it is named for. What cannot be
/// read was reported before.
pub(super) fn named_clients<'d, 'i>(top: &Section<'d, 'i>) -> Vec<(Option<String>, Item<'d, 'i>)> {
    let text = |value: &DeValue| if let DeValue::String(text) = value { Some(text.to_string()) } else { None };
    let mut named = Vec::new();
    for section in Reader::quietly(top, "teams") {
        let team = section.get("id").and_then(|item| text(item.value));
        let Some(list) = section.get("authorizers") else { continue };
        let items = Reader::items(&list).into_iter();
        let clients = items.filter(|item| text(item.value).is_some_and(|name| client::id(&name).is_some()));
        named.extend(clients.map(|item| (team.clone(), item)));
    }
    named
}

pub(super) fn is_principal(text: &str) -> bool {
    let mut chars = text.chars();
    matches!(chars.next(), Some('U' | 'W' | 'S'))
        && text.len() > 1
        && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
