//! The S3 clients: one per region and profile, each speaking for its profile and
//! for nobody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_profiles::partition;
use aws_profiles::profiles::{Aws, Loaded, Ready, endpoint, is_elsewhere, load};
use aws_sdk_s3::Client;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::account::Account;
use crate::failure::Problem;
use crate::spans::Spans;

/// A second opinion is worth this much.
const COMPARE_WITHIN: Duration = Duration::from_secs(8);
/// A client that speaks for one profile in one region.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The client itself.
    pub client: Client,
    /// The endpoint, where it is not Amazon's own.
    pub endpoint: Option<String>,
    /// Whose buckets it may work on.
    pub account: Arc<Account>,
    /// The profile's credentials.
    pub credentials: Ready,
}

/// The clients, made when first needed.
#[derive(Debug)]
pub struct Clients {
    aws: Aws,
    made: Mutex<HashMap<(String, String), Connected>>,
}

impl Clients {
    /// No clients yet.
    pub fn new(aws: Aws) -> Self {
        Self { aws, made: Mutex::default() }
    }

    /// The client for `profile` in `region`.
    pub async fn get(&self, region: &str, profile: &str) -> Connected {
        let mut made = self.made.lock().await;
        let key = (region.to_owned(), profile.to_owned());
        if let Some(connected) = made.get(&key) {
            return connected.clone();
        }
        let connected = Connected::new(&self.aws, &load(&self.aws, region, profile).await);
        made.insert(key, connected.clone());
        connected
    }

    /// Forgets a client whose credentials were refused: the next one reads the
    /// profile anew, so renewing it needs no restart.
    pub async fn forget(&self, region: &str, profile: &str) {
        self.made.lock().await.remove(&(region.to_owned(), profile.to_owned()));
    }

    /// See [`compare`].
    pub async fn compare(&self, problem: Problem, region: &str, profile: &str) -> Problem {
        compare(&self.aws, problem, region, profile).await
    }
}

/// Where a region refuses credentials that may be right: whether they count in a region
/// that every account has. No answer leaves the problem as it is.
pub async fn compare(aws: &Aws, problem: Problem, region: &str, profile: &str) -> Problem {
    if !problem.may_be_the_regions(region) {
        return problem;
    }
    let asked = async {
        let home = Connected::new(aws, &load(aws, partition::HOME, profile).await);
        home.credentials.ready().await?;
        home.client.list_buckets().max_buckets(1).send().await?;
        Ok(())
    };
    let accepted = match timeout(COMPARE_WITHIN, asked).await {
        // Who may not list buckets was recognised.
        Ok(Ok(())) => true,
        Ok(Err(Problem::Refused { code, .. })) if code == "AccessDenied" => true,
        Ok(Err(refused)) if refused.may_be_the_regions(region) => false,
        Ok(Err(_)) | Err(_) => return problem,
    };
    Problem::Compared { refused: Box::new(problem), accepted }
}

impl Connected {
    /// An S3 client with these settings.
    pub fn new(aws: &Aws, loaded: &Loaded) -> Self {
        let Loaded { sdk, credentials } = loaded;
        let region = sdk.region().map_or("", |region| region.as_ref());
        let endpoint = endpoint(aws, sdk, "S3").filter(|url| !is_amazons(url, region));
        let config = aws_sdk_s3::config::Builder::from(sdk).force_path_style(endpoint.is_some()).interceptor(Spans);
        let account = Arc::new(Account::new(sdk, !is_elsewhere(aws, sdk, endpoint.as_deref(), "STS")));
        Self { client: Client::from_conf(config.build()), endpoint, account, credentials: credentials.clone() }
    }
}

/// Amazon's hosts (of interface endpoints too) take the bucket's name as a part
/// of the host; most others (an IP address, `localhost`, `minio`) have no such
/// names, so there the bucket goes into the path.
fn is_amazons(endpoint: &str, region: &str) -> bool {
    url::Url::parse(endpoint)
        .ok()
        .and_then(|url| Some(url.host_str()?.to_owned()))
        .is_some_and(|host| partition::is_amazons(&host, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_goes_into_the_path_except_at_amazons() {
        for own in ["http://127.0.0.1:5000", "http://localhost:4566", "https://minio.example.com", "not a url"] {
            assert!(!is_amazons(own, "us-east-1"), "{own}");
        }
        for amazons in ["https://s3.eu-west-1.amazonaws.com", "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"] {
            assert!(is_amazons(amazons, "us-east-1"), "{amazons}");
        }
        assert!(!is_amazons("https://amazonaws.com.evil.example", "us-east-1"));
    }
}
