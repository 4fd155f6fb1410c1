//! A profile's credentials: asked for with as much patience as a person or a program
//! behind them needs, and kept until shortly before they end.

use std::time::{Duration, SystemTime};

use aws_config::meta::credentials::CredentialsProviderChain;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long a profile's credentials may take: a `credential_process` may ask a vault, or
/// a person's phone. The SDK's own limits, made for a call of S3, are far shorter.
pub const WITHIN: Duration = Duration::from_secs(60);
/// Credentials that end within this are renewed before work begins: the renewal would
/// otherwise have to fit into a call of S3.
const AHEAD: Duration = Duration::from_secs(60);
/// The same within a call: the SDK's own measure.
const AT_HAND: Duration = Duration::from_secs(10);
/// Those without an end are asked for anew after this: the SDK's own measure, too.
const UNTIL_ASKED_AGAIN: Duration = Duration::from_secs(15 * 60);

/// Credentials, and where they come from.
#[derive(Debug)]
pub struct Kept {
    source: CredentialsProviderChain,
    within: Duration,
    /// What came last, and when.
    last: Mutex<Option<(Credentials, Instant)>>,
}

impl Kept {
    pub fn new(source: CredentialsProviderChain, within: Duration) -> Self {
        Self { source, within, last: Mutex::default() }
    }

    /// Makes sure that there are some, and that they last for a while.
    pub async fn ready(&self) -> Result<(), CredentialsError> {
        self.get(AHEAD).await.map(drop)
    }

    /// Credentials with at least so long to go, where the source gives such.
    async fn get(&self, to_go: Duration) -> Result<Credentials, CredentialsError> {
        let mut last = self.last.lock().await;
        if let Some((credentials, since)) = last.as_ref()
            && lasts(credentials, *since, to_go)
        {
            return Ok(credentials.clone());
        }
        let asked = timeout(self.within, self.source.provide_credentials()).await;
        let credentials = asked.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(self.within)))?;
        *last = Some((credentials.clone(), Instant::now()));
        Ok(credentials)
    }
}

#[expect(clippy::disallowed_methods, reason = "credentials end by the clock")]
fn lasts(credentials: &Credentials, since: Instant, to_go: Duration) -> bool {
    match credentials.expiry() {
        Some(end) => end > SystemTime::now() + to_go,
        None => since.elapsed() < UNTIL_ASKED_AGAIN,
    }
}

/// What a client of the SDK asks.
#[derive(Clone, Debug)]
pub struct Provider(pub std::sync::Arc<Kept>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.0.get(AT_HAND))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::credential_fn::provide_credentials_fn;

    use super::*;
    use crate::called;
    use crate::no_credentials::Why;

    #[expect(clippy::disallowed_methods, reason = "credentials end by the clock")]
    fn kept(takes: Duration, within: Duration, lasts: Option<Duration>) -> (Kept, Arc<AtomicUsize>) {
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        let source = provide_credentials_fn(move || {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(takes).await;
                Ok(Credentials::new("a", "b", None, lasts.map(|lasts| SystemTime::now() + lasts), "test"))
            }
        });
        (Kept::new(CredentialsProviderChain::first_try("test", source), within), asked)
    }

    #[tokio::test]
    async fn a_slow_source_is_waited_for_and_asked_once() {
        let (kept, asked) = kept(Duration::from_millis(20), WITHIN, None);
        kept.ready().await.expect("in time");
        let provider = Provider(Arc::new(kept));
        provider.provide_credentials().await.expect("at hand");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_source_that_never_answers_is_given_up() {
        let (kept, _) = kept(Duration::from_secs(3600), Duration::from_millis(20), None);
        let error = kept.ready().await.expect_err("given up");
        assert_eq!(called::why(&error), Some(Why::Slow));
        assert!(Why::Slow.said().retry);
    }

    #[tokio::test]
    async fn credentials_that_end_soon_are_renewed_before_work_begins() {
        let (kept, asked) = kept(Duration::ZERO, WITHIN, Some(Duration::from_secs(30)));
        kept.ready().await.expect("some");
        kept.get(AT_HAND).await.expect("within a call");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        kept.ready().await.expect("before work");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
