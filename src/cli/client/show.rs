//! `show`: one request or one lease, with all that is needed to decide about it.

use jiff::Timestamp;
use serde_json::Value;

use super::exit::Exit;
use super::http::{Call, Http};
use super::id::Id;
use super::output::Output;
use super::persist::Patience;
use super::problem::Problem;
use super::state::State;
use super::times::now;
use super::words::{self, lifetime, moment, text};

pub(super) async fn run(id: &Id, http: &Http, out: &mut Output) -> Result<Exit, Problem> {
    let answer = http.persist(Patience::short(), out, |_| Call::get(id.path())).await?;
    let state = State::read(answer)?;
    out.document(&state.document)?;
    for line in page(id, &state, now()) {
        out.line(&line)?;
    }
    Ok(Exit::Done)
}

/// Everything worth knowing, a line each, and last where it stands.
fn page(id: &Id, state: &State, now: Timestamp) -> Vec<String> {
    let document = &state.document;
    let offer = &document["offer"];
    // A lease has its values beside the rest, a request in its offer.
    let value = |key: &str| text(&document[key]).or(text(&offer[key])).map(str::to_owned);
    let facts = [
        (if id.is_of_a_lease() { "lease" } else { "request" }, Some(id.to_string())),
        ("status", Some(state.status.clone())),
        ("round", Some(state.round.to_string())),
        ("application", value("applicationName")),
        ("team", value("teamId")),
        ("blueprint", value("blueprint")),
        ("requester", value("requesterId")),
        ("owner", value("owner")),
        ("region", value("region")),
        ("profile", value("profile")),
        ("lifetime", lifetime(&offer["lifetimeSeconds"])),
        ("since", moment(&document["since"], now)),
        ("extensions", document["extensions"].as_u64().map(|count| count.to_string())),
    ];
    let mut page: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some(fact(name, &value?))).collect();
    let parameters = offer["parameters"].as_object();
    page.extend(
        parameters.into_iter().flatten().map(|(field, value)| fact("field", &format!("{field}={}", plain(value)))),
    );
    page.extend(plan(&offer["plan"]));
    if id.is_of_a_lease() {
        let outputs = words::outputs(&document["resources"]);
        page.extend((!outputs.is_empty()).then(|| fact("resources", &outputs)));
    }
    page.extend(text(&document["links"]["slack"]).map(|link| fact("slack", link)));
    page.extend(words::standing(document, now).iter().map(|line| fact("now", line)));
    page
}

fn fact(name: &str, value: &str) -> String {
    format!("{name:<13}{value}")
}

/// A text without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What would be done, which is signed by the plan's ID.
fn plan(plan: &Value) -> Vec<String> {
    if let Some(failure) = text(&plan["failure"]) {
        return vec![fact("plan", &format!("cannot be made: {failure}"))];
    }
    let Some(id) = text(&plan["planId"]) else { return Vec::new() };
    let count = |of: &str| plan["counts"][of].as_u64().unwrap_or(0);
    let counts = ["add", "change", "replace", "remove"].map(|of| format!("{} to {of}", count(of))).join(", ");
    let mut lines = vec![fact("plan", &format!("{id}: {counts}"))];
    let list = |key: &str| plan[key].as_array().cloned().unwrap_or_default();
    for change in list("changes") {
        let words = ["action", "type", "name", "part"].map(|key| text(&change[key]).map(str::to_owned));
        lines.push(fact("", &words.into_iter().flatten().collect::<Vec<_>>().join(" ")));
    }
    for finding in list("findings") {
        let words = [&finding["level"], &finding["text"]].map(|value| text(value).unwrap_or("-"));
        lines.push(fact("", &words.join(": ")));
    }
    lines.extend(text(&plan["link"]).map(|link| fact("", link)));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-27T10:00:00Z";

    fn shown(id: &str, document: Value) -> String {
        let state = State::read(document).expect("a state");
        page(&id.parse().expect("an ID"), &state, NOW.parse().expect("a moment")).join("\n")
    }

    #[test]
    fn a_request_is_shown_with_all_that_is_signed() {
        let said = shown(
            "checkout-7f3a9c0011",
            json!({
                "requestId": "checkout-7f3a9c0011", "status": "awaiting_authorization", "round": 2,
                "waitingFor": "authorizer", "deadline": "2026-11-27T10:02:00Z",
                "applicationName": "checkout", "teamId": "payments", "blueprint": "static-site",
                "requesterId": "client:ci-acme", "progress": null,
                "links": { "self": "/api/v1/requests/checkout-7f3a9c0011", "slack": "https://acme.slack.com/archives/C1/p1" },
                "offer": {
                    "region": "us-east-1", "profile": null, "lifetimeSeconds": 2_592_000,
                    "parameters": { "domain": "shop.example.com", "zones": ["a", "b"] },
                    "plan": {
                        "planId": "plan-1", "counts": { "add": 3, "change": 0, "replace": 1, "remove": 0 },
                        "changes": [{ "action": "replace", "type": "AWS::S3::Bucket", "name": "Assets" }],
                        "findings": [{ "level": "warning", "text": "It is public." }], "link": null, "monthlyCost": null,
                    },
                    "digest": "…",
                },
                "steps": [{ "from": ["U1"], "need": 1, "asked": ["U1"], "signatures": [] }],
            }),
        );
        let expected = "\
request      checkout-7f3a9c0011
status       awaiting_authorization
round        2
application  checkout
team         payments
blueprint    static-site
requester    client:ci-acme
region       us-east-1
lifetime     30days
field        domain=shop.example.com
field        zones=[\"a\",\"b\"]
plan         plan-1: 3 to add, 0 to change, 1 to replace, 0 to remove
             replace AWS::S3::Bucket Assets
             warning: It is public.
slack        https://acme.slack.com/archives/C1/p1
now          waits for U1 until 10:02 UTC";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_lease_is_shown_with_its_end() {
        let said = shown(
            "checkout-7f3a9c0011.lease",
            json!({
                "requestId": "checkout-7f3a9c0011", "status": "active", "round": 1, "owner": "U1",
                "since": "2026-11-27T09:00:00Z", "endsAt": "2026-12-27T09:00:00Z", "nextStepAt": null, "extensions": 0,
                "pending": { "act": "extend", "seconds": 86_400, "by": "U1", "asked": ["U2"], "deadline": "2026-11-27T11:00:00Z" },
                "region": "us-east-1", "profile": "sandbox", "resources": { "bucketName": "b" }, "failure": null,
            }),
        );
        let expected = "\
lease        checkout-7f3a9c0011.lease
status       active
round        1
owner        U1
region       us-east-1
profile      sandbox
since        09:00 UTC
extensions   0
resources    bucketName=b
now          active until 2026-12-27 09:00 UTC; extend by 1day waits for a yes until 11:00 UTC";
        assert_eq!(said, expected);
    }
}
