//! The simulator itself, a handle to one Slack workspace: where it is, its keys, its state,
//! and the faults that a test orders.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::identity::APP_ID;
use crate::message::Message;
use crate::panel::Panel;
use crate::record::Fault;
use crate::rules::Rules;
use crate::scopes;
use crate::sockets::Sockets;
use crate::workspace::Workspace;

/// How the workspace starts.
#[derive(Debug, Clone, Default)]
pub struct SimulatorOptions {
    /// Where to listen; a free port of this machine when absent.
    pub listen: Option<SocketAddr>,
    /// Generated when absent.
    pub bot_token: Option<String>,
    /// The app-level token, for Socket Mode. Generated when absent.
    pub app_token: Option<String>,
    /// Generated when absent.
    pub signing_secret: Option<String>,
    /// What the workspace allows.
    pub rules: Rules,
    /// The app is another one than the one in question: what it needs is nobody's business.
    pub another_app: bool,
    /// What the page shows beside the workspace.
    pub panel: Option<Panel>,
}

/// A running Slack workspace. Clones are handles to the same one.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<Workspace>,
    changed: watch::Sender<u64>,
    healed: watch::Sender<()>,
    bot: Mutex<Option<String>>,
    http: Client<HttpConnector, Body>,
    address: SocketAddr,
    bot_token: String,
    app_token: String,
    signing_secret: String,
    another_app: bool,
    sockets: Sockets,
    servers: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulator({})", self.inner.address)
    }
}

impl Simulator {
    /// The workspace "Acme", which is to be served there.
    pub(crate) fn new(address: SocketAddr, options: SimulatorOptions) -> Simulator {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        let mut state = Workspace::acme();
        state.rules = options.rules;
        Simulator {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                changed: watch::Sender::new(0),
                healed: watch::Sender::new(()),
                bot: Mutex::new(None),
                http: Client::builder(TokioExecutor::new()).build_http(),
                address,
                bot_token: options.bot_token.unwrap_or_else(|| format!("xoxb-8123456789012-{}", random())),
                app_token: options.app_token.unwrap_or_else(|| format!("xapp-1-{APP_ID}-8123456789013-{}", random())),
                signing_secret: options.signing_secret.unwrap_or_else(random),
                another_app: options.another_app,
                sockets: Sockets::new(),
                servers: Mutex::default(),
            }),
        }
    }

    /// Base of the Web API, for `SLACK_API_URL`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.inner.address)
    }

    /// The web page.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.inner.address)
    }

    /// For `SLACK_BOT_TOKEN`.
    pub fn bot_token(&self) -> &str {
        &self.inner.bot_token
    }

    /// For `SLACK_APP_TOKEN`.
    pub fn app_token(&self) -> &str {
        &self.inner.app_token
    }

    /// For `SLACK_SIGNING_SECRET`.
    pub fn signing_secret(&self) -> &str {
        &self.inner.signing_secret
    }

    /// Where the bot serves, such as `http://127.0.0.1:3000`; deliveries go there.
    pub fn connect_bot(&self, base: &str) {
        *lock(&self.inner.bot) = Some(base.trim_end_matches('/').to_string());
    }

    /// Looks at the state.
    pub fn read<T>(&self, look: impl FnOnce(&Workspace) -> T) -> T {
        look(&lock(&self.inner.state))
    }

    /// Changes the state, and wakes whoever waits for a change. Tests add
    /// people and channels with it, archive a channel, deactivate someone.
    pub fn change<T>(&self, act: impl FnOnce(&mut Workspace) -> T) -> T {
        let result = act(&mut lock(&self.inner.state));
        self.inner.changed.send_modify(|revision| *revision += 1);
        result
    }

    /// Changes what nobody waits for.
    pub(crate) fn change_quietly<T>(&self, act: impl FnOnce(&mut Workspace) -> T) -> T {
        act(&mut lock(&self.inner.state))
    }

    /// Somebody looks at these.
    pub fn look_at<'a>(&self, messages: impl IntoIterator<Item = &'a Message>) {
        self.change_quietly(|state| state.look_at(messages));
    }

    /// Changes what the workspace allows.
    pub fn set_rules(&self, change: impl FnOnce(&mut Rules)) {
        self.change(|state| change(&mut state.rules));
    }

    /// Lets every trigger handed out so far expire.
    pub fn expire_triggers(&self) {
        let long_ago = Duration::from_secs(3600);
        self.change(|state| {
            for trigger in state.triggers.values_mut() {
                trigger.made = trigger.made.checked_sub(long_ago).unwrap_or(trigger.made);
            }
        });
    }

    /// The next call of this method fails so. Orders queue up.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.fail_times(method, fault, 1);
    }

    /// The next `count` calls of this method fail so.
    pub fn fail_times(&self, method: &str, fault: Fault, count: usize) {
        self.change(|state| {
            let queue = state.faults.entry(method.to_string()).or_default();
            queue.extend(std::iter::repeat_n(fault, count));
        });
    }

    /// From now on every call fails so, or none.
    pub fn fail_every_call(&self, fault: Option<Fault>) {
        self.change(|state| state.every_call = fault);
    }

    /// Takes back every ordered fault, and gives the answers that hang.
    pub fn heal(&self) {
        self.change(|state| {
            state.faults.clear();
            state.faults_in.clear();
            state.every_call = None;
        });
        self.inner.healed.send_replace(());
    }

    /// Every call of this method in this channel, or about the message with this `ts`,
    /// fails so, until healed.
    pub fn fail_in(&self, channel: &str, method: &str, fault: Fault) {
        self.fail_times_in(channel, method, fault, usize::MAX);
    }

    /// The next `count` calls of this method in this channel fail so.
    pub fn fail_times_in(&self, channel: &str, method: &str, fault: Fault, count: usize) {
        self.change(|state| state.faults_in.insert((method.to_string(), channel.to_string()), (fault, count)));
    }

    /// The number of changes so far, to follow them.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Changes when the workspace is healed.
    pub(crate) fn healed(&self) -> watch::Receiver<()> {
        self.inner.healed.subscribe()
    }

    /// The app needs this scope, granted or not.
    pub(crate) fn note_scope(&self, scope: &str, what: &str) {
        if !self.inner.another_app {
            scopes::note(scope, what);
        }
    }

    pub(crate) fn sockets(&self) -> &Sockets {
        &self.inner.sockets
    }

    /// What serves it.
    pub(crate) fn servers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        lock(&self.inner.servers)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.inner.address)
    }

    pub(crate) fn bot_url(&self) -> Option<String> {
        lock(&self.inner.bot).clone()
    }

    pub(crate) fn send(
        &self,
        request: axum::http::Request<Body>,
    ) -> impl Future<Output = Result<axum::http::Response<Body>, hyper_util::client::legacy::Error>> {
        let answer = self.inner.http.request(request);
        async move { Ok(answer.await?.map(Body::new)) }
    }
}

/// The state stays usable after a panic in a test that held it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
