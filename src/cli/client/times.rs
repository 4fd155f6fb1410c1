//! Times: this moment, and how a duration is typed.

use jiff::Timestamp;
use serde_json::Value;

/// For the words alone: whether a moment is one of today.
#[expect(clippy::disallowed_methods, reason = "an edge: nothing is decided by it")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// A duration as the API has it, in whole seconds.
pub(super) fn seconds(typed: &str) -> Result<u64, String> {
    match humantime::parse_duration(typed) {
        Ok(duration) if duration.subsec_nanos() == 0 && !duration.is_zero() => Ok(duration.as_secs()),
        _ => Err("expected a time in whole seconds, such as 30days, 12h or 90m".to_owned()),
    }
}

/// How long something is to live: in seconds, or `never`.
pub(super) fn lifetime(typed: &str) -> Result<Value, String> {
    if typed == "never" {
        return Ok(typed.into());
    }
    seconds(typed).map(Value::from).map_err(|expected| format!("{expected}; or never"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds() {
        for (typed, read) in [("30days", 2_592_000), ("1h 30m", 5_400), ("90s", 90)] {
            assert_eq!(seconds(typed), Ok(read), "{typed}");
        }
        for typed in ["", "30", "0s", "1500ms", "never", "soon", "-1h"] {
            assert!(seconds(typed).is_err(), "{typed}");
        }
        assert_eq!(lifetime("never"), Ok("never".into()));
        assert_eq!(lifetime("30days"), Ok(2_592_000.into()));
        assert!(lifetime("Never").is_err());
    }
}
