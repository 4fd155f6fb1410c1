//! What the authorizer sees: the card that asks and what becomes of it, the form
//! for a reason, the card of a request that needs a hand.

use serde_json::Value;

use super::Message;
use super::parts::{
    Fact, NAME_MAX, QUOTE_MAX, REASON, Trouble, WHY, application, because, blueprint, cleaned, facts, follow,
    justification, named_quote, place, plain_application, request_id, requester, shown_id, team, told, trouble,
};
use super::request::{Choice, entry};
use super::template::{fields, template};
use super::text::{Markup, Text, mention, moment};
use super::thread::short;
use crate::domain::notice::{GivenUp, Notice, Notification};
use crate::domain::rules::NotCounted;
use crate::slack::ids;

/// Options of the selects of a card, in characters of JSON, that leave room for
/// the rest of it. Where there are more, the select searches instead.
const OPTIONS_ROOM: usize = 3200;
/// What an option takes up besides its text and its value.
const OPTION_FRAME: usize = 50;
/// Options of one select, at most.
const OPTIONS_MAX: usize = 100;

fields! {
    /// An option that is called by its value.
    Named { text: Text, value: String }
}

template! {
    /// The form that asks why.
    RejectModal from "reject_modal" { private_metadata: String, application: Text, request_id: Text }
}

template! {
    /// The authorizer's card while it asks.
    DecisionAsk from "decision_ask" {
        application: Text,
        headline: Markup,
        facts: Vec<Fact>,
        why: Option<Text>,
        justification: Option<Text>,
        regions: Vec<Named>,
        region_text: Option<Text>,
        region_value: Option<String>,
        region_search: Option<String>,
        profiles: Vec<Named>,
        profile_text: Option<Text>,
        profile_value: Option<String>,
        profile_search: Option<String>,
        request_id: String,
        shown_id: Text,
    }
}

template! {
    /// The authorizer's card when there is nothing to decide any more.
    DecisionMade from "decision_made" {
        headline: Markup,
        facts: Vec<Fact>,
        quote_name: Option<Text>,
        quote: Option<Text>,
        request_id: Text,
    }
}

template! {
    /// The card of a request that needs a hand.
    Attention from "attention" {
        application: Text,
        headline: Markup,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
        attempt: u32,
        request_id: String,
        shown_id: Text,
    }
}

/// The form that asks the authorizer why. `application` may come from outside.
pub fn reject_modal(request_id: &str, application: &str, private_metadata: &str) -> Value {
    RejectModal {
        private_metadata: private_metadata.to_owned(),
        application: Text::line_or_dash(application, NAME_MAX),
        request_id: shown_id(request_id),
    }
    .render()
}

/// The card that asks the authorizer. Where there are too many regions or
/// profiles for a message, their select asks for [`options`](super::request::options)
/// by its `action_id`.
pub fn ask(n: &Notification) -> Message {
    let until = match n.notice {
        Notice::Requested { expires_at } | Notice::Reminded { expires_at } => {
            format!(" The request is open until {}.", moment(expires_at))
        }
        _ => String::new(),
    };
    let (name, who) = (application(n), requester(n));
    let text = format!(
        "{who} asks you to approve {name}: {} for {}.{} Choose a region and an AWS profile, then approve or reject.{until}",
        blueprint(n),
        team(n),
        because("Why", n.request.justification.as_deref()),
    );
    let rules = n.rules.as_ref();
    let mut regions = named(rules.map_or(&[][..], |rules| &rules.regions));
    let mut profiles = named(rules.map_or(&[][..], |rules| &rules.profiles));
    let (listed_regions, listed_profiles) = which_are_listed(room(&regions), room(&profiles));
    let search = |entries: &mut Vec<Named>, listed: bool, id: &str| {
        let searches = !listed || entries.len() > OPTIONS_MAX;
        if searches {
            entries.clear();
        }
        searches.then(|| id.to_owned())
    };
    let region_search = search(&mut regions, listed_regions, ids::REGION);
    let profile_search = search(&mut profiles, listed_profiles, ids::PROFILE);
    let (region, profile) = (only(&regions), only(&profiles));
    let view = DecisionAsk {
        application: plain_application(n),
        headline: Markup::ours(format!("{who} asks you to decide.{until}")),
        facts: facts(n),
        why: named_quote(WHY, justification(n).as_ref()),
        justification: justification(n),
        region_text: region.map(|entry| entry.text.clone()),
        region_value: region.map(|entry| entry.value.clone()),
        region_search,
        profile_text: profile.map(|entry| entry.text.clone()),
        profile_value: profile.map(|entry| entry.value.clone()),
        profile_search,
        request_id: request_id(n),
        shown_id: shown_id(n.request_id.as_str()),
        regions,
        profiles,
    };
    Message::new(&Markup::ours(text), view.render())
}

/// The options for `values`.
fn named(values: &[String]) -> Vec<Named> {
    let named = |value: &String| entry(&Choice::of(value)).map(|entry| Named { text: entry.text, value: entry.value });
    values.iter().filter_map(named).collect()
}

/// What is preselected: the only one there is.
fn only(entries: &[Named]) -> Option<&Named> {
    if let [only] = entries { Some(only) } else { None }
}

/// What the options of a select take up of a message.
fn room(entries: &[Named]) -> usize {
    entries.iter().map(|entry| OPTION_FRAME + entry.text.literal().len() + entry.value.len()).sum()
}

/// Which of two selects can list its options: both, or the smaller one, or none.
fn which_are_listed(regions: usize, profiles: usize) -> (bool, bool) {
    let both = regions + profiles <= OPTIONS_ROOM;
    let smaller = regions.min(profiles) <= OPTIONS_ROOM;
    (both || (smaller && regions <= profiles), both || (smaller && profiles < regions))
}

/// The same card once there is nothing to decide any more: who decided what, and
/// where it goes on.
pub fn decided(n: &Notification) -> Message {
    let name = application(n);
    let mut facts = facts(n);
    let mut quote = justification(n);
    let mut quote_name = WHY;
    let mut more = Markup::ours("");
    let headline = match &n.notice {
        Notice::Authorized { region, profile, decided_by } => {
            facts.extend(place(region, Some(profile)));
            let [region, profile] = [region, profile].map(|name| Text::line_or_dash(name, NAME_MAX));
            more = Markup::ours(format!(" Region: {region}. AWS profile: {profile}."));
            format!("✅ {} approved {name}.", you(n, decided_by))
        }
        Notice::Rejected { decided_by, reason } => {
            // The justification would be read as the reason.
            quote = reason.as_deref().and_then(|reason| Text::paragraph(reason, QUOTE_MAX));
            quote_name = REASON;
            more = because("Reason", reason.as_deref());
            format!("🚫 {} rejected {name}.", you(n, decided_by))
        }
        Notice::Expired { unconfirmed: None } => format!("⌛ {name} expired before you decided. Nothing was built."),
        Notice::Expired { unconfirmed: Some(by) } => {
            let yes = if *by == n.request.authorizer_id {
                "your yes".to_owned()
            } else {
                format!("the yes of {}", mention(by))
            };
            format!("⌛ {name} expired: Slack did not tell in time whether {yes} still counts. Nothing was built.")
        }
        Notice::Cancelled { cleanup } => format!("↩️ {name} was cancelled. {}", cleaned(cleanup)),
        Notice::Provisioned { result } => {
            facts.extend(place(&result.region, None));
            format!("✅ {name} is provisioned.")
        }
        Notice::Failed { cleanup, .. } => format!("❌ {name} failed. {}", cleaned(cleanup)),
        Notice::Refused { .. } => format!("❌ {name} failed its first check. There is nothing to decide."),
        Notice::NeedsAttention { .. } | Notice::ChoiceNotCounted { .. } => {
            format!("⚠️ You approved {name}. It needs a hand now: see the newer message.")
        }
        Notice::Retried { .. } => format!("🔨 You approved {name}. It is being built."),
        Notice::Undoing { .. } => format!("🧹 {name} ends here. What has been built is not removed yet."),
        Notice::Requested { .. } | Notice::Reminded { .. } | Notice::NotCounted { .. } => {
            format!("⏳ {name} waits for your decision.")
        }
    };
    let follow = follow(n);
    let about = format!("{} asked for {} for {}.", requester(n), blueprint(n), team(n));
    let text = Markup::ours(format!("{headline}{more} {about}{follow}"));
    let headline = Markup::ours(format!("{headline} {} asked for it.{follow}", requester(n)));
    let quote_name = named_quote(quote_name, quote.as_ref());
    let view = DecisionMade { headline, facts, quote_name, quote, request_id: shown_id(n.request_id.as_str()) };
    Message::new(&text, view.render())
}

/// The card that asks the authorizer what to do about a failure.
pub fn attention(n: &Notification) -> Message {
    let Notice::NeedsAttention { failure, expires_at } = &n.notice else { return attended(n) };
    let name = application(n);
    let headline = Markup::ours(format!(
        "⚠️ Building {name} for {} stopped. Please choose until {}: try again from where it stopped, or give up. \
         Without a choice it is given up, and what has been built is removed.",
        requester(n),
        moment(*expires_at)
    ));
    let text = Markup::ours(format!("{headline} {}", told(failure)));
    let Trouble { step, cause, advice } = trouble(failure);
    let view = Attention {
        application: plain_application(n),
        headline,
        step,
        cause: Some(cause),
        advice,
        attempt: failure.attempt,
        request_id: request_id(n),
        shown_id: shown_id(n.request_id.as_str()),
    };
    Message::new(&text, view.render())
}

/// The same card once there is nothing to choose any more.
pub fn attended(n: &Notification) -> Message {
    let name = application(n);
    let (headline, failure) = match &n.notice {
        Notice::Retried { failure, decided_by } => {
            (format!("🔁 {} chose to try again. {name} is being built again.", you(n, decided_by)), Some(failure))
        }
        Notice::Failed { failure, given_up, cleanup } => {
            let why = match given_up {
                GivenUp::ByChoice { decided_by } => format!(" {} gave up on it.", you(n, decided_by)),
                GivenUp::Unanswered => " Nobody chose in time what to do about it.".to_owned(),
                GivenUp::Unasked { .. } => " Nobody could be asked what to do about it.".to_owned(),
                GivenUp::AtOnce => String::new(),
            };
            (format!("❌ {name} failed.{why} {}", cleaned(cleanup)), Some(failure))
        }
        Notice::Cancelled { cleanup } => (format!("↩️ {name} was cancelled. {}", cleaned(cleanup)), None),
        Notice::Undoing { .. } => (format!("🧹 {name} ends here. What has been built is not removed yet."), None),
        Notice::Provisioned { .. } => (format!("✅ {name} is provisioned: trying again helped."), None),
        // Of an attempt before: the new one has a card of its own.
        Notice::NeedsAttention { failure, .. } => {
            (format!("🔁 {name} was tried again, and stopped again: see the newer message."), Some(failure))
        }
        _ => (format!("There is nothing to choose for {name} any more."), None),
    };
    let follow = follow(n);
    let headline = Markup::ours(format!("{headline}{follow}"));
    let Some(failure) = failure else { return short(&headline, None) };
    short(&headline, Some((told(failure), trouble(failure))))
}

/// The message that reminds the authorizer of the card above it.
pub fn reminder(n: &Notification) -> Message {
    let until = match n.notice {
        Notice::Requested { expires_at } | Notice::Reminded { expires_at } => format!(", until {}", moment(expires_at)),
        _ => String::new(),
    };
    let (who, name) = (requester(n), application(n));
    let text =
        format!("⏰ {who} still waits for you to decide about {name}{until}. Approve or reject it on the card above.");
    short(&Markup::ours(text), None)
}

/// What the authorizer reads whose approval did not count, perhaps long after the click.
pub fn not_counted(n: &Notification, why: &NotCounted) -> Message {
    let (who, name) = (requester(n), application(n));
    let why = match why {
        NotCounted::Decision(why) => Text::line_or_dash(why, QUOTE_MAX).to_string(),
        NotCounted::Request(why) => format!("Asking now, {who} would read: {}", Text::line_or_dash(why, QUOTE_MAX)),
        NotCounted::Unchecked(_) => "The checks before it could not be made. Please approve again.".to_owned(),
    };
    short(&Markup::ours(format!("🚧 Your approval of {name} did not count, so the request waits on. {why}")), None)
}

/// The reader of these messages, or somebody else.
fn you(n: &Notification, id: &str) -> String {
    if id == n.request.authorizer_id { "You".to_owned() } else { mention(id).to_string() }
}
