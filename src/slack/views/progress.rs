//! How far the work on a request is: one message for each attempt, edited in place.

use super::message::Message;
use super::parts::{NAME_MAX, PHRASE_MAX};
use super::template::{fields, template};
use super::text::{Markup, Text, mention};
use crate::domain::decision::Authorization;
use crate::domain::notice::Notification;
use crate::domain::provisioning::{PartState, PartStatus, Underway};

/// Cells of the progress bar: one line on a phone, with the numbers.
const BAR_CELLS: u64 = 10;
/// What a part says, of which there are ten.
const PART_LABEL_MAX: usize = 80;

/// How the running of a provisioner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressState {
    Running,
    Done,
    Stopped,
}

fields! {
    /// How far a part is.
    PartLine { mark: Text, name: Text, count: Option<Text>, label: Text }
}

template! {
    /// The progress of a provisioner, or of several.
    ThreadProgress from "thread_progress" {
        headline: Markup,
        bar: Text,
        count: Option<Text>,
        label: Text,
        parts: Vec<PartLine>,
    }
}

/// Who wanted it, and how far a provisioner is, or how far those of all parts are.
pub fn progress(n: &Notification, attempt: u32, seen: &Underway, state: ProgressState) -> Message {
    let progress = seen.sum();
    let known = progress.as_ref().filter(|progress| progress.of > 0);
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
    let parts = n.subject.parts.iter().map(|part| line(n, part, seen, state)).collect();
    Message::new(&text, ThreadProgress { headline, bar: Text::ours(bar), count, label, parts }.render())
}

/// One line for each part: what it did last, or why it does nothing.
fn line(n: &Notification, part: &PartState, seen: &Underway, state: ProgressState) -> PartLine {
    let progress = seen.progress.get(&part.id);
    let status = match (seen.ended.get(&part.id), progress) {
        (Some(true), _) => PartStatus::Built,
        (Some(false), _) => PartStatus::Failed,
        (None, Some(_)) => PartStatus::Building,
        (None, None) => part.status,
    };
    let said = progress.and_then(|progress| Text::line(&progress.label, PART_LABEL_MAX));
    let (mark, label) = match (status, state) {
        (PartStatus::Built, ProgressState::Stopped) => ("✅", Text::ours("had been built")),
        (PartStatus::Built, _) => ("✅", Text::ours("built")),
        (PartStatus::Failed, _) => ("❌", Text::ours("failed")),
        (PartStatus::Building, ProgressState::Stopped) => ("⏹️", Text::ours("stopped")),
        (PartStatus::Building, _) => ("⏳", said.unwrap_or_else(|| Text::ours("getting ready"))),
        (PartStatus::Waiting, ProgressState::Stopped) => ("▫️", Text::ours("not begun")),
        (PartStatus::Waiting, _) => ("▫️", waits(n, &part.id)),
    };
    let count = progress.filter(|it| it.of > 0 && status == PartStatus::Building);
    let count = count.map(|it| Text::ours(format!("{}/{}", it.step, it.of)));
    PartLine { mark: Text::ours(mark), name: Text::line_or_dash(&part.id, NAME_MAX), count, label }
}

/// What a part waits for.
fn waits(n: &Notification, id: &str) -> Text {
    let parts = n.subject.rules.as_ref().map_or(&[][..], |rules| &rules.blueprint.parts);
    let after = parts.iter().find(|part| part.id == id).map_or(&[][..], |part| &part.after);
    if after.is_empty() {
        return Text::ours("getting ready");
    }
    Text::line_or_dash(&format!("after {}", after.join(", ")), PART_LABEL_MAX)
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
