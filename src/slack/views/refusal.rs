//! Why an act changed nothing, in a sentence or two for the person who did it.

use super::text::{mention, moment};
use crate::domain::act::Kind;
use crate::domain::decision::DecisionKind;
use crate::domain::lease::judge::LeaseRefusal;
use crate::domain::lease::state::LeaseStatus;
use crate::domain::lease::terms::in_words;
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
        Refusal::Reconfigured => {
            "What this builds has changed in the configuration since it was asked for. Nothing was changed: please have \
             it asked for anew."
                .to_owned()
        }
        Refusal::UnknownValue { name } => format!("This request has no \"{name}\". Nothing was changed."),
        Refusal::Parameter { label, what, .. } => format!("{label}: {what} Nothing was changed."),
        Refusal::TextTooLong { most } => format!("The text is too long: at most {most} characters."),
    }
}

/// Why an act on something that was built changed nothing, with mentions of people in it.
pub fn lease_refusal(why: &LeaseRefusal) -> String {
    match why {
        LeaseRefusal::NotYours { owner, signer, .. } => {
            let signer = signer.as_ref().map(|id| format!(" or {}", mention(id))).unwrap_or_default();
            format!("Only {}{signer} can do that. Nothing was changed.", mention(owner))
        }
        LeaseRefusal::OtherRound { .. } => {
            "This has changed since that message was shown. Nothing was changed: please look at the latest message, or \
             ask for its status."
                .to_owned()
        }
        LeaseRefusal::Past { status, since } => {
            let what = match status {
                LeaseStatus::Removing => "being removed, since",
                LeaseStatus::Removed => "removed, since",
                LeaseStatus::NeedsAttention => "waiting for somebody to choose what to do, since",
                LeaseStatus::Missing => "missing, since",
                _ => "past that, since",
            };
            format!("Too late: it is {what} {}. Nothing was changed.", moment(since.0))
        }
        LeaseRefusal::NoEnd => "It has no end, so there is nothing to extend. Nothing was changed.".to_owned(),
        LeaseRefusal::KeepFirst { by } => {
            format!("{} is done with it, and it is closed. Press Keep it first. Nothing was changed.", mention(by))
        }
        LeaseRefusal::NothingToKeep => "It is in use as ever: there is nothing to keep it from.".to_owned(),
        LeaseRefusal::Discarded { by, removed_at } => {
            let at = removed_at.map(|at| format!(", and it is removed from {}", moment(at.0))).unwrap_or_default();
            format!("{} is done with it already{at}. Nothing was changed.", mention(by))
        }
        LeaseRefusal::NothingToChoose => "There is nothing to choose: this question is closed.".to_owned(),
        LeaseRefusal::TooLong { most } => {
            format!("That is too long: the longest term is {}. Nothing was changed.", in_words(*most))
        }
        LeaseRefusal::Total { ends } => format!(
            "It reaches the longest time it may live on {}, and cannot be kept beyond that. Ask for a new one.",
            moment(ends.0)
        ),
        LeaseRefusal::NeedsApproval { free } => format!(
            "It was extended {free} times, as often as may be done without approval. Ask whoever approved it for a new one."
        ),
        LeaseRefusal::Value { name } => format!("A value is missing, or does not fit: {name}. Nothing was changed."),
        LeaseRefusal::AlreadyTheirs => "It is theirs already. Nothing was changed.".to_owned(),
        LeaseRefusal::NotOffered { .. } => "This cannot be done with it. Nothing was changed.".to_owned(),
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
