//! What is underneath the workspace, for the page: the requests with their
//! workflows as Temporal tells them, their buckets and stacks as S3 and CloudFormation report
//! them, and the plugs. It asks the servers themselves, past the proxies with their faults.

mod bucket;
mod cloudformation;
mod history;
pub(crate) mod page;

use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use futures::future::join_all;
use serde::Serialize;
use serde_json::{Value, json};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow};
use tokio::sync::Mutex;
use tokio::time::{interval, timeout};

use self::history::{Kind, Resource, Story};
use slack_simulator::Simulator;

use crate::aws_files::AwsFiles;
use crate::plugs::{Faults, Incident};
use crate::proxy::Proxy;
use crate::stack::Stack;

/// Between two looks at the requests under way.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// One look at Temporal, or at a resource.
const LOOK: Duration = Duration::from_secs(3);

/// The stack, while it runs.
pub(crate) type SharedStack = Arc<Mutex<Option<Stack>>>;

pub(crate) struct Backstage {
    pub(crate) slack: Simulator,
    pub(crate) stack: SharedStack,
    pub(crate) s3_proxy: Proxy,
    pub(crate) cloudformation_proxy: Option<Proxy>,
    temporal: String,
    ui: Option<String>,
    s3: String,
    cloudformation: Option<String>,
    aws: AwsFiles,
    known: StdMutex<Known>,
}

/// What is known of it at the moment.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Known {
    requests: Vec<Story>,
    pub(crate) plugs: Faults,
    pub(crate) incidents: Vec<Incident>,
}

impl Backstage {
    pub(crate) fn of(stack: &Stack, shared: SharedStack) -> Self {
        Self {
            slack: stack.slack.clone(),
            stack: shared,
            s3_proxy: stack.s3_proxy.clone(),
            cloudformation_proxy: stack.cloudformation.as_ref().map(|(_, proxy)| proxy.clone()),
            temporal: stack.temporal.address(),
            ui: stack.temporal.ui_url(),
            s3: stack.s3.endpoint(),
            cloudformation: stack.cloudformation.as_ref().map(|(server, _)| server.endpoint()),
            aws: stack.aws.clone(),
            known: StdMutex::default(),
        }
    }

    /// Everything the page shows of it.
    pub(crate) fn told(&self) -> Value {
        let mut told = json!(*self.known());
        told["ui"] = json!(self.ui);
        told
    }

    /// What a request builds, as S3 and CloudFormation report it; nothing before anybody was told
    /// to plan or to build. One that cannot be looked at in time is left out.
    pub(crate) async fn resources(&self, request: &str) -> Vec<Value> {
        let story = self.known().requests.iter().find(|story| story.id == request).cloned();
        let resources = story.map(|story| story.resources).unwrap_or_default();
        join_all(resources.iter().map(|resource| self.report(resource))).await.into_iter().flatten().collect()
    }

    async fn report(&self, resource: &Resource) -> Option<Value> {
        let Resource { kind, name, region, profile } = resource;
        let look = async {
            Some(match kind {
                Kind::Bucket => bucket::report(&self.aws.s3_client(&self.s3, region, profile).await, name).await,
                Kind::Stack => {
                    let endpoint = self.cloudformation.as_ref()?;
                    let client = self.aws.cloudformation_client(endpoint, region, profile).await;
                    cloudformation::report(&client, name, region).await
                }
            })
        };
        timeout(LOOK, look).await.ok().flatten()
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, and lets the page know.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let result = change(&mut self.known());
        self.slack.change(|_| ());
        result
    }

    /// Follows every request until it ends. Never returns.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut look = interval(LOOK_EVERY);
        let mut client = None;
        loop {
            look.tick().await;
            for story in self.under_way() {
                if client.is_none() {
                    client = timeout(LOOK, connect(&self.temporal)).await.ok().and_then(Result::ok);
                }
                let Some(client) = &client else { break };
                // Temporal may be stopped: what is known stays.
                let Ok(Ok(seen)) = timeout(LOOK, follow(client, story.clone())).await else { break };
                if seen != story {
                    self.change(|known| match known.requests.iter_mut().find(|known| known.id == seen.id) {
                        Some(known) => *known = seen,
                        None => known.requests.push(seen),
                    });
                }
            }
        }
    }

    /// The requests that messages speak of and that have not ended.
    fn under_way(&self) -> Vec<Story> {
        let ids: Vec<String> = self.slack.read(|state| {
            let mut messages: Vec<_> = state.messages.values().flatten().collect();
            messages.sort_by(|a, b| a.ts.cmp(&b.ts));
            messages.iter().filter_map(|message| message.payload("request_id")).map(String::from).collect()
        });
        let known = self.known();
        let mut stories: Vec<Story> = Vec::new();
        for id in ids {
            let story = known.requests.iter().find(|story| story.id == id).cloned();
            if stories.iter().all(|story| story.id != id) {
                stories.push(story.unwrap_or_else(|| Story::named(&id)));
            }
        }
        stories.retain(|story| story.ended.is_none());
        stories
    }
}

async fn connect(address: &str) -> anyhow::Result<Client> {
    let url = url::Url::parse(&format!("http://{address}"))?;
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await?;
    Ok(Client::new(connection, ClientOptions::new("default").build())?)
}

/// The story as it is now.
async fn follow(client: &Client, mut story: Story) -> anyhow::Result<Story> {
    let handle = client.get_workflow_handle::<UntypedWorkflow>(&story.id);
    // The end first: a history read after it is whole.
    let seen = handle.describe(Default::default()).await?;
    let json = handle.fetch_history(Default::default()).to_json().await.context("the history is unreadable")?;
    story.take_description(seen.raw());
    story.take_history(&serde_json::from_slice(&json)?);
    Ok(story)
}
