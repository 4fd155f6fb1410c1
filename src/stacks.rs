//! The built-in provisioner of CloudFormation stacks, for the blueprints that have a template:
//! `workers` polls its queue when there is one. It can be left out of the program (the cargo
//! feature `cloudformation`).

use std::collections::BTreeMap;

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
