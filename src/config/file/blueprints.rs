//! `[[blueprints]]`: what can be asked for, and the provisioner that builds it.

use std::collections::BTreeSet;

use super::reader::{Reader, Section};
use super::values::{is_line, is_option_text, option_text};
use super::{fields, template};
use crate::domain::blueprint::Blueprint;
use crate::stacks::{self, Templates};

pub(super) const KEYS: &[&str] = &[
    "id",
    "name",
    "description",
    "task_queue",
    "provision_activity",
    "destroy_activity",
    "plan_activity",
    "discard_activity",
    "encrypt",
    "fields",
    "template",
];

/// Temporal allows 1000 bytes; longer than this is a slip.
const TEMPORAL_NAME: usize = 200;
const EXPECTED_NAME: &str = "a name of 1 to 200 characters";

const BUILTIN_TASK_QUEUE: &str = "provision-aws-s3";
const PROVISION_ACTIVITY: &str = "provision";
const DESTROY_ACTIVITY: &str = "destroy";
/// Of the built-in provisioner of stacks.
const PLAN_ACTIVITY: &str = "plan";
const DISCARD_ACTIVITY: &str = "discard";

pub(super) fn read(reader: &mut Reader, top: &Section) -> Option<(Vec<Blueprint>, Templates)> {
    let Some(item) = top.get("blueprints") else { return Some((vec![builtin()], Templates::new())) };
    let at = item.span.start;
    let sections = reader.sections(item, "tables [[blueprints]]")?;
    if sections.is_empty() {
        return reader.say(at, "blueprints", "is empty; leave it out to offer the built-in bucket.".to_owned());
    }
    let mut ids = BTreeSet::new();
    let mut blueprints = Vec::new();
    let mut templates = Templates::new();
    for section in &sections {
        reader.refuse_unknown(section, KEYS);
        let id = reader.id(section, &mut ids);
        let name = reader.required(section, "name", &option_text("a name"), is_option_text);
        let description = described(reader, section);
        let has_template = section.get("template").is_some();
        let queue = if has_template { stacks::QUEUE } else { BUILTIN_TASK_QUEUE };
        let task_queue = temporal_name(reader, section, "task_queue", queue);
        let provision_activity = temporal_name(reader, section, "provision_activity", PROVISION_ACTIVITY);
        let destroy_activity = temporal_name(reader, section, "destroy_activity", DESTROY_ACTIVITY);
        let planning = match has_template {
            true => Some((Some(PLAN_ACTIVITY.to_owned()), Some(DISCARD_ACTIVITY.to_owned()))),
            false => planning(reader, section),
        };
        let encrypt = reader.yes_or_no(section, "encrypt", true);
        let fields = fields::read(reader, section);
        let template = fields.as_ref().map_or(Some(None), |fields| template::read(reader, section, fields));
        if let (Some(id), Some(Some(template))) = (&id, &template) {
            templates.insert(id.clone(), template.clone());
        }
        blueprints.push((|| {
            let (plan_activity, discard_activity) = planning?;
            Some(Blueprint {
                id: id?,
                name: name?,
                description: description?,
                task_queue: task_queue?,
                provision_activity: provision_activity?,
                destroy_activity: destroy_activity?,
                plan_activity,
                discard_activity,
                encrypt: encrypt?,
                fields: fields?,
            })
        })());
    }
    Some((blueprints.into_iter().collect::<Option<_>>()?, templates))
}

/// The blueprint there is when none is configured.
pub(super) fn builtin() -> Blueprint {
    Blueprint {
        id: "bucket".to_owned(),
        name: "Bucket".to_owned(),
        description: "An S3 bucket with a welcome page".to_owned(),
        task_queue: BUILTIN_TASK_QUEUE.to_owned(),
        provision_activity: PROVISION_ACTIVITY.to_owned(),
        destroy_activity: DESTROY_ACTIVITY.to_owned(),
        plan_activity: None,
        discard_activity: None,
        encrypt: true,
        fields: Vec::new(),
    }
}

/// The activities that plan and that remove what planning left. A plan that nobody removes
/// would pile up, so there is none without the other.
fn planning(reader: &mut Reader, section: &Section) -> Option<(Option<String>, Option<String>)> {
    let [plan, discard] = ["plan_activity", "discard_activity"]
        .map(|key| reader.optional(section, key, EXPECTED_NAME, |text| is_line(text, TEMPORAL_NAME)));
    match (section.get("plan_activity"), section.get("discard_activity")) {
        (Some(given), None) => reader.say(
            given.span.start,
            &section.path_of("discard_activity"),
            "is missing, expected with plan_activity: the name of the activity that removes what a plan left."
                .to_owned(),
        ),
        (None, Some(given)) => reader.say(
            given.span.start,
            &section.path_of("plan_activity"),
            "is missing, expected with discard_activity: the name of the activity that makes the plan.".to_owned(),
        ),
        _ => Some((plan?, discard?)),
    }
}

fn temporal_name(reader: &mut Reader, section: &Section, key: &str, default: &str) -> Option<String> {
    let Some(item) = section.get(key) else { return Some(default.to_owned()) };
    reader.text(&item, EXPECTED_NAME, |text| is_line(text, TEMPORAL_NAME))
}

/// What a blueprint is, which need not be said.
fn described(reader: &mut Reader, section: &Section) -> Option<String> {
    match section.get("description") {
        Some(item) => reader.text(&item, &option_text("a description"), is_option_text),
        None => Some(String::new()),
    }
}
