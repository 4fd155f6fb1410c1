//! What the SDK says became of a call, whoever was called; and what it says of credentials,
//! as why there are none.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::foreign_text::{causes, chain, tidy};
use crate::no_credentials::Why;

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// An error was the answer.
    Refused { code: String, message: String, status: u16 },
    /// No answer: timeouts, connections.
    Unreachable(String),
    /// It went well, in words that do not read.
    Unreadable(String),
    /// The profile does not exist, is incomplete, or its credentials' source refuses.
    NoCredentials(Why),
    /// The request could not be made: an impossible region, endpoint or value.
    Unusable(String),
}

impl<E> From<SdkError<E, HttpResponse>> for Called
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match why(&error) {
            Some(why) => Self::NoCredentials(why),
            None => Self::of_call(&error),
        }
    }
}

impl Called {
    /// What became of a call.
    pub fn of_call<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) if answer.raw().status().is_success() && answer.err().code().is_none() => {
                Self::Unreadable(chain(error))
            }
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = answer.err().code().map_or_else(|| code_of_status(status), str::to_owned);
                let message = answer.err().message().unwrap_or_default().to_owned();
                Self::Refused { code, message, status }
            }
            SdkError::ConstructionFailure(_) => Self::Unusable(chain(error)),
            SdkError::TimeoutError(_) => Self::Unreachable("it took too long".into()),
            SdkError::DispatchFailure(failure) if failure.is_user() => Self::Unusable(chain(error)),
            _ => Self::Unreachable(chain(error)),
        }
    }
}

/// The code of an answer without a body (to HEAD) that is not there.
pub const NOT_FOUND: &str = "Http404";

/// An answer without a body has only its status.
fn code_of_status(status: u16) -> String {
    match status {
        403 => "AccessDenied".into(),
        other => format!("Http{other}"),
    }
}

/// Whether, and why, an error is about credentials. Of its words only those about the
/// configuration are told: others may quote what a `credential_process` printed.
pub fn why(error: &(dyn Error + 'static)) -> Option<Why> {
    let credentials = causes(error).filter_map(|e| e.downcast_ref::<CredentialsError>()).last()?;
    Some(match credentials {
        CredentialsError::ProviderTimedOut(_) => Why::Slow,
        CredentialsError::CredentialsNotLoaded(_) if !unreachable(credentials) => Why::None,
        CredentialsError::InvalidConfiguration(_) => of_configuration(&chain(credentials)),
        _ => match causes(credentials).find_map(of_sts) {
            Some(Called::Refused { code, message, status }) => Why::Refused { code, message, status },
            Some(Called::Unreachable(_)) => Why::OutOfReach,
            _ if unreachable(credentials) => Why::OutOfReach,
            _ => of_words(&chain(credentials), credentials),
        },
    })
}

fn of_configuration(words: &str) -> Why {
    match words.split_once("ProfileFile provider could not be built: ") {
        Some((_, said)) if said.contains("credentials-login") => Why::Login,
        // The profile itself is not there.
        Some((_, said)) if said.contains("referenced from the root profile") => Why::None,
        Some((_, said)) => Why::Broken(tidy(said)),
        None => Why::Unknown,
    }
}

fn of_words(words: &str, error: &(dyn Error + 'static)) -> Why {
    let says = |text: &str| words.contains(text);
    // The shell's own words for what it cannot find or may not run.
    if says("external process exited with code exit status: 127") || says("code exit status: 126") {
        Why::Process("cannot be run", false)
    } else if says("external process exited with") {
        Why::Process("ended with an error", true)
    } else if says("external process") && (says("could not parse response") || says("could not decode output")) {
        Why::Process("printed no credentials in the form that AWS asks for", false)
    } else if says("external process") {
        Why::Process("could not be started", true)
    } else if ["SSO token", "sso/cache", "UnauthorizedException", "ForbiddenException"].into_iter().any(says) {
        Why::SignOn
    } else if causes(error).any(|e| e.is::<std::io::Error>()) {
        Why::File
    } else {
        Why::Unknown
    }
}

/// A token service that did not answer will; a profile that is not there will not.
fn unreachable(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|e| e.is::<ConnectorError>())
}

/// What STS said, if this is what it said.
fn of_sts(error: &(dyn Error + 'static)) -> Option<Called> {
    let role = error.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>().map(Called::of_call);
    let web = || error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>().map(Called::of_call);
    role.or_else(web)
}
