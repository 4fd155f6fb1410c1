//! What a CloudFormation template says of itself: read once, at the edge, and from then on
//! known to be one.
//!
//! - `tree`: the text with lines. `parameter`: what it takes. [`fields`]: beside what is asked.

mod parameter;
mod tree;

pub mod fields;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

pub use self::fields::{Field, Kind};
pub use self::parameter::{Parameter, RESOURCE_NAME};
pub use self::tree::Mistake;
use self::tree::{Node, Value};

/// The largest template that goes with a call (CloudFormation user guide, "Quotas").
pub const SIZE_MAX: usize = 51_200;

/// IAM's resources, each with the property that gives it a name of one's own
/// (CloudFormation API reference, `CreateChangeSet`, "Capabilities").
const OF_IAM: [(&str, Option<&str>); 8] = [
    ("AWS::IAM::AccessKey", None),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::UserToGroupAddition", None),
];

/// A template that was read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    parameters: Vec<Parameter>,
    parameters_line: usize,
    outputs: Vec<String>,
    resources: Vec<Resource>,
    has_macros: bool,
}

/// A resource of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub logical_id: String,
    /// Its type: `AWS::S3::Bucket`.
    pub kind: String,
    /// Whether it belongs to IAM and is given a name of its own.
    pub is_named_iam: bool,
    pub line: usize,
}

/// What CloudFormation wants to be told before it makes certain resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Iam,
    NamedIam,
    AutoExpand,
}

impl Template {
    /// Reads a template, YAML or JSON, or says all that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        if text.len() > SIZE_MAX {
            let what = format!("the template has {} bytes; CloudFormation takes at most {SIZE_MAX}", text.len());
            return Err(vec![Mistake::new(1, what)]);
        }
        let root = tree::read(text).map_err(|mistake| vec![mistake])?;
        if root.entries().is_none() {
            return Err(vec![Mistake::new(root.line, "a template is a map with Resources in it")]);
        }
        let mut mistakes = Vec::new();
        let parameters = root.get("Parameters");
        let outputs = names(&root, "Outputs", &mut mistakes);
        let resources = resources(&root, &mut mistakes);
        let template = Self {
            text: text.to_owned(),
            parameters: parameters.map(|node| parameter::all(node, &mut mistakes)).unwrap_or_default(),
            parameters_line: line_of(&root, "Parameters").unwrap_or(1),
            outputs,
            resources,
            has_macros: root.get("Transform").is_some() || root.any(&expands),
        };
        mistakes.sort_by_key(|mistake| mistake.line);
        if mistakes.is_empty() { Ok(template) } else { Err(mistakes) }
    }

    /// The text, as it is handed to CloudFormation.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it takes.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The names of what it tells.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// What it makes, as far as that is in its text.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Whatever of these fields and its parameters does not agree.
    pub fn compare(&self, fields: &[Field]) -> Vec<Mistake> {
        fields::compare(fields, &self.parameters, self.parameters_line)
    }

    /// The values of its parameters, or why there is none for one of them.
    pub fn values(&self, resource_name: &str, given: &Map<String, Json>) -> Result<BTreeMap<String, String>, String> {
        parameter::values(&self.parameters, resource_name, given)
    }

    /// What CloudFormation wants to be told. What macros and other templates make is not
    /// known here, so they may make anything.
    pub fn needs(&self) -> Vec<Need> {
        let nested = self.resources.iter().any(|resource| resource.kind == "AWS::CloudFormation::Stack");
        if nested || self.has_macros {
            return vec![Need::NamedIam, Need::AutoExpand];
        }
        let of_iam = |resource: &&Resource| OF_IAM.iter().any(|(kind, _)| resource.kind == *kind);
        match self.resources.iter().find(of_iam) {
            None => Vec::new(),
            Some(_) if self.resources.iter().any(|resource| resource.is_named_iam) => vec![Need::NamedIam],
            Some(_) => vec![Need::Iam],
        }
    }
}

fn expands(node: &Node) -> bool {
    node.tag.as_deref() == Some("Transform") || node.get("Fn::Transform").is_some()
}

fn line_of(root: &Node, name: &str) -> Option<usize> {
    root.entries()?.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.line)
}

fn names(root: &Node, section: &str, mistakes: &mut Vec<Mistake>) -> Vec<String> {
    let Some(node) = root.get(section) else { return Vec::new() };
    match node.entries() {
        Some(entries) => entries.iter().map(|(key, _)| key.name.clone()).collect(),
        None => {
            mistakes.push(Mistake::new(node.line, format!("{section} has to be a map by names")));
            Vec::new()
        }
    }
}

fn resources(root: &Node, mistakes: &mut Vec<Mistake>) -> Vec<Resource> {
    let entries = root.get("Resources").and_then(Node::entries).unwrap_or_default();
    if entries.is_empty() {
        let line = line_of(root, "Resources").unwrap_or(1);
        mistakes.push(Mistake::new(line, "a template makes at least one of Resources, a map by logical IDs"));
    }
    let mut found = Vec::new();
    for (key, node) in entries {
        // A macro may make resources out of anything.
        if key.name.starts_with("Fn::") {
            continue;
        }
        if key.name.is_empty() || !key.name.chars().all(|c| c.is_ascii_alphanumeric()) {
            let what = format!("resource {:?}: a logical ID is of letters and digits", key.name);
            mistakes.push(Mistake::new(key.line, what));
        }
        let Some(kind) = node.get("Type").and_then(Node::text) else {
            mistakes.push(Mistake::new(key.line, format!("resource {}: it has no Type", key.name)));
            continue;
        };
        let own = OF_IAM.iter().find(|(of_iam, _)| *of_iam == kind).and_then(|(_, name)| *name);
        let named = |name: &str| node.get("Properties").is_some_and(|properties| gives(properties, name));
        found.push(Resource {
            logical_id: key.name.clone(),
            kind: kind.to_owned(),
            is_named_iam: own.is_some_and(named),
            line: key.line,
        });
    }
    found
}

/// Whether properties give this one: written out, or with a condition around.
fn gives(properties: &Node, name: &str) -> bool {
    match &properties.value {
        Value::Map(_) => properties.get(name).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
