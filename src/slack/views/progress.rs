//! How far the work on a request is: one message for each attempt, edited in place.

use super::message::Message;
use super::parts::PHRASE_MAX;
use super::template::template;
use super::text::{Markup, Text, mention};
use crate::domain::decision::Authorization;
use crate::domain::notice::Notification;
use crate::domain::provisioning::Progress;

/// Cells of the progress bar: one line on a phone, with the numbers.
const BAR_CELLS: u64 = 10;

/// How the running of a provisioner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressState {
    Running,
    Done,
    Stopped,
}

template! {
    /// The progress of a provisioner.
    ThreadProgress from "thread_progress" { headline: Markup, bar: Text, count: Option<Text>, label: Text }
}

/// Who wanted it, and how far a provisioner is.
pub fn progress(n: &Notification, attempt: u32, progress: Option<&Progress>, state: ProgressState) -> Message {
    let known = progress.filter(|progress| progress.of > 0);
    let (step, of) = known.map_or((0, 0), |progress| (u64::from(progress.step), u64::from(progress.of)));
    let step = if state == ProgressState::Done { of } else { step };
    let cells = match state {
        ProgressState::Done => BAR_CELLS,
        // A step that has begun is not a step done.
        _ if of > 0 => (step.saturating_sub(1) * BAR_CELLS / of).min(BAR_CELLS),
        _ => 0,
    };
    let bar: String = (0..BAR_CELLS).map(|cell| if cell < cells { '▰' } else { '▱' }).collect();
    let count = known.map(|_| Text::ours(format!("{step}/{of}")));
    let label = progress.and_then(|progress| Text::line(&progress.label, PHRASE_MAX));
    let label = match (state, label) {
        (ProgressState::Done, _) => Text::ours("All done"),
        (ProgressState::Running, Some(label)) => label,
        (ProgressState::Running, None) => Text::ours("Getting ready"),
        (ProgressState::Stopped, Some(label)) => Text::ours(format!("Stopped at: {}", label.literal())),
        (ProgressState::Stopped, None) => Text::ours("Stopped"),
    };
    let text = match &count {
        Some(count) => format!("{count} {label}"),
        None => label.to_string(),
    };
    let headline = wanted(n, attempt);
    let text = Markup::ours(format!("{headline} {text}"));
    Message::new(&text, ThreadProgress { headline, bar: Text::ours(bar), count, label }.render())
}

fn has_plan(n: &Notification) -> bool {
    n.subject.rules.as_ref().is_some_and(|rules| rules.blueprint.has_plan())
}

/// Why building began.
fn wanted(n: &Notification, attempt: u32) -> Markup {
    Markup::ours(match &n.subject.authorization {
        Some(Authorization::Approve { .. }) if attempt > 1 && has_plan(n) => {
            format!("🔁 Building goes on. This is try {attempt}.")
        }
        // Only who approved it may choose to try again.
        Some(Authorization::Approve { decided_by, .. }) if attempt > 1 => {
            format!("🔁 {} chose to try again. This is try {attempt}.", mention(decided_by))
        }
        Some(Authorization::Approve { region, profile, decided_by }) => {
            let [region, profile] = [region, profile].map(|name| Text::line_or_dash(name, PHRASE_MAX));
            format!("👍 {} approved it, in {region} with the AWS profile {profile}.", mention(decided_by))
        }
        _ => "🔨 Building.".to_owned(),
    })
}
