//! `template` of `[[blueprints]]`: the CloudFormation template that the built-in provisioner
//! builds, checked against the fields of its blueprint. What is wrong with it is told with
//! the file and the line of the template.

#[cfg(feature = "cloudformation")]
mod check;

use super::reader::{Reader, Section};
use crate::domain::field::Field;
use crate::stacks::Template;

/// Keys that say who provisions; a template is provisioned by the built-in one.
const PROVISIONERS: [&str; 7] = [
    "task_queue",
    "provision_activity",
    "destroy_activity",
    "plan_activity",
    "discard_activity",
    "access_activity",
    "inspect_activity",
];

/// The outer `None`: a mistake.
pub(super) fn read(reader: &mut Reader, section: &Section, fields: &[Field]) -> Option<Option<Template>> {
    let Some(item) = section.get("template") else { return Some(None) };
    for key in PROVISIONERS {
        if let Some(other) = section.get(key) {
            reader.note(other.span.start, &other.key, "does not go with `template`: leave one of them out.".to_owned());
        }
    }
    check::template(reader, &item, fields).map(Some)
}

/// A program without the provisioner of stacks has no template.
#[cfg(not(feature = "cloudformation"))]
mod check {
    use crate::config::file::reader::{Item, Reader};
    use crate::domain::field::Field;
    use crate::stacks::Template;

    pub(super) fn template(reader: &mut Reader, item: &Item, _fields: &[Field]) -> Option<Template> {
        let message = "needs a program with the cargo feature `cloudformation`, which this one was built without.";
        reader.say(item.span.start, &item.key, message.to_owned())
    }
}
