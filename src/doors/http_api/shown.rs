//! A request as programs read it.

use serde_json::{Map, Value, json};

use super::api::BASE;
use crate::domain::notice::MessageRef;
use crate::domain::request::RequestId;
use crate::requests::Shown;

/// Keys that a list leaves out.
const NOT_LISTED: [&str; 3] = ["offer", "steps", "progress"];

/// All of it. `workspace`: where Slack's messages are read, with a slash behind.
pub(super) fn whole(shown: &Shown, workspace: Option<&str>) -> Map<String, Value> {
    let mut object = match json!(shown.state) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let progress = shown.progress.as_ref().map(|it| json!({ "step": it.step, "of": it.of, "label": it.label }));
    object.insert("progress".to_owned(), json!(progress));
    object.insert("applicationName".to_owned(), json!(shown.request.application_name));
    object.insert("teamId".to_owned(), json!(shown.request.team_id));
    object.insert("blueprint".to_owned(), json!(shown.request.blueprint));
    object.insert("requesterId".to_owned(), json!(shown.request.requester_id));
    object.insert("links".to_owned(), links(&shown.id, shown.message.as_ref(), workspace));
    object
}

/// A row of a list.
pub(super) fn row(shown: &Shown, workspace: Option<&str>) -> Value {
    let mut object = whole(shown, workspace);
    object.retain(|key, _| !NOT_LISTED.contains(&key.as_str()));
    Value::Object(object)
}

/// Where to read on.
pub(super) fn links(id: &RequestId, message: Option<&MessageRef>, workspace: Option<&str>) -> Value {
    let slack = message.zip(workspace).map(|(at, workspace)| {
        // As Slack's own "Copy link" has it.
        format!("{workspace}archives/{}/p{}", at.channel, at.ts.replace('.', ""))
    });
    json!({ "self": format!("{BASE}/requests/{id}"), "slack": slack })
}
