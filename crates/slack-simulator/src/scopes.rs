//! Scopes: which one a call needs, as Slack's reference of each method says, and which
//! ones the app's calls have needed so far.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::identity::BOT_USER;
use crate::workspace::Workspace;

/// What posting where the bot is not a member needs; without it the bot is told that
/// it is not one.
pub(crate) const PUBLIC: &str = "chat:write.public";

/// The scope without which this call is refused.
pub(crate) fn of(state: &Workspace, method: &str, channel: Option<&str>) -> Option<String> {
    let by_kind = |what: &str| {
        let kind = match channel.and_then(|id| state.channels.get(id)) {
            Some(channel) if channel.is_im => "im",
            Some(channel) if channel.is_mpim => "mpim",
            Some(channel) if channel.is_private => "groups",
            _ => "channels",
        };
        format!("{kind}:{what}")
    };
    Some(match method {
        "chat.postMessage" | "chat.postEphemeral" | "chat.update" | "chat.delete" => "chat:write".into(),
        "conversations.open" => "im:write".into(),
        "conversations.join" => "channels:join".into(),
        "conversations.info" => by_kind("read"),
        "conversations.history" | "conversations.replies" => by_kind("history"),
        "bots.info" | "users.info" | "users.list" => "users:read".into(),
        "usergroups.list" | "usergroups.users.list" => "usergroups:read".into(),
        _ => return None,
    })
}

/// Whether posting there takes [`PUBLIC`]: the channel is public, and the bot is not in it.
pub(crate) fn is_outside(state: &Workspace, method: &str, channel: Option<&str>) -> bool {
    let channel = channel.and_then(|id| state.channels.get(id));
    matches!(method, "chat.postMessage" | "chat.postEphemeral")
        && channel.is_some_and(|channel| !channel.is_private && !channel.members.contains(BOT_USER))
}

static NEEDED: Mutex<Needed> = Mutex::new(Needed { lines: BTreeSet::new(), file: None });

/// What the bot has needed, in every workspace of this process.
struct Needed {
    /// A scope and what needed it.
    lines: BTreeSet<String>,
    file: Option<PathBuf>,
}

/// Notes that the bot needed this scope for that.
pub(crate) fn note(scope: &str, what: &str) {
    let line = format!("{scope} {what}\n");
    let mut needed = NEEDED.lock().unwrap_or_else(PoisonError::into_inner);
    if needed.lines.insert(line.clone())
        && let Some(file) = &needed.file
    {
        append(file, &line);
    }
}

/// Writes what was and will be needed to the end of this file, a line for each scope
/// and method.
pub fn write_to(file: &Path) {
    let mut needed = NEEDED.lock().unwrap_or_else(PoisonError::into_inner);
    needed.file = Some(file.to_owned());
    append(file, &needed.lines.iter().map(String::as_str).collect::<String>());
}

fn append(file: &Path, text: &str) {
    let opened = std::fs::File::options().create(true).append(true).open(file);
    if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        tracing::error!(%error, file = %file.display(), "the scopes are not written");
    }
}
