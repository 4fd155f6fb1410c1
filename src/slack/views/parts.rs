//! What several views say alike: the facts of a request, a failure, the buttons'
//! neighbours. Every length of a text from outside is here, so that the sum can
//! be seen to fit: Slack refuses a message whose blocks exceed about 9000
//! characters, and every one of its files stays below with all of them at their
//! longest (the test `hostile_and_huge` holds that).

use serde_json::{Value, json};

use super::template::fields;
use super::text::{Markup, Text, channel, mention};
use crate::domain::blueprint::Part;
use crate::domain::lifecycle::{Break, Failure};
use crate::domain::notice::{Cleanup, Notification};
use crate::slack::ids;

/// Names of teams, blueprints, regions, profiles.
pub const NAME_MAX: usize = 80;
/// Descriptions of blueprints, steps of provisioners.
pub const PHRASE_MAX: usize = 200;
/// Justifications and reasons, as quoted.
pub const QUOTE_MAX: usize = 1000;
/// Causes of failures: error texts of other systems.
pub const CAUSE_MAX: usize = 1000;
/// What to do about a failure, what remains of it.
pub const ADVICE_MAX: usize = 600;
/// The longest workflow ID Temporal accepts, so that no button loses its request.
pub const REQUEST_ID_MAX: usize = 1000;

fields! {
    /// A line of a list: a name, and its value as words or to be copied.
    Fact { name: Text, value: Option<Text>, code: Option<Text> }
}

/// A [`Fact`] in words.
pub fn fact(name: &str, value: Option<Text>) -> Option<Fact> {
    value.map(|value| Fact { name: Text::ours(name), value: Some(value), code: None })
}

/// A [`Fact`] to be copied.
pub fn code(name: Text, code: Option<Text>) -> Option<Fact> {
    code.map(|code| Fact { name, value: None, code: Some(code) })
}

/// `*checkout*`, which is what people call a request.
pub fn application(n: &Notification) -> Markup {
    Markup::ours(format!("*{}*", n.subject.request.application_name))
}

/// The name of the application where no markup is read.
pub fn plain_application(n: &Notification) -> Text {
    Text::ours(n.subject.request.application_name.as_str())
}

/// The request ID as the value of a button: as it is, whatever its shape, for it
/// is the key of the request.
pub fn request_id(n: &Notification) -> String {
    n.subject.request_id.as_str().chars().take(REQUEST_ID_MAX).collect()
}

/// The `block_id` of the buttons of a message.
pub fn buttons(n: &Notification) -> String {
    ids::buttons(&request_id(n), n.subject.round)
}

/// The request ID to be read. Another client may have chosen an odd one.
pub fn shown_id(id: &str) -> Text {
    Text::line_or_dash(id, REQUEST_ID_MAX)
}

pub fn requester(n: &Notification) -> Markup {
    mention(&n.subject.request.requester_id)
}

pub fn authorizer(n: &Notification) -> Markup {
    mention(&n.subject.request.authorizer_id)
}

/// The authorizer, who reads these messages, or somebody else.
pub fn you(n: &Notification, id: &str) -> String {
    if id == n.subject.request.authorizer_id { "You".to_owned() } else { mention(id).to_string() }
}

/// The team by its name, or by its ID while its name is not known.
pub fn team(n: &Notification) -> Text {
    let name = n.subject.rules.as_ref().map_or(&n.subject.request.team_id, |rules| &rules.team_name);
    Text::line(name, NAME_MAX).unwrap_or_else(|| Text::line_or_dash(&n.subject.request.team_id, NAME_MAX))
}

/// What is asked for, by its name, or by its ID while its name is not known.
pub fn blueprint(n: &Notification) -> Text {
    let name = n.subject.rules.as_ref().map_or(&n.subject.request.blueprint, |rules| &rules.blueprint.name);
    Text::line(name, NAME_MAX).unwrap_or_else(|| Text::line_or_dash(&n.subject.request.blueprint, NAME_MAX))
}

/// What is asked for, and what that is.
fn blueprint_described(n: &Notification) -> Text {
    let name = blueprint(n);
    let description = n.subject.rules.as_ref().and_then(|rules| Text::line(&rules.blueprint.description, PHRASE_MAX));
    match description {
        Some(description) => Text::ours(format!("{} – {}", name.literal(), description.literal())),
        None => name,
    }
}

/// The parts it is made of, if it is.
fn made_of(n: &Notification) -> Option<Text> {
    let parts = n.subject.rules.as_ref().map_or(&[][..], |rules| &rules.blueprint.parts);
    let named = |part: &Part| format!("{} ({})", part.id, part.blueprint.name);
    let named: Vec<_> = parts.iter().map(named).collect();
    Text::line(&named.join(", "), PHRASE_MAX)
}

/// What a request is about, line by line.
pub fn facts(n: &Notification) -> Vec<Fact> {
    [
        fact("Application", Some(plain_application(n))),
        fact("Team", Some(team(n))),
        fact("What", Some(blueprint_described(n))),
        fact("Made of", made_of(n)),
        fact(
            "For how long",
            n.subject.rules.as_ref().and_then(|rules| rules.lifetime).map(|it| Text::ours(it.to_string())),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where it is built.
pub fn place(region: &str, profile: Option<&str>) -> impl Iterator<Item = Fact> {
    let region = fact("Region", Text::line(region, NAME_MAX));
    let profile = profile.and_then(|profile| fact("AWS profile", Text::line(profile, NAME_MAX)));
    region.into_iter().chain(profile)
}

pub fn justification(n: &Notification) -> Option<Text> {
    quoted(n.subject.request.justification.as_deref(), QUOTE_MAX)
}

/// What somebody typed, as a quote of at most so many characters.
pub fn quoted(typed: Option<&str>, most: usize) -> Option<Text> {
    typed.and_then(|typed| Text::paragraph(typed, most))
}

/// What a quote is, above it: else one is taken for the other.
pub const WHY: &str = "Why it is needed:";
pub const REASON: &str = "The reason:";

/// The name of a quote, where there is one.
pub fn named_quote(name: &str, quote: Option<&Text>) -> Option<Text> {
    quote.map(|_| Text::ours(name))
}

/// ` Why: …` behind a sentence of a message's text, if something was written.
pub fn because(label: &str, quote: Option<&str>) -> Markup {
    let quote = quote.and_then(|typed| Text::line(typed, QUOTE_MAX));
    Markup::ours(quote.map(|quote| format!(" {label}: {}", ended(&quote))).unwrap_or_default())
}

/// Where the conversation about the request is, when that is a channel the bot
/// did write to: ` Follow it in #channel.`, or where to read how it went.
pub fn follow(n: &Notification) -> Markup {
    let here = &n.subject.request.channel_id;
    let written = n.conversation.0.values().any(|message| message.channel == *here);
    let place = channel(here).filter(|_| written);
    let verb = if n.notice.status().is_final() { "Read on in" } else { "Follow it in" };
    Markup::ours(place.map(|place| format!(" {verb} {place}.")).unwrap_or_default())
}

/// A failure, in the three parts that the templates show.
pub struct Trouble {
    pub step: Option<Text>,
    pub cause: Text,
    pub advice: Option<Text>,
}

pub fn trouble(failure: &Failure) -> Trouble {
    let unknown = || Text::ours("No cause was given.");
    Trouble {
        step: failure.step.as_deref().and_then(|step| Text::line(step, PHRASE_MAX)),
        cause: Text::paragraph(&failure.cause, CAUSE_MAX).unwrap_or_else(unknown),
        advice: Text::paragraph(&failure.advice, ADVICE_MAX),
    }
}

/// A failure in the text of a message.
pub fn told(failure: &Failure) -> Markup {
    let Trouble { step, cause, advice } = trouble(failure);
    let step = step.map(|step| format!("Stopped at: {} ", ended(&step))).unwrap_or_default();
    let advice = advice.map(|advice| format!(" What to do: {}", ended(&advice))).unwrap_or_default();
    Markup::ours(format!("{step}{}{advice}", ended(&cause)).replace('\n', " "))
}

/// What became of what had been built, in a sentence.
pub fn cleaned(cleanup: &Cleanup) -> &'static str {
    match cleanup {
        Cleanup::NothingBuilt => "Nothing had been built.",
        Cleanup::Removed => "Everything that had been built is removed.",
        Cleanup::Remains { .. } => "Not everything that had been built could be removed.",
    }
}

/// What somebody has to look after, if anything.
pub fn remains(cleanup: &Cleanup) -> Option<Text> {
    let Cleanup::Remains { what, cause } = cleanup else { return None };
    let what = Text::line(what, ADVICE_MAX).unwrap_or_else(|| Text::ours("something that was built"));
    let cause = Text::line(cause.trim_end_matches('.'), ADVICE_MAX);
    let cause = cause.map(|cause| format!(" ({})", cause.literal())).unwrap_or_default();
    Some(Text::ours(format!("Still there: {}{cause}. Please look after it.", what.literal())))
}

/// By what a request was ended from outside.
pub fn ended_by(how: Break) -> &'static str {
    match how {
        Break::Terminated => "was ended by an operator",
        Break::TimedOut => "ran out of the time that Temporal gave it",
        Break::Failed => "ended with an error of this app",
        Break::Other => "was ended from outside of this app",
    }
}

/// What is left of a request that was ended from outside; `cut_off`: it was being built.
pub fn left(cut_off: bool) -> &'static str {
    if cut_off {
        "What had been built by then was not removed: please look after it, or ask an admin."
    } else {
        "Nothing was built."
    }
}

/// `text`, escaped, with a full stop if it ends with none.
pub fn ended(text: &Text) -> String {
    let stop = if text.literal().ends_with(['.', '!', '?', '…', ')', ':']) { "" } else { "." };
    format!("{text}{stop}")
}

/// An option of a select; equal choices give equal options, as Slack demands of
/// a preselected one.
pub fn option(text: &Text, value: &str, description: Option<&Text>) -> Value {
    let plain = |text: &Text| json!({ "type": "plain_text", "text": text.literal(), "emoji": false });
    let mut option = json!({ "text": plain(text), "value": value });
    if let Some(description) = description {
        option["description"] = plain(description);
    }
    option
}
