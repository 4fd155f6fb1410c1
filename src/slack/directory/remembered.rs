//! Answers by key, each with the moment it was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Answers by key. One that is older than `keep` is forgotten.
#[derive(Clone)]
pub(super) struct Remembered<T> {
    keep: Duration,
    answers: Arc<Mutex<HashMap<String, (Instant, T)>>>,
}

impl<T: Clone> Remembered<T> {
    pub(super) fn keeping(keep: Duration) -> Self {
        Self { keep, answers: Arc::default() }
    }

    /// The answer, if it is younger than `at_most`.
    pub(super) fn get(&self, key: &str, at_most: Duration) -> Option<T> {
        let answers = self.lock();
        let (asked, answer) = answers.get(key)?;
        (asked.elapsed() < at_most.min(self.keep)).then(|| answer.clone())
    }

    /// The answer, if it was asked for at `moment` or later.
    pub(super) fn since(&self, key: &str, moment: Instant) -> Option<T> {
        let answers = self.lock();
        let (asked, answer) = answers.get(key)?;
        (*asked >= moment).then(|| answer.clone())
    }

    /// Remembers an answer, unless one that was asked for later is known: answers may
    /// overtake each other.
    pub(super) fn put(&self, key: &str, asked: Instant, answer: T) {
        let mut answers = self.lock();
        if answers.get(key).is_some_and(|(known, _)| *known > asked) {
            return;
        }
        if answers.len() == answers.capacity() {
            answers.retain(|_, (asked, _)| asked.elapsed() < self.keep);
        }
        answers.insert(key.to_owned(), (asked, answer));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, T)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).expect("the machine runs for longer")
    }

    #[test]
    fn an_answer_has_the_age_of_its_question() {
        let known = Remembered::keeping(Duration::from_secs(100));
        known.put("U1", ago(61), "old");
        assert_eq!(known.get("U1", Duration::from_secs(60)), None);
        assert_eq!(known.get("U1", Duration::from_secs(90)), Some("old"));
        assert_eq!((known.since("U1", ago(62)), known.since("U1", ago(60))), (Some("old"), None));
        // What was asked before and answered after is not news.
        known.put("U1", ago(70), "overtaken");
        assert_eq!(known.get("U1", Duration::MAX), Some("old"));
        known.put("U1", ago(1), "new");
        assert_eq!(known.get("U1", Duration::from_secs(60)), Some("new"));
        known.put("U2", ago(101), "forgotten");
        assert_eq!(known.get("U2", Duration::MAX), None);
    }

    #[test]
    fn what_is_too_old_does_not_fill_the_memory() {
        let known = Remembered::keeping(Duration::from_secs(10));
        for n in 0..10_000 {
            known.put(&format!("U{n}"), ago(11), ());
        }
        assert!(known.lock().len() < 100, "{}", known.lock().len());
    }
}
