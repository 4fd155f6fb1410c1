//! What the workspace hands out: IDs, times of messages, and proofs that somebody did
//! something.

use std::time::Instant;

use crate::identity::TEAM_ID;
use crate::proofs::{ResponseUrl, Trigger};
use crate::record::now;
use crate::workspace::Workspace;

impl Workspace {
    /// The time by the workspace's clock.
    pub fn clock(&self) -> jiff::Timestamp {
        now() + jiff::SignedDuration::from_secs(self.rules.clock_ahead)
    }

    /// A fresh message id: seconds, dot, six digits; never twice, always later.
    pub fn new_ts(&mut self) -> String {
        self.last_ts = now().as_microsecond().max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    /// A fresh identifier such as `V0000000A1` or a block id.
    pub fn new_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{:0>8}", format!("{:X}", self.counter + 0xA0))
    }

    /// A fresh hash of a view.
    pub fn new_hash(&mut self) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        format!("{}.{}", now().as_second(), &random[..8])
    }

    /// A fresh trigger of this person.
    pub fn new_trigger(&mut self, user: &str, in_modal: bool) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        self.counter += 1;
        let id = format!("{}.8123456789012.{random}", 9_847_362_510_000_u64 + self.counter);
        self.triggers.insert(id.clone(), Trigger { user: user.into(), made: Instant::now(), used: false, in_modal });
        id
    }

    /// A new response URL; the answer is its path below the server.
    pub fn new_response_url(&mut self, kind: &str, user: &str, channel: &str, source: Option<&str>) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let path = format!("/response/{kind}/{TEAM_ID}/{id}");
        let (user, channel, source) = (user.to_string(), channel.to_string(), source.map(String::from));
        self.response_urls.insert(id, ResponseUrl { user, channel, source, made: Instant::now(), uses: 0 });
        path
    }
}
