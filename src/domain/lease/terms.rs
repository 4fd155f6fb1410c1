//! How long what is built may live, and what happens at the end of that.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It has no end.
    Never,
    /// Whole seconds.
    For(u64),
}

/// What the configuration says about ends. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// May there be an end at all? Without it nothing ends by itself.
    pub ends: bool,
    /// What the form proposes.
    pub lifetime: Lifetime,
    /// The longest term that may be asked for; absent: any.
    pub longest: Option<u64>,
    /// From the approval, with all extensions; absent: any.
    pub total: Option<u64>,
    /// How long before the end its owner is warned, the longest first.
    pub warn: Vec<u64>,
    /// For how long writes are refused after the end; 0: not at all.
    pub read_only: u64,
    /// For how long everything is refused then; 0: not at all.
    pub closed: u64,
    /// Extensions by the owner alone.
    pub free_extensions: u32,
    /// For how long something removed by hand is closed first.
    pub undo: u64,
    /// For how long heirs are asked when the owner has left.
    pub heirs: u64,
}

impl Default for Terms {
    /// Without a table in the file: no end, and an hour to think better of a removal.
    fn default() -> Self {
        Self {
            ends: false,
            lifetime: Lifetime::Never,
            longest: None,
            total: None,
            warn: Vec::new(),
            read_only: 0,
            closed: 0,
            free_extensions: 0,
            undo: 60 * 60,
            heirs: 14 * 24 * 60 * 60,
        }
    }
}

impl Terms {
    /// The warnings of an end that is so far away: those longer than half of that are left out.
    pub(super) fn warnings(&self, left: Duration) -> Vec<u64> {
        self.warn.iter().copied().filter(|before| before.saturating_mul(2) <= left.as_secs()).collect()
    }
}

/// A span of time in words: days, and no months, which have no length.
pub fn in_words(seconds: u64) -> String {
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds;
    let mut said = Vec::new();
    for (length, unit) in units {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            said.push(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }));
        }
    }
    if said.is_empty() { "no time".to_owned() } else { said.join(" ") }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("Without an end"),
            Self::For(seconds) => f.write_str(&in_words(*seconds)),
        }
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::For(seconds) => serializer.serialize_u64(*seconds),
        }
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Seconds(u64),
            Word(String),
        }
        match Said::deserialize(deserializer)? {
            Said::Seconds(seconds) if seconds > 0 => Ok(Self::For(seconds)),
            Said::Word(word) if word == "never" => Ok(Self::Never),
            _ => Err(serde::de::Error::custom("expected a number of seconds, or \"never\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lifetime_is_seconds_or_never() {
        let read = |value| serde_json::from_value::<Lifetime>(value).ok();
        assert_eq!(read(json!(90)), Some(Lifetime::For(90)));
        assert_eq!(read(json!("never")), Some(Lifetime::Never));
        for wrong in [json!(0), json!(-1), json!(1.5), json!("90"), json!(null)] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(json!([Lifetime::Never, Lifetime::For(5)]), json!(["never", 5]));
    }

    #[test]
    fn a_span_is_told_in_days() {
        for (seconds, told) in [(86_400, "1 day"), (2_592_000, "30 days"), (90_000, "1 day 1 hour"), (0, "no time")] {
            assert_eq!(in_words(seconds), told);
        }
        assert_eq!(
            (Lifetime::Never.to_string(), Lifetime::For(60).to_string().as_str()),
            ("Without an end".into(), "1 minute")
        );
    }

    #[test]
    fn a_warning_longer_than_half_of_what_is_left_is_none() {
        let terms = Terms { warn: vec![600, 60], ..Terms::default() };
        assert_eq!(terms.warnings(Duration::from_secs(1200)), [600, 60]);
        assert_eq!(terms.warnings(Duration::from_secs(1199)), [60]);
        assert!(terms.warnings(Duration::from_secs(100)).is_empty());
    }
}
