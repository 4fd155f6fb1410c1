//! What people do on the page, through the same handles as in tests.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::identity::BOT_NAME;
use crate::modal::{Modal, Submitted};
use crate::simulator::Simulator;

/// What a person does on the page. `as` is who.
#[derive(Deserialize)]
pub struct Act {
    #[serde(rename = "as")]
    user: String,
    #[serde(flatten)]
    action: Action,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    Command { channel: String, command: String, text: String },
    Say { channel: Option<String>, text: String, thread_ts: Option<String> },
    Click { channel: String, ts: String, action_id: String },
    Select { channel: String, ts: String, action_id: String, value: String },
    MessageFill { channel: String, ts: String, action_id: String, value: String },
    MessageCheck { channel: String, ts: String, action_id: String, values: Vec<String> },
    MessageOptions { channel: String, ts: String, action_id: String, typed: String },
    Fill { view: String, action_id: String, value: String },
    Choose { view: String, action_id: String, value: String },
    Check { view: String, action_id: String, values: Vec<String> },
    ViewOptions { view: String, action_id: String, typed: String },
    ViewClick { view: String, action_id: String },
    Submit { view: String },
    Close { view: String },
    Dismiss { view: String },
}

/// Does it; the answer has an `error` to show, if any.
pub async fn act(State(slack): State<Simulator>, Json(act): Json<Act>) -> Json<Value> {
    let answer = perform(&slack, &act.user, act.action).await;
    Json(answer.unwrap_or_else(|error| json!({ "error": format!("{error:#}") })))
}

async fn perform(slack: &Simulator, user: &str, action: Action) -> anyhow::Result<Value> {
    let person = slack.person(user);
    let modal = |view: &str| Modal::new(slack.clone(), user, view);
    let message = |channel: &str, ts: &str| {
        let found = slack.read(|state| state.find_message(channel, ts).cloned());
        found.ok_or_else(|| anyhow::anyhow!("the message is gone"))
    };
    let mut error = None;
    match action {
        Action::Command { channel, command, text } => {
            let failed = |error: String| format!("{command} failed with the error “{error}”");
            error = person.command(&channel, &command, &text).await.error.map(failed);
        }
        Action::Say { channel, text, thread_ts } => {
            let channel = channel.unwrap_or_else(|| person.dm_channel());
            person.say(&channel, &text, thread_ts.as_deref());
        }
        Action::Click { channel, ts, action_id } => {
            error = person.click(&message(&channel, &ts)?, &action_id).await?.error.map(not_responding);
        }
        Action::Select { channel, ts, action_id, value } => {
            error = person.select(&message(&channel, &ts)?, &action_id, &value).await?.error.map(not_responding);
        }
        Action::MessageFill { channel, ts, action_id, value } => {
            error = person.fill(&message(&channel, &ts)?, &action_id, &value).await?.error.map(not_responding);
        }
        Action::MessageCheck { channel, ts, action_id, values } => {
            let message = message(&channel, &ts)?;
            error = person.check(&message, &action_id, &borrowed(&values)).await?.error.map(not_responding);
        }
        Action::MessageOptions { channel, ts, action_id, typed } => {
            let options = person.message_options(&message(&channel, &ts)?, &action_id, &typed).await?;
            return Ok(json!({ "options": options }));
        }
        Action::Fill { view, action_id, value } => modal(&view).fill(&action_id, &value).await?,
        Action::Choose { view, action_id, value } if value.is_empty() => modal(&view).clear(&action_id).await?,
        Action::Choose { view, action_id, value } => modal(&view).choose(&action_id, &value).await?,
        Action::Check { view, action_id, values } => modal(&view).check(&action_id, &borrowed(&values)).await?,
        Action::ViewOptions { view, action_id, typed } => {
            return Ok(json!({ "options": modal(&view).options(&action_id, &typed).await? }));
        }
        Action::ViewClick { view, action_id } => drop(modal(&view).click(&action_id).await?),
        Action::Submit { view } => {
            // Errors and trouble are part of the view, and shown inside it.
            let _: Submitted = modal(&view).submit().await?;
        }
        Action::Close { view } => modal(&view).close().await?,
        Action::Dismiss { view } => modal(&view).dismiss().await?,
    }
    Ok(json!({ "error": error }))
}

fn borrowed(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

fn not_responding(error: String) -> String {
    format!("{BOT_NAME} is not responding: {error}")
}
