//! Doing something with a request that exists.
//!
//! An act is judged by what is recorded, so that the person hears at once what is wrong;
//! then it is sent. What counts is what the workflow accepts: it is asked afterwards what
//! came of this very act, and whoever lost a race, or approved what would not pass its
//! checks any more, is told.

use std::time::Duration;

use crate::domain::act::{Act, Door, Kind};
use crate::domain::approval::WaitingFor;
use crate::domain::decision::{Authorization, DecisionKind};
use crate::domain::judge::{self, Standing};
use crate::domain::lifecycle::{Break, RequestState};
use crate::domain::refusal::{NotCounted, Refusal};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;
use crate::domain::verdict::Verdict;
use crate::temporal::{Execution, Recorded, RequestError, Requests};

/// How soon a worker is asked again what came of an act that is being looked at.
const ASK_FIRST: Duration = Duration::from_millis(40);
/// The longest wait before it is asked once more.
const ASK_AT_MOST: Duration = Duration::from_millis(640);
/// With less time than this it is not asked again: the answer has to be given, too.
const ENOUGH: Duration = Duration::from_millis(700);

/// Why an act did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// There is no such request, or not any more.
    Unknown,
    /// Temporal does not answer. Whether the act was carried out is not known; it may be
    /// done again.
    NoAnswer,
    /// The request's workflow was ended from outside.
    Broken(Break),
    Refused(Refusal),
    /// It counted, and did not hold when it was to be obeyed.
    NotCounted(NotCounted),
}

impl From<RequestError> for NotDone {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotFound | RequestError::Ended => Self::Unknown,
            RequestError::NoAnswer(_) => Self::NoAnswer,
        }
    }
}

/// What became of an act that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It counts.
    Counted,
    /// It is kept, and obeyed as soon as a worker is back; or it is still looked at.
    Kept,
}

/// Does something with the request of this ID, as it stands in a button or an address.
/// `once`: what makes this very sending one of its own, if that is more than its key.
///
/// # Errors
/// Why nothing was changed.
pub async fn act(requests: &Requests, id: &str, mut act: Act, once: Option<String>) -> Result<Done, NotDone> {
    let id = RequestId::parse(id).ok_or(NotDone::Unknown)?;
    let Recorded { request, rules } = requests.recorded(&id).await.inspect_err(|error| unread(&id, error))?;
    if let Some(rules) = &rules {
        fill_in(&mut act, rules);
        if rules.blueprint.has_plan() {
            name_plan(requests, &id, &mut act).await?;
        }
    }
    if let Err(refusal) = judge::by_what_is_recorded(&request, rules.as_ref(), &act) {
        // Nobody is to choose a region for a request that is over. A program hears of its
        // values first.
        let of_people = is_about_people(&refusal) || act.door != Door::Slack;
        let over = if of_people { None } else { over(requests, &id, &request, rules.as_ref(), &act).await };
        return Err(over.unwrap_or(NotDone::Refused(refusal)));
    }
    let (sent, key) = (act.clone(), act.key.clone());
    match requests.act(&id, sent, once.or_else(|| key.clone())).await {
        Ok(()) => {}
        Err(RequestError::Ended) => return ended(requests, &id, &request, rules.as_ref(), &act).await,
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "an act could not be sent");
            return Err(error.into());
        }
    }
    let Some(key) = key else { return Ok(Done::Kept) };
    match verdict(requests, &id, &key).await {
        Ok(Some(Verdict::Refused(refusal))) => Err(NotDone::Refused(refusal)),
        Ok(Some(Verdict::NotCounted(why))) => Err(NotDone::NotCounted(why)),
        Ok(Some(Verdict::Accepted)) => Ok(Done::Counted),
        Ok(Some(Verdict::Checking) | None) => Ok(Done::Kept),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "what came of an act is not known yet");
            Ok(Done::Kept)
        }
    }
}

/// What came of an act: waited for while it is being looked at once more, as long as there
/// is time to tell.
async fn verdict(requests: &Requests, id: &RequestId, key: &str) -> Result<Option<Verdict>, RequestError> {
    let mut ask_again = ASK_FIRST;
    loop {
        let verdict = requests.verdict(id, key).await?;
        if verdict != Some(Verdict::Checking) || requests.left() < ENOUGH {
            return Ok(verdict);
        }
        tokio::time::sleep(ask_again).await;
        ask_again = (ask_again * 2).min(ASK_AT_MOST);
    }
}

/// Judges an act that somebody is about to prepare, without doing it: by what is recorded,
/// and by how the request stands, if a worker tells that soon.
///
/// # Errors
/// Why it would change nothing.
pub async fn judged(requests: &Requests, id: &str, act: &Act) -> Result<(RequestId, ProvisionRequest), NotDone> {
    let id = RequestId::parse(id).ok_or(NotDone::Unknown)?;
    let request = requests.get(&id).await.inspect_err(|error| unread(&id, error))?;
    judge::by_what_is_recorded(&request, None, act).map_err(NotDone::Refused)?;
    match over(requests, &id, &request, None, act).await {
        Some(why) => Err(why),
        None => Ok((id, request)),
    }
}

/// What is chosen from one needs no choosing, and Slack does not always report a
/// selection nobody touched.
fn fill_in(act: &mut Act, rules: &Rules) {
    let only = |choices: &[String]| if let [one] = choices { Some(one.clone()) } else { None };
    if matches!(act.act, Kind::Plan | Kind::Approve) {
        act.region = act.region.take().or_else(|| only(&rules.regions));
        act.profile = act.profile.take().or_else(|| only(&rules.profiles));
    }
}

/// A card shows one plan in each round: that is the one that a click on it means.
async fn name_plan(requests: &Requests, id: &RequestId, act: &mut Act) -> Result<(), NotDone> {
    if (act.act, act.door) != (Kind::Approve, Door::Slack) {
        return Ok(());
    }
    let state = match requests.state(id).await {
        Ok(state) => state,
        Err(error @ RequestError::NoAnswer(_)) => return Err(error.into()),
        // What there is to say then is said by whoever sends it.
        Err(RequestError::NotFound | RequestError::Ended) => return Ok(()),
    };
    if act.round == Some(state.round) && act.plan_id.is_none() {
        act.plan_id = state.offer.plan_id().map(str::to_owned);
    }
    Ok(())
}

fn is_about_people(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NotAsked { .. } | Refusal::NotRequester { .. } | Refusal::NotOffered { .. })
}

/// Why a request cannot take this act any more, if that is known.
async fn over(
    requests: &Requests,
    id: &RequestId,
    request: &ProvisionRequest,
    rules: Option<&Rules>,
    act: &Act,
) -> Option<NotDone> {
    if let Ok(Execution::Broken(how)) = requests.execution(id).await {
        return Some(NotDone::Broken(how));
    }
    let state = requests.state(id).await.ok()?;
    let stands = judge::judge(request, rules, &standing(&state, authorization(&state).as_ref()), act);
    match stands {
        Err(
            refusal @ (Refusal::Decided { .. }
            | Refusal::Past { .. }
            | Refusal::TooLate
            | Refusal::NothingToChoose
            | Refusal::OtherRound { .. }),
        ) => Some(NotDone::Refused(refusal)),
        _ => None,
    }
}

/// What to say of an act on a request that has ended. One that counted before it did is
/// no news.
async fn ended(
    requests: &Requests,
    id: &RequestId,
    request: &ProvisionRequest,
    rules: Option<&Rules>,
    act: &Act,
) -> Result<Done, NotDone> {
    if let (Door::Http, Some(key)) = (act.door, &act.key)
        && let Ok(Some(Verdict::Accepted)) = requests.verdict(id, key).await
    {
        return Ok(Done::Counted);
    }
    if let Some(why) = over(requests, id, request, rules, act).await {
        return Err(why);
    }
    Err(match requests.state(id).await {
        Ok(RequestState { authorization: Some(it), .. }) if it.decision == DecisionKind::Reject => {
            NotDone::Refused(Refusal::Decided { verdict: it.decision, by: it.decided_by })
        }
        Ok(state) => NotDone::Refused(Refusal::Past { status: state.status }),
        Err(RequestError::NoAnswer(_)) if act.door != Door::Slack => NotDone::NoAnswer,
        Err(_) => NotDone::Unknown,
    })
}

fn standing<'a>(state: &'a RequestState, authorization: Option<&'a Authorization>) -> Standing<'a> {
    Standing {
        status: state.status,
        round: state.round,
        authorization,
        offer: Some(&state.offer),
        is_planning: state.waiting_for == Some(WaitingFor::Plan),
        chosen: None,
        is_withdrawn: false,
        is_late: false,
    }
}

/// The decision that counted, as it was judged.
fn authorization(state: &RequestState) -> Option<Authorization> {
    let it = state.authorization.clone()?;
    let (region, profile) = (it.region.unwrap_or_default(), it.profile.unwrap_or_default());
    Some(match it.decision {
        DecisionKind::Approve => Authorization::Approve { region, profile, decided_by: it.decided_by },
        DecisionKind::Reject => Authorization::Reject { decided_by: it.decided_by, reason: it.reason },
    })
}

fn unread(id: &RequestId, error: &RequestError) {
    if let RequestError::NoAnswer(why) = error {
        tracing::warn!(request.id = %id, why, "a request could not be read");
    }
}
