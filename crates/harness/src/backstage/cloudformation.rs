//! A stack as CloudFormation reports it: its state, what it was told and tells, and its resources.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use serde_json::{Value, json};

/// State, settings and resources of the stack of this name. Its state is null where there is
/// none, and the code of the refusal where that is not known.
pub async fn report(client: &Client, name: &str, region: &str) -> Value {
    let (seen, resources) = tokio::join!(
        client.describe_stacks().stack_name(name).send(),
        client.describe_stack_resources().stack_name(name).send(),
    );
    let stack = match seen {
        Ok(seen) => seen.stacks.unwrap_or_default().into_iter().next(),
        Err(error) if error.message().is_some_and(|said| said.contains("does not exist")) => None,
        Err(error) => {
            let code = error.code().unwrap_or("no answer");
            return json!({ "kind": "stack", "name": name, "status": code, "settings": [], "resources": [] });
        }
    };
    let Some(stack) = stack else {
        return json!({ "kind": "stack", "name": name, "status": null, "settings": [], "resources": [] });
    };
    let setting = |name: String, value: Option<&str>| json!({ "name": name, "value": value.unwrap_or_default() });
    let mut settings = vec![setting("Region".to_owned(), Some(region))];
    let reason = stack.stack_status_reason().filter(|reason| !reason.trim().is_empty());
    settings.extend(reason.map(|reason| setting("Reason".to_owned(), Some(reason))));
    for it in stack.parameters() {
        settings.push(setting(format!("Parameter {}", it.parameter_key().unwrap_or_default()), it.parameter_value()));
    }
    for it in stack.outputs() {
        settings.push(setting(format!("Output {}", it.output_key().unwrap_or_default()), it.output_value()));
    }
    for it in stack.tags() {
        settings.push(setting(format!("Tag {}", it.key().unwrap_or_default()), it.value()));
    }
    let resources = resources.map(|it| it.stack_resources.unwrap_or_default()).unwrap_or_default();
    let resource = |it: &aws_sdk_cloudformation::types::StackResource| {
        json!({
            "id": it.logical_resource_id(),
            "type": it.resource_type(),
            "name": it.physical_resource_id(),
            "status": it.resource_status().map(|status| status.as_str()),
        })
    };
    json!({
        "kind": "stack",
        "name": name,
        "status": stack.stack_status().map(|status| status.as_str()),
        "settings": settings,
        "resources": resources.iter().map(resource).collect::<Vec<_>>(),
    })
}
