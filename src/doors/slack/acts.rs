//! The buttons of a request: each is an act in the round that its message shows, and the
//! form for a reason that stands before one of them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fields;
use super::handlers::{Handlers, NO_ANSWER, NO_SUCH_REQUEST};
use super::leases;
use super::replan::Chosen;
use super::reply::Reply;
use crate::domain::act::{Act, Door, Kind};
use crate::domain::field::By;
use crate::domain::notice::part;
use crate::domain::refusal::Refusal;
use crate::domain::request::RequestId;
use crate::requests::{self, NotDone, Recorded};
use crate::slack::ids;
use crate::slack::inbound::{Button, Click, Entered, Reason};
use crate::slack::views::refusal::refusal;
use crate::slack::views::{decision as views, ephemeral};

/// What is kept of the time to open a form.
const OPENING: Duration = Duration::from_millis(700);

/// Does what a button says.
pub async fn pressed(bot: &Handlers, button: Button, click: Click) -> Reply {
    let act = match button {
        Button::Reject => return reject(bot, click).await,
        Button::Plan { region, profile, fields } => match given(bot, &click, &fields).await {
            Ok(parameters) => Act { region, profile, parameters, ..act(&click, Kind::Plan) },
            Err(why) => return bot.tell(&click, &why).await,
        },
        Button::Approve { region, profile, fields } => match given(bot, &click, &fields).await {
            Ok(parameters) => Act { region, profile, parameters, ..act(&click, Kind::Approve) },
            Err(why) => return bot.tell(&click, &why).await,
        },
        Button::Cancel => act(&click, Kind::Cancel),
        Button::Retry => act(&click, Kind::Retry),
        Button::GiveUp => act(&click, Kind::GiveUp),
        Button::OfLease(kind) => return leases::pressed(bot, kind, click).await,
    };
    let kind = act.act;
    let (region, profile) = (act.region.clone(), act.profile.clone());
    let chosen = Chosen { region, profile, filled: act.parameters.clone().unwrap_or_default() };
    match requests::act(&bot.requests, &click.request_id, act, None).await {
        Ok(_) => Reply::Nothing,
        Err(why) => {
            let is_of_others = why == NotDone::Refused(Refusal::PlanOfOtherValues);
            let text = said(bot, &click.request_id, kind, why, Some(&click)).await;
            let reply = bot.tell(&click, &text).await;
            if is_of_others {
                bot.show_no_plan(&click, chosen).await;
            }
            reply
        }
    }
}

fn act(click: &Click, kind: Kind) -> Act {
    Act { round: Some(click.round), key: Some(click.id.clone()), ..Act::new(kind, &click.user, Door::Slack) }
}

/// What was entered into the fields of a card, or what to say about it. Where a card has none
/// nothing is asked.
async fn given(bot: &Handlers, click: &Click, entered: &Entered) -> Result<Option<Map<String, Value>>, String> {
    if entered.is_empty() {
        return Ok(None);
    }
    // What is not known any more is told by whoever judges the act.
    let Ok((_, Recorded { rules: Some(rules), .. })) = bot.recorded(&click.request_id).await else { return Ok(None) };
    let read = fields::read(&rules.blueprint, By::Authorizer, entered);
    let Some((id, what)) = read.wrong.into_iter().next() else { return Ok(Some(read.given)) };
    let label = rules.blueprint.fields.iter().find(|field| field.id == id).map_or(&id, |field| &field.label);
    Err(refusal(&Refusal::Parameter { label: label.clone(), name: id, what }))
}

/// Asks for the reason, unless it is plain that it will not count.
async fn reject(bot: &Handlers, click: Click) -> Reply {
    let intended = act(&click, Kind::Reject);
    // The form has to be opened soon after the click, whatever a worker says.
    let soon = bot.requests.sooner(OPENING);
    let (id, request) = match requests::judged(&soon, &click.request_id, &intended).await {
        Ok(judged) => judged,
        Err(why) => {
            let text = said(bot, &click.request_id, Kind::Reject, why, Some(&click)).await;
            return bot.tell(&click, &text).await;
        }
    };
    let metadata = json!({ "requestId": id.as_str(), "channel": click.channel, "round": click.round }).to_string();
    let modal = views::reject_modal(id.as_str(), request.application_name.as_str(), &metadata);
    match bot.slack.open_view(&click.trigger, &modal).await {
        Ok(_) => Reply::Nothing,
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "the form for a reason could not be opened");
            let text = match error.wait() {
                Some(wait) => format!("{}.", ephemeral::please_wait(wait)),
                None => "Slack did not open the form. Please press Reject again.".to_owned(),
            };
            bot.tell(&click, &text).await
        }
    }
}

/// Rejects, with the reason.
pub async fn reject_submitted(bot: &Handlers, form: Reason) -> Reply {
    let act = Act {
        round: form.round,
        text: Some(form.reason),
        key: Some(form.click_id),
        ..Act::new(Kind::Reject, &form.user, Door::Slack)
    };
    match requests::act(&bot.requests, &form.request_id, act, None).await {
        Ok(_) => Reply::Nothing,
        Err(why) => Reply::error(ids::REASON, said(bot, &form.request_id, Kind::Reject, why, None).await),
    }
}

/// Why nothing was changed, for the person who pressed. The messages of a request that was
/// ended from outside lose their buttons.
async fn said(bot: &Handlers, id: &str, kind: Kind, why: NotDone, click: Option<&Click>) -> String {
    match why {
        NotDone::Unknown => NO_SUCH_REQUEST.to_owned(),
        NotDone::NoAnswer => NO_ANSWER.to_owned(),
        NotDone::Refused(why) => refusal(&why),
        NotDone::NotCounted(why) => match kind {
            Kind::Retry | Kind::GiveUp => ephemeral::not_your_choice(&why),
            _ => ephemeral::not_counted(&why),
        },
        NotDone::Broken(how) => match RequestId::parse(id) {
            Some(id) => bot.broken(&id, how, click, part_of(kind)).await,
            None => NO_SUCH_REQUEST.to_owned(),
        },
    }
}

/// The message that has this button, where nothing else tells.
fn part_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Cancel => part::ROOT,
        Kind::Retry | Kind::GiveUp => part::ATTENTION,
        _ => part::CARD,
    }
}
