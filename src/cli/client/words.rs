//! Where a request or a lease stands, in words for a person: much as the thread in Slack
//! has them, and none of them from Slack's markup.
//!
//! Only the line about its end has the word of a status that ends a request.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// So many people are named, of those who are waited for.
const NAMED_MAX: usize = 6;

/// Where a request or a lease stands: a line for each thing that has come about since
/// the one before, what is true now last.
pub(super) fn standing(state: &Value, now: Timestamp) -> Vec<String> {
    match state.get("owner").is_some() {
        true => vec![lease(state, now)],
        false => request(state, now),
    }
}

fn request(state: &Value, now: Timestamp) -> Vec<String> {
    let status = state["status"].as_str().unwrap_or_default();
    let line = match status {
        "pre_flight" => "is being checked".to_owned(),
        "awaiting_authorization" => waiting(state, now),
        "provisioning" => match progress(&state["progress"]) {
            Some(progress) => progress,
            None => "is being built".to_owned(),
        },
        "needs_attention" => format!("needs a hand{}", failure(&state["failure"])),
        "provisioned" => match outputs(&state["resources"]) {
            outputs if outputs.is_empty() => status.to_owned(),
            outputs => format!("{status}: {outputs}"),
        },
        "rejected" => {
            let decision = &state["authorization"];
            let by = text(&decision["decidedBy"]).map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{status}{by}{}", behind_colon(&decision["reason"]))
        }
        "failed" => format!("{status}{}", failure(&state["failure"])),
        // "expired", "cancelled", and what a newer bot may say.
        other => other.to_owned(),
    };
    approval(&state["authorization"]).into_iter().chain([line]).collect()
}

/// What a request waits for that is not decided.
fn waiting(state: &Value, now: Timestamp) -> String {
    let until = moment(&state["deadline"], now).map(|moment| format!(" until {moment}")).unwrap_or_default();
    match state["waitingFor"].as_str() {
        Some("requester") => {
            let (question, counter) = (&state["question"], &state["counter"]);
            let by = text(&question["by"]).or(text(&counter["by"]));
            let by = by.map(|by| format!(" of {by}")).unwrap_or_default();
            match question.is_null() {
                false => format!("waits for the answer to a question{by}{}", behind_colon(&question["text"])),
                true => format!("waits for the requester, about an offer{by}{}", offered(counter)),
            }
        }
        Some("plan") => "waits for its plan".to_owned(),
        Some("undo") => format!("has its last yes, which may be taken back{until}"),
        _ => format!("waits for {}{until}", awaited(&state["steps"])),
    }
}

/// Who has to sign now.
fn awaited(steps: &Value) -> String {
    let count = |step: &Value| step["signatures"].as_array().map_or(0, |all| all.iter().filter(|s| counts(s)).count());
    let need = |step: &Value| step["need"].as_u64().and_then(|need| usize::try_from(need).ok()).unwrap_or(1);
    let open = steps.as_array().and_then(|steps| steps.iter().find(|step| count(step) < need(step)));
    let Some(step) = open else { return "its authorizer".to_owned() };
    let has_signed = |who: &str| {
        let signatures = step["signatures"].as_array();
        signatures.is_some_and(|all| all.iter().any(|s| counts(s) && (s["by"] == who || s["for"] == who)))
    };
    let asked = step["asked"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut asked: Vec<_> = asked.filter(|who| !has_signed(who)).map(str::to_owned).collect();
    let (left, of) = (need(step) - count(step), asked.len());
    if of > NAMED_MAX {
        asked.truncate(NAMED_MAX - 1);
        asked.push(format!("{} others", of - asked.len()));
    }
    match (&*asked, left) {
        ([], _) => "its authorizer".to_owned(),
        ([.., last], 1) if of > 1 => format!("{} or {last}", asked[..asked.len() - 1].join(", ")),
        ([.., last], left) if left == of && of > 1 => format!("{} and {last}", asked[..asked.len() - 1].join(", ")),
        (_, left) if left < of => format!("{left} of {}", asked.join(", ")),
        _ => asked.join(", "),
    }
}

fn counts(signature: &Value) -> bool {
    signature["struck"].is_null()
}

/// The values of an offer, behind a colon.
fn offered(offer: &Value) -> String {
    let lifetime = lifetime(&offer["lifetimeSeconds"]);
    let values = [text(&offer["region"]), text(&offer["profile"]), lifetime.as_deref()];
    let values: Vec<_> = values.into_iter().flatten().collect();
    if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) }
}

fn approval(decision: &Value) -> Option<String> {
    if decision["decision"] != "approve" {
        return None;
    }
    let by = text(&decision["decidedBy"]).map(|by| format!(" by {by}")).unwrap_or_default();
    Some(format!("approved{by}{}", offered(decision)))
}

fn progress(progress: &Value) -> Option<String> {
    let (step, of) = (progress["step"].as_u64().filter(|step| *step > 0)?, progress["of"].as_u64()?);
    let label = text(&progress["label"]).map(|label| format!(" {label}")).unwrap_or_default();
    Some(format!("{step}/{of}{label}"))
}

/// What went wrong and what to do, behind a colon.
fn failure(failure: &Value) -> String {
    let step = text(&failure["step"]).map(|step| format!("stopped at {step}."));
    let sentences = [step.as_deref(), text(&failure["cause"]), text(&failure["advice"])];
    let sentences: Vec<_> = sentences.into_iter().flatten().collect();
    if sentences.is_empty() { String::new() } else { format!(": {}", sentences.join(" ")) }
}

/// What was built: `name=value`, of parts `part.name=value`.
pub(super) fn outputs(resources: &Value) -> String {
    let mut named = Vec::new();
    flatten("", resources, &mut named);
    named.join(", ")
}

fn flatten(name: &str, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                flatten(&name, value, into);
            }
        }
        Value::Null => {}
        Value::String(text) => into.push(format!("{name}={text}")),
        other => into.push(format!("{name}={other}")),
    }
}

fn lease(state: &Value, now: Timestamp) -> String {
    let status = state["status"].as_str().unwrap_or_default();
    let next = moment(&state["nextStepAt"], now).map(|at| format!(", the next step is at {at}")).unwrap_or_default();
    let line = match status {
        "active" => match moment(&state["endsAt"], now) {
            Some(end) => format!("active until {end}"),
            None => "active, and does not end by itself".to_owned(),
        },
        "read_only" => format!("read-only{next}"),
        "closed" => format!("closed{next}"),
        "removing" => "is being taken away".to_owned(),
        "needs_attention" => format!("needs a hand{}", failure(&state["failure"])),
        "missing" => "missing: it is not found where it was built".to_owned(),
        other => other.to_owned(),
    };
    let pending = &state["pending"];
    let Some(act) = text(&pending["act"]) else { return line };
    let by = lifetime(&pending["seconds"]).map(|by| format!(" by {by}")).unwrap_or_default();
    let until = moment(&pending["deadline"], now).map(|moment| format!(" until {moment}")).unwrap_or_default();
    format!("{line}; {act}{by} waits for a yes{until}")
}

/// A duration in seconds, or `never`.
pub(super) fn lifetime(seconds: &Value) -> Option<String> {
    let duration = seconds.as_u64().map(std::time::Duration::from_secs);
    duration.map(|duration| humantime::format_duration(duration).to_string()).or(text(seconds).map(str::to_owned))
}

/// A moment in UTC; of today without its date.
pub(super) fn moment(at: &Value, now: Timestamp) -> Option<String> {
    let text = text(at)?;
    let Ok(at) = text.parse::<Timestamp>() else { return Some(text.to_owned()) };
    let (at, today) = (at.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC).date());
    let form = if at.date() == today { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    Some(at.strftime(form).to_string())
}

fn behind_colon(value: &Value) -> String {
    text(value).map(|text| format!(": {text}")).unwrap_or_default()
}

pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(state: &Value) -> String {
        standing(state, "2026-11-27T10:00:00Z".parse().expect("a moment")).join("\n")
    }

    /// A request that waits for signatures in the second of two steps.
    fn asks(asked: &[&str], need: u32, signed: &Value) -> String {
        said(&json!({
            "status": "awaiting_authorization", "waitingFor": "authorizer", "deadline": "2026-11-27T10:02:00Z",
            "steps": [
                { "from": ["U0"], "need": 1, "asked": ["U0"], "signatures": [{ "by": "U0", "for": null, "struck": null }] },
                { "from": ["S1"], "need": need, "asked": asked, "signatures": signed },
            ],
        }))
    }

    #[test]
    fn who_is_waited_for_is_named() {
        let (nobody, one) = (json!([]), json!([{ "by": "U1", "for": null, "struck": null }]));
        let struck = json!([{ "by": "U1", "for": null, "struck": "2026-11-27T10:00:00Z" }]);
        let deputy = json!([{ "by": "U9", "for": "U1", "struck": null }]);
        let many = ["U1", "U2", "U3", "U4", "U5", "U6", "U7"];
        for (asked, need, signed, who) in [
            (&["U1"][..], 1, &nobody, "U1"),
            (&["U1", "U2"], 1, &nobody, "U1 or U2"),
            (&["U1", "U2"], 2, &nobody, "U1 and U2"),
            (&["U1", "U2", "U3"], 2, &nobody, "2 of U1, U2, U3"),
            (&["U1", "U2", "U3"], 2, &one, "U2 or U3"),
            (&["U1", "U2"], 2, &one, "U2"),
            (&["U1", "U2"], 2, &deputy, "U2"),
            (&["U1", "U2"], 1, &struck, "U1 or U2"),
            (&many, 1, &nobody, "U1, U2, U3, U4, U5 or 2 others"),
            (&many, 2, &nobody, "2 of U1, U2, U3, U4, U5, 2 others"),
            (&["U1"], 2, &nobody, "U1"),
            (&[], 1, &nobody, "its authorizer"),
        ] {
            assert_eq!(asks(asked, need, signed), format!("waits for {who} until 10:02 UTC"));
        }
        // As in a list, which has no steps.
        assert_eq!(said(&json!({ "status": "awaiting_authorization" })), "waits for its authorizer");
    }

    #[test]
    fn each_wait_has_its_words() {
        for (state, words) in [
            (
                json!({ "waitingFor": "requester", "question": { "by": "U1", "text": "Which domain?" } }),
                "waits for the answer to a question of U1: Which domain?",
            ),
            (
                json!({ "waitingFor": "requester", "question": null, "counter":
                    { "by": "U1", "region": "us-east-1", "profile": "sandbox", "lifetimeSeconds": 86_400 } }),
                "waits for the requester, about an offer of U1: us-east-1, sandbox, 1day",
            ),
            (json!({ "waitingFor": "plan" }), "waits for its plan"),
            (
                json!({ "waitingFor": "undo", "deadline": "2026-11-28T10:02:00Z" }),
                "has its last yes, which may be taken back until 2026-11-28 10:02 UTC",
            ),
        ] {
            let mut state = state;
            state["status"] = "awaiting_authorization".into();
            assert_eq!(said(&state), words);
        }
    }

    #[test]
    fn what_is_built_is_told_with_who_approved_it() {
        let by = json!({ "decision": "approve", "region": "us-east-1", "profile": "sandbox", "decidedBy": "U1" });
        let approved = "approved by U1: us-east-1, sandbox";
        for (state, words) in [
            (json!({ "status": "provisioning", "progress": null }), "is being built"),
            (
                json!({ "status": "provisioning", "progress": { "step": 3, "of": 8, "label": "Blocking public access" } }),
                "3/8 Blocking public access",
            ),
            (
                json!({ "status": "needs_attention", "failure":
                    { "step": "Creating", "cause": "It is full.", "advice": "Ask an admin." } }),
                "needs a hand: stopped at Creating. It is full. Ask an admin.",
            ),
            (json!({ "status": "provisioned", "resources": {} }), "provisioned"),
            (
                json!({ "status": "provisioned", "resources":
                    { "assets": { "bucketName": "b", "size": 3 }, "url": "https://b.example.com", "none": null } }),
                "provisioned: assets.bucketName=b, assets.size=3, url=https://b.example.com",
            ),
        ] {
            let mut state = state;
            state["authorization"] = by.clone();
            assert_eq!(said(&state), format!("{approved}\n{words}"));
        }
    }

    #[test]
    fn the_end_has_the_word_of_its_status() {
        for (state, words) in [
            (
                json!({ "status": "rejected", "authorization":
                    { "decision": "reject", "decidedBy": "U1", "reason": "Too dear." } }),
                "rejected by U1: Too dear.",
            ),
            (json!({ "status": "rejected" }), "rejected"),
            (json!({ "status": "expired" }), "expired"),
            (json!({ "status": "cancelled" }), "cancelled"),
            (
                json!({ "status": "failed", "failure": { "step": null, "cause": "No such team.", "advice": "" } }),
                "failed: No such team.",
            ),
            (json!({ "status": "made_up_tomorrow" }), "made_up_tomorrow"),
        ] {
            assert_eq!(said(&state), words);
        }
    }

    #[test]
    fn a_lease_says_what_comes_next() {
        let lease = |status: &str, more: Value| {
            let mut state = json!({ "status": status, "owner": "U1" });
            state.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            said(&state)
        };
        let next = json!({ "nextStepAt": "2026-12-04T10:00:00Z" });
        assert_eq!(lease("active", json!({})), "active, and does not end by itself");
        assert_eq!(lease("active", json!({ "endsAt": "2026-11-27T12:00:00Z" })), "active until 12:00 UTC");
        assert_eq!(lease("read_only", next.clone()), "read-only, the next step is at 2026-12-04 10:00 UTC");
        assert_eq!(lease("closed", next), "closed, the next step is at 2026-12-04 10:00 UTC");
        assert_eq!(lease("removed", json!({})), "removed");
        let pending = json!({ "pending": { "act": "extend", "seconds": 86_400, "deadline": "soon" } });
        assert!(lease("active", pending).ends_with("; extend by 1day waits for a yes until soon"));
    }
}
