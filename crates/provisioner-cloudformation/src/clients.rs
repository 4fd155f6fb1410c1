//! The clients of CloudFormation: one per region and profile, each speaking for its profile
//! and for nobody else.

use std::collections::HashMap;

use aws_profiles::profiles::{Aws, Ready, endpoint, load};
use aws_sdk_cloudformation::Client;
use tokio::sync::Mutex;

/// A client that speaks for one profile in one region.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The client itself.
    pub client: Client,
    /// The endpoint, where it is not Amazon's own.
    pub endpoint: Option<String>,
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
        let loaded = load(&self.aws, region, profile).await;
        let connected = Connected {
            client: Client::new(&loaded.sdk),
            endpoint: endpoint(&self.aws, &loaded.sdk, "CloudFormation"),
            credentials: loaded.credentials,
        };
        made.insert(key, connected.clone());
        connected
    }

    /// Forgets a client whose credentials were refused: the next one reads the profile anew,
    /// so renewing it needs no restart.
    pub async fn forget(&self, region: &str, profile: &str) {
        self.made.lock().await.remove(&(region.to_owned(), profile.to_owned()));
    }
}
