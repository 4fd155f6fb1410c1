//! The people and user groups that the configuration names: whether they can take
//! part. Asked as the bot itself asks, with the scopes it has anyway.

use futures::{StreamExt, stream};
use secrecy::ExposeSecret;

use super::line::{DEADLINE, Line, counted};
use crate::config::Settings;
use crate::domain::people::{Person, Principal, Standing};
use crate::domain::policy::Policy;
use crate::slack::web_api::{SlackApi, SlackError};
use crate::telemetry::Metrics;

/// Lookups at the same time.
const AT_ONCE: usize = 10;

const PEOPLE: &str = "Slack people";

/// Somebody the configuration names, and where.
pub(super) struct Named {
    who: Principal,
    place: String,
}

/// Everybody the configuration names, each once.
pub(super) fn named(policy: &Policy) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for (index, team) in policy.teams.iter().enumerate() {
        for (key, list) in [("members", &team.members), ("authorizers", &team.authorizers)] {
            for who in list {
                let is_looked_up = !matches!(who, Principal::Client(_));
                if is_looked_up && all.iter().all(|named| named.who != *who) {
                    all.push(Named { who: who.clone(), place: format!("teams[{index}].{key}") });
                }
            }
        }
    }
    for (index, client) in policy.clients.iter().enumerate() {
        let owner = client.owner.clone().map(Principal::User);
        if let Some(who) = owner.filter(|who| all.iter().all(|named| named.who != *who)) {
            all.push(Named { who, place: format!("clients[{index}].owner") });
        }
    }
    all
}

/// A line for each who can take no part, or one for all.
pub(super) async fn people(settings: &Settings, named: Vec<Named>) -> Vec<Line> {
    if named.is_empty() {
        return vec![Line::passed(PEOPLE, "the configuration names nobody: any member may ask and decide")];
    }
    let token = settings.slack_bot_token.expose_secret();
    let api = match SlackApi::new(&settings.slack_api_url, token, settings.proxy.as_ref(), Metrics::default()) {
        Ok(api) => api.with_timeout(DEADLINE),
        Err(error) => return vec![Line::failed(PEOPLE, format!("{error:#}"), "Install the system's certificates.")],
    };
    let whole = counted(named.len(), "ID");
    let look_up = |named| look_up(api.clone(), named);
    let answers: Vec<_> = stream::iter(named).map(look_up).buffered(AT_ONCE).collect().await;
    let (mut lines, mut skipped) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(line) => lines.extend(line),
            Err(error) => skipped.push(error),
        }
    }
    match skipped.iter().find(|error| !is_expected(error)).or(skipped.first()) {
        Some(error) if !is_expected(error) => {
            let said = format!("{} of {whole} in the configuration could not be looked up: {error}", skipped.len());
            lines.push(Line::failed(PEOPLE, said, "See what Slack says there, and check again."));
        }
        Some(error) => {
            let said = format!("{} of {whole} in the configuration not looked up: {error}", skipped.len());
            lines.push(Line::passed(PEOPLE, said));
        }
        None if lines.is_empty() => {
            lines.push(Line::passed(PEOPLE, format!("{whole} in the configuration, each known in this workspace")));
        }
        None => {}
    }
    lines
}

/// A missing scope has its own line; how much may be asked in a minute says nothing.
fn is_expected(error: &SlackError) -> bool {
    error.is("missing_scope") || matches!(error, SlackError::RateLimited { .. })
}

/// A line for somebody who can take no part.
async fn look_up(api: SlackApi, Named { who, place }: Named) -> Result<Option<Line>, SlackError> {
    match who {
        Principal::User(id) => Ok(absence(&api.person(&id).await?).map(|why| {
            let said = format!("{place} names {id}, {why}, who can neither ask nor decide");
            Line::failed(PEOPLE, said, "Name a member of this workspace there instead, in the configuration file.")
        })),
        // The file was looked through for it.
        Principal::Client(_) => Ok(None),
        Principal::Group(id) => Ok(api.group_members(&id).await?.is_empty().then(|| {
            let said =
                format!("{place} names the user group {id}, which does not exist, is disabled or has no members");
            Line::failed(PEOPLE, said, "Correct the ID in the configuration file, or fill the group in Slack.")
        })),
    }
}

fn absence(person: &Person) -> Option<String> {
    let name = &person.name;
    match person.standing {
        Standing::Member => None,
        Standing::Deactivated => Some(format!("the deactivated account of {name}")),
        Standing::Invited => Some(format!("{name}, who has not accepted the invitation yet")),
        Standing::Bot => Some(format!("the bot {name}")),
        Standing::Guest => Some(format!("the guest {name}")),
        Standing::Stranger => Some(format!("{name} of another organisation")),
        Standing::Unknown => Some("somebody Slack does not know".to_owned()),
    }
}
