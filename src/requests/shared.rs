//! Looking once for all who ask at the same time: a hundred who wait for one request are
//! no more work than two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// What was seen of each request, and when somebody began to look.
pub struct Shared<T>(Mutex<HashMap<String, Place<T>>>);

type Place<T> = Arc<tokio::sync::Mutex<Option<(Instant, T)>>>;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Shared<T> {
    /// What is seen of this request by a look that begins now or later: those who ask while
    /// somebody looks share the next one.
    pub async fn look(&self, id: &str, look: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let place = self.place(id);
        let mut seen = place.lock().await;
        if let Some((_, seen)) = seen.as_ref().filter(|(began, _)| *began >= asked) {
            return seen.clone();
        }
        let began = Instant::now();
        let found = look.await;
        *seen = Some((began, found.clone()));
        found
    }

    fn place(&self, id: &str) -> Place<T> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody looks there now, and what was seen is old already.
        places.retain(|_, place| Arc::strong_count(place) > 1);
        places.entry(id.to_owned()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_crowd_looks_twice_and_nobody_sees_what_was_before() {
        let (shared, looks) = (Shared::<usize>::default(), AtomicUsize::new(0));
        let look = || async {
            let number = looks.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            number
        };
        let seen = join_all((0..100).map(|_| shared.look("a", look()))).await;
        assert!(looks.load(Ordering::SeqCst) <= 2, "{looks:?}");
        let most = seen.iter().max().copied().unwrap_or_default();
        assert!(shared.look("a", look()).await > most, "what was seen before is not shown");
        assert!(shared.0.lock().unwrap().len() <= 1);
    }
}
