//! What people read of something that was built, and where: the words of each notice, and the
//! messages that it posts and changes.

use std::time::Duration;

use crate::domain::client;
use crate::domain::lease::notice::{LeaseNotice, LeaseSubject, OWNER, THREAD};
use crate::domain::lease::state::LeaseStatus;
use crate::domain::notice::Notification;
use crate::domain::notice::part::of_attempt;
use crate::domain::provisioning::Provisioned;
use crate::slack::notices::audience::Audience;
use crate::slack::notices::ending::provisioned::{self, Built};
use crate::slack::notices::plan::{Place, Plan, Step};
use crate::slack::views::Message;
use crate::slack::views::lease::{About, Offers, message};
use crate::slack::views::parts::ended;
use crate::slack::views::text::{Text, mention, moment};

/// The message of the request's that said that it is there.
pub const OUTCOME: &str = "outcome-provisioned";
/// What a text of a provisioner's may have, in characters.
const SAID_MAX: usize = 200;

/// Which messages a notice posts and changes.
pub fn plan(n: &Notification<LeaseSubject>) -> Plan<'_> {
    let number = n.subject.number;
    // No message keeps a button for what is not so any more.
    let before = n.subject.before.iter().flat_map(|(before, notice)| {
        [THREAD, OWNER].map(|kind| Step::Change { part: of_attempt(kind, *before), message: closed(n, notice) })
    });
    let outcome = Step::Change { part: OUTCOME.to_owned(), message: outcome(n) };
    let plan = Plan::default().then_together(before.chain([outcome]));
    let words = words(n, &n.notice);
    let reply = Step::Write {
        part: of_attempt(THREAD, number),
        place: Place::Thread,
        message: message(&about(n), &words, failure(&n.notice), in_thread(&n.notice)),
    };
    let plan = plan.then(reply);
    if !concerns_owner(&n.notice) {
        return plan;
    }
    plan.then(Step::Write {
        part: of_attempt(OWNER, number),
        place: Place::Authorizer,
        message: message(&about(n), &words, failure(&n.notice), to_owner(n)),
    })
    .then_maybe(operations(n, &words))
}

/// Whose messages they are, and where they go.
pub fn audience(n: &Notification<LeaseSubject>) -> Audience<'_> {
    let person = |id: &'_ str| client::id(id).is_none();
    Audience {
        id: &n.subject.leased.request_id,
        channel: &n.subject.leased.channel_id,
        requester: None,
        authorizer: Some(n.subject.owner.as_str()).filter(|id| person(id)),
        operations: None,
        was_asked: true,
        answer_within: Duration::from_secs(24 * 60 * 60),
        status: n.subject.status.word(),
        root: None,
        // What it said before it began, it looks for once.
        look_back: n.look_back.or_else(|| {
            let since = n.subject.leased.approved_at.map(|at| at.0);
            since.filter(|_| n.conversation.at(OUTCOME).is_none())
        }),
    }
}

fn about<'a>(n: &'a Notification<LeaseSubject>) -> About<'a> {
    About {
        request_id: &n.subject.leased.request_id,
        application: &n.subject.leased.application_name,
        round: n.subject.round,
    }
}

/// The message that said that it is there, with the button as long as somebody may press it.
fn outcome(n: &Notification<LeaseSubject>) -> Message {
    let leased = &n.subject.leased;
    let result = Provisioned {
        application_id: leased.request_id.clone(),
        region: leased.region.clone(),
        completion_date_time: String::new(),
        summary: Vec::new(),
        outputs: leased.outputs.clone().into_iter().collect(),
    };
    let built = Built {
        request_id: &leased.request_id,
        application: &leased.application_name,
        requester: &leased.requester_id,
        in_parts: n.subject.in_parts,
        result: &result,
    };
    let is_open = matches!(n.subject.status, LeaseStatus::Active | LeaseStatus::ReadOnly);
    provisioned::outcome(&built, is_open.then_some(n.subject.round))
}

/// The same words, with nothing to press any more.
fn closed(n: &Notification<LeaseSubject>, notice: &LeaseNotice) -> Message {
    message(&about(n), &words(n, notice), failure(notice), Offers::default())
}

fn failure(notice: &LeaseNotice) -> Option<&crate::domain::lifecycle::Failure> {
    match notice {
        LeaseNotice::Stuck { failure } => Some(failure),
        _ => None,
    }
}

/// What everybody in the thread may press: whoever may do it decides that.
fn in_thread(notice: &LeaseNotice) -> Offers {
    match notice {
        LeaseNotice::ReadOnly { .. } | LeaseNotice::Closed { .. } | LeaseNotice::Discarded { .. } => {
            Offers { keep: true, ..Offers::default() }
        }
        LeaseNotice::Stuck { .. } => Offers { retry: true, give_up: true, ..Offers::default() },
        _ => Offers::default(),
    }
}

fn to_owner(n: &Notification<LeaseSubject>) -> Offers {
    match &n.notice {
        LeaseNotice::Ends { .. } => Offers { extend: true, remove: true, give: true, ..Offers::default() },
        LeaseNotice::ReadOnly { .. } | LeaseNotice::Closed { .. } => {
            Offers { keep: true, remove: true, give: true, ..Offers::default() }
        }
        LeaseNotice::Discarded { .. } => Offers { keep: true, ..Offers::default() },
        LeaseNotice::Given { .. } => Offers { extend: n.subject.ends, remove: true, give: true, ..Offers::default() },
        LeaseNotice::Stuck { .. } => Offers { retry: true, give_up: true, ..Offers::default() },
        _ => Offers::default(),
    }
}

/// Is it for the owner by themself, as well?
fn concerns_owner(notice: &LeaseNotice) -> bool {
    !matches!(notice, LeaseNotice::StillRemoving { .. } | LeaseNotice::Kept { .. })
}

/// What those who operate the bot are told: what a person left as it is.
fn operations<'a>(n: &Notification<LeaseSubject>, words: &str) -> Option<Step<'a>> {
    let LeaseNotice::LeftAlone { .. } = &n.notice else { return None };
    Some(Step::Write {
        part: of_attempt("lease-operations", n.subject.number),
        place: Place::Operations,
        message: message(&about(n), words, None, Offers::default()),
    })
}

/// What is said of it. Never a word with which a request ends.
fn words(n: &Notification<LeaseSubject>, notice: &LeaseNotice) -> String {
    let name = format!("*{}*", Text::line_or_dash(&n.subject.leased.application_name, SAID_MAX));
    match notice {
        LeaseNotice::Ends { at, before: 0, becomes, .. } => {
            format!("⏳ The time of {name} is over: {}.", now_becomes(*becomes, at.0))
        }
        LeaseNotice::Ends { at, becomes, removed_from, .. } => {
            let then = match becomes {
                LeaseStatus::ReadOnly => "Then it becomes read-only",
                LeaseStatus::Closed => "Then it is closed",
                _ => "Then it is removed, without a read-only time before",
            };
            let safe = match becomes {
                LeaseStatus::ReadOnly | LeaseStatus::Closed => {
                    format!("; nothing is deleted before {}", moment(removed_from.0))
                }
                _ => String::new(),
            };
            format!("⏳ {name} ends {}. {then}{safe}.", moment(at.0))
        }
        LeaseNotice::ReadOnly { closed_at, removed_from } => {
            let closed = closed_at.map(|at| format!("It is closed on {} and removed", moment(at.0)));
            let closed = closed.unwrap_or_else(|| "It is removed".to_owned());
            let from = moment(removed_from.0);
            format!("🔒 {name} is read-only. Reading works. {closed} from {from}. Storage is still paid for.")
        }
        LeaseNotice::Closed { removed_from } => format!(
            "🔒 {name} is closed: nobody can use it. It is removed from {}, with all that is in it.",
            moment(removed_from.0)
        ),
        LeaseNotice::Discarded { by, removed_at } => format!(
            "🗑️ {} is done with {name}: it is closed now, and removed from {}, with all that is in it. Keep it brings \
             it back until then.",
            mention(by),
            moment(removed_at.0)
        ),
        LeaseNotice::Kept { by, until: Some(until) } => {
            format!("✅ {} keeps {name} until {}.", mention(by), moment(until.0))
        }
        LeaseNotice::Kept { by, until: None } => format!("✅ {} keeps {name}. It has no end.", mention(by)),
        LeaseNotice::Given { by, to } => {
            format!("🤝 {} gave {name} to {}, who decides about it from now on.", mention(by), mention(to))
        }
        LeaseNotice::Removing { by: Some(by) } => {
            format!("🧹 {name} is being removed, since {} is done with it. There is no way back now.", mention(by))
        }
        LeaseNotice::Removing { by: None } => {
            format!("🧹 {name} is being removed, since its time is over. There is no way back now.")
        }
        LeaseNotice::StillRemoving { left } => {
            let left = Text::line(left, SAID_MAX).unwrap_or_else(|| Text::ours("something"));
            format!("🧹 {name} is still being removed: {left}")
        }
        LeaseNotice::Removed => format!("🧹 {name} is removed: nothing of it is left. Looked twice."),
        LeaseNotice::Stuck { .. } => {
            format!("🚧 {name} needs a hand: {} has to choose what to do.", mention(&n.subject.owner))
        }
        LeaseNotice::LeftAlone { by, failure } => {
            let cause = Text::line(&failure.cause, SAID_MAX).map(|it| format!(" {}", ended(&it))).unwrap_or_default();
            format!("🚧 {} leaves {name} as it is.{cause} Try again is still possible.", mention(by))
        }
    }
}

fn now_becomes(becomes: LeaseStatus, at: i64) -> String {
    let at = moment(at);
    match becomes {
        LeaseStatus::ReadOnly => format!("it was wanted until {at}, and becomes read-only now"),
        LeaseStatus::Closed => format!("it was wanted until {at}, and is closed now"),
        _ => format!("it was wanted until {at}, and is removed now"),
    }
}
