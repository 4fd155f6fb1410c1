//! What the error codes of S3 and STS mean: who deals with them, and how. A code that
//! is not here is not known: it is tried again, as often as the caller does, before a
//! person gets it.

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Trying again changes nothing; a person can do this.
    ForAPerson(&'static str),
    /// It passes by itself.
    Passes,
    Unknown,
}

/// Who answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    CloudFormation,
    S3,
    Sts,
}

/// Nothing can be done about a bucket's name that somebody has.
pub const TAKEN_ADVICE: &str =
    "Nothing was changed. Ask for the application again: a new request gets a new bucket name.";
/// Where nothing better is known.
pub const CHECK_SETUP: &str = "Check what {service} says against the setup of profile \"{profile}\", then retry.";
/// Where the credentials are right elsewhere.
pub const ENABLE_REGION: &str = "The same credentials are accepted in us-east-1. Enable region {region} for the account \
     of profile \"{profile}\", then retry. (If it is enabled: session tokens that come from the global endpoint of STS \
     count in other regions only.)";
/// Where it is not known whether they are.
pub const REGION_OR_KEY: &str = "Region {region} is one that accounts have to enable: see whether the account of profile \
     \"{profile}\" has. If so, check the access key, the secret and the token of the profile, then retry.";
const SET_CLOCK: &str = "Set the clock of the machine that runs the provisioner, then retry.";
const CHECK_KEY: &str = "Check the access key and secret of the AWS profile \"{profile}\", then retry.";
const ASSUME: &str = "Let the source of the AWS profile \"{profile}\" assume its role (the role's trust policy, and \
     sts:AssumeRole), then retry. A role that wants MFA cannot be used.";

/// The credentials themselves are not known. Where an account has not enabled a region,
/// that region answers so about credentials that are right.
const NOT_RECOGNISED: &[&str] = &[
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidToken",
    "InvalidSecurityToken",
    "OptInRequired",
];
const WRONG_KEYS: &[&str] = &[
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
];
const STALE: &[&str] =
    &["ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidSecurityToken", "TokenRefreshRequired"];

/// Codes that a person has to deal with, and how (S3 API reference, "Error responses";
/// STS API reference, "Common errors" and those of `AssumeRole…`).
const FOR_A_PERSON: &[(&[&str], &str)] = &[
    (
        &["AccessDenied", "AccessDeniedException", "UnauthorizedAccess", "UnauthorizedOperation"],
        "Give the AWS profile \"{profile}\" permission for this in region {region}, then retry.",
    ),
    (WRONG_KEYS, CHECK_KEY),
    (STALE, "Renew the credentials of the AWS profile \"{profile}\" (log in again if it uses SSO), then retry."),
    (
        &["AccountProblem", "AllAccessDisabled", "NotSignedUp", "OptInRequired", "InvalidPayer"],
        "See in the AWS console what keeps the account of profile \"{profile}\" from using S3 in region {region}, \
         then retry.",
    ),
    (&["BucketAlreadyExists", "BucketAlreadyOwnedByYou"], TAKEN_ADVICE),
    (
        &[
            "TooManyBuckets",
            "LimitExceeded",
            "LimitExceededException",
            "QuotaExceeded",
            "ServiceQuotaExceededException",
        ],
        "Delete unused buckets or have the account's bucket quota raised, then retry.",
    ),
    (
        &[
            "IllegalLocationConstraintException",
            "InvalidLocationConstraint",
            "AuthorizationHeaderMalformed",
            "PermanentRedirect",
            "InvalidRegion",
            "RegionDisabledException",
        ],
        "Check that region {region} exists and is enabled for the account of profile \"{profile}\".",
    ),
    (&["BucketHasAccessPointsAttached"], "Delete the access points that are attached to the bucket, then retry."),
    (&["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"], SET_CLOCK),
    (
        &["NotImplemented", "MethodNotAllowed"],
        "The S3 server does not offer this; check the endpoint the provisioner is configured for.",
    ),
    (
        &[
            "KMS.DisabledException",
            "KMS.InvalidKeyUsageException",
            "KMS.KMSInvalidStateException",
            "KMS.NotFoundException",
            "KMS.AccessDeniedException",
        ],
        "Check the KMS key that objects are encrypted with in the account of profile \"{profile}\", then retry.",
    ),
    (
        &["IDPRejectedClaim", "InvalidIdentityToken", "InvalidIdentityTokenException"],
        "Check the web identity token of the AWS profile \"{profile}\" and the trust policy of its role, then retry.",
    ),
    (
        &[
            "InvalidArgument",
            "InvalidBucketName",
            "InvalidBucketState",
            "InvalidRequest",
            "InvalidTag",
            "InvalidTagError",
            "MalformedACLError",
            "MalformedPolicy",
            "MalformedPolicyDocument",
            "MalformedXML",
            "PackedPolicyTooLarge",
            "ValidationError",
        ],
        CHECK_SETUP,
    ),
];

/// Answers below 500 that pass by themselves. `NoSuchBucket` in the middle of a plan: the
/// next attempt looks again and begins where it must.
const PASSING: &[&str] = &[
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "KMS.ThrottlingException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "RequestTimeoutException",
    "OperationAborted",
    "ConditionalRequestConflict",
    "BucketNotEmpty",
    "NoSuchBucket",
    "TemporaryRedirect",
    "Redirect",
    "IDPCommunicationError",
];

/// What `service` means by a code, an explanation and an HTTP status.
pub fn meaning(service: Service, code: &str, message: &str, status: u16) -> Meaning {
    // STS tells of clocks in the words about signatures.
    let by_the_clock = ["Signature expired", "Signature not yet current"].iter().any(|said| message.contains(said));
    match FOR_A_PERSON.iter().find(|(codes, _)| codes.contains(&code)) {
        Some(_) if by_the_clock => Meaning::ForAPerson(SET_CLOCK),
        Some(_) if service == Service::Sts && code.starts_with("AccessDenied") => Meaning::ForAPerson(ASSUME),
        Some((_, advice)) => Meaning::ForAPerson(advice),
        None if PASSING.contains(&code) || status >= 500 || status == 429 => Meaning::Passes,
        None => Meaning::Unknown,
    }
}

/// Whether a code refuses the credentials themselves. After these the profile is read
/// anew: a person may have mended it by the next attempt.
pub fn blames_credentials(code: &str) -> bool {
    [WRONG_KEYS, STALE].iter().any(|codes| codes.contains(&code))
}

/// Whether a region that is not enabled answers so as well.
pub fn not_recognised(code: &str) -> bool {
    NOT_RECOGNISED.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_means_two_things() {
        let listed: Vec<&str> = FOR_A_PERSON.iter().flat_map(|(codes, _)| *codes).copied().collect();
        for (index, code) in listed.iter().enumerate() {
            assert!(!listed[..index].contains(code) && !PASSING.contains(code), "{code}");
        }
        assert!(NOT_RECOGNISED.iter().all(|code| listed.contains(code)));
    }

    #[test]
    fn the_unknown_is_tried_again() {
        for (code, status) in
            [("SomethingNew", 400), ("KMS.NewException", 400), ("Http302", 302), ("", 200), ("Odd", 418)]
        {
            for service in [Service::S3, Service::Sts] {
                assert_eq!(meaning(service, code, "", status), Meaning::Unknown, "{code} {status}");
            }
        }
        assert_eq!(meaning(Service::S3, "SomethingNew", "", 503), Meaning::Passes);
    }

    #[test]
    fn signatures_that_are_too_old_are_the_clocks() {
        let expired = "Signature expired: 20261127T100000Z is now earlier than 20261127T110000Z";
        assert_eq!(meaning(Service::Sts, "SignatureDoesNotMatch", expired, 403), Meaning::ForAPerson(SET_CLOCK));
        assert_eq!(meaning(Service::Sts, "SignatureDoesNotMatch", "", 403), Meaning::ForAPerson(CHECK_KEY));
        assert_eq!(meaning(Service::Sts, "AccessDenied", "", 403), Meaning::ForAPerson(ASSUME));
    }
}
