//! Reading a plan from whatever a provisioner answered: what may be left out may be null as
//! well, what is not known is not looked at, and what cannot be read is a plan that failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Action, Change, Counts, Finding, Made, PLAN_ID_MAX, PLAN_MAX, Plan};
use crate::domain::moment::Moment;

impl Plan {
    /// What a provisioner answered at this moment.
    pub fn read(answer: &Value, at: Moment) -> Self {
        match read(answer) {
            Ok(made) => Self::Made(Made { at: Some(at), ..made }),
            Err(why) => Self::failed(&format!("The provisioner's plan cannot be read: {why}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    plan_id: String,
    #[serde(default)]
    counts: Option<Counted>,
    #[serde(default, deserialize_with = "or_default")]
    changes: Vec<Changed>,
    #[serde(default, deserialize_with = "or_default")]
    findings: Vec<Found>,
    #[serde(default)]
    link: Option<Value>,
    #[serde(default)]
    monthly_cost: Option<Value>,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default, deserialize_with = "or_default")]
    add: u64,
    #[serde(default, deserialize_with = "or_default")]
    change: u64,
    #[serde(default, deserialize_with = "or_default")]
    replace: u64,
    #[serde(default, deserialize_with = "or_default")]
    remove: u64,
}

#[derive(Deserialize)]
struct Changed {
    action: String,
    #[serde(default, deserialize_with = "or_default", rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default, deserialize_with = "or_default")]
    level: String,
    #[serde(default, deserialize_with = "or_default")]
    text: String,
}

fn read(answer: &Value) -> Result<Made, String> {
    if !answer.is_object() {
        return Err("it is no object.".to_owned());
    }
    let size = answer.to_string().len();
    if size > PLAN_MAX {
        return Err(format!("it is too large, {} KiB where {} are allowed.", size.div_ceil(1024), PLAN_MAX / 1024));
    }
    let Answer { plan_id, counts, changes, findings, link, monthly_cost } =
        Answer::deserialize(answer).map_err(|error| format!("{error}."))?;
    if plan_id.trim().is_empty() {
        return Err("its planId is empty.".to_owned());
    }
    if plan_id.len() > PLAN_ID_MAX {
        return Err(format!("its planId is too long, {} bytes where {PLAN_ID_MAX} are allowed.", plan_id.len()));
    }
    let changes: Vec<_> =
        changes.into_iter().map(|Changed { action, kind, name }| Change { action, kind, name, part: None }).collect();
    let findings = findings.into_iter().map(|Found { level, text }| Finding { level, text, part: None }).collect();
    let counts = match counts {
        Some(Counted { add, change, replace, remove }) => Counts { add, change, replace, remove },
        None => counted(&changes),
    };
    let link = link.and_then(|link| link.as_str().map(str::to_owned));
    let monthly_cost = monthly_cost.filter(|cost| !cost.is_null());
    Ok(Made { plan_id, counts, changes, findings, link, monthly_cost, at: None, parts: BTreeMap::new() })
}

/// Where they are not told: nobody is to read that nothing is removed.
fn counted(changes: &[Change]) -> Counts {
    let count = |what| changes.iter().filter(|change| change.what() == what).count() as u64;
    Counts {
        add: count(Action::Add),
        change: count(Action::Change),
        replace: count(Action::Replace),
        remove: count(Action::Remove),
    }
}

/// What is null is absent.
fn or_default<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(value)?.unwrap_or_default())
}
