//! What the workspace allows, and how patient it is.

use std::collections::BTreeSet;
use std::time::Duration;

/// What an app can ask for, of all that the simulated methods need.
const EVERY_SCOPE: [&str; 15] = [
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "usergroups:read",
    "users:read",
];

/// What the workspace allows; tests change it to see the bot cope.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What the app was granted; every scope there is, unless said otherwise.
    pub scopes: BTreeSet<String>,
    /// People may write to the app.
    pub messages_tab_enabled: bool,
    /// The app has a Home tab.
    pub home_tab_enabled: bool,
    /// One message a second per channel, with a small burst.
    pub rate_limits: bool,
    /// Edits a minute in the whole workspace, while rate limits are on.
    pub edits_per_minute: usize,
    /// The app is set up for Socket Mode: nothing is delivered over HTTP.
    pub socket_mode: bool,
    /// How long a modal may be opened after an action.
    pub trigger_lifetime: Duration,
    /// How long Slack waits for an answer.
    pub ack_deadline: Duration,
    /// A reply to a message that was deleted appears in the channel, outside of any
    /// thread, instead of being refused: there are reports of both.
    pub orphans_at_the_top: bool,
    /// Answer an expired trigger in Slack's older form, `invalid_arguments`.
    pub older_trigger_errors: bool,
    /// The organisation of the workspace, on Enterprise Grid; empty: on none.
    pub enterprise_id: String,
    /// How many seconds the workspace's clock is ahead of this machine's (behind, if
    /// negative): in `Date` of its answers, and in what it signs.
    pub clock_ahead: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            scopes: EVERY_SCOPE.map(String::from).into(),
            messages_tab_enabled: true,
            home_tab_enabled: true,
            rate_limits: false,
            edits_per_minute: 50,
            socket_mode: false,
            trigger_lifetime: Duration::from_secs(3),
            ack_deadline: Duration::from_secs(3),
            orphans_at_the_top: false,
            older_trigger_errors: false,
            enterprise_id: String::new(),
            clock_ahead: 0,
        }
    }
}
