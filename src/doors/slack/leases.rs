//! The buttons of what was built, and the form that asks to whom it is given.

use serde_json::json;
use tokio::time::Instant;

use super::handlers::{Handlers, NO_ANSWER};
use super::reply::Reply;
use crate::domain::act::Door;
use crate::domain::lease::act::{LeaseAct, LeaseKind};
use crate::domain::people::Standing;
use crate::domain::request::RequestId;
use crate::requests::lease::{self, LeaseNotDone};
use crate::slack::directory::Look;
use crate::slack::ids;
use crate::slack::inbound::{Click, Given};
use crate::slack::views::lease as views;
use crate::slack::views::refusal::lease_refusal;

const NO_SUCH_RESOURCE: &str = "This is not known any more.";
/// How long is looked up who is in a team.
const GROUPS: std::time::Duration = std::time::Duration::from_millis(800);

/// Does what a button says.
pub async fn pressed(bot: &Handlers, kind: LeaseKind, click: Click) -> Reply {
    let Some(id) = RequestId::parse(&click.request_id) else { return bot.tell(&click, NO_SUCH_RESOURCE).await };
    if kind == LeaseKind::Give {
        return ask_to_whom(bot, &id, &click).await;
    }
    let act = LeaseAct {
        round: Some(click.round),
        key: Some(click.id.clone()),
        ..LeaseAct::new(kind, &click.user, Door::Slack)
    };
    match lease::act(&bot.requests, &id, act, None).await {
        Ok(_) => Reply::Nothing,
        Err(why) => bot.tell(&click, &said(&why)).await,
    }
}

async fn ask_to_whom(bot: &Handlers, id: &RequestId, click: &Click) -> Reply {
    let resource = match lease::resource(&bot.requests, id).await {
        Ok(resource) => resource,
        Err(why) => return bot.tell(click, &said(&why)).await,
    };
    if resource.state.owner != click.user {
        let why = crate::domain::lease::judge::LeaseRefusal::NotYours {
            act: LeaseKind::Give,
            owner: resource.state.owner,
            signer: None,
        };
        return bot.tell(click, &lease_refusal(&why)).await;
    }
    let metadata = json!({ "requestId": id.as_str(), "channel": click.channel, "round": click.round }).to_string();
    let modal = views::give_modal(&resource.leased.application_name, id.as_str(), &metadata);
    match bot.slack.open_view(&click.trigger, &modal).await {
        Ok(_) => Reply::Nothing,
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "the form for a new owner could not be opened");
            bot.tell(click, "Slack did not open the form. Please press Give to… again.").await
        }
    }
}

/// Gives it to whoever was chosen, if they may ask for its team.
pub async fn given(bot: &Handlers, form: Given) -> Reply {
    let refused = |why: &str| Reply::error(ids::TO, why.to_owned());
    let Some(id) = RequestId::parse(&form.request_id) else { return refused(NO_SUCH_RESOURCE) };
    let Some(to) = form.to else { return refused("Choose somebody.") };
    let team = match lease::resource(&bot.requests, &id).await {
        Ok(resource) => resource.leased.team_id,
        Err(why) => return refused(&said(&why)),
    };
    if let Err(why) = may_own(bot, &team, &to).await {
        return refused(&why);
    }
    let act = LeaseAct {
        round: form.round,
        to: Some(to),
        key: Some(form.click_id),
        ..LeaseAct::new(LeaseKind::Give, &form.user, Door::Slack)
    };
    match lease::act(&bot.requests, &id, act, None).await {
        Ok(_) => Reply::Nothing,
        Err(why) => refused(&said(&why)),
    }
}

/// Whether somebody may own what belongs to a team: who may ask for it.
async fn may_own(bot: &Handlers, team: &str, person: &str) -> Result<(), String> {
    const UNKNOWN: &str = "Slack did not say who that is. Please try again in a moment.";
    let known = bot.directory.person(person, Look::Lately).await.map_err(|_| UNKNOWN.to_owned())?;
    if known.standing != Standing::Member {
        return Err("Only members of this workspace can own resources. Choose somebody else.".to_owned());
    }
    let (groups, error) = bot.directory.shown_groups(bot.policy.member_groups(), Instant::now() + GROUPS).await;
    if bot.policy.teams_of(person, &groups).iter().any(|it| it.id == team) {
        return Ok(());
    }
    match error {
        Some(_) => Err(UNKNOWN.to_owned()),
        None => Err("They are not a member of the team that this belongs to. Choose somebody else.".to_owned()),
    }
}

fn said(why: &LeaseNotDone) -> String {
    match why {
        LeaseNotDone::Unknown => NO_SUCH_RESOURCE.to_owned(),
        LeaseNotDone::NoAnswer => NO_ANSWER.to_owned(),
        LeaseNotDone::Refused(why) => lease_refusal(why),
    }
}
