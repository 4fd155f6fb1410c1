//! What the SDK says became of a call, read as a [`Problem`].

use std::error::Error;

use aws_profiles::called::{Called, NOT_FOUND};
use aws_profiles::no_credentials::Why;
use aws_profiles::partition::Nowhere;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata, SdkError};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::failure::Problem;

impl<E> From<SdkError<E, HttpResponse>> for Problem
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        Called::from(error).into()
    }
}

impl From<Called> for Problem {
    fn from(called: Called) -> Self {
        match called {
            // Without a body nothing else is said of it.
            Called::Refused { code, message, status } if code == NOT_FOUND => {
                Self::Refused { code: "NoSuchBucket".into(), message, status }
            }
            Called::Refused { code, message, status } => Self::Refused { code, message, status },
            Called::Unreachable(how) => Self::Unreachable(how),
            Called::Unreadable(how) => Self::Unreadable(how),
            Called::NoCredentials(why) => Self::NoCredentials(why),
            Called::Unusable(how) => Self::Unusable(how),
        }
    }
}

impl From<Why> for Problem {
    fn from(why: Why) -> Self {
        Self::NoCredentials(why)
    }
}

impl From<Nowhere> for Problem {
    fn from(Nowhere(said): Nowhere) -> Self {
        Self::Unusable(said)
    }
}

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// What a call answers. That something is not set is an answer. In a box: the SDK's
/// calls are large, and several side by side too large for a stack.
pub fn if_set<'a, T, E>(
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
) -> BoxFuture<'a, Result<Option<T>, Problem>>
where
    Problem: From<SdkError<E, HttpResponse>>,
{
    let read = async {
        match call.await.map_err(Problem::from) {
            Ok(found) => Ok(Some(found)),
            Err(Problem::Refused { code, status: 404, .. }) if code != "NoSuchBucket" => Ok(None),
            Err(problem) => Err(problem),
        }
    };
    read.boxed()
}
