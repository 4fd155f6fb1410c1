//! The workers: the workflows with the bot's own activities, and the built-in
//! provisioners, each on its own task queue and its own thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use provisioner_s3::Provisioner;
use temporalio_client::Client;
use temporalio_sdk::activities::ActivityImplementer;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;

use crate::activities::BotActivities;
use crate::config::Release;
use crate::stacks;
use crate::versioning;
use crate::workflow::{ProvisionApplication, ResourceLease, TASK_QUEUE};

/// How long running activities may go on once the process is asked to stop; then
/// they report how far they are, and another worker resumes them.
const GRACE: Duration = Duration::from_secs(6);
/// A stop that meets a finishing workflow task may take the server's whole long
/// poll. What has not ended by then is left to the server's timeouts.
const STOP_AT_MOST: Duration = Duration::from_secs(GRACE.as_secs() + 4);
/// How often a heartbeat of the provisioner reaches the server, and so how fresh the
/// progress is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// The same for the bot's own activities, which note what was posted. What was not
/// noted is found by looking for it, and each heartbeat is billed.
const NOTES_EVERY: Duration = Duration::from_secs(2);

/// Activities at once, per worker. They wait more than they work, and every request
/// that is being built has two: fewer, and many slow ones hold up all others.
const ACTIVITIES_AT_ONCE: usize = 2_000;
/// Requests kept in memory between two of their steps. Most wait for a person, for
/// minutes; one that was let go of is replayed from its few events within milliseconds,
/// while each that is kept takes a tenth of a megabyte.
const WORKFLOWS_IN_MEMORY: usize = 64;
/// Anything else at once: the SDK's default.
const TASKS_AT_ONCE: usize = 100;

/// How many workers poll now. Shared with whoever judges readiness.
pub type PollingWorkers = Arc<AtomicUsize>;

/// Running workers.
pub struct Workers {
    running: Vec<Running>,
}

struct Running {
    queue: &'static str,
    stop: Box<dyn Fn() + Send>,
    ended: oneshot::Receiver<Result<(), String>>,
}

impl Workers {
    /// Starts polling the task queues; that of stacks where there are any.
    pub fn start(
        runtime: &Runtime,
        client: &Client,
        bot: BotActivities,
        provisioner: Provisioner,
        stacks: Option<stacks::Provisioner>,
        release: Option<&Release>,
        live: &PollingWorkers,
    ) -> anyhow::Result<Self> {
        let bot = WorkerOptions::new(TASK_QUEUE)
            .register_activities(bot)
            .register_workflow::<ProvisionApplication>()?
            .register_workflow::<ResourceLease>()?
            .deployment_options(versioning::options(release))
            .tuner(slots())
            .max_cached_workflows(WORKFLOWS_IN_MEMORY)
            .max_heartbeat_throttle_interval(NOTES_EVERY)
            .graceful_shutdown_period(GRACE)
            .build();
        #[cfg(feature = "cloudformation")]
        let stacks = stacks.map(|stacks| (stacks::QUEUE, builtin(stacks::QUEUE, stacks, release)));
        #[cfg(not(feature = "cloudformation"))]
        let stacks = stacks.map(|none| match none {});
        let buckets = builtin(provisioner_s3::QUEUE, provisioner, release);
        let options = [(TASK_QUEUE, bot), (provisioner_s3::QUEUE, buckets)].into_iter().chain(stacks);
        // None polls before all of them can.
        let workers = options.map(|(queue, options)| Ok((queue, Worker::new(runtime, client.clone(), options)?)));
        let workers = workers.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { running: workers.into_iter().map(|(queue, worker)| run(queue, worker, live)).collect() })
    }

    /// Waits until a worker ends by itself, and says why: that comes of what the server
    /// refuses for a while. It is none of these any more.
    pub async fn failed(&mut self) -> String {
        let ends = self.running.iter_mut().map(|worker| {
            let queue = worker.queue;
            let ended = &mut worker.ended;
            Box::pin(async move {
                match ended.await {
                    Ok(Err(why)) => format!("the worker on {queue}: {why}"),
                    _ => format!("the worker on {queue} ended"),
                }
            })
        });
        let (why, index, _) = futures::future::select_all(ends).await;
        self.running.swap_remove(index);
        why
    }

    /// Takes no new work, lets the running work come to a good point, and ends.
    pub async fn stop(self) {
        for worker in &self.running {
            (worker.stop)();
        }
        let ended = join_all(self.running.into_iter().map(|worker| worker.ended));
        if tokio::time::timeout(STOP_AT_MOST, ended).await.is_err() {
            tracing::warn!("the workers did not end in time; the server will notice");
        }
    }
}

/// A built-in provisioner, on its queue.
fn builtin(
    queue: &str,
    provisioner: impl ActivityImplementer + Send + Sync + 'static,
    release: Option<&Release>,
) -> WorkerOptions {
    WorkerOptions::new(queue)
        .register_activities(provisioner)
        .deployment_options(versioning::options(release))
        .tuner(slots())
        .max_heartbeat_throttle_interval(PROGRESS_EVERY)
        .graceful_shutdown_period(GRACE)
        .build()
}

fn slots() -> TunerHolder {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(TASKS_AT_ONCE))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(ACTIVITIES_AT_ONCE))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(TASKS_AT_ONCE))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(TASKS_AT_ONCE))
        .build()
}

/// A worker is not `Send` while it runs, so it gets a thread.
fn run(queue: &'static str, mut worker: Worker, live: &PollingWorkers) -> Running {
    let stop = Box::new(worker.shutdown_handle());
    let (tell, ended) = oneshot::channel();
    let tokio = tokio::runtime::Handle::current();
    let live = live.clone();
    std::thread::spawn(move || {
        live.fetch_add(1, Ordering::SeqCst);
        let result = tokio.block_on(worker.run()).map_err(|error| error.to_string());
        live.fetch_sub(1, Ordering::SeqCst);
        // Whoever hears of the end may start another one, which this one would hinder.
        drop(worker);
        // Nobody listens any more when the process is on its way out.
        let _ = tell.send(result);
    });
    Running { queue, stop, ended }
}
