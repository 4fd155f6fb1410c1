//! A profile's credentials: asked for with as much patience as a person or a program
//! behind them needs, and kept until shortly before they end. And why there are none.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::meta::credentials::CredentialsProviderChain;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ConnectorError, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::codes::{self, Meaning, Service};
use crate::failure::Problem;
use crate::foreign_text::{causes, chain, tidy};

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

/// Why a profile gives no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such profile, or neither it nor the process has any.
    None,
    /// The configuration is wrong, in the SDK's words.
    Broken(String),
    /// It is a profile of `aws login`.
    Login,
    /// What its `credential_process` did, and whether it may do better.
    Process(&'static str, bool),
    /// A file that it names.
    File,
    /// Its single sign-on.
    SignOn,
    Slow,
    OutOfReach,
    /// STS gives it no role.
    Refused {
        code: String,
        message: String,
        status: u16,
    },
    Unknown,
}

/// What to do, whether trying again can help, and how to say it.
pub struct Said {
    /// Behind "gives no credentials".
    pub why: String,
    pub advice: &'static str,
    pub retry: bool,
}

const CHECK: &str = "Check the profile \"{profile}\" in the AWS configuration of the machine that runs the provisioner \
     (log in again if it uses SSO), then retry.";
const SEE_SOURCE: &str = "See what the profile \"{profile}\" gets its credentials from (a program, STS, single sign-on, \
     the machine), then retry.";
const KEEP_LOGIN_APART: &str = "Rename the profile of the login, and let profile \"{profile}\" ask for its credentials: \
     credential_process = aws configure export-credentials --profile NAME --format process. Then retry.";
const RUN_PROCESS: &str = "Run the credential_process of the profile \"{profile}\" on the machine that runs the \
     provisioner and as its user, then retry.";
const LOG_IN: &str = "Log in again on the machine that runs the provisioner (aws sso login --profile \"{profile}\"), \
     then retry.";

impl Why {
    pub fn said(&self) -> Said {
        let (why, advice, retry) = match self {
            Self::None => (String::new(), CHECK, false),
            Self::Unknown => (String::new(), CHECK, true),
            Self::Broken(said) => (said.clone(), CHECK, false),
            Self::Login => ("it is one of `aws login`, which is not supported".to_owned(), KEEP_LOGIN_APART, false),
            Self::Process(how, retry) => (format!("its credential_process {how}"), RUN_PROCESS, *retry),
            Self::File => ("a file that it names cannot be read".to_owned(), CHECK, true),
            Self::SignOn => {
                ("its single sign-on session is over, or does not allow the role".to_owned(), LOG_IN, false)
            }
            Self::Slow => ("their source takes too long".to_owned(), SEE_SOURCE, true),
            Self::OutOfReach => ("their source is out of reach".to_owned(), SEE_SOURCE, true),
            Self::Refused { code, message, status } => {
                let advice = match codes::meaning(Service::Sts, code, message, *status) {
                    Meaning::ForAPerson(advice) => (advice, false),
                    Meaning::Passes => (SEE_SOURCE, true),
                    Meaning::Unknown => (codes::CHECK_SETUP, true),
                };
                let said = if message.trim().is_empty() { format!("HTTP status {status}") } else { message.clone() };
                (format!("STS answers {}: {}", tidy(code), tidy(&said)), advice.0, advice.1)
            }
        };
        Said { why, advice, retry }
    }

    /// Whether, and why, an error is about credentials. Of its words only those about the
    /// configuration are told: others may quote what a `credential_process` printed.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let credentials = causes(error).filter_map(|e| e.downcast_ref::<CredentialsError>()).last()?;
        Some(match credentials {
            CredentialsError::ProviderTimedOut(_) => Self::Slow,
            CredentialsError::CredentialsNotLoaded(_) if !unreachable(credentials) => Self::None,
            CredentialsError::InvalidConfiguration(_) => Self::of_configuration(&chain(credentials)),
            _ => match causes(credentials).find_map(of_sts) {
                Some(Problem::Refused { code, message, status }) => Self::Refused { code, message, status },
                Some(Problem::Unreachable(_)) => Self::OutOfReach,
                _ if unreachable(credentials) => Self::OutOfReach,
                _ => Self::of_words(&chain(credentials), credentials),
            },
        })
    }

    fn of_configuration(words: &str) -> Self {
        match words.split_once("ProfileFile provider could not be built: ") {
            Some((_, said)) if said.contains("credentials-login") => Self::Login,
            // The profile itself is not there.
            Some((_, said)) if said.contains("referenced from the root profile") => Self::None,
            Some((_, said)) => Self::Broken(tidy(said)),
            None => Self::Unknown,
        }
    }

    fn of_words(words: &str, error: &(dyn Error + 'static)) -> Self {
        let says = |text: &str| words.contains(text);
        // The shell's own words for what it cannot find or may not run.
        if says("external process exited with code exit status: 127") || says("code exit status: 126") {
            Self::Process("cannot be run", false)
        } else if says("external process exited with") {
            Self::Process("ended with an error", true)
        } else if says("external process") && (says("could not parse response") || says("could not decode output")) {
            Self::Process("printed no credentials in the form that AWS asks for", false)
        } else if says("external process") {
            Self::Process("could not be started", true)
        } else if ["SSO token", "sso/cache", "UnauthorizedException", "ForbiddenException"].into_iter().any(says) {
            Self::SignOn
        } else if causes(error).any(|e| e.is::<std::io::Error>()) {
            Self::File
        } else {
            Self::Unknown
        }
    }
}

/// A token service that did not answer will; a profile that is not there will not.
fn unreachable(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|e| e.is::<ConnectorError>())
}

/// What STS said, if this is what it said.
fn of_sts(error: &(dyn Error + 'static)) -> Option<Problem> {
    let role = error.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>().map(Problem::of_call);
    let web = || error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>().map(Problem::of_call);
    role.or_else(web)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::credential_fn::provide_credentials_fn;

    use super::*;

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
        assert_eq!(Why::of(&error), Some(Why::Slow));
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
