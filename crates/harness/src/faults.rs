//! Pulling the plug: the worker dies, Temporal stops, Slack and S3 fail, until
//! somebody puts it back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use slack_simulator::Fault;

use crate::backstage::Backstage;
use crate::plugs::{Incident, Pull, S3, Slack, Temporal, Worker};
use crate::proxy;
use crate::stack::get;

/// A change of a bucket's settings, as the first line of a request has it: the
/// middle of a step. Not the first tags, which moto does not take when a bucket is
/// created: a death just before them may leave an empty bucket that nobody owns
/// (see `ownership` in `provisioner-s3`), and Amazon's S3 has no such moment.
const STEP: &str = "PUT ?versioning";
/// The same of CloudFormation, whose calls are all alike in their first lines.
const CALL: &str = "POST /";
/// A supervisor starts a dead process again, a little later.
const RESTART_AFTER: Duration = Duration::from_secs(3);
/// How often readiness is asked for.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// What Slack says when it limits.
const RETRY_AFTER: u64 = 3;

impl Backstage {
    /// Pulls a plug, or puts it back. It is finished although whoever asked goes away.
    pub(crate) async fn pull(self: Arc<Self>, pull: Pull) -> anyhow::Result<()> {
        let done = match pull {
            Pull::Worker(wanted) => tokio::spawn(self.worker(wanted)),
            Pull::Temporal(wanted) => tokio::spawn(self.temporal(wanted)),
            Pull::Slack(wanted) => tokio::spawn(self.slack(wanted)),
            Pull::S3(wanted) => tokio::spawn(self.s3(wanted)),
        };
        done.await?
    }

    async fn worker(self: Arc<Self>, wanted: Worker) -> anyhow::Result<()> {
        let is = self.known().plugs.worker;
        match (wanted, is) {
            (Worker::Armed, Worker::Running) => {
                self.change(|known| known.plugs.worker = Worker::Armed);
                tokio::spawn(self.kill_in_a_step());
            }
            (Worker::Running, Worker::Armed) => {
                self.change(|known| known.plugs.worker = Worker::Running);
                self.let_go();
            }
            (Worker::Killed, Worker::Running | Worker::Starting) => self.kill().await?,
            (Worker::Running, Worker::Killed) => self.start().await?,
            _ => {}
        }
        Ok(())
    }

    /// Waits for a step, holds its call of S3 or CloudFormation, and kills the bot meanwhile.
    async fn kill_in_a_step(self: Arc<Self>) -> anyhow::Result<()> {
        let stacks = self.cloudformation_proxy.as_ref();
        self.s3_proxy.hold(STEP);
        stacks.inspect(|proxy| proxy.hold(CALL));
        while self.s3_proxy.met(STEP) + stacks.map_or(0, |proxy| proxy.met(CALL)) == 0 {
            if self.known().plugs.worker != Worker::Armed {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        let killed = self.kill().await;
        self.let_go();
        killed?;
        tokio::time::sleep(RESTART_AFTER).await;
        self.start().await
    }

    /// Lets through what is held.
    fn let_go(&self) {
        self.s3_proxy.open();
        if let Some(proxy) = &self.cloudformation_proxy {
            proxy.open();
        }
    }

    async fn kill(&self) -> anyhow::Result<()> {
        self.stack.lock().await.as_mut().context("everything stops")?.kill_bot().await;
        self.begin("worker", "Worker killed");
        self.change(|known| known.plugs.worker = Worker::Killed);
        Ok(())
    }

    /// Starts the bot again; it runs once it says that it is ready, which it is not
    /// while Temporal is away.
    async fn start(&self) -> anyhow::Result<()> {
        let url = {
            let mut stack = self.stack.lock().await;
            let stack = stack.as_mut().context("everything stops")?;
            if self.known().plugs.worker != Worker::Killed {
                return Ok(());
            }
            self.change(|known| known.plugs.worker = Worker::Starting);
            stack.launch_bot(&["run"])?;
            format!("{}/readyz", stack.bot_url())
        };
        while !matches!(get(&url).await, Ok((200, _))) {
            if self.known().plugs.worker != Worker::Starting {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        self.change(|known| known.plugs.worker = Worker::Running);
        self.end("worker");
        Ok(())
    }

    async fn temporal(self: Arc<Self>, wanted: Temporal) -> anyhow::Result<()> {
        let mut stack = self.stack.lock().await;
        let server = stack.as_mut().context("everything stops")?.temporal.own();
        let is = self.known().plugs.temporal;
        let now_is = |state: Temporal| self.change(|known| known.plugs.temporal = state);
        match (wanted, is) {
            (Temporal::Stopped, Temporal::Running) => {
                self.begin("temporal", "Temporal stopped");
                now_is(Temporal::Stopping);
                server.stop().await;
                now_is(Temporal::Stopped);
            }
            (Temporal::Running, Temporal::Stopped) => {
                now_is(Temporal::Starting);
                let started = server.start_again().await;
                now_is(if started.is_ok() { Temporal::Running } else { Temporal::Stopped });
                started?;
                self.end("temporal");
            }
            _ => {}
        }
        Ok(())
    }

    async fn slack(self: Arc<Self>, wanted: Slack) -> anyhow::Result<()> {
        let (fault, what) = match wanted {
            Slack::Well => (None, ""),
            Slack::Limited => (Some(Fault::RateLimited { retry_after: RETRY_AFTER }), "Slack answers 429"),
            Slack::Hanging => (Some(Fault::Hang), "Slack answers nothing"),
        };
        self.end("slack");
        if fault.is_some() {
            self.begin("slack", what);
        }
        self.slack.fail_every_call(fault);
        self.change(|known| known.plugs.slack = wanted);
        Ok(())
    }

    async fn s3(self: Arc<Self>, wanted: S3) -> anyhow::Result<()> {
        self.s3_proxy.heal_each("");
        self.end("s3");
        if wanted == S3::Failing {
            self.s3_proxy.fail(proxy::Fault::refuse(503, "SlowDown"));
            self.begin("s3", "S3 answers 503");
        }
        self.change(|known| known.plugs.s3 = wanted);
        Ok(())
    }

    fn begin(&self, plug: &'static str, what: &'static str) {
        let incident = Incident { plug, what, at: now().to_string(), until: None };
        self.known().incidents.push(incident);
    }

    fn end(&self, plug: &str) {
        self.change(|known| {
            for incident in known.incidents.iter_mut().filter(|it| it.plug == plug && it.until.is_none()) {
                incident.until = Some(now().to_string());
            }
        });
    }
}

/// The clock of this machine.
#[expect(clippy::disallowed_methods, reason = "what is told of the demo has a time")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
