//! Why an act changed nothing, in a sentence or two for the person who did it.

use super::text::mention;
use crate::domain::act::Kind;
use crate::domain::decision::DecisionKind;
use crate::domain::lifecycle::Status;
use crate::domain::refusal::{NotCounted, Refusal};

/// A refusal, with mentions of people in it.
pub fn refusal(why: &Refusal) -> String {
    match why {
        Refusal::NotAsked { act, asked } => {
            let who: Vec<_> = asked.iter().map(|id| mention(id).to_string()).collect();
            let what = match act {
                Kind::Retry | Kind::GiveUp => "choose what happens with this request",
                _ => "decide this request",
            };
            format!("Only {} can {what}.", who.join(" or "))
        }
        Refusal::NotRequester { requester } => {
            format!("Only {}, who made this request, can cancel it.", mention(requester))
        }
        Refusal::NotOffered { .. } => "This cannot be done with this request. Nothing was changed.".to_owned(),
        Refusal::OtherRound { .. } => {
            "What this request asks has changed since that message was shown. Nothing was changed: please look at the \
             message as it is now, and press again."
                .to_owned()
        }
        Refusal::Decided { verdict, by } => already_decided(*verdict, by),
        Refusal::NothingToChoose => "Somebody has already chosen: this question is closed.".to_owned(),
        Refusal::TooLate => "The time for this is over. Nothing was changed.".to_owned(),
        Refusal::Past { status } => already_over(*status),
        Refusal::NoRegion => "Choose a region first, then press again.".to_owned(),
        Refusal::NoProfile => "Choose a profile first, then press again.".to_owned(),
        Refusal::NoRegionAndProfile => "Choose a region and a profile first, then press again.".to_owned(),
        Refusal::UnknownRegion { region } => {
            format!("The region \"{region}\" is not one of the configured ones. Choose another one.")
        }
        Refusal::UnknownProfile { profile } => {
            format!("The profile \"{profile}\" is not one of the configured ones. Choose another one.")
        }
        Refusal::NoPlan => "There is no plan yet. Press Show plan first: what it shows is what is approved.".to_owned(),
        Refusal::PlanUnderway => "The plan is still being made. Wait until it is shown.".to_owned(),
        Refusal::PlanFailed => "The plan failed, so there is nothing to approve. Press Show plan to try again.".to_owned(),
        Refusal::PlanBlocked => {
            "A finding of this plan is blocking, so it cannot be approved. Have that mended, then press Show plan again."
                .to_owned()
        }
        Refusal::NoPlanId => "Say which plan is approved: its planId is needed.".to_owned(),
        Refusal::OtherPlan => {
            "The plan is another one by now. Nothing was changed: please look at the plan there is, and approve that."
                .to_owned()
        }
        Refusal::PlanOfOtherValues => {
            "The plan that is shown is another one: it was made for other values than these. Nothing was changed. Press \
             Show plan to see the one of these."
                .to_owned()
        }
        Refusal::UnknownValue { name } => format!("This request has no \"{name}\". Nothing was changed."),
        Refusal::Parameter { label, what, .. } => format!("{label}: {what} Nothing was changed."),
        Refusal::TextTooLong { most } => format!("The text is too long: at most {most} characters."),
    }
}

/// Why what counted did not hold, by itself.
pub fn reason(why: &NotCounted) -> String {
    match why {
        NotCounted::Decision(why) => refusal(why),
        NotCounted::Request(why) | NotCounted::Unchecked(why) => why.clone(),
    }
}

/// The answer to a decision that came after another one.
fn already_decided(verdict: DecisionKind, by: &str) -> String {
    let done = match verdict {
        DecisionKind::Approve => "approved",
        DecisionKind::Reject => "rejected",
    };
    format!("This request was already {done} by {}. Nothing was changed.", mention(by))
}

/// The answer to a click on a request that is over, or past that question.
fn already_over(status: Status) -> String {
    let how = match status {
        Status::Expired => "has expired: nobody decided in time. Ask for it again with /provision",
        Status::Cancelled => "was cancelled by the person who made it",
        Status::Rejected => "was already rejected",
        Status::Provisioned => "has already been provisioned",
        Status::Failed => "has already ended: it failed",
        Status::PreFlight | Status::AwaitingAuthorization => "still waits for its decision",
        Status::Provisioning => "is already being provisioned",
        Status::NeedsAttention => "was already approved, and needs a hand now",
    };
    format!("This request {how}. Nothing was changed.")
}
