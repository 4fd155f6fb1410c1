//! What each notice posts and changes, and the words that only an end may use. How it all
//! looks is in `views/tests`.

use std::collections::BTreeSet;

use super::plan::{Known, Plan, Step};
use super::{audience, plan};
use crate::domain::notice::part::{OUTCOME, ROOT};
use crate::domain::notice::{Notice, Notification};
use crate::slack::views::tests::samples::{notices, notification};

/// The word of every status that ends a request.
const STATUS_WORDS: [&str; 5] = ["provisioned", "rejected", "expired", "cancelled", "failed"];

/// The name under which a notice is recorded. Whoever adds one comes by here, and then adds
/// it to the samples: the test below looks whether all are there.
fn recorded_as(notice: &Notice) -> &'static str {
    match notice {
        Notice::Refused(_) => "refused",
        Notice::Requested(_) => "requested",
        Notice::Reminded(_) => "reminded",
        Notice::ApprovalNotCounted(_) => "not_counted",
        Notice::Planning(_) => "planning",
        Notice::Planned(_) => "planned",
        Notice::PlanStale(_) => "plan_stale",
        Notice::PlanHeld(_) => "plan_held",
        Notice::PlanChanged(_) => "plan_changed",
        Notice::NotDiscarded(_) => "not_discarded",
        Notice::Authorized(_) => "authorized",
        Notice::Rejected(_) => "rejected",
        Notice::Expired(_) => "expired",
        Notice::NeedsAttention(_) => "needs_attention",
        Notice::ChoiceNotCounted(_) => "choice_not_counted",
        Notice::Retried(_) => "retried",
        Notice::Undoing(_) => "undoing",
        Notice::Provisioned(_) => "provisioned",
        Notice::Cancelled(_) => "cancelled",
        Notice::Failed(_) => "failed",
    }
}

#[test]
fn every_notice_is_among_the_samples_by_the_name_it_is_recorded_under() {
    let mut sampled = BTreeSet::new();
    for (name, notice) in notices(None) {
        let recorded = serde_json::to_value(&notice).unwrap();
        assert_eq!(recorded["notice"], recorded_as(&notice), "{name}");
        assert_eq!(serde_json::from_value::<Notice>(recorded).unwrap(), notice, "{name}");
        sampled.insert(recorded_as(&notice).to_owned());
    }
    // Who reads one that there is not is told which there are.
    let unknown = serde_json::from_value::<Notice>(serde_json::json!({ "notice": "?" })).unwrap_err().to_string();
    let known: BTreeSet<_> = unknown.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert_eq!(sampled, known, "{unknown}");
}

#[test]
fn what_ends_a_request_says_so_in_its_thread_by_the_word_of_its_status_and_nothing_else_does() {
    for (name, notice) in notices(None) {
        let n = notification(notice, None);
        let status = n.notice.status();
        let thread: Vec<_> = planned(&n, false)
            .turns
            .into_iter()
            .flatten()
            .filter_map(|step| match step {
                Step::Write { part, message, .. } => Some((part, message.text)),
                _ => None,
            })
            .filter(|(part, _)| part != ROOT)
            .collect();
        for (part, text) in &thread {
            let said: Vec<_> = STATUS_WORDS.into_iter().filter(|word| text.to_lowercase().contains(word)).collect();
            let expected: &[&str] = if part == OUTCOME { &[status.word()] } else { &[] };
            assert_eq!(said, expected, "{name}, {part}: {text}");
        }
        let ends = thread.iter().filter(|(part, _)| part == OUTCOME).count();
        assert_eq!(ends, usize::from(status.is_final()), "{name}");
        assert_eq!(audience(&n).root.is_none(), status.is_final(), "{name}");
    }
}

/// In the order in which people see it; mending: after a notice of which it is not known
/// what it posted. A line is what is done side by side.
#[test]
fn what_each_notice_posts_and_changes() {
    let mut all = String::new();
    for (name, notice) in notices(None) {
        let n = notification(notice, None);
        let [plainly, mending] = [false, true].map(|mends| {
            let lines = planned(&n, mends)
                .turns
                .iter()
                .map(|turn| turn.iter().map(described).collect::<Vec<_>>().join(" | "))
                .collect::<Vec<_>>();
            lines.join("\n")
        });
        all.push_str(&format!("# {name}\n{plainly}\n\n"));
        if mending != plainly {
            all.push_str(&format!("# {name}, mending\n{mending}\n\n"));
        }
    }
    insta::assert_snapshot!("plans", all);
}

fn planned(n: &Notification, mends: bool) -> Plan<'_> {
    plan(n, &Known { conversation: n.conversation.clone(), mends })
}

fn described(step: &Step<'_>) -> String {
    match step {
        Step::Write { part, place, .. } => format!("write {part}, {place:?}"),
        Step::WriteMissing { part, place, .. } => format!("write {part} if missing, {place:?}"),
        Step::Change { part, .. } => format!("change {part}"),
        Step::ChangeUnless { kind, part, .. } => format!("change {part} unless there is any {kind}"),
        Step::ChangeLatest { kind, .. } => format!("change the latest {kind}"),
        Step::Restore { part, place, .. } => format!("restore {part}, {place:?}"),
    }
}
