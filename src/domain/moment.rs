//! A moment, as programs read it: RFC 3339 in UTC, to the second.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// So long after this, in whole seconds.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX)))
    }

    /// How long it is until then, from `now` on; nothing if it is over.
    pub fn since(self, now: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(now.0)).unwrap_or(0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Timestamp::from_second(self.0).unwrap_or(Timestamp::MAX).fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read: Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(read.as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_utc_to_the_second() {
        let text = serde_json::to_value(Moment(1_795_773_720)).unwrap();
        assert_eq!(text, "2026-11-27T10:02:00Z");
        assert_eq!(serde_json::from_value::<Moment>(text).unwrap(), Moment(1_795_773_720));
        assert!(serde_json::to_string(&Moment(i64::MAX)).is_ok(), "no number is too large to tell");
    }
}
