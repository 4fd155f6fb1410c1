//! Everything a person sees of the bot, as Block Kit: here what several notices show
//! alike, the layout in `blocks/*.json`, the words of each notice in
//! [`notices`](super::notices).
//!
//! - [`request`]: the form behind `/provision`, and what explains why there is none.
//! - [`fields`]: the inputs of what a blueprint asks for, and their values.
//! - [`decision`], [`attention`]: the authorizer's cards, and the form for a reason;
//!   [`plan`](mod@plan): the plan on the first.
//! - [`thread`], [`progress`]: the request's message in the channel, and its thread.
//! - [`lease`]: what was built, and what can be done with it.
//! - [`overview`]: what is told privately of all that goes on.
//! - [`ephemeral`], [`refusal`]: what is said to one person alone.
//! - `message`: what is posted.
//! - [`text`]: text from outside, made harmless and cut.
//! - [`template`]: the renderer of the files.
//!
//! A view is a pure function of the domain: it knows no clock, no Slack client
//! and no configuration, and whatever goes in, what comes out is within Slack's
//! limits. Only a message that ends a request uses the word of its final status.

pub mod attention;
pub mod choice;
pub mod decision;
pub mod ephemeral;
pub mod fields;
pub mod lease;
mod message;
pub mod overview;
pub(super) mod parts;
pub mod plan;
pub mod progress;
pub mod refusal;
pub mod request;
pub mod template;
pub mod text;
pub mod thread;

#[cfg(test)]
pub(super) mod tests;

pub use message::Message;
use template::{Template, TemplateProblem};

/// All files of `blocks/`.
const TEMPLATES: &[&Template] = &[
    request::RequestModal::TEMPLATE,
    request::MessageModal::TEMPLATE,
    fields::FieldInput::TEMPLATE,
    decision::RejectModal::TEMPLATE,
    decision::DecisionAsk::TEMPLATE,
    decision::DecisionMade::TEMPLATE,
    plan::DecisionPlan::TEMPLATE,
    attention::Attention::TEMPLATE,
    thread::ThreadRoot::TEMPLATE,
    thread::ThreadNote::TEMPLATE,
    progress::ThreadProgress::TEMPLATE,
    thread::ThreadOutcome::TEMPLATE,
    lease::LeaseMessage::TEMPLATE,
    lease::GiveResource::TEMPLATE,
];

/// Reads all files of `blocks/` and compares what they name with what there are
/// values for. Called when the program starts; after it, every view renders.
pub fn check() -> Result<(), TemplateProblem> {
    TEMPLATES.iter().try_for_each(|template| template.check())
}
