//! When Slack may be asked again: what it has asked us to wait for, kept for the
//! whole process, so that nobody asks before the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a limit is remembered after it has passed: Slack counts by the minute.
const MEMORY: Duration = Duration::from_secs(60);
/// Less is not worth a wait of its own.
const AT_LEAST: Duration = Duration::from_millis(50);
/// Slack's `Retry-After` is optional; this stands in for one that is missing or no number.
const UNSAID: Duration = Duration::from_secs(5);
/// No limit is over at once: a `Retry-After` of 0 is none.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest `Retry-After` that is obeyed. Slack counts by the minute, so that more is
/// somebody's mistake: asking again after five minutes costs one call; obeying it costs
/// everybody the form, and requests their time.
pub const LONGEST: Duration = Duration::from_secs(5 * 60);

/// What a limit is about: a method, and the channel where Slack counts by channel.
type Key = (&'static str, String);

/// How long to wait where Slack asked for this much, if it said how much.
pub fn obeyed(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(UNSAID).clamp(SHORTEST, LONGEST)
}

/// The limits that Slack has told us of.
#[derive(Clone, Default)]
pub struct RateLimits {
    /// When each may be asked again.
    again: Arc<Mutex<HashMap<Key, Instant>>>,
}

impl RateLimits {
    /// How long to wait before this is asked again, if at all.
    pub fn wait(&self, method: &'static str, channel: &str) -> Option<Duration> {
        let again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        let until = again.get(&(method, channel.to_owned()))?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| left.max(AT_LEAST))
    }

    /// Slack asked to wait.
    pub fn slow_down(&self, method: &'static str, channel: &str, retry_after: Duration) {
        let now = Instant::now();
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        again.retain(|_, until| now.saturating_duration_since(*until) < MEMORY);
        // Answers may overtake each other: the later time counts.
        let until = again.entry((method, channel.to_owned())).or_insert(now);
        *until = (*until).max(now + retry_after.min(LONGEST));
    }

    /// Did Slack limit this within the last minute?
    pub fn is_scarce(&self, method: &'static str, channel: &str) -> bool {
        let again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        again.get(&(method, channel.to_owned())).is_some_and(|until| until.elapsed() < MEMORY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if Slack's limit had passed so long ago.
    fn passed(ago: Duration) -> RateLimits {
        let pace = RateLimits::default();
        let until = Instant::now().checked_sub(ago).expect("the machine runs for longer");
        pace.again.lock().unwrap().insert(("chat.update", String::new()), until);
        pace
    }

    #[test]
    fn what_slack_asks_for_is_obeyed_within_reason() {
        let seconds = Duration::from_secs;
        for (asked, obeyed_for) in [
            (None, UNSAID),
            (Some(seconds(0)), SHORTEST),
            (Some(seconds(1)), seconds(1)),
            (Some(seconds(30)), seconds(30)),
            (Some(seconds(300)), seconds(300)),
            (Some(seconds(301)), LONGEST),
            (Some(seconds(u64::MAX)), LONGEST),
            (Some(Duration::MAX), LONGEST),
        ] {
            assert_eq!(obeyed(asked), obeyed_for, "{asked:?}");
            let pace = RateLimits::default();
            // No sum of times is too large, whoever calls.
            pace.slow_down("chat.update", "", asked.unwrap_or_default());
            assert!(pace.wait("chat.update", "") <= Some(LONGEST), "{asked:?}");
        }
    }

    #[test]
    fn a_limit_holds_until_its_time_and_is_remembered_for_a_minute() {
        let pace = RateLimits::default();
        assert_eq!(pace.wait("chat.update", ""), None);
        pace.slow_down("chat.update", "", Duration::from_secs(250));
        pace.slow_down("chat.update", "", Duration::from_secs(1));
        assert!(pace.wait("chat.update", "") > Some(Duration::from_secs(200)), "the later time counts");
        assert_eq!(pace.wait("chat.update", "C1"), None, "another channel");
        assert_eq!(pace.wait("chat.postMessage", ""), None, "another method");

        let pace = passed(Duration::ZERO);
        assert_eq!(pace.wait("chat.update", ""), None);
        assert!(pace.is_scarce("chat.update", ""));
        assert!(!passed(MEMORY).is_scarce("chat.update", ""));
    }
}
