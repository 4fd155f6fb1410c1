//! [`Exit`]: the codes with which the clients' commands end. Scripts rely on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// What was asked for is done; with `--wait`, the request is provisioned.
    Done = 0,
    /// The output cannot be written: nothing that was asked is known to have failed.
    Unwritten = 1,
    /// The command cannot be understood, or is not told where the bot is and who asks.
    Usage = 2,
    /// The bot refused.
    Refused = 3,
    /// The bot cannot be reached.
    Unreachable = 4,
    Rejected = 10,
    Expired = 11,
    Cancelled = 12,
    Failed = 13,
    /// The time is over, and the request is not.
    Waiting = 20,
}

impl Exit {
    /// How a request ended that has this status; none while it goes on.
    pub(super) fn of(status: &str) -> Option<Self> {
        match status {
            "provisioned" => Some(Self::Done),
            "rejected" => Some(Self::Rejected),
            "expired" => Some(Self::Expired),
            "cancelled" => Some(Self::Cancelled),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_request_has_its_code() {
        let codes = [("provisioned", 0), ("rejected", 10), ("expired", 11), ("cancelled", 12), ("failed", 13)];
        for (status, code) in codes {
            assert_eq!(Exit::of(status).map(|exit| exit as u8), Some(code), "{status}");
        }
        for open in ["pre_flight", "awaiting_authorization", "provisioning", "needs_attention", "made_up_tomorrow"] {
            assert_eq!(Exit::of(open), None, "{open}");
        }
    }
}
