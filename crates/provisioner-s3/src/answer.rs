//! What the SDK says became of a call, read as a [`Problem`].

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata, SdkError};

use crate::credentials::Why;
use crate::failure::Problem;
use crate::foreign_text::chain;

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
