//! What one request costs Temporal: events of its history, and billable actions
//! by Temporal Cloud's published rules (a start, a signal, a timer, each
//! activity attempt; heartbeats apart).

use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow};
use temporalio_common::protos::temporal::api::enums::v1::EventType;

use super::people::People;
use super::report::Report;
use super::slack::{AUTHORIZER, REQUESTER, Said};
use super::stack::Stack;

pub async fn measure(report: &mut Report, stack: &Stack) -> anyhow::Result<()> {
    let people = People::new(stack.slack.clone(), stack.bot_url());
    let url: url::Url = format!("http://{}", stack.temporal.address()).parse()?;
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await?;
    let client = Client::new(connection, ClientOptions::new("default").build())?;
    for (ending, user, action) in [("provisioned", AUTHORIZER, "approve"), ("cancelled", REQUESTER, "cancel")] {
        let application = format!("ends-{ending}");
        let mut heard = stack.slack.listen(&application);
        people.ask(&application).await?;
        let mut id = String::new();
        while let Some((said, request, _)) = heard.recv().await {
            match said {
                Said::Card => {
                    people.click(action, user, &request).await?;
                }
                Said::Progress => {}
                Said::Outcome => {
                    id = request;
                    break;
                }
            }
        }
        let handle = client.get_workflow_handle::<UntypedWorkflow>(&id);
        // The outcome is told before the workflow returns.
        while handle
            .describe(Default::default())
            .await?
            .raw()
            .workflow_execution_info
            .as_ref()
            .is_some_and(|info| info.close_time.is_none())
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let events = handle.fetch_history(Default::default()).into_events().await?;
        let billable = |event: EventType| {
            matches!(
                event,
                EventType::WorkflowExecutionStarted
                    | EventType::WorkflowExecutionSignaled
                    | EventType::TimerStarted
                    | EventType::ActivityTaskScheduled
            )
        };
        let actions = events.iter().filter(|event| billable(event.event_type())).count();
        report.add(&format!("{ending}, events in the history"), events.len() as f64, "");
        report.add(&format!("{ending}, billable actions"), actions as f64, "");
    }
    Ok(())
}
