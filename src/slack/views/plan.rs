//! The plan on the authorizer's card: what a provisioner would do, before anybody says yes.
//!
//! All of it but the counts comes from outside. What is replaced or removed comes first, and
//! each part has its room, so that a huge plan still leaves a card that Slack takes.

use serde_json::{Value, json};

use super::parts::{NAME_MAX, PHRASE_MAX};
use super::template::template;
use super::text::{Markup, Text, cut, link, moment};
use crate::domain::notice::Notification;
use crate::domain::plan::shown::Stage;
use crate::domain::plan::{Action, Change, Counts, Difference, Finding, PlanOnCard, Shown};
use crate::domain::provisioning::Progress;

/// Names of resources, with their kind.
const RESOURCE_MAX: usize = 100;
/// Words for what happens to a resource.
const ACTION_MAX: usize = 30;
/// A finding, a line of a difference.
const LINE_MAX: usize = 200;
/// What the lists may take up of the card, in characters of JSON.
const GRAVE_ROOM: usize = 1500;
const OTHERS_ROOM: usize = 700;
const FINDINGS_ROOM: usize = 800;
const DIFFERENCE_ROOM: usize = 600;
/// Why there is no plan.
const FAILURE_ROOM: usize = 700;
/// Cells of the progress bar.
const BAR_CELLS: u64 = 10;

template! {
    /// What the card says of the plan.
    DecisionPlan from "decision_plan" {
        headline: Markup,
        bar: Option<Text>,
        count: Option<Text>,
        step: Option<Text>,
        difference: Option<Text>,
        grave: Option<Text>,
        others: Option<Text>,
        findings: Option<Text>,
        failure: Option<Text>,
        about: Option<Markup>,
    }
}

/// May the card offer to approve? Only with a plan that nothing forbids.
pub(super) fn may_be_approved(plan: &PlanOnCard) -> bool {
    matches!(&plan.stage, Stage::Made(made) if !made.is_blocked())
}

/// May the card offer to show the plan?
pub(super) fn may_be_asked_for(plan: &PlanOnCard) -> bool {
    !may_be_approved(plan) && !matches!(plan.stage, Stage::Underway)
}

/// The plan in a sentence, for the text of the card: ` …`.
pub(in crate::slack) fn told(plan: &PlanOnCard) -> Markup {
    Markup::ours(match &plan.stage {
        Stage::None => " Choose where, and press Show plan: what it shows is what is approved.".to_owned(),
        Stage::Underway => " The plan is being made.".to_owned(),
        Stage::Failed { .. } => " There is no plan: making it did not work.".to_owned(),
        Stage::Made(made) if made.is_blocked() => format!(" The plan: {}. A finding forbids it.", counts(made.counts)),
        Stage::Made(made) => format!(" The plan: {}.", counts(made.counts)),
    })
}

/// Puts the plan on a card, before its buttons.
pub(super) fn put_on(card: &mut Value, plan: &PlanOnCard, progress: Option<&Progress>, share: f32) {
    let room = |most| part(most, share);
    let mut rendered = match &plan.stage {
        Stage::None => return,
        Stage::Underway => underway(plan, progress).render(),
        Stage::Made(made) => shown(plan, made, room).render(),
        Stage::Failed { failure } => failed(plan, failure, room).render(),
    };
    let (Some(blocks), Some(plan)) = (card["blocks"].as_array_mut(), rendered["blocks"].as_array_mut()) else { return };
    let at = blocks.iter().position(|block| block["type"] == "actions").unwrap_or(blocks.len());
    blocks.splice(at..at, plan.drain(..));
}

/// This share of what there would be room for.
fn part(most: usize, share: f32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of some hundreds"
    )]
    let room = (most as f32 * share) as usize;
    room
}

impl DecisionPlan {
    fn new(headline: String) -> Self {
        Self {
            headline: Markup::ours(headline),
            bar: None,
            count: None,
            step: None,
            difference: None,
            grave: None,
            others: None,
            findings: None,
            failure: None,
            about: None,
        }
    }
}

fn underway(plan: &PlanOnCard, progress: Option<&Progress>) -> DecisionPlan {
    let known = progress.filter(|progress| progress.of > 0);
    let (step, of) = known.map_or((0, 0), |progress| (u64::from(progress.step), u64::from(progress.of)));
    let cells = (step.saturating_sub(1) * BAR_CELLS).checked_div(of).unwrap_or(0).min(BAR_CELLS);
    let bar: String = (0..BAR_CELLS).map(|cell| if cell < cells { '▰' } else { '▱' }).collect();
    let label = progress.and_then(|progress| Text::line(&progress.label, PHRASE_MAX));
    DecisionPlan {
        bar: Some(Text::ours(bar)),
        count: known.map(|_| Text::ours(format!("{step}/{of}"))),
        step: Some(label.unwrap_or_else(|| Text::ours("Getting ready"))),
        ..DecisionPlan::new(format!("🔎 *The plan is being made*{}. It may take two minutes.", values(plan)))
    }
}

fn failed(plan: &PlanOnCard, failure: &str, room: impl Fn(usize) -> usize) -> DecisionPlan {
    let failure = Text::paragraph(failure, FAILURE_ROOM).map(|text| within(text.literal(), room(FAILURE_ROOM)));
    DecisionPlan {
        failure,
        difference: difference(plan.difference.as_ref(), room(DIFFERENCE_ROOM)),
        ..DecisionPlan::new(format!(
            "⚠️ *There is no plan*{}: making it did not work. Press Show plan to try again.",
            values(plan)
        ))
    }
}

fn shown(plan: &PlanOnCard, made: &Shown, room: impl Fn(usize) -> usize) -> DecisionPlan {
    let forbidden = if made.is_blocked() { "\n⛔ *A finding forbids it.* It cannot be approved." } else { "" };
    DecisionPlan {
        difference: difference(plan.difference.as_ref(), room(DIFFERENCE_ROOM)),
        grave: list(made.grave.iter().map(change), made.graver, room(GRAVE_ROOM), "replaced or removed"),
        others: list(made.others.iter().map(change), made.more, room(OTHERS_ROOM), "changes"),
        findings: list(made.findings.iter().map(finding), made.further, room(FINDINGS_ROOM), "findings"),
        about: Some(about(plan, made)),
        ..DecisionPlan::new(format!("📋 *The plan:* {}{forbidden}", counts(made.counts)))
    }
}

/// `+3 added, ~0 changed, ±0 replaced, −0 removed`.
fn counts(counts: Counts) -> String {
    let Counts { add, change, replace, remove } = counts;
    format!("+{add} added, ~{change} changed, ±{replace} replaced, −{remove} removed")
}

/// ` for us-east-1 with the AWS profile sandbox`, in markup.
fn values(plan: &PlanOnCard) -> String {
    let named = |value: &Option<String>| value.as_deref().and_then(|value| Text::line(value, NAME_MAX));
    match (named(&plan.region), named(&plan.profile)) {
        (Some(region), Some(profile)) => format!(" for {region} with the AWS profile {profile}"),
        _ => String::new(),
    }
}

/// Of what, how old, how much, and where to look at it.
fn about(plan: &PlanOnCard, made: &Shown) -> Markup {
    let when = made.at.map(|at| format!(", made {}", moment(at.0))).unwrap_or_default();
    let cost = made.cost.as_deref().and_then(|cost| Text::line(cost, NAME_MAX));
    let cost = cost.map(|cost| format!(" Cost per month, as the provisioner says: {cost}.")).unwrap_or_default();
    let look = made.link.as_deref().and_then(|url| link(url, &Text::ours("Look at it")));
    let look = look.map(|look| format!(" {look}")).unwrap_or_default();
    Markup::ours(format!("The plan is{}{when}.{cost}{look}", values(plan)))
}

fn change(change: &Change) -> String {
    let name = Text::line_or_dash(&change.named(), RESOURCE_MAX);
    let name = name.literal();
    match change.what() {
        Action::Remove => format!("− removed: {name}"),
        Action::Replace => format!("± replaced: {name}"),
        Action::Change => format!("~ changed: {name}"),
        Action::Add => format!("+ added: {name}"),
        Action::Unknown => format!("{}: {name}", Text::line_or_dash(&change.action, ACTION_MAX).literal()),
    }
}

fn finding(finding: &Finding) -> String {
    let text = Text::line_or_dash(&finding.said(), LINE_MAX);
    let text = text.literal();
    match finding.level.as_str() {
        "warning" => format!("⚠️ {text}"),
        "blocking" => format!("⛔ Blocking: {text}"),
        level => format!("⛔ Blocking ({}): {text}", Text::line_or_dash(level, ACTION_MAX).literal()),
    }
}

fn difference(difference: Option<&Difference>, room: usize) -> Option<Text> {
    let Difference { lines, more } = difference.filter(|it| !it.lines.is_empty())?;
    let line = |line: &String| Text::line_or_dash(line, LINE_MAX).literal().to_owned();
    let listed = list(lines.iter().map(line), *more, room, "differences")?;
    Some(Text::ours(format!("🔁 Not the plan that was approved before:\n{}", listed.literal())))
}

/// What the plan has that the approved one had not, on one line: ` …`.
pub(in crate::slack) fn changed(n: &Notification) -> Markup {
    let difference = n.subject.plan.as_ref().and_then(|plan| plan.difference.as_ref());
    let Some(Difference { lines, more }) = difference else { return Markup::ours("") };
    let said = |line: &String| Text::line_or_dash(line.trim_end_matches('.'), LINE_MAX).to_string();
    let lines: Vec<_> = lines.iter().map(said).collect();
    let more = if *more > 0 { format!(" And {more} more.") } else { String::new() };
    Markup::ours(format!(" What changed: {}.{more}", lines.join("; ")))
}

/// A line for each that there is room for, and how many more there are.
fn list(lines: impl ExactSizeIterator<Item = String>, hidden: usize, room: usize, what: &str) -> Option<Text> {
    let all = lines.len() + hidden;
    let mut listed: Vec<String> = Vec::new();
    let mut used = 0;
    for line in lines {
        used += size(&line) + size("\n");
        if used > room {
            break;
        }
        listed.push(line);
    }
    if all > listed.len() {
        listed.push(format!("… and {} more {what}", all - listed.len()));
    }
    (!listed.is_empty()).then(|| Text::ours(listed.join("\n")))
}

/// The start of `text` that has room as JSON.
pub(super) fn within(text: &str, room: usize) -> Text {
    let mut max = room;
    while size(&cut(text, max)) > room && max > 1 {
        max = max * 2 / 3;
    }
    Text::ours(cut(text, max))
}

/// What a text takes up as JSON.
fn size(text: &str) -> usize {
    json!(text).to_string().encode_utf16().count().saturating_sub(2)
}
