//! The configuration file: TOML in, [`Policy`] out, or every mistake in it with
//! file, line, column, key, what was found and what was expected.
//!
//! The file is read as a tree of values with positions and walked by hand
//! (`reader`), because a deserializer stops at the first mistake. Each table has a
//! file of its own here, which knows its keys. An example that explains every key is
//! `provision-bot.example.toml`.

mod authorization;
mod blueprints;
mod choices;
mod clients;
mod fields;
mod lease;
mod parts;
mod reader;
mod teams;
mod template;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

use std::path::Path;

use toml::de::DeTable;

use self::reader::{Reader, Section};
use self::values::is_channel;
use crate::config::problem::{ConfigError, Problem};
use crate::domain::policy::Policy;
use crate::stacks::Templates;

/// Keys of the file itself, in the order the example explains them.
const TOP: &[&str] =
    &["regions", "profiles", "operations_channel", "authorization", "teams", "lease", "blueprints", "clients"];

/// What the file says.
#[derive(Clone, Debug)]
pub struct File {
    pub policy: Policy,
    /// The templates of the blueprints that have one.
    pub templates: Templates,
}

/// Reads the configuration file.
pub fn load(path: &Path) -> Result<File, ConfigError> {
    let refuse = |message: String| ConfigError::from(Problem::File { path: path.to_owned(), message });
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse(
            "there is no such file. Copy provision-bot.example.toml to this path and edit it, or name another file \
             with --config or PROVISION_BOT_CONFIG."
                .to_owned(),
        ),
        _ => refuse(format!("cannot be read: {error}.")),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(format!("line {line} is not UTF-8. Save the file as UTF-8."))
    })?;
    read(path, &text)
}

/// The policy in the text of a configuration file; `path` is for the messages, and for what
/// the file names.
pub fn parse(path: &Path, text: &str) -> Result<Policy, ConfigError> {
    read(path, text).map(|file| file.policy)
}

fn read(path: &Path, text: &str) -> Result<File, ConfigError> {
    let mut reader = Reader::new(path, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What is read from a broken text would be judged wrongly.
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.note(at, "", format!("is not valid TOML: {}.", error.message().trim().replace('\n', ", ")));
        }
        return Err(reader.finish());
    }
    match file(&mut reader, &Section::top(&document)) {
        Some(file) if !reader.found_mistakes() => Ok(file),
        _ => Err(reader.finish()),
    }
}

/// Reads every table before any is given up, so that all mistakes are found.
fn file(reader: &mut Reader, top: &Section) -> Option<File> {
    reader.refuse_unknown(top, TOP);
    let regions = choices::regions(reader, top);
    let profiles = choices::profiles(reader, top);
    let authorization = authorization::read(reader, top);
    let teams = teams::read(reader, top);
    let blueprints = blueprints::read(reader, top);
    let operations_channel = reader.optional(top, "operations_channel", "the ID of a channel (C… or G…)", is_channel);
    let terms = lease::read(reader, top);
    let clients = clients::read(reader, top, teams.as_deref());
    if let Some(clients) = &clients {
        clients::check_authorizers(reader, top, clients);
    }
    let authorization = authorization?;
    let (blueprints, templates) = blueprints?;
    let policy = Policy {
        regions: regions?,
        profiles: profiles?,
        timeout: authorization.timeout,
        reminder: authorization.reminder,
        allow_self: authorization.allow_self,
        open_max: authorization.open_max,
        teams: teams?,
        blueprints,
        bucket: blueprints::builtin(),
        terms: terms?,
        operations_channel: operations_channel?,
        clients: clients?,
    };
    Some(File { policy, templates })
}
