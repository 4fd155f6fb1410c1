//! What a person's Slack client does alike for messages and modals: it finds elements, has
//! options to choose from, and says so when the app does not answer.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::blocks::{self, Found};
use crate::deliveries::OPTIONS;
use crate::record::Delivery;
use crate::simulator::Simulator;
use crate::{limits, storing};

/// The element with this `action_id`, or an error that names those there are.
pub(crate) fn find<'a>(blocks: &'a [Value], action_id: &str) -> anyhow::Result<Found<'a>> {
    let all = blocks::elements(blocks);
    let there: Vec<String> = all.iter().map(|found| found.action_id().to_string()).collect();
    let found = all.into_iter().find(|found| found.action_id() == action_id);
    found.with_context(|| format!("there is no `{action_id}` here, only {there:?}"))
}

/// Asks the bot for the options of an external select.
pub(crate) async fn load_options(slack: &Simulator, payload: &Value) -> anyhow::Result<Vec<Value>> {
    let delivery = slack.deliver_payload(OPTIONS, payload).await;
    if let Some(error) = failure(&delivery) {
        bail!("the options did not load: {error}");
    }
    let mut answer: Value = serde_json::from_str(&delivery.answer)
        .with_context(|| format!("the options did not load: the answer is no JSON: {:?}", delivery.answer))?;
    let problems = limits::check_suggestions(&answer);
    if let Some(problem) = problems.first() {
        bail!("the options did not load: {problem}");
    }
    storing::fill_text_defaults(&mut answer);
    Ok(blocks::options(&answer))
}

/// The options of an external select that a person meets who wants these: people type what they
/// see, and tests choose by value, so what was typed comes first, then everything. What is chosen
/// already is looked for no more. `typing` is the payload for a typed text.
pub(crate) async fn find_options(
    slack: &Simulator,
    already: &Value,
    wanted: &[&str],
    typing: impl Fn(&str) -> Value,
) -> anyhow::Result<Vec<Value>> {
    let mut found = already.as_array().cloned().unwrap_or_default();
    for one in wanted {
        for typed in [*one, ""] {
            if blocks::option_named(&found, one).is_none() {
                found.extend(load_options(slack, &typing(typed)).await?);
            }
        }
    }
    Ok(found)
}

/// What Slack tells a person when the bot did not acknowledge.
pub(crate) fn failure(delivery: &Delivery) -> Option<String> {
    match (delivery.error.as_deref(), delivery.status) {
        (Some("operation_timeout"), _) => Some("operation_timeout".into()),
        (Some(_), _) | (_, None) => Some("dispatch_failed".into()),
        (None, Some(200..=299)) => None,
        (None, Some(status)) => Some(format!("http_service_error ({status})")),
    }
}
