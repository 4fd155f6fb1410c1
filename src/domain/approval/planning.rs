//! The plan of an offer: it is asked for, and shown when it is there; one that does not hold
//! any more when building begins is made anew, and what was signed holds only for the same.

use serde_json::{Map, Value};

use super::clock::Clock;
use super::plans::PLAN_WITHIN;
use super::{Approval, Effect, Offer};
use crate::domain::moment::Moment;
use crate::domain::plan::difference::difference;
use crate::domain::plan::{Difference, Plan};

impl Approval {
    /// The number of the plan that is being made, if one is.
    pub fn planning(&self) -> Option<u32> {
        self.planning.underway
    }

    /// What the plan there is has that the one signed before had not.
    pub fn difference(&self) -> Option<&Difference> {
        self.planning.difference.as_ref()
    }

    /// When the plan that is being made is given up.
    pub(super) fn plan_until(&self) -> Option<Moment> {
        self.planning.until
    }

    /// A plan of these values is asked for. Until it is there the clock stands.
    pub(super) fn plan_asked(
        &mut self,
        region: &str,
        profile: &str,
        parameters: Map<String, Value>,
        now: Moment,
    ) -> Vec<Effect> {
        let all = self.asked.clone().into_iter().chain(parameters).collect();
        self.offer = Offer::new(Some(region), Some(profile), all, None, self.offer.lifetime_seconds);
        self.planning.difference = None;
        self.clock.stop(now);
        self.begin_plan(now)
    }

    /// What was signed does not hold any more, since the plan does not; `again`: it is made
    /// anew at once.
    pub(super) fn plan_stale(&mut self, again: bool, now: Moment) -> Vec<Effect> {
        if self.offer.plan.is_some() {
            self.planning.held = Some(self.offer.clone());
        }
        self.offer = self.offer.with(None);
        // Nobody is asked anything while it is built.
        self.clock = Clock { reminder: self.clock.reminder, ..Clock::default() };
        if again { self.begin_plan(now) } else { Vec::new() }
    }

    fn begin_plan(&mut self, now: Moment) -> Vec<Effect> {
        self.planning.begun += 1;
        (self.planning.underway, self.planning.until) = (Some(self.planning.begun), Some(now.after(PLAN_WITHIN)));
        vec![Effect::Plan]
    }

    /// The plan of this number is there. Where it is not waited for any more, nothing happens.
    pub(super) fn planned(&mut self, number: u32, plan: Plan, now: Moment) -> Vec<Effect> {
        if self.planning.underway != Some(number) {
            return Vec::new();
        }
        (self.planning.underway, self.planning.until) = (None, None);
        let offer = self.offer.with(Some(plan));
        if let Some(held) = self.planning.held.take() {
            return self.planned_again(held, offer, now);
        }
        self.offer = offer;
        self.round += 1;
        self.clock.go_on(now);
        self.clock.deadline.map(|until| Effect::ShowPlan { until }).into_iter().collect()
    }

    fn planned_again(&mut self, held: Offer, offer: Offer, now: Moment) -> Vec<Effect> {
        self.offer = offer;
        let is_same = self.offer.digest == held.digest && self.offer.plan.as_ref().is_some_and(Plan::may_be_approved);
        if is_same && self.decision.is_some() {
            return vec![Effect::GoOn];
        }
        let after = self.offer.plan.as_ref();
        self.planning.difference = after.map(|after| difference(held.plan.as_ref(), after));
        self.strike_all(now);
        self.open(now.after(self.waits), self.clock.reminder);
        self.clock.deadline.map(|until| Effect::AskAnew { until }).into_iter().collect()
    }

    /// Nobody waits for the plan that is being made.
    pub(super) fn stop_plan(&mut self, now: Moment) -> Vec<Effect> {
        self.planning.until = None;
        self.clock.go_on(now);
        self.planning.underway.take().map(|_| Effect::StopPlan).into_iter().collect()
    }

    /// The plan that is being made took too long.
    pub(super) fn plan_late(&mut self, now: Moment) -> Vec<Effect> {
        let Some(number) = self.planning.underway else { return Vec::new() };
        let late = Plan::failed("There was no plan within two minutes.");
        let mut effects = vec![Effect::StopPlan];
        effects.extend(self.planned(number, late, now));
        effects.extend(self.due(now));
        effects
    }
}
