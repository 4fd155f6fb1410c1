//! One request's bucket: how it is reached, what is known of it by now, and what S3 calls the
//! region that it is in.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use aws_profiles::profiles::Ready;
use aws_sdk_s3::Client;
use provisioner::{ProvisionInput, Remaining};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::account::Account;
use crate::attempt::Attempt;
use crate::clients::Connected;
use crate::failure::Problem;
use crate::guard::Guard;
use crate::welcome::WELCOME_PAGE;
use aws_profiles::partition;

/// The region that knows no location constraint, for historical reasons.
const OLDEST_REGION: &str = "us-east-1";

/// What a look at the bucket's name showed.
#[derive(Debug)]
pub enum Owner {
    /// There is no such bucket.
    Nobody,
    /// It carries this request's tag.
    Us,
    /// It is in reach and carries no tag.
    Untagged,
    /// It is in reach and carries tags, but not this request's.
    Somebody,
    /// It is in the account of somebody else, whatever its tags say.
    Stranger,
    /// It exists, but in another region.
    Elsewhere,
    /// S3 does not let us see: a stranger's, or a permission is missing.
    Denied(Problem),
}

/// One request's bucket, and how to reach it: what every step works on.
pub struct BucketContext {
    pub client: Client,
    pub endpoint: Option<String>,
    pub credentials: Ready,
    pub input: ProvisionInput,
    pub attempt: Attempt,
    account: Arc<Account>,
    /// The profile's own account, as far as it was asked for and is known: what each
    /// request to a bucket then says.
    own: Arc<OnceLock<String>>,
    /// What came of asking for it: once in an attempt.
    asked: OnceCell<Result<(), Problem>>,
    /// Whether this attempt made the bucket, or S3 said that its account owns it.
    pub made: AtomicBool,
    /// Whether it is this request's although it carries no tag: see `destroy`.
    pub untagged_is_ours: AtomicBool,
    /// As many versions are deleted by calls: see `empty`.
    pub by_calls: usize,
    /// Since when emptying is not denied any more, if it was: see `empty`.
    pub loosened: OnceLock<Instant>,
    /// Why those who write into the bucket could not be stopped.
    pub writers_go_on: OnceLock<Problem>,
    /// What is left to be removed, and when, if this attempt cannot.
    pub remaining: OnceLock<Remaining>,
    /// Set once it is certain that the bucket is in the profile's own account.
    pub proven: OnceLock<()>,
    /// What the first look of this attempt showed: see `ownership::first_look`.
    pub first_look: OnceCell<Owner>,
    /// The bucket's tags when this attempt first saw that it is the request's.
    pub first_tags: OnceCell<BTreeMap<String, String>>,
}

impl BucketContext {
    pub fn new(connected: &Connected, input: ProvisionInput, attempt: Attempt, by_calls: usize) -> Self {
        let own = Arc::new(OnceLock::new());
        let guard = Guard { lease: attempt.lease.clone(), account: own.clone() };
        let config = connected.client.config().to_builder().interceptor(guard).build();
        Self {
            client: Client::from_conf(config),
            endpoint: connected.endpoint.clone(),
            credentials: connected.credentials.clone(),
            input,
            attempt,
            account: connected.account.clone(),
            own,
            asked: OnceCell::new(),
            made: AtomicBool::new(false),
            untagged_is_ours: AtomicBool::new(false),
            by_calls,
            loosened: OnceLock::new(),
            writers_go_on: OnceLock::new(),
            remaining: OnceLock::new(),
            proven: OnceLock::new(),
            first_look: OnceCell::new(),
            first_tags: OnceCell::new(),
        }
    }

    /// From now on S3 refuses whatever is not in the profile's own account. `false`:
    /// nobody tells which that is. An error: not this time.
    pub async fn in_our_account_only(&self) -> Result<bool, Problem> {
        let asked = self.asked.get_or_init(async || {
            let number = self.account.number().await?;
            number.map(|number| self.own.set(number));
            Ok(())
        });
        asked.await.clone().map(|()| self.own.get().is_some())
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.input.bucket_name
    }

    /// The bucket's ARN. Servers that are not Amazon's say it as most of the world does.
    pub fn arn(&self) -> String {
        let partition = partition::of(&self.input.region).unwrap_or_else(|| partition::COMMERCIAL.to_owned());
        format!("arn:{partition}:s3:::{}", self.bucket())
    }

    /// The welcome page's address.
    pub fn url(&self) -> String {
        let bucket = match &self.endpoint {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.bucket()),
            None => partition::address(&self.input.region, self.bucket()).unwrap_or_default(),
        };
        format!("{bucket}/{WELCOME_PAGE}")
    }

    /// What `CreateBucket` has to be told about the region.
    pub fn location_constraint(&self) -> Option<&str> {
        (self.input.region != OLDEST_REGION).then_some(self.input.region.as_str())
    }
}

/// The region that S3 means by a location constraint. Two regions have names of their own
/// there (S3 API reference, "GetBucketLocation": none is `us-east-1`, `EU` is
/// `eu-west-1`), and servers that speak S3 tell more of them. What is not known is taken
/// for what it says.
pub fn region_told(location: Option<&str>) -> &str {
    let location = location.unwrap_or_default().trim();
    match location.to_ascii_lowercase().as_str() {
        "" | "null" | "none" | "us" | "us-standard" | OLDEST_REGION => OLDEST_REGION,
        "eu" => "eu-west-1",
        _ => location,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_several_names() {
        for (told, region) in [
            (None, "us-east-1"),
            (Some(""), "us-east-1"),
            (Some("us-east-1"), "us-east-1"),
            (Some("US"), "us-east-1"),
            (Some("us-standard"), "us-east-1"),
            (Some("null"), "us-east-1"),
            (Some("EU"), "eu-west-1"),
            (Some("eu-west-1"), "eu-west-1"),
            (Some(" eu-west-1\n"), "eu-west-1"),
            (Some("eu-central-1"), "eu-central-1"),
            (Some("default"), "default"),
        ] {
            assert_eq!(region_told(told), region, "{told:?}");
        }
    }
}
