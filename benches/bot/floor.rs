//! What the SDKs alone take for the calls of a flow: as many of them, with nothing
//! in them, made by this process. The bot, which makes the same calls with the same
//! libraries and has something to say in them, cannot be cheaper.
//!
//! The calls of Slack are not among them: their server is in this process too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt, join, stream};
use provisioner_s3::Clients;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression, WorkflowFetchHistoryOptions,
    WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{
    ActivityOptions, LocalActivityOptions, Runtime, SyncWorkflowContext, Worker, WorkerOptions, WorkflowContext,
    WorkflowContextView, WorkflowResult,
};
use tokio::sync::oneshot;

use super::AT_ONCE;
use super::report::Report;
use super::stack::Stack;

const FLOWS: usize = 320;
/// What the built-in provisioner makes of them for one request with moto.
const S3_CALLS: usize = 19;
const QUEUE: &str = "floor";
const OTHER_QUEUE: &str = "floor-other";
const AT_MOST: Duration = Duration::from_secs(60);

pub async fn measure(bot: &str, dynamic_config: &[String]) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut stack = Stack::start(bot, dynamic_config).await?;
    stack.start_bot().await?;
    let s3 = s3(&mut report, &stack).await?;
    let temporal = temporal(&mut report, &stack).await?;
    report.add("both", s3 + temporal, "ms");
    stack.stop().await?;
    Ok(report)
}

/// The CPU of this process for the calls of S3 of one flow, in milliseconds.
async fn s3(report: &mut Report, stack: &Stack) -> anyhow::Result<f64> {
    let client = Clients::new(stack.aws()).get("us-east-1", "sandbox").await.client;
    client.create_bucket().bucket("floor").send().await?;
    let before = stack.cpu()?.people;
    let flow = || async {
        for _ in 0..S3_CALLS {
            client.get_bucket_location().bucket("floor").send().await?;
        }
        anyhow::Ok(())
    };
    let done: Vec<_> = stream::iter(0..FLOWS).map(|_| flow()).buffer_unordered(AT_ONCE).collect().await;
    done.into_iter().collect::<anyhow::Result<()>>()?;
    let each = (stack.cpu()?.people - before).as_secs_f64() * 1e3 / FLOWS as f64;
    report.add(&format!("{S3_CALLS} calls of S3 with the AWS SDK, CPU"), each, "ms");
    Ok(each)
}

/// The CPU of this process for one flow through Temporal, in milliseconds.
async fn temporal(report: &mut Report, stack: &Stack) -> anyhow::Result<f64> {
    let url: url::Url = format!("http://{}", stack.temporal.address()).parse()?;
    let options = ConnectionOptions::new(url).grpc_compression(GrpcCompression::None).build();
    let client = Client::new(Connection::connect(options).await?, ClientOptions::new("default").build())?;
    let options = RuntimeOptions::builder().build().map_err(anyhow::Error::msg)?;
    let runtime = Runtime::from_current_tokio(options)?;
    let asked = Asked::default();
    for queue in [QUEUE, OTHER_QUEUE] {
        let options = WorkerOptions::new(queue).register_activities(Empty { asked: asked.clone() });
        let mut worker = Worker::new(&runtime, client.clone(), options.register_workflow::<Floor>()?.build())?;
        let tokio = tokio::runtime::Handle::current();
        std::thread::spawn(move || tokio.block_on(worker.run()).map_err(|error| eprintln!("{queue}: {error}")));
    }
    flow(&client, &asked, "warm").await?;
    let before = stack.cpu()?.people;
    let flow = async |number: usize| flow(&client, &asked, &format!("floor-{number}")).await;
    let done: Vec<_> = stream::iter(0..FLOWS).map(flow).buffer_unordered(AT_ONCE).collect().await;
    done.into_iter().collect::<anyhow::Result<()>>()?;
    let each = (stack.cpu()?.people - before).as_secs_f64() * 1e3 / FLOWS as f64;
    report.add("an empty flow with Temporal's SDK, CPU", each, "ms");
    Ok(each)
}

/// The calls that the bot makes from the submission to the outcome.
async fn flow(client: &Client, asked: &Asked, id: &str) -> anyhow::Result<()> {
    let (tell, card) = oneshot::channel();
    asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), tell);
    let request = client.start_workflow(Floor::run, (), WorkflowStartOptions::new(QUEUE, id).build()).await?;
    card.await?;
    // The request is fetched, decided, and what became of the decision asked for.
    let mut history = request.fetch_history(WorkflowFetchHistoryOptions::builder().wait_new_event(true).build());
    history.next().await;
    request.signal(Floor::authorize, (), WorkflowSignalOptions::default()).await?;
    request.query(Floor::state, (), WorkflowQueryOptions::default()).await?;
    // The building is followed by its heartbeats and by the history, to its end.
    request.describe(Default::default()).await?;
    while let Some(event) = history.next().await {
        event?;
    }
    request.query(Floor::state, (), WorkflowQueryOptions::default()).await?;
    Ok(())
}

/// Who waits for the first activity of which workflow.
pub type Asked = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

pub struct Empty {
    asked: Asked,
}

#[activities]
impl Empty {
    #[activity]
    pub async fn nothing(self: Arc<Self>, ctx: ActivityContext, _input: ()) -> Result<(), ActivityError> {
        let id = ctx.info().workflow_id.as_deref().unwrap_or_default();
        if let Some(tell) = self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(id) {
            let _ = tell.send(());
        }
        Ok(())
    }

    #[activity]
    pub async fn beating(self: Arc<Self>, ctx: ActivityContext, _input: ()) -> Result<(), ActivityError> {
        let _ = ctx.record_heartbeat(1).await;
        Ok(())
    }

    #[activity]
    pub async fn check(self: Arc<Self>, _ctx: ActivityContext, _input: ()) -> Result<(), ActivityError> {
        Ok(())
    }
}

/// The commands of the bot's workflow, in the same order.
#[workflow]
#[derive(Default)]
pub struct Floor {
    authorized: bool,
}

#[workflow_methods]
impl Floor {
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>, _input: ()) -> WorkflowResult<()> {
        let check = || LocalActivityOptions::builder().start_to_close_timeout(AT_MOST).build();
        let on = |queue: &str| {
            ActivityOptions::with_start_to_close_timeout(AT_MOST).heartbeat_timeout(AT_MOST).task_queue(queue).build()
        };
        ctx.execute_local_activity(Empty::check, (), check()).await?;
        ctx.execute_activity(Empty::nothing, (), on(QUEUE)).await?;
        let _deadline = ctx.timer(AT_MOST);
        let _ = ctx.wait_condition(|s| s.authorized).await;
        ctx.execute_local_activity(Empty::check, (), check()).await?;
        let (told, built) = join!(
            ctx.execute_activity(Empty::beating, (), on(QUEUE)),
            ctx.execute_activity(Empty::beating, (), on(OTHER_QUEUE))
        );
        told?;
        built?;
        Ok(())
    }

    #[signal]
    pub fn authorize(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: ()) {
        self.authorized = true;
    }

    #[query]
    pub fn state(&self, _context: &WorkflowContextView) -> bool {
        self.authorized
    }
}
