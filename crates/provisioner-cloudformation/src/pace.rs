//! How often is looked again: soon at first, then every few seconds, never at the same moment
//! as all others.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(400);
const AT_MOST: Duration = Duration::from_secs(4);

/// The pauses between looks.
pub struct Pace(Duration);

impl Pace {
    pub fn new() -> Self {
        Self(FIRST)
    }

    /// The next pause: longer than the last one, by chance up to a quarter shorter or longer
    /// than it would be.
    pub fn next(&mut self) -> Duration {
        let plain = self.0;
        self.0 = (plain * 3 / 2).min(AT_MOST);
        plain * 3 / 4 + plain.mul_f64(chance() / 2.0)
    }
}

/// From 0 to 1. Each state of the hasher begins with other keys.
fn chance() -> f64 {
    f64::from(RandomState::new().hash_one(0_u8) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_few_seconds_and_differ() {
        let mut pace = Pace::new();
        assert!(pace.next() <= FIRST * 5 / 4);
        let late: Vec<Duration> = (0..30).map(|_| pace.next()).skip(10).collect();
        assert!(late.iter().all(|pause| *pause >= AT_MOST * 3 / 4 && *pause <= AT_MOST * 5 / 4), "{late:?}");
        assert!(late.windows(2).any(|two| two[0] != two[1]), "{late:?}");
    }
}
