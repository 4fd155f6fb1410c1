//! What is built for a request: one thing, or the parts that it is made of, each by its own
//! provisioner.
//!
//! - A part begins when those it comes after are built. Once one failed none begins any more,
//!   and those at work finish.
//! - What is tried again are those that failed or did not begin.
//! - They are removed in reverse.

use std::collections::{BTreeMap, VecDeque};

use provisioner::{ProvisionInput, Provisioned, Unheard};
use serde_json::{Map, Value};

use super::contract;
use super::plans::Left;
use crate::domain::approval::Offer;
use crate::domain::blueprint::Blueprint;
use crate::domain::lifecycle::Failure;
use crate::domain::plan::{Plan, of_part};
use crate::domain::provisioning::{PartState, PartStatus};
use crate::domain::request::{ProvisionRequest, RequestId};

/// All that is built for a request, and how far it is.
#[derive(Default)]
pub(super) struct Work {
    pub(super) units: Vec<Unit>,
    /// How often building was begun.
    pub(super) attempts: u32,
    /// What was built of another wish, to be removed before anything is built.
    pub(super) gone: VecDeque<Left>,
    /// What cannot be removed for now, and why, until people are told.
    pub(super) stuck: Option<(String, String)>,
}

/// What one provisioner builds.
#[derive(Clone)]
pub(super) struct Unit {
    /// Which part it is; `None`: there is but this.
    pub(super) part: Option<String>,
    /// The parts it comes after.
    after: Vec<String>,
    pub(super) blueprint: Blueprint,
    pub(super) input: ProvisionInput,
    /// The plan that is built.
    plan: Option<Plan>,
    /// Something may be there.
    began: bool,
    stands: Stands,
    /// Removing it is over, whatever came of that.
    is_undone: bool,
}

/// How far it is.
#[derive(Clone)]
enum Stands {
    Waiting,
    Building,
    Built(Box<Provisioned>),
    Failed(Failure),
    /// Its plan did not hold.
    Stale(Failure),
}

/// How all of it stands when none is at work any more.
pub(super) enum Stood {
    Built(Provisioned),
    Failed(Failure),
    Stale(Failure),
}

impl Unit {
    /// What is to be built of this offer.
    pub(super) fn all(id: &RequestId, request: &ProvisionRequest, blueprint: &Blueprint, offer: &Offer) -> Vec<Self> {
        let input = contract::input(id, request, offer);
        if blueprint.parts.is_empty() {
            return vec![Self::new(None, Vec::new(), blueprint, input, offer)];
        }
        let unit = |part: &crate::domain::blueprint::Part| {
            let input = contract::input_of_part(id, request, offer, part, input.clone());
            Self::new(Some(part.id.clone()), part.after.clone(), &part.blueprint, input, offer)
        };
        blueprint.parts.iter().map(unit).collect()
    }

    fn new(
        part: Option<String>,
        after: Vec<String>,
        blueprint: &Blueprint,
        input: ProvisionInput,
        offer: &Offer,
    ) -> Self {
        let plan = offer.plan.as_ref().and_then(|plan| plan.of_part(part.as_deref())).cloned();
        let blueprint = blueprint.clone();
        Self { part, after, blueprint, input, plan, began: false, stands: Stands::Waiting, is_undone: false }
    }

    /// The ID of the activity that does something for it: `provision-1`, `provision-1-site`.
    pub(super) fn activity_id(&self, of: &str) -> String {
        match &self.part {
            None => of.to_owned(),
            Some(part) => format!("{of}-{part}"),
        }
    }

    /// Is it the same with the same values, whatever its plan?
    fn is_like(&self, other: &Self) -> bool {
        let values = |it: &Self| (it.input.region.clone(), it.input.profile.clone(), it.input.parameters.clone());
        self.part == other.part && self.input.blueprint == other.input.blueprint && values(self) == values(other)
    }

    fn is_built(&self) -> bool {
        matches!(self.stands, Stands::Built(_))
    }

    /// The input with which it is removed.
    fn to_remove(&self) -> ProvisionInput {
        let mut input = self.input.clone();
        if self.is_built() {
            // Built in full, and now to be undone.
            input.unheard.get_or_insert_with(Unheard::default);
        }
        input
    }

    /// What went wrong, and with which part.
    fn failure(&self) -> Option<Failure> {
        let (Stands::Failed(failure) | Stands::Stale(failure)) = &self.stands else { return None };
        let Some(part) = &self.part else { return Some(failure.clone()) };
        let step = failure.step.as_ref().map_or_else(|| part.clone(), |step| format!("{part}: {step}"));
        Some(Failure { step: Some(step), ..failure.clone() })
    }
}

impl Work {
    /// These are built, or what is missing of them: what is there of the same values stays, and
    /// all else goes.
    pub(super) fn begin(&mut self, units: Vec<Unit>) {
        let is_same = self.units.len() == units.len() && self.units.iter().zip(&units).all(|(a, b)| a.is_like(b));
        if !is_same {
            let left = self.left();
            self.gone.extend(left);
            self.units = units;
            return;
        }
        for (mine, now) in self.units.iter_mut().zip(units).filter(|(mine, _)| !mine.is_built()) {
            (mine.input.plan_id, mine.plan, mine.blueprint) = (now.input.plan_id, now.plan, now.blueprint);
        }
    }

    /// All that may be there, what came last first, to be removed and forgotten.
    pub(super) fn left(&mut self) -> Vec<Left> {
        let mut ordered: Vec<Unit> = Vec::new();
        let mut units = std::mem::take(&mut self.units);
        while !units.is_empty() {
            let is_next =
                |unit: &Unit| unit.after.iter().all(|id| ordered.iter().any(|it| it.part.as_ref() == Some(id)));
            // A circle there is none; if there were, nothing of it would be forgotten.
            let next = units.iter().position(is_next).unwrap_or_default();
            ordered.push(units.remove(next));
        }
        let began = ordered.into_iter().rev().filter(|unit| unit.began);
        let began = began.map(|unit| Left::built(unit.to_remove(), unit.blueprint));
        self.gone.drain(..).chain(began).collect()
    }

    /// A new attempt, whose number this is, of what is missing.
    pub(super) fn next_attempt(&mut self) -> u32 {
        self.attempts += 1;
        for unit in &mut self.units {
            match std::mem::replace(&mut unit.stands, Stands::Waiting) {
                Stands::Failed(failure) => unit.input.resume_from = failure.step,
                Stands::Built(result) => unit.stands = Stands::Built(result),
                Stands::Stale(_) | Stands::Waiting | Stands::Building => {}
            }
        }
        self.attempts
    }

    /// What is missing is provisioned by these from now on: somebody may have mended them.
    pub(super) fn by(&mut self, blueprint: &Blueprint) {
        for unit in self.units.iter_mut().filter(|unit| !unit.is_built()) {
            if let Some(now) = blueprint.of_part(unit.part.as_deref()) {
                unit.blueprint = now.clone();
            }
        }
    }

    /// What is missing is built by the plans of this offer.
    pub(super) fn take_plans(&mut self, offer: &Offer) {
        for unit in self.units.iter_mut().filter(|unit| !unit.is_built()) {
            unit.plan = offer.plan.as_ref().and_then(|plan| plan.of_part(unit.part.as_deref())).cloned();
            unit.input.plan_id = unit.plan.as_ref().and_then(Plan::id).map(str::to_owned);
        }
    }

    /// The plan by which this one was built, if it was.
    pub(super) fn built_by(&self, unit: &Unit) -> Option<Plan> {
        let mine = self.units.iter().find(|mine| mine.is_built() && mine.is_like(unit))?;
        mine.plan.clone()
    }

    /// May this one begin: are those it comes after built, and did none fail?
    pub(super) fn may_begin(&self, at: usize) -> bool {
        let is_built = |id: &String| self.units.iter().any(|it| it.part.as_ref() == Some(id) && it.is_built());
        self.units[at].after.iter().all(is_built)
    }

    /// Does none begin any more?
    pub(super) fn is_stopped(&self) -> bool {
        self.units.iter().any(|unit| matches!(unit.stands, Stands::Failed(_) | Stands::Stale(_)))
    }

    /// What is missing, by its place.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.units.len()).filter(|at| !self.units[*at].is_built()).collect()
    }

    /// The outputs of those that this one comes after, as far as they are built.
    pub(super) fn before(&self, unit: &Unit) -> BTreeMap<String, Value> {
        let outputs = |id: &String| {
            let unit = self.units.iter().find(|unit| unit.part.as_ref() == Some(id))?;
            let Stands::Built(result) = &unit.stands else { return None };
            Some((id.clone(), object(&result.outputs)))
        };
        unit.after.iter().filter_map(outputs).collect()
    }

    /// This one begins; the answer is as it is handed to the provisioner.
    pub(super) fn begins(&mut self, at: usize) -> Unit {
        let parts = self.before(&self.units[at]);
        let unit = &mut self.units[at];
        (unit.input.parts, unit.stands) = (parts, Stands::Building);
        unit.clone()
    }

    /// Something may be there of this one from now on.
    pub(super) fn is_there(&mut self, at: usize, unheard: Option<Unheard>) {
        let unit = &mut self.units[at];
        unit.began = true;
        if unheard.is_some() {
            unit.input.unheard = unheard;
        }
    }

    pub(super) fn is_built(&mut self, at: usize, result: Provisioned) {
        self.units[at].stands = Stands::Built(Box::new(result));
    }

    pub(super) fn has_failed(&mut self, at: usize, failure: Failure, is_stale: bool) {
        self.units[at].stands = if is_stale { Stands::Stale(failure) } else { Stands::Failed(failure) };
    }

    /// How all of it stands when none is at work: what failed counts before a plan that did not
    /// hold. `None`: nothing failed, and something is missing.
    pub(super) fn stood(&self, id: &RequestId, offer: &Offer) -> Option<Stood> {
        let failed = self.units.iter().filter(|unit| matches!(unit.stands, Stands::Failed(_)));
        let stale = self.units.iter().filter(|unit| matches!(unit.stands, Stands::Stale(_)));
        if let Some(failure) = all_failures(failed) {
            return Some(Stood::Failed(failure));
        }
        if let Some(failure) = all_failures(stale) {
            return Some(Stood::Stale(failure));
        }
        self.built(id, offer).map(Stood::Built)
    }

    fn built(&self, id: &RequestId, offer: &Offer) -> Option<Provisioned> {
        let result = |unit: &Unit| match &unit.stands {
            Stands::Built(result) => Some((unit.part.clone(), (**result).clone())),
            _ => None,
        };
        let results: Vec<_> = self.units.iter().map(result).collect::<Option<_>>()?;
        if let [(None, result)] = results.as_slice() {
            return Some(result.clone());
        }
        let said = |(part, result): &(Option<String>, Provisioned)| {
            let part = part.clone();
            result.summary.clone().into_iter().map(move |line| of_part(part.as_deref(), line))
        };
        let outputs = results.iter().filter_map(|(part, result)| Some((part.clone()?, object(&result.outputs))));
        Some(Provisioned {
            application_id: id.to_string(),
            region: offer.region.clone().unwrap_or_default(),
            completion_date_time: results
                .iter()
                .map(|(_, it)| it.completion_date_time.clone())
                .max()
                .unwrap_or_default(),
            summary: results.iter().flat_map(said).collect(),
            outputs: outputs.collect(),
        })
    }

    /// How each part stands, for people; nothing where there are none.
    pub(super) fn shown(&self) -> Vec<PartState> {
        let status = |unit: &Unit| match unit.stands {
            Stands::Waiting => PartStatus::Waiting,
            Stands::Building => PartStatus::Building,
            Stands::Built(_) => PartStatus::Built,
            Stands::Failed(_) | Stands::Stale(_) => PartStatus::Failed,
        };
        self.units.iter().filter_map(|unit| Some(PartState { id: unit.part.clone()?, status: status(unit) })).collect()
    }

    /// What may be there, by its place.
    pub(super) fn there(&self) -> Vec<usize> {
        (0..self.units.len()).filter(|at| self.units[*at].began).collect()
    }

    /// May this one be removed: is it over for all that came after it?
    pub(super) fn may_go(&self, at: usize) -> bool {
        let Some(part) = &self.units[at].part else { return true };
        self.units.iter().filter(|unit| unit.began && unit.after.contains(part)).all(|unit| unit.is_undone)
    }

    /// This one, as it is handed to the provisioner to be removed.
    pub(super) fn to_remove(&self, at: usize) -> (Blueprint, ProvisionInput) {
        (self.units[at].blueprint.clone(), self.units[at].to_remove())
    }

    /// This cannot be removed for now, for that reason: the first time people hear of it.
    pub(super) fn is_stuck(&mut self, what: &str, why: impl FnOnce() -> String) {
        self.stuck.get_or_insert_with(|| (what.to_owned(), why()));
    }

    /// Removing this one is over.
    pub(super) fn is_undone(&mut self, at: usize) {
        self.units[at].is_undone = true;
    }
}

/// All of them in one, in the words of the first.
fn all_failures<'a>(units: impl Iterator<Item = &'a Unit>) -> Option<Failure> {
    let mut failures = units.filter_map(|unit| Some((unit.part.clone().unwrap_or_default(), unit.failure()?)));
    let (_, mut first) = failures.next()?;
    for (part, other) in failures {
        first.cause = format!("{} Also: {part}: {}", first.cause, other.cause);
    }
    Some(first)
}

fn object(outputs: &BTreeMap<String, Value>) -> Value {
    Value::Object(outputs.clone().into_iter().collect::<Map<_, _>>())
}
