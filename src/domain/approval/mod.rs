//! Who has to say yes to what, and until when: a machine that is told what happens and
//! when, and says what is to be done. Pure: whoever carries it keeps the time, asks the
//! people, and looks once more before a yes is obeyed.
//!
//! - [`offer`](Offer): what is signed. [`step`](Step): who signs.
//! - `planning`: the plan of an offer. `clock`: what is due.
//!
//! Today there is one rule, its smallest: one step, in which the named person signs.
//! Whether an act may be done at all is judged before, in [`judge`](super::judge).

mod clock;
mod offer;
mod planning;
mod plans;
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::clock::Clock;
pub use self::offer::Offer;
pub use self::plans::PLAN_WITHIN;
use self::plans::Planning;
pub use self::step::{Signature, Step};
use super::act::Door;
use super::decision::Authorization;
use super::lease::terms::Lifetime;
use super::moment::Moment;
use super::plan::Plan;

/// The approval of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// Grows whenever what is asked is no longer what was asked: an act that is meant for
    /// another round changes nothing.
    pub round: u32,
    pub offer: Offer,
    pub steps: Vec<Step>,
    /// The values of who asks, which every offer has.
    asked: Map<String, Value>,
    /// The decision that counts, as far as is known, and when it was made.
    decision: Option<(Authorization, Moment)>,
    planning: Planning,
    /// The time that a step has.
    waits: Duration,
    clock: Clock,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    Authorizer,
    Requester,
    Plan,
    Undo,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first step opens, for so long, about something with these values.
    Opened { waits: Duration, reminder: Option<Duration>, parameters: Map<String, Value>, lifetime: Option<Lifetime> },
    /// Those who are to sign have been asked.
    Asked,
    /// Somebody who is seated decides, with these values of theirs.
    Decided { authorization: Authorization, parameters: Map<String, Value>, door: Door },
    /// What was decided does not hold.
    Struck,
    /// Nobody could be asked in time whether what was decided holds.
    Unconfirmed,
    /// Somebody who is seated wants to see the plan of these values.
    PlanAsked { region: String, profile: String, parameters: Map<String, Value> },
    /// A plan that was asked for is there.
    Planned { number: u32, plan: Plan },
    /// Nobody waits for the plan any more that is being made.
    PlanStopped,
    /// Building began, and the plan does not hold any more; `again`: it is made anew.
    PlanStale { again: bool },
    /// Another question is asked than before.
    NextQuestion,
    /// It may have become time for something.
    Time,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Those who sign in the open step are asked, until then.
    Ask { until: Moment },
    /// Those who were asked are reminded.
    Remind { until: Moment },
    /// The decision is looked at once more, and obeyed if it holds.
    Obey,
    /// They are asked anew, in the round that began.
    AskAgain { until: Moment },
    /// The time for a decision is over.
    Late,
    /// The provisioner is asked what it would do.
    Plan,
    /// It is asked no more.
    StopPlan,
    /// The plan is shown, in the round that began.
    ShowPlan { until: Moment },
    /// The new plan is the one that was signed: building goes on.
    GoOn,
    /// The new plan is another: they are asked anew, in the round that began.
    AskAnew { until: Moment },
}

impl Approval {
    /// By the named person alone.
    pub fn by(named: &str) -> Self {
        let step = Step { from: vec![named.to_owned()], need: 1, asked: Vec::new(), signatures: Vec::new() };
        Self {
            round: 1,
            offer: Offer::new(None, None, Map::new(), None, None),
            steps: vec![step],
            asked: Map::new(),
            decision: None,
            planning: Planning::default(),
            waits: Duration::ZERO,
            clock: Clock::default(),
        }
    }

    /// Something happens at this moment; the answer is what is to be done.
    pub fn apply(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match event {
            Event::Opened { waits, reminder, parameters, lifetime } => {
                self.offer = Offer::new(None, None, parameters.clone(), None, lifetime);
                (self.asked, self.waits) = (parameters, waits);
                self.open(now.after(waits), reminder)
            }
            Event::Asked => self.asked(now),
            Event::Decided { authorization, parameters, door } => self.decided(authorization, parameters, door, now),
            Event::Struck => self.strike(now),
            Event::Unconfirmed => {
                self.decision = None;
                Vec::new()
            }
            Event::PlanAsked { region, profile, parameters } => self.plan_asked(&region, &profile, parameters, now),
            Event::Planned { number, plan } => self.planned(number, plan, now),
            Event::PlanStopped => self.stop_plan(now),
            Event::PlanStale { again } => self.plan_stale(again, now),
            Event::NextQuestion => {
                self.round += 1;
                Vec::new()
            }
            Event::Time => self.due(now),
        }
    }

    /// When something will be due; `None`: never, unless something happens.
    pub fn next_deadline(&self) -> Option<Moment> {
        let deadline = self.clock.deadline.filter(|_| !self.clock.is_late);
        deadline.into_iter().chain(self.clock.remind_at).chain(self.plan_until()).min()
    }

    /// The decision that counts, as far as is known.
    pub fn decision(&self) -> Option<&Authorization> {
        self.decision.as_ref().map(|(authorization, _)| authorization)
    }

    /// When that was made.
    pub fn decided_at(&self) -> Option<Moment> {
        self.decision.as_ref().map(|(_, at)| *at)
    }

    /// The end of the time for a decision, once a step is open and while the clock runs.
    pub fn deadline(&self) -> Option<Moment> {
        self.clock.deadline
    }

    /// For whom a request waits that waits for its approval.
    pub fn waiting_for(&self) -> WaitingFor {
        if self.planning().is_some() { WaitingFor::Plan } else { WaitingFor::Authorizer }
    }

    /// The end of the time for a decision, if the clock went on now.
    pub fn open_until(&self, now: Moment) -> Option<Moment> {
        self.clock.open_until(now)
    }

    /// The first step opens, until then.
    pub fn open(&mut self, until: Moment, reminder: Option<Duration>) -> Vec<Effect> {
        if let Some(step) = self.steps.first_mut() {
            step.asked = step.from.clone();
        }
        self.clock = Clock { deadline: Some(until), reminder, ..Clock::default() };
        vec![Effect::Ask { until }]
    }

    /// The time until a reminder begins when they have been asked, and is over before the
    /// decision is.
    fn asked(&mut self, now: Moment) -> Vec<Effect> {
        self.clock.remind_later();
        let at = self.clock.reminder.map(|after| now.after(after));
        self.clock.remind_at = at.filter(|at| self.clock.deadline.is_some_and(|deadline| *at < deadline));
        Vec::new()
    }

    fn decided(
        &mut self,
        authorization: Authorization,
        parameters: Map<String, Value>,
        door: Door,
        now: Moment,
    ) -> Vec<Effect> {
        if let Authorization::Approve { region, profile, decided_by } = &authorization {
            let all = self.asked.clone().into_iter().chain(parameters).collect();
            let lifetime = self.offer.lifetime_seconds;
            self.offer = Offer::new(Some(region), Some(profile), all, self.offer.plan.take(), lifetime);
            let by = decided_by.clone();
            let signature = Signature { by, instead_of: None, at: now, door, struck: None };
            if let Some(step) = self.steps.first_mut() {
                step.signatures.push(signature);
            }
        }
        self.decision = Some((authorization, now));
        let mut effects = self.stop_plan(now);
        effects.push(Effect::Obey);
        effects
    }

    /// The signatures do not count any more: the step opens again, for any offer; where a
    /// plan is shown, for that.
    fn strike(&mut self, now: Moment) -> Vec<Effect> {
        self.strike_all(now);
        if self.offer.plan.is_none() {
            self.offer = Offer::new(None, None, self.asked.clone(), None, self.offer.lifetime_seconds);
        }
        self.clock.deadline.map(|until| Effect::AskAgain { until }).into_iter().collect()
    }

    fn strike_all(&mut self, now: Moment) {
        for signature in self.steps.iter_mut().flat_map(|step| &mut step.signatures) {
            signature.struck = signature.struck.or(Some(now));
        }
        self.decision = None;
        self.round += 1;
    }

    fn due(&mut self, now: Moment) -> Vec<Effect> {
        let is_due = |at: Option<Moment>| at.is_some_and(|at| at <= now);
        if is_due(self.plan_until()) {
            return self.plan_late(now);
        }
        if is_due(self.clock.deadline) && !self.clock.is_late {
            (self.clock.is_late, self.clock.remind_at) = (true, None);
            return vec![Effect::Late];
        }
        if !is_due(self.clock.remind_at) {
            return Vec::new();
        }
        self.clock.remind_at = None;
        // Who has decided is not asked to; should that not count, they are told so.
        let until = self.clock.deadline.filter(|_| self.decision.is_none());
        until.map(|until| Effect::Remind { until }).into_iter().collect()
    }
}
