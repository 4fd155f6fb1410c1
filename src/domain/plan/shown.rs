//! As much of a plan as people are told: a plan may have thousands of changes, and what is
//! told of it is recorded with every notice.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Action, Change, Counts, Difference, Finding, Made, Plan};
use crate::domain::moment::Moment;

/// Replaced and removed things that are named, at most.
pub const GRAVE_MAX: usize = 20;
/// Others that are named, at most.
pub const OTHERS_MAX: usize = 10;
/// Findings that are told, at most.
pub const FINDINGS_MAX: usize = 10;
/// Of a text of a provisioner's that much is kept, in characters: more than any message shows.
const KEPT: usize = 400;
/// A link that is longer is not shown.
const LINK_MAX: usize = 1000;

/// How the card that asks stands with its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanOnCard {
    /// The values it is of, or those that were chosen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What was filled in beside these, where that is another plan's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub filled: Map<String, Value>,
    pub stage: Stage,
    /// Against the plan that was approved before, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Stage {
    /// There is none, or none of what is chosen.
    None,
    /// It is being made.
    Underway,
    Made(Box<Shown>),
    Failed {
        failure: String,
    },
}

/// What is told of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub counts: Counts,
    /// What is removed and what is replaced.
    pub grave: Vec<Change>,
    /// How many more of these there are.
    pub graver: usize,
    pub others: Vec<Change>,
    pub more: usize,
    /// Those that forbid it first.
    pub findings: Vec<Finding>,
    pub further: usize,
    pub link: Option<String>,
    /// As it is to be read.
    pub cost: Option<String>,
    pub at: Option<Moment>,
}

impl Stage {
    /// How far `plan` is.
    pub fn of(plan: Option<&Plan>) -> Self {
        match plan {
            None => Self::None,
            Some(Plan::Failed { failure }) => Self::Failed { failure: failure.clone() },
            Some(Plan::Made(made)) => Self::Made(Box::new(Shown::of(made))),
        }
    }
}

impl Shown {
    /// What is told of `made`.
    pub fn of(made: &Made) -> Self {
        let mut changes: Vec<&Change> = made.changes.iter().collect();
        // What is alike stays in the provisioner's order.
        changes.sort_by_key(|change| change.what());
        let is_grave = |change: &&Change| matches!(change.what(), Action::Remove | Action::Replace);
        let (grave, others): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_grave);
        let mut findings: Vec<&Finding> = made.findings.iter().collect();
        findings.sort_by_key(|finding| !finding.is_blocking());
        let kept = |changes: &[&Change], most| changes.iter().take(most).map(|change| kept(change)).collect();
        let finding = |finding: &&Finding| Finding {
            level: short(&finding.level),
            text: short(&finding.text),
            part: finding.part.clone(),
        };
        Self {
            counts: made.counts,
            grave: kept(&grave, GRAVE_MAX),
            graver: grave.len().saturating_sub(GRAVE_MAX),
            others: kept(&others, OTHERS_MAX),
            more: others.len().saturating_sub(OTHERS_MAX),
            findings: findings.iter().take(FINDINGS_MAX).map(finding).collect(),
            further: findings.len().saturating_sub(FINDINGS_MAX),
            link: made.link.clone().filter(|link| link.len() <= LINK_MAX),
            cost: made.monthly_cost.as_ref().and_then(cost),
            at: made.at,
        }
    }

    /// Does a finding forbid it?
    pub fn is_blocked(&self) -> bool {
        self.findings.first().is_some_and(Finding::is_blocking)
    }
}

/// A number or a text; whatever else it is, nobody could read it.
fn cost(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(short(text)).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kept(change: &Change) -> Change {
    let part = change.part.clone();
    Change { action: short(&change.action), kind: short(&change.kind), name: short(&change.name), part }
}

fn short(text: &str) -> String {
    text.chars().take(KEPT).collect()
}
