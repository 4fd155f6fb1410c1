//! Why a profile gives no credentials, and what a person can do about that.

use crate::codes::{self, Meaning, Service};
use crate::foreign_text::tidy;

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
}
