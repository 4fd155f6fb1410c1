//! `[[blueprints]]`: what can be asked for, and the provisioner that builds it.

use std::collections::BTreeSet;

use super::parts::Named;
use super::reader::{Reader, Section};
use super::values::{is_line, is_option_text, option_text};
use super::{fields, parts, template};
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
    "access_activity",
    "inspect_activity",
    "encrypt",
    "fields",
    "template",
    "parts",
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
/// Of the built-in provisioners, as far as they have them.
const ACCESS_ACTIVITY: &str = "access";
const INSPECT_ACTIVITY: &str = "inspect";

pub(super) fn read(reader: &mut Reader, top: &Section) -> Option<(Vec<Blueprint>, Templates)> {
    let Some(item) = top.get("blueprints") else { return Some((vec![builtin()], Templates::new())) };
    let at = item.span.start;
    let sections = reader.sections(item, "tables [[blueprints]]")?;
    if sections.is_empty() {
        return reader.say(at, "blueprints", "is empty; leave it out to offer the built-in bucket.".to_owned());
    }
    let mut ids = BTreeSet::new();
    let mut blueprints = Vec::new();
    let mut made_of = Vec::new();
    let mut templates = Templates::new();
    for section in &sections {
        reader.refuse_unknown(section, KEYS);
        let id = reader.id(section, &mut ids);
        let name = reader.required(section, "name", &option_text("a name"), is_option_text);
        let description = described(reader, section);
        let has_template = section.get("template").is_some();
        let parts = parts::read(reader, section);
        let provisioner = match section.get("parts") {
            // Theirs count.
            Some(_) => Some([String::new(), String::new(), String::new()]),
            None => provisioner(reader, section, has_template),
        };
        let planning = match has_template {
            true => Some((Some(PLAN_ACTIVITY.to_owned()), Some(DISCARD_ACTIVITY.to_owned()))),
            false if section.get("parts").is_some() => Some((None, None)),
            false => planning(reader, section),
        };
        let [access_activity, inspect_activity] = match has_template {
            true => [Some(None), Some(Some(INSPECT_ACTIVITY.to_owned()))],
            false => ["access_activity", "inspect_activity"]
                .map(|key| reader.optional(section, key, EXPECTED_NAME, |text| is_line(text, TEMPORAL_NAME))),
        };
        let encrypt = reader.yes_or_no(section, "encrypt", true);
        let fields = fields::read(reader, section);
        let template = fields.as_ref().map_or(Some(None), |fields| template::read(reader, section, fields));
        if let (Some(id), Some(Some(template))) = (&id, &template) {
            templates.insert(id.clone(), template.clone());
        }
        made_of.push(parts);
        blueprints.push((|| {
            let (plan_activity, discard_activity) = planning?;
            let [task_queue, provision_activity, destroy_activity] = provisioner?;
            Some(Blueprint {
                id: id?,
                name: name?,
                description: description?,
                task_queue,
                provision_activity,
                destroy_activity,
                plan_activity,
                discard_activity,
                access_activity: access_activity?,
                inspect_activity: inspect_activity?,
                encrypt: encrypt?,
                fields: fields?,
                parts: Vec::new(),
            })
        })());
    }
    let mut blueprints: Vec<Blueprint> = blueprints.into_iter().collect::<Option<_>>()?;
    let made_of: Vec<_> = made_of.into_iter().collect::<Option<_>>()?;
    with_parts(reader, &mut blueprints, made_of)?;
    Some((blueprints, templates))
}

/// Gives each blueprint the parts that it is made of, of which every one is known now.
fn with_parts(reader: &mut Reader, blueprints: &mut [Blueprint], made_of: Vec<Vec<Named>>) -> Option<()> {
    let is_made_of_parts: Vec<_> = made_of.iter().map(|named| !named.is_empty()).collect();
    // A bucket is always known to them, whether it can be asked for or not.
    let known: Vec<_> = blueprints.iter().cloned().zip(is_made_of_parts).chain([(builtin(), false)]).collect();
    let mut all = Some(());
    for (blueprint, named) in blueprints.iter_mut().zip(made_of) {
        match parts::resolve(reader, named, &blueprint.fields, &known) {
            Some(parts) => blueprint.parts = parts,
            None => all = None,
        }
    }
    all
}

/// The queue and the activities that build and that remove.
fn provisioner(reader: &mut Reader, section: &Section, has_template: bool) -> Option<[String; 3]> {
    let queue = if has_template { stacks::QUEUE } else { BUILTIN_TASK_QUEUE };
    let task_queue = temporal_name(reader, section, "task_queue", queue);
    let provision_activity = temporal_name(reader, section, "provision_activity", PROVISION_ACTIVITY);
    let destroy_activity = temporal_name(reader, section, "destroy_activity", DESTROY_ACTIVITY);
    Some([task_queue?, provision_activity?, destroy_activity?])
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
        access_activity: Some(ACCESS_ACTIVITY.to_owned()),
        inspect_activity: Some(INSPECT_ACTIVITY.to_owned()),
        encrypt: true,
        fields: Vec::new(),
        parts: Vec::new(),
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
