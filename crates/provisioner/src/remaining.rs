//! What `destroy` answers when it needs longer than an attempt.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

/// The result of `destroy` when not all is gone yet: it goes on by itself, and is to be called
/// again. `null` is the result when all is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    /// After how many seconds `destroy` is to be called again; less than 1 counts as 1.
    #[serde(deserialize_with = "at_least_one")]
    pub again: u64,
    /// What is left, as a person reads it: "3.1 million versions".
    #[serde(default)]
    pub left: String,
}

impl Remaining {
    /// To be called again after this many seconds.
    pub fn new(again: u64, left: impl Into<String>) -> Self {
        Self { again: again.max(1), left: left.into() }
    }
}

/// A provisioner in another language may compute with fractions, or come out below zero.
fn at_least_one<'de, D: Deserializer<'de>>(number: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(number)?;
    Ok(number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds.ceil() as u64)).unwrap_or(1).max(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_called_again_after_a_second_at_the_earliest() {
        for (said, seconds) in [
            (json!(43_200), 43_200),
            (json!(0), 1),
            (json!(-5), 1),
            (json!(0.2), 1),
            (json!(1.5), 2),
            (json!(1e300), u64::MAX),
        ] {
            let read: Remaining = serde_json::from_value(json!({ "again": said })).unwrap();
            assert_eq!((read.again, read.left.as_str()), (seconds, ""), "{said}");
        }
        assert_eq!(Remaining::new(0, "").again, 1);
        let gone: Option<Remaining> = serde_json::from_value(json!(null)).unwrap();
        assert_eq!(gone, None);
        assert!(serde_json::from_value::<Remaining>(json!({ "again": "soon" })).is_err());
    }
}
