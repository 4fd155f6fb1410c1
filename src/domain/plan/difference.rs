//! What changed from one plan to the next, for people who said yes to the first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Counts, Made, Plan};

/// Lines that are told, at most.
const LINES_MAX: usize = 8;
/// Of a line that much is kept, in characters.
const LINE_MAX: usize = 200;

/// What is in one plan and not in the other, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// With texts of the provisioner's in them.
    pub lines: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// What `after` has that `before` has not, and the other way round.
pub fn difference(before: Option<&Plan>, after: &Plan) -> Difference {
    let mut lines = match (before, after) {
        (_, Plan::Failed { failure }) => vec![format!("There is no plan now: {failure}")],
        (Some(Plan::Made(before)), Plan::Made(after)) => between(before, after),
        (_, Plan::Made(after)) => between(&Made::default(), after),
    };
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    for line in &mut lines {
        if line.chars().count() > LINE_MAX {
            *line = line.chars().take(LINE_MAX).chain(['…']).collect();
        }
    }
    Difference { lines, more }
}

fn between(before: &Made, after: &Made) -> Vec<String> {
    let mut lines = counts(before.counts, after.counts);
    let [gone, new] = apart(&before.changes, &after.changes);
    lines.extend(new.iter().map(|change| format!("Now: {} {}", change.action, change.named())));
    lines.extend(gone.iter().map(|change| format!("No longer: {} {}", change.action, change.named())));
    let [gone, new] = apart(&before.findings, &after.findings);
    lines.extend(new.iter().map(|finding| format!("New finding: {}", finding.said())));
    lines.extend(gone.iter().map(|finding| format!("No longer found: {}", finding.said())));
    if lines.is_empty() && before.changes != after.changes {
        lines.push("The order of the changes.".to_owned());
    }
    if lines.is_empty() && before.findings != after.findings {
        lines.push("The order of the findings.".to_owned());
    }
    lines
}

fn counts(before: Counts, after: Counts) -> Vec<String> {
    let of = |counts: Counts| [counts.remove, counts.replace, counts.change, counts.add];
    let names = ["To remove", "To replace", "To change", "To add"];
    let changed =
        names.iter().zip(of(before).into_iter().zip(of(after))).filter(|(_, (before, after))| before != after);
    changed.map(|(name, (before, after))| format!("{name}: {after} instead of {before}")).collect()
}

/// What is only in the one, and what only in the other; what is in one twice counts twice.
fn apart<'a, T: Ord>(before: &'a [T], after: &'a [T]) -> [Vec<&'a T>; 2] {
    [without(before, after), without(after, before)]
}

fn without<'a, T: Ord>(all: &'a [T], others: &'a [T]) -> Vec<&'a T> {
    let mut left: BTreeMap<&T, usize> = BTreeMap::new();
    for it in others {
        *left.entry(it).or_default() += 1;
    }
    let mut only_here = Vec::new();
    for it in all {
        match left.get_mut(it) {
            Some(left) if *left > 0 => *left -= 1,
            _ => only_here.push(it),
        }
    }
    only_here
}
