//! The one judge of what people do with a request, whichever door they come through:
//! the workflow asks it, and so does a door, with what is recorded, so that people hear
//! at once what is wrong.

use serde_json::{Map, Value, json};

use super::act::{Act, Kind, TEXT_MAX};
use super::approval::Offer;
use super::decision::Authorization;
use super::field::By;
use super::lifecycle::{Choice, Status};
use super::parameters::ParameterProblem;
use super::refusal::Refusal;
use super::request::ProvisionRequest;
use super::rules::Rules;

/// What an act that counts does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// With these values of who decides.
    Decided(Authorization, Map<String, Value>),
    /// The plan of these values is wanted.
    PlanWanted {
        region: String,
        profile: String,
        parameters: Map<String, Value>,
    },
    /// The same was decided before, by the same person.
    Again,
    Withdrawn,
    Chosen(Choice),
}

/// Where a request stands, as far as an act depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub status: Status,
    pub round: u32,
    /// The decision that counts so far.
    pub authorization: Option<&'a Authorization>,
    /// What that is about, or would be.
    pub offer: Option<&'a Offer>,
    /// A plan of it is being made.
    pub is_planning: bool,
    /// What somebody has chosen to do about the failure, and who.
    pub chosen: Option<(Choice, &'a str)>,
    pub is_withdrawn: bool,
    /// The time for an answer is over.
    pub is_late: bool,
}

/// Judges an act by what is recorded with the request: who does it, and with which values.
/// Without rules nobody was asked yet, and any values may be configured.
pub fn by_what_is_recorded(request: &ProvisionRequest, rules: Option<&Rules>, act: &Act) -> Result<(), Refusal> {
    may(request, rules, act)?;
    match values(rules, act, None) {
        // What a plan was made of need not be said again, and is not known here.
        Err(Refusal::Parameter { name, .. })
            if rules.is_some_and(|rules| rules.blueprint.has_plan())
                && !act.parameters.as_ref().is_some_and(|given| given.contains_key(&name)) =>
        {
            Ok(())
        }
        judged => judged.map(drop),
    }
}

/// Judges an act on `request` that stands so.
pub fn judge(
    request: &ProvisionRequest,
    rules: Option<&Rules>,
    standing: &Standing<'_>,
    act: &Act,
) -> Result<Accepted, Refusal> {
    may(request, rules, act)?;
    let chosen = values(rules, act, standing.offer);
    if let Some(repeated) = standing.stands(act, chosen.as_ref().ok(), rules)? {
        return Ok(repeated);
    }
    let chosen = chosen?;
    let by = act.by.clone();
    let (region, profile) = (act.region.clone().unwrap_or_default(), act.profile.clone().unwrap_or_default());
    Ok(match act.act {
        Kind::Plan => Accepted::PlanWanted { region, profile, parameters: chosen },
        Kind::Approve => {
            if rules.is_some_and(|rules| rules.blueprint.has_plan()) {
                standing.is_planned(act, &chosen, rules)?;
            }
            Accepted::Decided(Authorization::Approve { region, profile, decided_by: by }, chosen)
        }
        Kind::Reject => {
            let reason = act.said().map(str::to_owned);
            Accepted::Decided(Authorization::Reject { decided_by: by, reason }, Map::new())
        }
        Kind::Cancel => Accepted::Withdrawn,
        Kind::Retry => Accepted::Chosen(Choice::Retry),
        Kind::GiveUp => Accepted::Chosen(Choice::GiveUp),
        act => return Err(Refusal::NotOffered { act }),
    })
}

/// Whether this person may do this, whenever it is.
fn may(request: &ProvisionRequest, rules: Option<&Rules>, act: &Act) -> Result<(), Refusal> {
    match act.act {
        Kind::Plan if rules.is_some_and(|rules| !rules.blueprint.has_plan()) => {
            Err(Refusal::NotOffered { act: act.act })
        }
        Kind::Plan | Kind::Approve | Kind::Reject | Kind::Retry | Kind::GiveUp if act.by == request.authorizer_id => {
            Ok(())
        }
        Kind::Plan | Kind::Approve | Kind::Reject | Kind::Retry | Kind::GiveUp => {
            Err(Refusal::NotAsked { act: act.act, asked: vec![request.authorizer_id.clone()] })
        }
        Kind::Cancel if act.by == request.requester_id => Ok(()),
        Kind::Cancel if rules.and_then(|rules| rules.owner.as_ref()) == Some(&act.by) => Ok(()),
        Kind::Cancel => Err(Refusal::NotRequester { requester: request.requester_id.clone() }),
        Kind::Ask | Kind::Answer | Kind::Counter | Kind::Accept | Kind::Decline | Kind::HandOver | Kind::Undo => {
            Err(Refusal::NotOffered { act: act.act })
        }
    }
}

/// The values of the fields of who decides, where an act has all the values it needs, and no
/// others. What is left out is what the file said.
fn values(rules: Option<&Rules>, act: &Act, offer: Option<&Offer>) -> Result<Map<String, Value>, Refusal> {
    if act.said().is_some_and(|text| text.chars().count() > TEXT_MAX) {
        return Err(Refusal::TextTooLong { most: TEXT_MAX });
    }
    if !matches!(act.act, Kind::Plan | Kind::Approve) {
        return Ok(Map::new());
    }
    let unknown = |name: &str| Err(Refusal::UnknownValue { name: name.to_owned() });
    let takes_plan = act.act == Kind::Approve && rules.is_none_or(|rules| rules.blueprint.has_plan());
    if act.plan_id.is_some() && !takes_plan {
        return unknown("planId");
    }
    // Only a counter-offer changes that: the same may be said again.
    let asked = rules.and_then(|rules| rules.lifetime).map(|lifetime| json!(lifetime));
    if act.lifetime_seconds.is_some() && act.lifetime_seconds != asked {
        return unknown("lifetimeSeconds");
    }
    let chosen = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    match (chosen(&act.region), chosen(&act.profile)) {
        (None, None) => Err(Refusal::NoRegionAndProfile),
        (None, _) => Err(Refusal::NoRegion),
        (_, None) => Err(Refusal::NoProfile),
        (Some(region), Some(profile)) => match rules {
            Some(rules) => rules.offer(&region, &profile).and_then(|()| parameters(rules, act, offer)),
            None => Ok(Map::new()),
        },
    }
}

fn parameters(rules: &Rules, act: &Act, offer: Option<&Offer>) -> Result<Map<String, Value>, Refusal> {
    let mut given = act.parameters.clone().unwrap_or_default();
    // What a plan was made of stands as long as nothing else is said.
    let planned = offer.filter(|offer| offer.region.is_some() && rules.blueprint.has_plan());
    for field in rules.blueprint.fields_by(By::Authorizer) {
        if let Some(value) = planned.and_then(|offer| offer.parameters.get(&field.id)) {
            given.entry(field.id.clone()).or_insert_with(|| value.clone());
        }
    }
    parameters_of(rules, &given)
}

/// The values of the fields of who decides, for what was said of them.
pub fn parameters_of(rules: &Rules, given: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    rules.blueprint.parameters(By::Authorizer, given).map_err(|wrong| {
        let ParameterProblem { id, what } = wrong.into_iter().next().unwrap_or_default();
        let label = rules.blueprint.fields.iter().find(|field| field.id == id).map(|field| field.label.clone());
        Refusal::Parameter { label: label.unwrap_or_else(|| id.clone()), name: id, what }
    })
}

/// Is an offer of exactly the values of this act, in which `chosen` are those of who decides?
fn is_of(offer: &Offer, act: &Act, chosen: &Map<String, Value>, rules: Option<&Rules>) -> bool {
    let by_authorizer =
        |id: &String| rules.is_some_and(|rules| rules.blueprint.fields_by(By::Authorizer).any(|field| field.id == *id));
    let offered = offer.parameters.keys().filter(|id| by_authorizer(id)).count();
    offer.region == act.region && offer.profile == act.profile && offer.has(chosen) && offered == chosen.len()
}

impl Standing<'_> {
    /// Whether a request that stands so waits for this act. `Some`: it was done before.
    fn stands(
        &self,
        act: &Act,
        chosen: Option<&Map<String, Value>>,
        rules: Option<&Rules>,
    ) -> Result<Option<Accepted>, Refusal> {
        if let Some(repeated) = self.repeats(act, chosen, rules) {
            return Ok(Some(repeated));
        }
        let asks = match act.act {
            Kind::Plan | Kind::Approve | Kind::Reject => self.may_be_decided(),
            Kind::Retry | Kind::GiveUp => self.may_be_chosen(),
            _ if self.status.is_final() => Err(Refusal::Past { status: self.status }),
            _ => Ok(()),
        };
        asks?;
        match act.round {
            Some(round) if round != self.round => Err(Refusal::OtherRound { round: self.round }),
            _ if act.act == Kind::Plan && self.is_planning => Err(Refusal::PlanUnderway),
            _ => Ok(None),
        }
    }

    /// The same act of the same person, with the same values, once more.
    fn repeats(&self, act: &Act, chosen: Option<&Map<String, Value>>, rules: Option<&Rules>) -> Option<Accepted> {
        match (act.act, self.authorization) {
            (Kind::Plan, None) if self.is_planning => {
                let same = is_of(self.offer?, act, chosen?, rules);
                (same && act.round.is_none_or(|round| round == self.round)).then_some(Accepted::Again)
            }
            (Kind::Approve, Some(Authorization::Approve { region, profile, decided_by })) => {
                let same = act.by == *decided_by
                    && act.region.as_ref() == Some(region)
                    && act.profile.as_ref() == Some(profile)
                    && chosen.is_some_and(|chosen| self.is_about(chosen))
                    && act
                        .plan_id
                        .as_ref()
                        .is_none_or(|id| self.offer.is_none_or(|it| it.plan_id() == Some(id.as_str())))
                    && act.round.is_none_or(|round| round == self.round)
                    && matches!(self.status, Status::AwaitingAuthorization | Status::Provisioning);
                same.then_some(Accepted::Again)
            }
            (Kind::Reject, Some(Authorization::Reject { decided_by, .. })) => {
                (act.by == *decided_by).then_some(Accepted::Again)
            }
            (Kind::Cancel, _) if self.is_withdrawn => Some(Accepted::Again),
            (Kind::Retry, _) => self.repeats_choice(Choice::Retry, act),
            (Kind::GiveUp, _) => self.repeats_choice(Choice::GiveUp, act),
            _ => None,
        }
    }

    /// Are these the values that were decided on?
    fn is_about(&self, chosen: &Map<String, Value>) -> bool {
        self.offer.is_none_or(|offer| offer.has(chosen))
    }

    /// Is there a plan of exactly these values that may be said yes to, and is it the one
    /// that is meant?
    fn is_planned(&self, act: &Act, chosen: &Map<String, Value>, rules: Option<&Rules>) -> Result<(), Refusal> {
        if self.is_planning {
            return Err(Refusal::PlanUnderway);
        }
        let Some((offer, plan)) = self.offer.and_then(|offer| Some((offer, offer.plan.as_ref()?))) else {
            return Err(Refusal::NoPlan);
        };
        let made = plan.made().ok_or(Refusal::PlanFailed)?;
        match &act.plan_id {
            None => return Err(Refusal::NoPlanId),
            Some(id) if *id != made.plan_id => return Err(Refusal::OtherPlan),
            Some(_) => {}
        }
        if !is_of(offer, act, chosen, rules) {
            return Err(Refusal::PlanOfOtherValues);
        }
        if made.is_blocked() { Err(Refusal::PlanBlocked) } else { Ok(()) }
    }

    fn repeats_choice(&self, choice: Choice, act: &Act) -> Option<Accepted> {
        let same = self.chosen == Some((choice, &*act.by)) && act.round.is_none_or(|round| round == self.round);
        (same && !self.status.is_final()).then_some(Accepted::Again)
    }

    fn may_be_decided(&self) -> Result<(), Refusal> {
        // How it ended says more than who approved it.
        if self.status.is_final() && self.status != Status::Rejected {
            return Err(Refusal::Past { status: self.status });
        }
        if let Some(authorization) = self.authorization {
            let (verdict, by) = (authorization.verdict(), authorization.decided_by().to_owned());
            return Err(Refusal::Decided { verdict, by });
        }
        match self.status {
            Status::PreFlight | Status::AwaitingAuthorization if self.is_late => Err(Refusal::TooLate),
            Status::PreFlight | Status::AwaitingAuthorization => Ok(()),
            status => Err(Refusal::Past { status }),
        }
    }

    fn may_be_chosen(&self) -> Result<(), Refusal> {
        match self.status {
            Status::NeedsAttention if self.is_late => Err(Refusal::TooLate),
            Status::NeedsAttention if self.chosen.is_none() => Ok(()),
            status if status.is_final() => Err(Refusal::Past { status }),
            _ => Err(Refusal::NothingToChoose),
        }
    }
}

#[cfg(test)]
mod tests;
