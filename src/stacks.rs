//! The built-in provisioner of CloudFormation stacks, for the blueprints that have a template:
//! `workers` polls its queue when there is one. It can be left out of the program (the cargo
//! feature `cloudformation`).

use std::collections::BTreeMap;
use std::time::Duration;

use provisioner_s3::{Aws, Metrics};

#[cfg(feature = "cloudformation")]
pub use provisioner_cloudformation::template::Template;
#[cfg(feature = "cloudformation")]
pub use provisioner_cloudformation::{Provisioner, QUEUE};

#[cfg(not(feature = "cloudformation"))]
pub use self::none::{Provisioner, QUEUE, Template};

/// What stands for all that in a program without it: nobody makes one.
#[cfg(not(feature = "cloudformation"))]
mod none {
    #[derive(Clone, Debug)]
    pub struct Template(());
    pub enum Provisioner {}
    pub const QUEUE: &str = "provision-aws-cloudformation";
}

/// The templates, by the IDs of their blueprints.
pub type Templates = BTreeMap<String, Template>;

/// The provisioner of these templates; none where there are none.
#[cfg(feature = "cloudformation")]
pub fn provisioner(aws: Aws, templates: &Templates, metrics: Metrics) -> Option<Provisioner> {
    (!templates.is_empty()).then(|| Provisioner::new(aws, templates.clone(), metrics))
}

/// The same, of a program without it.
#[cfg(not(feature = "cloudformation"))]
pub fn provisioner(_aws: Aws, _templates: &Templates, _metrics: Metrics) -> Option<Provisioner> {
    None
}

/// Why a template is not taken, or why that is not known; and what to do about it, a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    pub cause: String,
    pub advice: String,
}

/// Whether CloudFormation takes a template in a region, as it tells a profile; an answer gets as
/// long as `within`.
#[cfg(feature = "cloudformation")]
pub async fn validate(
    aws: &Aws,
    region: &str,
    profile: &str,
    template: &Template,
    within: Duration,
) -> Result<(), NotTaken> {
    use provisioner_cloudformation::validate::{PERMISSION, validate};

    let asked = validate(aws, region, profile, template, within).await;
    asked.map_err(|problem| match problem.is_forbidden() {
        true => NotTaken {
            cause: format!("not known, for the profile may not ask CloudFormation ({PERMISSION})"),
            advice: format!("Give the profile {profile:?} the permissions of deploy/aws/cloudformation.json."),
        },
        false => {
            let verdict = problem.judge(region, profile);
            NotTaken { cause: verdict.cause, advice: verdict.advice }
        }
    })
}

/// The same, of a program without it: nobody has a template.
#[cfg(not(feature = "cloudformation"))]
#[expect(clippy::unused_async, reason = "with the provisioner it asks")]
pub async fn validate(
    _aws: &Aws,
    _region: &str,
    _profile: &str,
    _template: &Template,
    _within: Duration,
) -> Result<(), NotTaken> {
    Ok(())
}

#[cfg(all(test, feature = "cloudformation"))]
mod tests {
    use super::*;

    #[test]
    fn without_templates_there_is_no_provisioner_of_them() {
        assert!(provisioner(Aws::default(), &Templates::new(), Metrics::default()).is_none());
        let template = Template::parse("Resources: { Topic: { Type: AWS::SNS::Topic } }").unwrap();
        let templates = Templates::from([("topic".to_owned(), template)]);
        assert!(provisioner(Aws::default(), &templates, Metrics::default()).is_some());
    }
}
