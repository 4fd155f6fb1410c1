//! The way to Slack and AWS where there is no direct one.

use outbound::proxy::{self, Proxy};

use super::variables::Variables;
use crate::config::problem::ConfigError;

/// The proxy alone, for whoever can do without the rest.
pub fn proxy(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, ConfigError> {
    let mut variables = Variables::new(&lookup);
    match (variables.proxy(), &*variables.problems) {
        (proxy, []) => Ok(proxy),
        _ => Err(variables.into_error()),
    }
}

/// The first of each that is set counts.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

impl Variables<'_> {
    /// The proxy, unless it is none, which is reported.
    pub(super) fn proxy(&mut self) -> Option<Proxy> {
        let (name, address) = self.first(HTTPS_PROXY)?;
        let (no_name, direct) = self.first(NO_PROXY).unwrap_or((NO_PROXY[0], String::new()));
        match Proxy::parse(&address, &direct) {
            Ok(proxy) => Some(proxy),
            // Not repeated: there may be a password in it.
            Err(proxy::Wrong::Address) => {
                self.refuse(name, "is not the address of a proxy. Expected such as http://proxy.example.com:3128.")
            }
            Err(proxy::Wrong::Direct(word)) => self.refuse(
                no_name,
                format!(
                    "names {word:?}, expected hosts, domains and networks such as example.com,10.0.0.0/8, with commas \
                     between."
                ),
            ),
        }
    }
}
