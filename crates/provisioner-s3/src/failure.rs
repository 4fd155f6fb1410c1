//! What went wrong. Who deals with it is decided in [`crate::verdict`].

use aws_profiles::codes::{self, Meaning, Service};
use aws_profiles::no_credentials::Why;

use crate::hindrance::Hindrance;

/// What kept a step from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// S3 answered with an error.
    Refused { code: String, message: String, status: u16 },
    /// No answer: timeouts, connections.
    Unreachable(String),
    /// S3 says it went well, in words that do not read.
    Unreadable(String),
    /// The profile does not exist, is incomplete, or its credentials' source refuses.
    NoCredentials(Why),
    /// The credentials were refused in a region that accounts have to enable, and tried
    /// where they need not: whether they count there.
    Compared { refused: Box<Problem>, accepted: bool },
    /// The request could not be made: an impossible region, endpoint or value.
    Unusable(String),
    /// The bucket's name belongs to somebody or something else.
    Taken(String),
    /// It is not known whether the bucket is in the profile's own account, and whether what
    /// keeps it from being known may pass.
    OwnerUnknown { how: String, passes: bool },
    /// Something else is in the way.
    Hindered(Hindrance),
    /// Read back, these things are not as they were set.
    Differs(Vec<String>),
}

/// Why an activity ends before its plan does.
#[derive(Debug)]
pub enum Stop {
    /// The request was withdrawn.
    Cancelled,
    /// Temporal has given up this attempt: whatever comes is in the hands of another one.
    Superseded,
    /// A step was not done.
    Failed(Problem),
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::Failed(problem.into())
    }
}

impl From<Hindrance> for Problem {
    fn from(hindrance: Hindrance) -> Self {
        Self::Hindered(hindrance)
    }
}

impl Problem {
    /// Whether S3 refused for want of a permission, the bucket's policy included.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "AccessDenied")
    }

    /// Whether what was asked for was certainly not done.
    pub fn is_a_refusal(&self) -> bool {
        match self {
            Self::Taken(_) => true,
            Self::Refused { code, message, status: 400..500 } => {
                matches!(codes::meaning(Service::S3, code, message, 400), Meaning::ForAPerson(_))
            }
            _ => false,
        }
    }

    /// Whether the credentials in use were refused, so that they are not used again.
    pub fn blames_credentials(&self) -> bool {
        match self {
            Self::NoCredentials(_) => true,
            Self::Compared { refused, .. } => refused.blames_credentials(),
            Self::Refused { code, .. } => codes::blames_credentials(code),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, status: u16) -> Problem {
        Problem::Refused { code: code.into(), message: "because.".into(), status }
    }

    #[test]
    fn only_refused_credentials_are_read_anew() {
        assert!(refused("ExpiredToken", 400).blames_credentials());
        assert!(refused("ExpiredTokenException", 400).blames_credentials());
        assert!(Problem::NoCredentials(Why::Slow).blames_credentials());
        assert!(!refused("SlowDown", 503).blames_credentials());
        assert!(!refused("AccessDenied", 403).blames_credentials());
    }
}
