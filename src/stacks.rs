//! The built-in provisioner of CloudFormation stacks, for the blueprints that have a template:
//! `workers` polls its queue when there is one. It can be left out of the program (the cargo
//! feature `cloudformation`).

use std::collections::BTreeMap;

use provisioner_s3::{Aws, Metrics};

#[cfg(feature = "cloudformation")]
pub use provisioner_cloudformation::template::{Field as Asked, Kind, Template};
#[cfg(feature = "cloudformation")]
pub use provisioner_cloudformation::{Provisioner, QUEUE};

#[cfg(not(feature = "cloudformation"))]
pub use self::none::{Asked, Kind, Provisioner, QUEUE, Template};

/// Whether this program builds stacks.
pub const ARE_BUILT_IN: bool = cfg!(feature = "cloudformation");

/// What stands for all that in a program without it.
#[cfg(not(feature = "cloudformation"))]
mod none {
    /// There is none: [`parse`](super::parse) makes none.
    #[derive(Clone, Debug)]
    pub struct Template(());
    pub enum Provisioner {}
    pub const QUEUE: &str = "provision-aws-cloudformation";

    /// A field of a blueprint.
    pub struct Asked {
        pub id: String,
        pub kind: Kind,
        pub choices: Vec<String>,
        pub required: bool,
        pub has_default: bool,
    }

    /// Its kind.
    pub enum Kind {
        Text,
        Number,
        Choice,
        Choices,
        Switch,
    }
}

/// A template, or what is wrong with it, by lines.
#[cfg(feature = "cloudformation")]
pub fn parse(text: &str) -> Result<Template, Vec<(usize, String)>> {
    Template::parse(text).map_err(|mistakes| mistakes.into_iter().map(|it| (it.line, it.what)).collect())
}

/// What of the fields does not fit the template, by its lines.
#[cfg(feature = "cloudformation")]
pub fn compare(template: &Template, fields: &[Asked]) -> Vec<(usize, String)> {
    template.compare(fields).into_iter().map(|it| (it.line, it.what)).collect()
}

/// No template is one in a program without it.
#[cfg(not(feature = "cloudformation"))]
pub fn parse(_text: &str) -> Result<Template, Vec<(usize, String)>> {
    Err(Vec::new())
}

/// The same.
#[cfg(not(feature = "cloudformation"))]
pub fn compare(_template: &Template, _fields: &[Asked]) -> Vec<(usize, String)> {
    Vec::new()
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
