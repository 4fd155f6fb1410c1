//! `/provision list`, `status`, `extend` and `remove`: what is told privately, with the buttons that
//! whoever asks may press. Nothing happens by typing.

use tokio::time::Instant;

use super::handlers::{Handlers, NO_ANSWER};
use super::reply::Reply;
use crate::domain::lease::Lease;
use crate::domain::lease::act::LeaseKind;
use crate::domain::lease::state::LeaseStatus;
use crate::domain::request::RequestId;
use crate::requests::lease::{LeaseNotDone, Resource};
use crate::requests::overview::{Thing, Viewer};
use crate::slack::ids;
use crate::slack::inbound::Command;
use crate::slack::views::lease::Offers;
use crate::slack::views::{ephemeral, overview as views};

const UNKNOWN: &str = "There is nothing of that ID or name that goes on, or it is not yours to see. \
                       `/provision list` shows what there is.";
/// How long is looked up who is in which group.
const GROUPS: std::time::Duration = std::time::Duration::from_millis(500);

/// What the first word asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Status,
    Extend,
    Remove,
}

impl Wanted {
    fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Extend => "extend",
            Self::Remove => "remove",
        }
    }
}

/// How one thing stands.
pub async fn one(bot: &Handlers, command: &Command, wanted: Wanted, typed: &str) -> Reply {
    if typed.is_empty() {
        return Reply::Private(format!("Say which one: {} {} ID or name.", ids::COMMAND, wanted.word()));
    }
    let (groups, _) = bot.directory.shown_groups(bot.policy.groups(), Instant::now() + GROUPS).await;
    let viewer = Viewer { policy: &bot.policy, person: &command.user, groups: &groups };
    match find(bot, &viewer, wanted, typed).await {
        Ok(Ok(thing)) => shown(&viewer, &thing, wanted),
        Ok(Err(choices)) => Reply::Private(choices),
        Err(LeaseNotDone::NoAnswer) => Reply::Private(NO_ANSWER.to_owned()),
        Err(_) => Reply::Private(UNKNOWN.to_owned()),
    }
}

/// What is meant, by ID or by name. The inner error: several are called so.
async fn find(
    bot: &Handlers,
    viewer: &Viewer<'_>,
    wanted: Wanted,
    typed: &str,
) -> Result<Result<Thing, String>, LeaseNotDone> {
    if let Some(id) = RequestId::parse(typed) {
        match viewer.by_id(&bot.requests, &id).await {
            Err(LeaseNotDone::Unknown) => {}
            found => return found.map(Ok),
        }
    }
    let ids = viewer.by_name(&bot.requests, typed).await?;
    match ids.as_slice() {
        [] => Err(LeaseNotDone::Unknown),
        [one] => viewer.by_id(&bot.requests, one).await.map(Ok),
        several => {
            let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
            Ok(Err(views::choices(typed, &format!("{} {}", ids::COMMAND, wanted.word()), &ids)))
        }
    }
}

fn shown(viewer: &Viewer<'_>, thing: &Thing, wanted: Wanted) -> Reply {
    match thing {
        Thing::Built(it) => {
            let message = views::resource(&it.leased, &it.state, offers(it, viewer.person, wanted));
            Reply::Shown { text: message.text, blocks: message.blocks }
        }
        Thing::Asked(it) => Reply::Private(ephemeral::sentence(&views::request(&it.0, &it.1))),
    }
}

/// The buttons of what this person may do now.
fn offers(it: &Resource, person: &str, wanted: Wanted) -> Offers {
    let state = &it.state;
    let signer = it.leased.signers.last().map(String::as_str);
    let may = |kind| Lease::may_do(kind, person, &state.owner, signer);
    let is = |statuses: &[LeaseStatus]| statuses.contains(&state.status);
    let open = [LeaseStatus::Active, LeaseStatus::ReadOnly];
    let closed = is(&[LeaseStatus::Closed]) || (is(&[LeaseStatus::ReadOnly]));
    let all = wanted == Wanted::Status;
    Offers {
        extend: (all || wanted == Wanted::Extend) && may(LeaseKind::Extend) && state.ends_at.is_some() && is(&open),
        keep: all && may(LeaseKind::Keep) && closed,
        remove: (all || wanted == Wanted::Remove)
            && may(LeaseKind::Remove)
            && (is(&open) || is(&[LeaseStatus::Missing])),
        give: all && may(LeaseKind::Give) && (is(&open) || is(&[LeaseStatus::Closed])),
        retry: all && may(LeaseKind::Retry) && is(&[LeaseStatus::NeedsAttention]),
        give_up: all && may(LeaseKind::GiveUp) && is(&[LeaseStatus::NeedsAttention]),
    }
}

/// All that goes on, the nearest end first.
pub async fn list(bot: &Handlers, command: &Command, team: &str) -> Reply {
    let team = Some(team).filter(|team| !team.is_empty());
    let (groups, _) = bot.directory.shown_groups(bot.policy.groups(), Instant::now() + GROUPS).await;
    let viewer = Viewer { policy: &bot.policy, person: &command.user, groups: &groups };
    let mut things = match viewer.all(&bot.requests, team).await {
        Ok(things) => things,
        Err(_) => return Reply::Private(NO_ANSWER.to_owned()),
    };
    if things.is_empty() {
        let of = team.map(|team| format!(" for {}", ephemeral::typed(team))).unwrap_or_default();
        return Reply::Private(format!("There is nothing{of} that goes on. {} opens the form.", ids::COMMAND));
    }
    things.sort_by(|a, b| a.ends().cmp(&b.ends()).then_with(|| a.id().cmp(b.id())));
    let more = things.len().saturating_sub(views::ROWS);
    let mut rows: Vec<_> = things.iter().take(views::ROWS).map(row).collect();
    if more > 0 {
        rows.push(format!("… and {more} more."));
    }
    rows.push(format!("{} status ID shows one, with what can be done.", ids::COMMAND));
    Reply::Private(rows.join("\n"))
}

fn row(thing: &Thing) -> String {
    match thing {
        Thing::Built(it) => views::resource_row(&it.leased, &it.state),
        Thing::Asked(it) => views::request_row(&it.0, &it.1),
    }
}
