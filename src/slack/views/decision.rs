//! The authorizer's card: how it asks, and how it looks with nothing to decide any more;
//! and the form for a reason.

use serde_json::Value;

use super::choice::{Choice, entry};
use super::fields::{OnCard, Room, inputs, values};
use super::message::Message;
use super::parts::{
    Fact, NAME_MAX, WHY, blueprint, buttons, facts, follow, justification, named_quote, plain_application, quoted,
    request_id, requester, shown_id, team,
};
use super::plan;
use super::plan::within;
use super::template::{fields, template};
use super::text::{Markup, Text};
use crate::domain::field::By;
use crate::domain::notice::Notification;
use crate::domain::plan::shown::Stage;
use crate::domain::provisioning::Progress;
use crate::slack::ids;

/// Options of the selects of a card, in characters of JSON, that leave room for
/// the rest of it. Where there are more, the select searches instead.
const OPTIONS_ROOM: usize = 3200;
/// The same beside a plan, and what is quoted then.
const OPTIONS_BESIDE_A_PLAN: usize = 600;
const QUOTE_BESIDE_A_PLAN: usize = 300;
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
        buttons: String,
        approve: Option<String>,
        show_plan: Option<String>,
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
/// by its `action_id`. `progress`: how far the plan is, while it is being made.
pub(in crate::slack) fn ask(
    n: &Notification,
    text: &Markup,
    headline: &Markup,
    progress: Option<&Progress>,
) -> Message {
    Message::new(text, Room::enough(|room| asking(n, headline.clone(), progress, room)))
}

fn asking(n: &Notification, headline: Markup, progress: Option<&Progress>, room: Room) -> Value {
    let on_card = n.subject.plan.as_ref();
    let is_shown = on_card.is_some_and(|plan| plan.stage != Stage::None);
    let rules = n.subject.rules.as_ref();
    let mut regions = named(rules.map_or(&[][..], |rules| &rules.regions));
    let mut profiles = named(rules.map_or(&[][..], |rules| &rules.profiles));
    let most = if is_shown { OPTIONS_BESIDE_A_PLAN } else { OPTIONS_ROOM };
    let most = if room.lists { most } else { most / 8 };
    let (listed_regions, listed_profiles) = which_are_listed(taken(&regions), taken(&profiles), most);
    let search = |entries: &mut Vec<Named>, listed: bool, id: &str| {
        let searches = !listed || entries.len() > OPTIONS_MAX;
        if searches {
            entries.clear();
        }
        searches.then(|| id.to_owned())
    };
    let region_search = search(&mut regions, listed_regions, ids::REGION);
    let profile_search = search(&mut profiles, listed_profiles, ids::PROFILE);
    // What a plan is of is chosen already.
    let of_plan = |value: Option<&String>| value.and_then(|value| named(std::slice::from_ref(value)).pop());
    let region = of_plan(on_card.and_then(|plan| plan.region.as_ref())).or_else(|| only(&regions).cloned());
    let profile = of_plan(on_card.and_then(|plan| plan.profile.as_ref())).or_else(|| only(&profiles).cloned());
    let quote = quoted(n.subject.request.justification.as_deref(), room.quote);
    let quote = quote.map(|quote| if is_shown { within(quote.literal(), QUOTE_BESIDE_A_PLAN) } else { quote });
    let may = |allowed: bool| allowed.then(|| request_id(n));
    // What a plan was made of stands beside it, and not beside the next wish.
    let shown = values(n, room, |field| is_shown || field.by == By::Requester);
    let view = DecisionAsk {
        application: plain_application(n),
        headline,
        facts: facts(n).into_iter().chain(shown).collect(),
        why: named_quote(WHY, quote.as_ref()),
        justification: quote,
        region_text: region.as_ref().map(|entry| entry.text.clone()),
        region_value: region.map(|entry| entry.value),
        region_search,
        profile_text: profile.as_ref().map(|entry| entry.text.clone()),
        profile_value: profile.map(|entry| entry.value),
        profile_search,
        buttons: buttons(n),
        approve: may(on_card.is_none_or(plan::may_be_approved)),
        show_plan: may(on_card.is_some_and(plan::may_be_asked_for)),
        request_id: request_id(n),
        shown_id: shown_id(n.subject.request_id.as_str()),
        regions,
        profiles,
    };
    let filled_in = OnCard { planned: Some(&n.subject.parameters), filled: on_card.map(|plan| &plan.filled) };
    let mut card = view.render();
    if let (Some(rules), Some(blocks)) = (rules, card.get_mut("blocks").and_then(Value::as_array_mut)) {
        let buttons = blocks.iter().position(|block| block["type"] == "actions").unwrap_or(blocks.len());
        blocks.splice(buttons..buttons, inputs(&rules.blueprint, By::Authorizer, room, filled_in));
    }
    if let Some(on_card) = on_card {
        plan::put_on(&mut card, on_card, progress, room.plan);
    }
    card
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
fn taken(entries: &[Named]) -> usize {
    entries.iter().map(|entry| OPTION_FRAME + entry.text.literal().len() + entry.value.len()).sum()
}

/// Which of two selects can list its options: both, or the smaller one, or none.
fn which_are_listed(regions: usize, profiles: usize, most: usize) -> (bool, bool) {
    let both = regions + profiles <= most;
    let smaller = regions.min(profiles) <= most;
    (both || (smaller && regions <= profiles), both || (smaller && profiles < regions))
}

/// What the card says once there is nothing to decide any more, besides what was asked for.
pub(in crate::slack) struct Decided {
    /// What became of the request, in a sentence.
    pub headline: String,
    /// Where it is built, if it is.
    pub place: Vec<Fact>,
    /// Somebody's words, and what they are.
    pub quote: (&'static str, Option<Text>),
    /// What only the text tells: ` …`.
    pub more: Markup,
    /// Where to read on: ` …`.
    pub follow: Markup,
}

impl Decided {
    /// With what was asked for, why, and where to read on.
    pub fn new(n: &Notification, headline: String) -> Self {
        let quote = (WHY, justification(n));
        Self { headline, place: Vec::new(), quote, more: Markup::ours(""), follow: follow(n) }
    }

    /// The card: who decided what, and where it goes on.
    pub fn message(self, n: &Notification) -> Message {
        let Decided { headline, place, quote: (quote_name, quote), more, follow } = self;
        let who = requester(n);
        let text = Markup::ours(format!("{headline}{more} {who} asked for {} for {}.{follow}", blueprint(n), team(n)));
        let view = |room| {
            let made = DecisionMade {
                headline: Markup::ours(format!("{headline} {who} asked for it.{follow}")),
                facts: facts(n).into_iter().chain(values(n, room, |_| true)).chain(place.clone()).collect(),
                quote_name: named_quote(quote_name, quote.as_ref()),
                quote: quote.clone(),
                request_id: shown_id(n.subject.request_id.as_str()),
            };
            made.render()
        };
        Message::new(&text, Room::enough(view))
    }
}
