//! What the SDK says became of a call, read as a [`Problem`]; and what it says of credentials,
//! as why there are none.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BuildError, ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;

use crate::failure::Problem;
use crate::foreign_text::{causes, chain, tidy};
use crate::no_credentials::Why;

impl<E> From<SdkError<E, HttpResponse>> for Problem
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match Why::of(&error) {
            Some(why) => Self::NoCredentials(why),
            None => Self::of_call(&error),
        }
    }
}

impl Problem {
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

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// An answer without a body (to HEAD) has only its status.
fn code_of_status(status: u16) -> String {
    match status {
        403 => "AccessDenied".into(),
        404 => "NoSuchBucket".into(),
        other => format!("Http{other}"),
    }
}

impl Why {
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
