//! Asking CloudFormation whether it takes a template, before anybody asks for a stack of it.

use std::time::Duration;

use aws_profiles::called::Called;
use aws_profiles::partition;
use aws_profiles::profiles::Aws;
use tokio::time::timeout;

use crate::clients::Clients;
use crate::failure::Problem;
use crate::template::Template;

/// The right that it takes.
pub const PERMISSION: &str = "cloudformation:ValidateTemplate";

/// Asks whether `region` takes a template, with the credentials of `profile`; an answer gets as
/// long as `within`, and credentials what they need. Nothing is made.
///
/// # Errors
///
/// Why it does not, or why that is not known: no credentials, no right to ask, no answer.
pub async fn validate(
    aws: &Aws,
    region: &str,
    profile: &str,
    template: &Template,
    within: Duration,
) -> Result<(), Problem> {
    let connected = Clients::new(aws.clone()).get(region, profile).await;
    partition::is_somewhere(region, connected.endpoint.as_deref())?;
    connected.credentials.ready().await?;
    let call = connected.client.validate_template().template_body(template.text());
    match timeout(within, call.send()).await {
        Ok(answer) => answer.map(drop).map_err(Problem::from),
        Err(_) => Err(Problem::Called(Called::Unreachable("it took too long".to_owned()))),
    }
}

impl Problem {
    /// Whether the profile lacks the right to do this.
    pub fn is_forbidden(&self) -> bool {
        self.code().is_some_and(|code| ["AccessDenied", "UnauthorizedAccess", "UnauthorizedOperation"].contains(&code))
    }
}
