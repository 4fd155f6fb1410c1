//! What the AWS SDK finds in the environment and cannot judge: addresses at which it
//! panics, and a file of certificates.

use std::path::Path;

use outbound::trust;
use url::Url;

use super::variables::Variables;
use crate::config::problem::Problem;

/// Where the AWS SDK looks for its services, if not at Amazon's.
const AWS_ENDPOINTS: [&str; 5] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM",
];

/// What is wrong with them: the SDK itself panics at what is no address, at nothing too.
pub fn wrong_aws_endpoints(lookup: impl Fn(&str) -> Option<String>) -> Vec<Problem> {
    let usable =
        |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let wrong = |name: &'static str| {
        let message = match lookup(name)? {
            text if usable(&text) => return None,
            text if text.trim().is_empty() => "is empty. Unset it to use Amazon's own address.".to_owned(),
            // Not repeated: there may be a password in it.
            _ => "is no address. Expected such as http://localhost:5000; unset it to use Amazon's own.".to_owned(),
        };
        Some(Problem::Variable { name, message })
    };
    AWS_ENDPOINTS.into_iter().filter_map(wrong).collect()
}

/// The certificates that `AWS_CA_BUNDLE` names; as with AWS's other tools, they take the
/// place of the system's.
pub fn aws_authorities(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Vec<u8>>, Problem> {
    const NAME: &str = "AWS_CA_BUNDLE";
    let Some(path) = Variables::new(&lookup).get(NAME) else { return Ok(None) };
    trust::certificates(Path::new(&path)).map(Some).map_err(|wrong| {
        let message = format!(
            "names {path:?}, which {wrong}. Name a file with the certificates that AWS's are vouched for by, or unset \
             it to trust what the system trusts."
        );
        Problem::Variable { name: NAME, message }
    })
}
