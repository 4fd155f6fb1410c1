//! Asking: the command, the form, the options of its selects, and its submission.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::fields;
use super::handlers::{Handlers, NO_ANSWER};
use super::overview::{self, Wanted};
use super::reply::Reply;
use crate::domain::blueprint::Blueprint;
use crate::domain::field::By;
use crate::domain::lease::terms::{Lifetime, Terms};
use crate::domain::people::{Groups, Person, Standing};
use crate::domain::policy::{Field, PreflightProblem};
use crate::domain::request::{ApplicationName, ProvisionRequest};
use crate::domain::rules::Rules;
use crate::requests::Recorded;
use crate::requests::{self, NotAsked};
use crate::slack::ids;
use crate::slack::inbound::{Chosen, Command, Search, Submission};
use crate::slack::views::choice::Choice;
use crate::slack::views::fields::choices;
use crate::slack::views::request::{Authorizers, RequestForm};
use crate::slack::views::{ephemeral, request as views};
use crate::slack::web_api::SlackError;

/// How long looking people up may take before a search is answered with what is
/// known by then.
const LOOK_UP: Duration = Duration::from_millis(1_800);

/// The same before a waiting form is filled.
const FILL: Duration = Duration::from_millis(1_200);

/// Opens the form at once: the trigger lives three seconds and began before the
/// command reached us. Only when user groups must be asked for first, a waiting
/// form is opened and then filled.
pub async fn command(bot: &Handlers, command: Command) -> Reply {
    let typed = command.text.trim();
    let (word, rest) = typed.split_once(char::is_whitespace).map_or((typed, ""), |(word, rest)| (word, rest.trim()));
    let typed = match word.to_ascii_lowercase().as_str() {
        "help" if rest.is_empty() => return Reply::Private(ephemeral::help(bot.policy.timeout)),
        "list" => return overview::list(bot, &command, rest).await,
        "status" => return overview::one(bot, &command, Wanted::Status, rest).await,
        "extend" => return overview::one(bot, &command, Wanted::Extend, rest).await,
        "remove" => return overview::one(bot, &command, Wanted::Remove, rest).await,
        "new" if !rest.is_empty() => rest,
        _ => typed,
    };
    let metadata = json!({ "channelId": command.channel }).to_string();
    let groups = bot.policy.member_groups();
    let opened = match bot.directory.known_groups(&groups) {
        Some(known) => bot.slack.open_view(&command.trigger, &form(bot, &command.user, typed, metadata, &known)).await,
        None => match bot.slack.open_view(&command.trigger, &views::loading_modal(&metadata)).await {
            Ok(view_id) => return fill(bot, &view_id, &command.user, typed, metadata, groups).await,
            Err(error) => Err(error),
        },
    };
    match opened {
        Ok(_) => Reply::Nothing,
        Err(error) => {
            tracing::warn!(%error, "the request form could not be opened");
            Reply::Private(not_opened(&error, typed))
        }
    }
}

/// Fills a waiting form once the groups are known.
async fn fill(
    bot: &Handlers,
    view_id: &str,
    user: &str,
    typed: &str,
    metadata: String,
    groups: BTreeSet<String>,
) -> Reply {
    let (known, error) = bot.directory.shown_groups(groups, Instant::now() + FILL).await;
    let view = match error {
        None => form(bot, user, typed, metadata, &known),
        Some(error) => {
            let why = match error.wait() {
                Some(wait) => format!("{}.", ephemeral::please_wait(wait)),
                None => "Slack did not say who is in which team. Please close this and try again.".to_owned(),
            };
            views::explanation_modal("One moment", &why)
        }
    };
    match bot.slack.update_view(view_id, &view).await {
        Ok(()) => Reply::Nothing,
        Err(error) => {
            tracing::warn!(%error, "the request form could not be filled");
            Reply::Private(not_opened(&error, typed))
        }
    }
}

fn form(bot: &Handlers, user: &str, typed: &str, private_metadata: String, groups: &Groups) -> Value {
    let policy = &bot.policy;
    let teams = policy.teams_of(user, groups);
    if teams.is_empty() {
        return views::explanation_modal(
            "No team yet",
            "You are not a member of any team that can ask for resources. Ask an admin of this app to add you to yours.",
        );
    }
    let anyone = teams.iter().any(|team| team.authorizers.is_empty());
    views::request_modal(&RequestForm {
        application_name: typed.to_owned(),
        teams: teams.iter().map(|team| Choice::new(&team.id, &team.name)).collect(),
        team: None,
        authorizers: if anyone { Authorizers::Anyone } else { Authorizers::Listed },
        blueprints: blueprints(bot),
        only: if let [only] = &*policy.blueprints { Some(only.clone()) } else { None },
        lifetimes: lifetimes(&policy.terms),
        changes: policy.blueprints.iter().any(|blueprint| blueprint.fields_by(By::Requester).next().is_some()),
        private_metadata,
    })
}

/// For how long something may be wanted, the first as it is proposed.
fn lifetimes(terms: &Terms) -> Vec<Choice> {
    const DAY: u64 = 24 * 60 * 60;
    if !terms.ends {
        return Vec::new();
    }
    let proposed = terms.lifetime;
    let usual = [1, 7, 30, 90, 180, 365].map(|days| Lifetime::For(days * DAY));
    let others = usual.into_iter().chain([Lifetime::Never]).filter(|it| *it != proposed);
    let allowed = others.filter(|it| terms.asked(Some(&json!(it))).is_ok());
    [proposed].into_iter().chain(allowed).map(|it| Choice::new(&value_of(it), &it.to_string())).collect()
}

fn value_of(lifetime: Lifetime) -> String {
    match lifetime {
        Lifetime::Never => "never".to_owned(),
        Lifetime::For(seconds) => seconds.to_string(),
    }
}

/// What was chosen of these, as it is recorded.
fn lifetime(chosen: Option<&str>) -> Option<Value> {
    chosen.map(|chosen| chosen.parse::<u64>().map_or_else(|_| json!(chosen), |seconds| json!(seconds)))
}

/// Shows the fields of what was chosen, at once; what was typed stays.
pub async fn blueprint_chosen(bot: &Handlers, chosen: Chosen) -> Reply {
    let blueprint = chosen.blueprint.as_deref().and_then(|id| bot.policy.blueprint(id));
    let form = views::with_fields(chosen.form, blueprint);
    if let Err(error) = bot.slack.update_view(&chosen.view_id, &form).await {
        // Whoever sends the form as it is reads what to do.
        tracing::warn!(%error, "the fields of a blueprint could not be shown");
    }
    Reply::Nothing
}

fn blueprints(bot: &Handlers) -> Vec<Choice> {
    let described =
        |blueprint: &Blueprint| Choice::new(&blueprint.id, &blueprint.name).with_description(&blueprint.description);
    bot.policy.blueprints.iter().map(described).collect()
}

fn not_opened(error: &SlackError, typed: &str) -> String {
    let again = if typed.is_empty() { ids::COMMAND.to_owned() } else { format!("{} {typed}", ids::COMMAND) };
    if let Some(wait) = error.wait() {
        return format!("{}: {}", ephemeral::please_wait(wait), ephemeral::typed(&again));
    }
    let expired = error.is("expired_trigger_id") || error.to_string().contains("`trigger_id` expired");
    let why = if expired { "Slack's three seconds were over" } else { "Slack did not open the form" };
    format!("{why}. Please try again: {}", ephemeral::typed(&again))
}

/// The options of a select we serve.
pub async fn searched(bot: &Handlers, search: Search) -> Reply {
    let choices = match search.action_id.as_str() {
        ids::TEAM => teams(bot, &search).await,
        ids::BLUEPRINT => blueprints(bot),
        ids::REGION => offered(bot, &search, |rules| &rules.regions, &bot.policy.regions).await,
        ids::PROFILE => offered(bot, &search, |rules| &rules.profiles, &bot.policy.profiles).await,
        ids::AUTHORIZER => authorizers(bot, &search).await,
        id => match ids::field_of(id) {
            Some(field) => of_field(bot, &search, field).await,
            None => Vec::new(),
        },
    };
    Reply::Options(views::options(&choices, &search.typed))
}

/// What the request of a card offers, as recorded: what the file says by now would be
/// refused. Where the card does not tell its request, `today`, which is judged anyway.
async fn offered(
    bot: &Handlers,
    search: &Search,
    recorded: fn(&Rules) -> &Vec<String>,
    today: &[String],
) -> Vec<Choice> {
    let choices = |names: &[String]| names.iter().map(|name| Choice::of(name)).collect();
    let Some(id) = &search.request_id else { return choices(today) };
    match bot.recorded(id).await {
        Ok((_, Recorded { rules: Some(rules), .. })) => choices(recorded(&rules)),
        Ok((_, Recorded { rules: None, .. })) | Err(_) => Vec::new(),
    }
}

/// The choices of a field: of the blueprint that is chosen in the form, or as recorded with
/// the request of a card.
async fn of_field(bot: &Handlers, search: &Search, id: &str) -> Vec<Choice> {
    let choices =
        |blueprint: &Blueprint| blueprint.fields.iter().find(|field| field.id == id).map(choices).unwrap_or_default();
    if let Some(request) = &search.request_id {
        return match bot.recorded(request).await {
            Ok((_, Recorded { rules: Some(rules), .. })) => choices(&rules.blueprint),
            _ => Vec::new(),
        };
    }
    let only = if let [only] = &*bot.policy.blueprints { Some(only) } else { None };
    search.blueprint.as_deref().and_then(|id| bot.policy.blueprint(id)).or(only).map(choices).unwrap_or_default()
}

async fn teams(bot: &Handlers, search: &Search) -> Vec<Choice> {
    let by = Instant::now() + LOOK_UP;
    let (groups, _) = bot.directory.shown_groups(bot.policy.member_groups(), by).await;
    bot.policy.teams_of(&search.user, &groups).iter().map(|team| Choice::new(&team.id, &team.name)).collect()
}

/// Who may decide: for the team chosen in the form if Slack tells it, else for
/// any team of the requester. The submission is judged again anyway.
async fn authorizers(bot: &Handlers, search: &Search) -> Vec<Choice> {
    let (policy, now) = (&bot.policy, Instant::now());
    let teams = match search.team.as_deref().and_then(|chosen| policy.team(chosen)) {
        Some(chosen) => vec![chosen],
        None => {
            let (mine, _) = bot.directory.shown_groups(policy.member_groups(), now + LOOK_UP / 3).await;
            policy.teams_of(&search.user, &mine)
        }
    };
    let ids: BTreeSet<String> = teams.iter().flat_map(|team| team.authorizer_groups()).collect();
    let (groups, _) = bot.directory.shown_groups(ids, now + LOOK_UP * 2 / 3).await;
    let lists: Vec<_> = teams.iter().filter_map(|team| Some((&*team.name, team.deciders(&groups)?))).collect();
    let mut deciders: BTreeSet<String> = lists.iter().flat_map(|(_, list)| list).cloned().collect();
    if !policy.allow_self {
        deciders.remove(&search.user);
    }
    let mut people = bot.directory.shown_people(&deciders, now + LOOK_UP).await;
    people.retain(|(person, _)| person.standing == Standing::Member);
    people.sort_by_cached_key(|(person, known)| (!known, person.name.to_lowercase()));
    let choice = |(person, _): &(Person, bool)| {
        let decides_for = lists.iter().filter(|(_, list)| list.contains(&person.id)).map(|(team, _)| *team);
        let decides_for = decides_for.collect::<Vec<_>>().join(", ");
        Choice::new(&person.id, &person.name).with_description(&decides_for)
    };
    people.iter().map(choice).collect()
}

/// Starts the workflow of a request, or says under the field what is wrong.
pub async fn submitted(bot: &Handlers, submission: Submission) -> Reply {
    let request = match read(bot, &submission) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    match requests::ask(&bot.asking(), &submission.digest, &request).await {
        Ok(_) => Reply::Nothing,
        Err(NotAsked::Problem(problem)) => refused(bot, &problem),
        Err(NotAsked::NoAnswer) => Reply::error(ids::APPLICATION_NAME, NO_ANSWER),
        Err(NotAsked::Changed(_)) => Reply::error(
            ids::APPLICATION_NAME,
            "This form had already been sent, before your last changes. Cancel that request in the channel, then ask again.",
        ),
    }
}

fn read(bot: &Handlers, submission: &Submission) -> Result<ProvisionRequest, Reply> {
    let mut errors = BTreeMap::new();
    let mut wrong = |id: &str, what: &str| _ = errors.insert(id.to_owned(), what.to_owned());
    let name = ApplicationName::parse(&submission.application_name);
    if let Err(problem) = &name {
        wrong(ids::APPLICATION_NAME, &problem.to_string());
    }
    if submission.team.is_none() {
        wrong(ids::TEAM, "Choose a team.");
    }
    if submission.authorizer.is_none() {
        wrong(ids::AUTHORIZER, "Choose who decides.");
    }
    // With a single blueprint there is nothing to choose.
    let only = if let [only] = &*bot.policy.blueprints { Some(only) } else { None };
    let chosen = submission.blueprint.as_deref().map_or(only.map(|only| &*only.id), Some);
    let mut parameters = Map::new();
    match chosen.map(|id| bot.policy.blueprint(id)) {
        None => wrong(ids::BLUEPRINT, "Choose a blueprint."),
        // What is not there any more is told where that is judged.
        Some(None) => {}
        Some(Some(blueprint)) => {
            let read = fields::read(blueprint, By::Requester, &submission.fields);
            for (id, what) in &read.wrong {
                wrong(&ids::field(id), what);
            }
            // Nobody can fill in what is not shown.
            if read.is_incomplete {
                wrong(field_of(bot, ids::BLUEPRINT), UNSHOWN);
            }
            // What is wrong with the rest was said.
            parameters = blueprint.given(By::Requester, &read.given).unwrap_or_default();
        }
    }
    match (name, submission.team.clone(), submission.authorizer.clone(), chosen) {
        (Ok(application_name), Some(team_id), Some(authorizer_id), Some(blueprint)) if errors.is_empty() => {
            Ok(ProvisionRequest {
                application_name,
                team_id,
                requester_id: submission.user.clone(),
                authorizer_id,
                blueprint: blueprint.to_owned(),
                justification: submission.justification.clone(),
                channel_id: submission.channel.clone(),
                authorization_timeout_seconds: bot.policy.timeout.as_secs(),
                lifetime_seconds: lifetime(submission.lifetime.as_deref()),
                parameters: Some(parameters).filter(|parameters| !parameters.is_empty()),
            })
        }
        _ => Err(Reply::Errors(errors)),
    }
}

/// Said where an input of the blueprint was not in the form that was sent.
const UNSHOWN: &str =
    "What this asks for was not shown. Close this and ask again, or choose another one and then this one.";

/// The field, or the first one where the form has none such: with a single blueprint.
fn field_of(bot: &Handlers, id: &'static str) -> &'static str {
    if id == ids::BLUEPRINT && bot.policy.blueprints.len() == 1 { ids::APPLICATION_NAME } else { id }
}

/// What is wrong, under its field.
fn refused(bot: &Handlers, problem: &PreflightProblem) -> Reply {
    let text = problem.to_string();
    match problem.field() {
        Field::Application | Field::Lifetime => Reply::error(ids::APPLICATION_NAME, text),
        Field::Team => Reply::error(ids::TEAM, text),
        Field::Authorizer => Reply::error(ids::AUTHORIZER, text),
        Field::Blueprint => Reply::error(field_of(bot, ids::BLUEPRINT), text),
        Field::Parameter(name) => Reply::error(&ids::field(name), text),
    }
}
