//! What is said to one person alone: the answers to a command or a click.

use std::time::Duration;

use super::parts::{ended_by, left};
use super::refusal::{reason, refusal};
use super::text::{Markup, Text, escape};
use crate::domain::lifecycle::Break;
use crate::domain::refusal::NotCounted;
use crate::slack::ids::COMMAND;

/// The longest answer to one person, in characters.
const SENTENCE_MAX: usize = 1000;
/// How much of what was typed is given back.
const TYPED_MAX: usize = 200;

/// The answer to `/provision help`.
pub fn help(waits_for: Duration) -> String {
    format!(
        "*{COMMAND}* opens a form to ask for resources for an application; *{COMMAND} checkout-api* fills in its name.\n\
         1. Choose your team and who decides.\n\
         2. That person gets a message with Approve and Reject, and has {} to decide.\n\
         3. The thread in this channel shows what happens, up to the link to what was built.\n\
         *{COMMAND} list* shows what there is; *{COMMAND} status*, *extend* and *remove*, each with an ID or a name, show \
         one and what can be done. *{COMMAND} new list* asks for an application of such a name.",
        humantime::format_duration(waits_for)
    )
}

/// Something that was typed, to be copied.
pub fn typed(text: &str) -> String {
    match Text::line(text, TYPED_MAX) {
        Some(line) => escape(line.literal()),
        None => String::new(),
    }
}

/// What to tell somebody who would be served but for Slack's limit: how long that lasts.
pub fn please_wait(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (number, unit) = if seconds > 120 { (seconds.div_ceil(60), "minute") } else { (seconds, "second") };
    let plural = if number == 1 { "" } else { "s" };
    format!("Slack asks us to wait {number} {unit}{plural}. Please try again after that")
}

/// The answer to a decision that did not count.
pub fn not_counted(why: &NotCounted) -> String {
    match why {
        NotCounted::Decision(why) => format!("Your decision did not count. {}", refusal(why)),
        NotCounted::Request(why) => {
            format!("This request cannot be approved any more. What the person who made it would read now: {why}")
        }
        NotCounted::Unchecked(_) => {
            "Your approval did not count, since the checks before it could not be made. Please approve again."
                .to_owned()
        }
    }
}

/// The answer to a choice that does not count any more.
pub fn not_your_choice(why: &NotCounted) -> String {
    let why = reason(why);
    format!(
        "Your choice does not count any more, so the question stays open. What the person who made the request would \
         read now: {why}"
    )
}

/// The answer to a click on a request that was ended before its end.
pub fn broken(how: Break, cut_off: bool) -> String {
    format!("This request {}. {} To ask again, use {COMMAND}.", ended_by(how), left(cut_off))
}

/// A sentence for the person who clicked, with mentions of people in it.
pub fn sentence(text: &str) -> String {
    Markup::sentence(text, SENTENCE_MAX).map(|markup| markup.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_or_minutes_and_never_too_short() {
        for (millis, told) in [
            (1, "1 second"),
            (1_000, "1 second"),
            (1_001, "2 seconds"),
            (30_000, "30 seconds"),
            (120_000, "120 seconds"),
            (120_001, "3 minutes"),
            (3_600_000, "60 minutes"),
        ] {
            let text = please_wait(Duration::from_millis(millis));
            assert_eq!(text, format!("Slack asks us to wait {told}. Please try again after that"));
        }
    }
}
