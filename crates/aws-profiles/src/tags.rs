//! The tags of what is built: what they say, which of them makes something a request's own,
//! and what AWS allows in them.

use std::collections::BTreeMap;

use provisioner::ProvisionInput;
use sha2::{Digest, Sha256};

/// The tag that makes something a request's: its value is the request's ID.
pub const REQUEST_TAG: &str = "provision-bot:request";

/// The longest value of a tag (S3 user guide, "Using cost allocation S3 bucket tags"; the
/// same everywhere).
const TAG_VALUE_MAX: usize = 256;

/// Everything the tags say. The first makes it ours.
pub fn all_tags(input: &ProvisionInput) -> BTreeMap<String, String> {
    let ours = (REQUEST_TAG.to_owned(), identity(input));
    let mut tags = BTreeMap::from([ours, ("managed-by".to_owned(), "provision-bot".to_owned())]);
    for (key, value) in [
        ("provision-bot:application", &input.application_name),
        ("provision-bot:team", &input.team_id),
        ("provision-bot:requester", &input.requester_id),
        ("provision-bot:authorizer", &input.authorizer_id),
    ] {
        if !value.is_empty() {
            tags.insert(key.to_owned(), tag_value(value));
        }
    }
    tags
}

/// The request's ID as a tag's value. One that does not fit gets a digest, so
/// that two requests are never the same.
pub fn identity(input: &ProvisionInput) -> String {
    let id = &input.application_id;
    let readable = tag_value(id);
    if readable == *id {
        return readable;
    }
    let digest = hex::encode(&Sha256::digest(id.as_bytes())[..8]);
    format!("{}={digest}", &readable[..readable.len().min(TAG_VALUE_MAX - 20)])
}

/// What AWS allows in a tag's value, of letters only ASCII: its documentation
/// speaks of "letters", not of which alphabets.
fn tag_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
    text.trim().chars().take(TAG_VALUE_MAX).map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(id: &str, application: &str) -> ProvisionInput {
        ProvisionInput {
            application_id: id.into(),
            application_name: application.into(),
            team_id: "Zahlungen & Übertrag".into(),
            blueprint: "bucket".into(),
            region: "eu-west-1".into(),
            profile: "sandbox".into(),
            bucket_name: "app-x-1".into(),
            requester_id: "U1".into(),
            authorizer_id: String::new(),
            ..ProvisionInput::default()
        }
    }

    #[test]
    fn tags_hold_only_what_is_allowed() {
        let tags = all_tags(&input("checkout-1", "a<b>\u{202e}\0c"));
        assert_eq!(tags["provision-bot:request"], "checkout-1");
        assert_eq!(tags["provision-bot:application"], "a_b___c");
        assert_eq!(tags["provision-bot:team"], "Zahlungen _ _bertrag");
        assert_eq!(tags["provision-bot:requester"], "U1");
        assert!(!tags.contains_key("provision-bot:authorizer"), "an unknown value is no tag");
        assert_eq!(tag_value(&"x".repeat(5000)).len(), TAG_VALUE_MAX);
    }

    #[test]
    fn two_requests_never_share_an_identity() {
        let odd = ["a b", "a?b", "a!b", " a b", &"x".repeat(300), &"x".repeat(301)];
        let seen: std::collections::BTreeSet<_> = odd.iter().map(|id| identity(&input(id, "x"))).collect();
        assert_eq!(seen.len(), odd.len(), "{seen:?}");
        assert!(seen.iter().all(|value| value.len() <= TAG_VALUE_MAX && *value == tag_value(value)));
    }
}
