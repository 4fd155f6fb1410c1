//! On a real Temporal server, which alone knows whether a request was withdrawn: to an attempt,
//! a worker that stops looks the same.

use std::time::Duration;

use ::provisioner::ProvisionInput;
use provisioner_cloudformation::{Provisioner, QUEUE};
use temporalio_client::{
    ActivityCancelOptions, ActivityStartOptions, Client, ClientOptions, Connection, ConnectionOptions,
    PendingActivityState,
};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;

use super::{World, input, with_a_valve};
use crate::world::{eventually, servers};

const HEARTBEAT: Duration = Duration::from_secs(10);

/// A worker on a thread of its own, until it is stopped.
struct Working {
    stop: Box<dyn Fn() + Send>,
    ended: oneshot::Receiver<()>,
}

impl Working {
    fn start(runtime: &Runtime, client: &Client, world: &World) -> Self {
        let options = WorkerOptions::new(QUEUE)
            .register_activities(Provisioner::new(world.aws(), world.templates.clone(), world.metrics.clone()))
            .max_heartbeat_throttle_interval(Duration::from_millis(500))
            .graceful_shutdown_period(Duration::from_secs(1))
            .build();
        let mut worker = Worker::new(runtime, client.clone(), options).unwrap();
        let stop = Box::new(worker.shutdown_handle());
        let (tell, ended) = oneshot::channel();
        let tokio = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            tokio.block_on(worker.run()).unwrap();
            drop(worker);
            let _ = tell.send(());
        });
        Self { stop, ended }
    }

    async fn stop(self) {
        (self.stop)();
        tokio::time::timeout(Duration::from_secs(60), self.ended).await.expect("a worker that ends").unwrap();
    }
}

async fn is_held(world: &World, input: &ProvisionInput) {
    world.valve(&input.resource_name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_leaves_the_stack_and_a_withdrawal_does_not() {
    let servers = servers().await;
    let world = World::of(&with_a_valve()).await;
    let url = url::Url::parse(&format!("http://{}", servers.temporal.address())).unwrap();
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await.unwrap();
    let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
    let runtime = Runtime::from_current_tokio(RuntimeOptions::builder().build().unwrap()).unwrap();
    let input = input();
    let name = &input.resource_name;

    let first = Working::start(&runtime, &client, &world);
    let options = ActivityStartOptions::with_start_to_close_timeout(
        QUEUE,
        input.application_id.clone(),
        Duration::from_secs(600),
    )
    .heartbeat_timeout(HEARTBEAT)
    .build();
    let activity = client.start_activity(Provisioner::provision, input.clone(), options).await.unwrap();
    is_held(&world, &input).await;
    first.stop().await;
    assert_eq!(world.status(name).await.as_deref(), Some("CREATE_IN_PROGRESS"), "another worker goes on");
    assert!(world.has_bucket(name).await);

    let second = Working::start(&runtime, &client, &world);
    eventually("a second attempt", async || {
        let seen = activity.describe(Default::default()).await.ok()?;
        // Between two attempts nobody is there to hear of it: undoing is then the workflow's.
        (seen.attempt() >= 2 && seen.run_state() == PendingActivityState::Started).then_some(())
    })
    .await;
    activity.cancel(ActivityCancelOptions::default()).await.unwrap();
    let ended = activity.result().await;
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(world.status(name).await, None, "{ended:?}");
    assert!(!world.has_bucket(name).await);
    second.stop().await;
}
