//! `[[clients]]`: the programs that may use the HTTP API, and how each is known.

use std::collections::{BTreeMap, BTreeSet};

use outbound::https::is_confidential;
use serde_json::Value;
use toml::de::DeValue;
use url::Url;

use super::reader::{Item, Reader, Section};
use super::values::{is_channel, is_line};
use crate::domain::client::{Client, Oidc, Proof, Right};
use crate::domain::policy::Team;

pub(super) const KEYS: &[&str] =
    &["id", "token_sha256", "issuer", "audience", "claims", "may", "teams", "owner", "channel"];

/// An address or a name of an identity provider is no longer.
const LONGEST: usize = 500;

pub(super) fn read(reader: &mut Reader, top: &Section, teams: Option<&[Team]>) -> Option<Vec<Client>> {
    let Some(item) = top.get("clients") else { return Some(Vec::new()) };
    let sections = reader.sections(item, "tables [[clients]]")?;
    let (mut ids, mut tokens) = (BTreeSet::new(), BTreeSet::new());
    let mut clients = Vec::new();
    for section in &sections {
        reader.refuse_unknown(section, KEYS);
        let id = reader.id(section, &mut ids);
        let proof = proof(reader, section, &mut tokens);
        let may = rights(reader, section);
        let of_teams = of_teams(reader, section, teams);
        let owner = reader.optional(section, "owner", "the ID of a user (U… or W…)", |text| {
            super::teams::is_principal(text) && !text.starts_with('S')
        });
        let channel = reader.optional(section, "channel", "the ID of a channel (C… or G…)", is_channel);
        let is_told = matches!((&owner, &channel), (Some(None), Some(None)));
        if is_told && may.as_ref().is_some_and(|may| may.contains(&Right::Ask)) {
            let advice = "add an owner, a channel or both: somebody has to read what becomes of what it asks for.";
            reader.note(section.at, &section.path_of("owner"), format!("is missing, and so is `channel`; {advice}"));
        }
        clients.push((|| {
            Some(Client { id: id?, proof: proof?, may: may?, teams: of_teams?, owner: owner?, channel: channel? })
        })());
    }
    clients.into_iter().collect()
}

/// A client that is named to decide for a team has to be able to.
pub(super) fn check_authorizers(reader: &mut Reader, top: &Section, clients: &[Client]) {
    for (team, item) in super::teams::named_clients(top) {
        let DeValue::String(name) = item.value else { continue };
        let Some(id) = crate::domain::client::id(name) else { continue };
        match clients.iter().find(|client| client.id == id) {
            None => _ = reader.mistake::<()>(&item, "the id of one of [[clients]] behind \"client:\""),
            Some(client) if !client.has(Right::Decide) || team.is_none_or(|team| !client.teams.contains(&team)) => {
                let what = "a client with \"decide\" in `may` and this team in `teams`";
                _ = reader.mistake::<()>(&item, what);
            }
            Some(_) => {}
        }
    }
}

fn rights(reader: &mut Reader, section: &Section) -> Option<BTreeSet<Right>> {
    let words = Right::ALL.map(|right| format!("{:?}", right.word())).join(", ");
    let expected = format!("a list of one or more of {words}");
    let item = some(reader, section, "may", &expected)?;
    let read: Vec<_> = reader
        .list(&item, &expected)?
        .iter()
        .map(|item| {
            let right = |text: &str| Right::ALL.into_iter().find(|right| right.word() == text);
            let text = reader.text(item, &format!("one of {words}"), |text| right(text).is_some())?;
            right(&text)
        })
        .collect();
    not_empty(reader, &item, read.into_iter().collect::<Option<_>>()?, &expected)
}

fn of_teams(reader: &mut Reader, section: &Section, teams: Option<&[Team]>) -> Option<BTreeSet<String>> {
    let expected = "a list of ids of [[teams]]";
    let item = some(reader, section, "teams", expected)?;
    let is_team = |text: &str| teams.is_none_or(|teams| teams.iter().any(|team| team.id == text));
    let items = reader.list(&item, expected)?;
    let read: Vec<_> = items.iter().map(|item| reader.text(item, "the id of one of [[teams]]", is_team)).collect();
    not_empty(reader, &item, read.into_iter().collect::<Option<_>>()?, expected)
}

fn some<'d, 'i>(reader: &mut Reader, section: &Section<'d, 'i>, key: &str, expected: &str) -> Option<Item<'d, 'i>> {
    let found = section.get(key);
    if found.is_none() {
        reader.note(section.at, &section.path_of(key), format!("is missing, expected {expected}."));
    }
    found
}

fn not_empty<T: Ord>(reader: &mut Reader, item: &Item, read: BTreeSet<T>, expected: &str) -> Option<BTreeSet<T>> {
    if read.is_empty() { reader.found(item, "an empty list", expected) } else { Some(read) }
}

/// How it is known: by the digest of a token, or by what an issuer says of it.
fn proof(reader: &mut Reader, section: &Section, tokens: &mut BTreeSet<String>) -> Option<Proof> {
    let advice = "give a client either `token_sha256`, or `issuer` with `audience` and `claims`.";
    let oidc: Vec<_> = ["issuer", "audience", "claims"].into_iter().filter(|key| section.get(key).is_some()).collect();
    match (section.get("token_sha256"), oidc.first()) {
        (Some(item), None) => token(reader, &item, tokens),
        (None, Some(_)) => oidc_proof(reader, section).map(Proof::Oidc),
        (Some(item), Some(other)) => {
            reader.say(item.span.start, &item.key, format!("is there beside `{other}`; {advice}"))
        }
        (None, None) => reader.say(section.at, &section.path_of("token_sha256"), format!("is missing; {advice}")),
    }
}

fn token(reader: &mut Reader, item: &Item, tokens: &mut BTreeSet<String>) -> Option<Proof> {
    let expected = "the SHA-256 of a token as 64 hexadecimal digits, as `printf %s \"$TOKEN\" | sha256sum` prints it";
    let digest = |text: &str| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok();
    // Not shown: whoever writes the token itself here has a secret to change already.
    let text = match item.value {
        DeValue::String(text) if digest(text).is_some() => text.to_ascii_lowercase(),
        _ => return reader.found(item, "something else", expected),
    };
    if !tokens.insert(text.clone()) {
        return reader.found(item, "a token that another client has", "each one once");
    }
    digest(&text).map(Proof::Token)
}

fn oidc_proof(reader: &mut Reader, section: &Section) -> Option<Oidc> {
    let issuer = "the address of an issuer with https, such as \"https://token.actions.githubusercontent.com\"";
    let issuer = reader.required(section, "issuer", issuer, is_issuer);
    let audience = reader.required(section, "audience", "a text of 1 to 500 characters", |text| is_line(text, LONGEST));
    let claims = claims(reader, section);
    Some(Oidc { issuer: issuer?, audience: audience?, claims: claims? })
}

/// Keys that are fetched in the clear are anybody's, but for those of this machine.
fn is_issuer(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    text.len() <= LONGEST && plain && is_confidential(&url)
}

fn claims(reader: &mut Reader, section: &Section) -> Option<BTreeMap<String, Value>> {
    let expected = "a table of claims, such as { repository = \"acme/shop\" }";
    let item = some(reader, section, "claims", expected)?;
    let table = reader.section(item, expected)?;
    let mut claims = BTreeMap::new();
    for key in table.table.keys() {
        let name: &str = key.get_ref();
        let item = table.get(name)?;
        let value = match item.value {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(value) => Value::from(*value),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.into(),
            _ => return reader.mistake(&item, "a text, a whole number, true or false"),
        };
        claims.insert(name.to_owned(), value);
    }
    if claims.is_empty() {
        return reader.say(table.at, &table.key, format!("is empty, expected {expected}: else any token would do."));
    }
    Some(claims)
}
