//! Who provisions what can be asked for: which activities a blueprint names, and whether
//! somebody polls their queue.

use temporalio_client::Client;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;
use tokio::time::timeout;

use super::line::{DEADLINE, Line, counted};
use crate::domain::blueprint::{Blueprint, Part};
use crate::stacks;

/// A line for each blueprint.
pub(super) async fn lines(client: &Client, blueprints: &[Blueprint]) -> Vec<Line> {
    let mut lines = Vec::new();
    for blueprint in blueprints {
        if !blueprint.parts.is_empty() {
            lines.push(made_of(blueprint));
            continue;
        }
        lines.push(line(blueprint, pollers(client, &blueprint.task_queue).await));
    }
    lines
}

/// How many workers polled a queue lately, or why that is not known.
async fn pollers(client: &Client, queue: &str) -> Result<usize, String> {
    let mut call = DescribeTaskQueueRequest {
        namespace: client.options().namespace.clone(),
        task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
        task_queue_type: TaskQueueType::Activity.into(),
        ..Default::default()
    }
    .into_request();
    call.set_timeout(DEADLINE);
    match timeout(DEADLINE, client.connection().workflow_service().describe_task_queue(call)).await {
        Ok(Ok(answer)) => Ok(answer.into_inner().pollers.len()),
        Ok(Err(status)) => Err(format!("{:?}: {}", status.code(), status.message())),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Who provisions the parts stands in the lines of their blueprints.
fn made_of(blueprint: &Blueprint) -> Line {
    let part = |part: &Part| match part.after.as_slice() {
        [] => format!("{} ({})", part.id, part.blueprint.id),
        after => format!("{} ({}, after {})", part.id, part.blueprint.id, after.join(" and ")),
    };
    let parts: Vec<_> = blueprint.parts.iter().map(part).collect();
    Line::passed(format!("blueprint {}", blueprint.id), format!("made of {}", parts.join(", ")))
}

fn line(blueprint: &Blueprint, pollers: Result<usize, String>) -> Line {
    let what = format!("blueprint {}", blueprint.id);
    let queue = &blueprint.task_queue;
    let named = [Some(&blueprint.provision_activity), Some(&blueprint.destroy_activity)];
    let optional = [blueprint.plan_activity.as_ref(), blueprint.discard_activity.as_ref()];
    let activities: Vec<_> = named.into_iter().chain(optional).flatten().map(String::as_str).collect();
    let activities = format!("{} on {queue}", activities.join(", "));
    if [provisioner_s3::QUEUE, stacks::QUEUE].contains(&queue.as_str()) {
        return Line::passed(what, format!("{activities}, by this program"));
    }
    match pollers {
        Ok(0) => Line::passed(what, format!("{activities}, which nobody polls"))
            .advise("Start its worker: until then whoever decides is asked what to do after a minute."),
        Ok(some) => Line::passed(what, format!("{activities}, polled by {}", counted(some, "worker"))),
        Err(why) => Line::passed(what, format!("{activities}; whether somebody polls that is not known ({why})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    #[test]
    fn a_blueprint_names_its_activities_and_who_takes_them() {
        let said = |queue: &str, plan: bool, pollers| {
            let plan = |name: &str| plan.then(|| name.to_owned());
            let blueprint = Blueprint {
                task_queue: queue.to_owned(),
                plan_activity: plan("plan"),
                discard_activity: plan("discard"),
                ..samples::blueprint()
            };
            line(&blueprint, pollers).to_string()
        };
        assert_eq!(
            said("provision-aws-s3", false, Ok(0)),
            "ok   blueprint bucket: provision, destroy on provision-aws-s3, by this program"
        );
        assert_eq!(
            said("mine", true, Ok(1)),
            "ok   blueprint bucket: provision, destroy, plan, discard on mine, polled by 1 worker"
        );
        assert!(said("mine", false, Ok(0)).contains("which nobody polls. Start its worker"));
        assert!(said("mine", false, Err("PermissionDenied: no".into())).contains("not known (PermissionDenied: no)"));
    }
}
