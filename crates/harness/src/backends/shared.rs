//! One Temporal server and one S3 server for many stacks, which is what a stack costs
//! most to start. What differs between stacks is kept apart by namespaces, and by the
//! names of buckets.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{Connection, ConnectionOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::RegisterNamespaceRequest;

use super::servers::{S3Server, TemporalOptions, TemporalServer};
use super::tools::Tools;

/// How long a namespace keeps workflows that are over; the least that Temporal takes.
const RETENTION: Duration = Duration::from_hours(24);
/// A namespace needs no system workflows, which each cost two pollers of the server's.
const WITHOUT_SYSTEM_WORKERS: &str = "worker.perNamespaceWorkerCount=0";

/// The servers that stacks share. They run until the last who has them is gone.
pub struct Shared {
    /// The Temporal server.
    pub temporal: Arc<TemporalServer>,
    /// The S3 server.
    pub s3: Arc<S3Server>,
    connection: Connection,
    namespaces: AtomicU32,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// Starts both.
    pub async fn start(tell: impl Fn(&str)) -> anyhow::Result<Self> {
        let tools = Tools::find_or_install(&tell).await?;
        tell("starting Temporal and S3 for everybody …");
        let options = TemporalOptions { dynamic_config: vec![WITHOUT_SYSTEM_WORKERS.to_owned()], ..Default::default() };
        let (temporal, s3) = tokio::try_join!(TemporalServer::start(&tools, options), S3Server::start(&tools))?;
        let url = url::Url::parse(&format!("http://{}", temporal.address()))?;
        let connection = Connection::connect(ConnectionOptions::new(url).build()).await?;
        Ok(Self { temporal: Arc::new(temporal), s3: Arc::new(s3), connection, namespaces: AtomicU32::default() })
    }

    /// A namespace that nobody else uses.
    pub(crate) async fn namespace(&self) -> anyhow::Result<String> {
        let name = format!("stack-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        let request = RegisterNamespaceRequest {
            namespace: name.clone(),
            workflow_execution_retention_period: Some(RETENTION.try_into()?),
            ..Default::default()
        };
        let made = self.connection.workflow_service().register_namespace(request.into_request()).await;
        made.with_context(|| format!("the namespace {name}"))?;
        Ok(name)
    }
}

/// A server that a stack uses: its own, or one that others use, too.
pub enum Used<T> {
    /// It may be stopped, frozen and killed.
    Own(T),
    /// It may be asked.
    Shared(Arc<T>),
}

impl<T> Used<T> {
    /// The server, to do something to it.
    ///
    /// # Panics
    ///
    /// If others use it, who would be hit as well.
    pub fn own(&mut self) -> &mut T {
        match self {
            Self::Own(server) => server,
            Self::Shared(_) => panic!("others use this server, too: start the stack with servers of its own"),
        }
    }
}

impl<T> Deref for Used<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Own(server) => server,
            Self::Shared(server) => server,
        }
    }
}
