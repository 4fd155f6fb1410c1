use std::path::Path;

use serde_json::{Value, json};

use super::*;

const APP: &str = "A0PROVISION";
const TEAM: &str = "T0ACME0001";
const OTHER: &str = "T0OTHER0001";
const GRID: &str = "E0ACMEGRID";

fn us(enterprise: Option<&str>) -> Identity {
    let id = |id: &str| Some(id.to_owned());
    Identity { team_id: id(TEAM), enterprise_id: enterprise.and_then(id), ..Identity::default() }
}

fn judge(payload: &Value) -> Result<(), Foreign> {
    Origin::of(payload).judge(&us(None), Some(APP))
}

/// Every sample of what Slack sends, by its name.
fn samples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slack/inbound");
    let mut samples: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(samples.len() > 15, "{}", samples.len());
    samples
}

/// Whether a sample says for whom it is: Slack's test of an address does not.
fn tells(name: &str) -> bool {
    name != "event.url_verification.json"
}

/// The same with another workspace at the top, where Slack puts it.
fn to_another_team(payload: &Value) -> Value {
    let mut payload = payload.clone();
    match payload.get("team") {
        Some(_) => payload["team"] = json!({ "id": OTHER, "domain": "other" }),
        None => payload["team_id"] = OTHER.into(),
    }
    payload
}

fn with(payload: &Value, key: &str, value: Value) -> Value {
    let mut payload = payload.clone();
    payload[key] = value;
    payload
}

#[test]
fn every_sample_is_ours_and_none_with_another_app_or_team() {
    for (name, payload) in samples() {
        assert_eq!(judge(&payload), Ok(()), "{name}");
        if !tells(&name) {
            assert!(Origin::of(&payload).is_silent(), "{name}");
            continue;
        }
        assert_eq!(judge(&with(&payload, "api_app_id", "A0OTHERAPP1".into())), Err(Foreign::App), "{name}");
        assert_eq!(judge(&to_another_team(&payload)), Err(Foreign::Organisation), "{name}");
        let everywhere: Value = serde_json::from_str(&payload.to_string().replace(TEAM, OTHER)).unwrap();
        assert_eq!(judge(&everywhere), Err(Foreign::Organisation), "{name}");
        // What is no ID is not ours.
        assert_eq!(judge(&with(&payload, "api_app_id", json!(7))), Err(Foreign::App), "{name}");
        let odd = if payload.get("team").is_some() { "team" } else { "team_id" };
        assert_eq!(judge(&with(&payload, odd, json!(["T0ACME0001"]))), Err(Foreign::Organisation), "{name}");
    }
}

#[test]
fn what_is_absent_or_null_is_not_another_one() {
    for (name, payload) in samples() {
        for key in ["api_app_id", "team", "team_id", "enterprise", "enterprise_id", "context_team_id", "authorizations"]
        {
            let mut without = payload.clone();
            without.as_object_mut().unwrap().remove(key);
            assert_eq!(judge(&without), Ok(()), "{name} without {key}");
            assert_eq!(judge(&with(&payload, key, Value::Null)), Ok(()), "{name} with {key} null");
            assert_eq!(judge(&with(&payload, key, "".into())), Ok(()), "{name} with {key} empty");
        }
    }
}

#[test]
fn on_enterprise_grid_the_organisation_counts() {
    let grid = us(Some(GRID));
    let colleague = |payload: &Value, enterprise: &str| {
        let payload = to_another_team(payload);
        match payload.get("team") {
            Some(_) => with(&payload, "enterprise", json!({ "id": enterprise, "name": "Acme" })),
            None => with(&payload, "enterprise_id", enterprise.into()),
        }
    };
    for (name, payload) in samples().into_iter().filter(|(name, _)| tells(name)) {
        let judge = |payload: &Value| Origin::of(payload).judge(&grid, Some(APP));
        assert_eq!(judge(&payload), Ok(()), "{name}: our own workspace");
        assert_eq!(judge(&colleague(&payload, GRID)), Ok(()), "{name}: another workspace of ours");
        let foreign = Err(Foreign::Organisation);
        assert_eq!(judge(&colleague(&payload, "E0OTHER")), foreign, "{name}: another organisation");
        assert_eq!(judge(&to_another_team(&payload)), foreign, "{name}: no organisation is not ours");
        // Without Enterprise Grid no organisation is ours.
        let alone = Origin::of(&colleague(&payload, GRID)).judge(&us(None), Some(APP));
        assert_eq!(alone, foreign, "{name}: we have none");
    }
}

#[test]
fn where_the_top_says_nothing_the_rest_does() {
    let payload = |value: Value| with(&value, "api_app_id", APP.into());
    for (what, said, judged) in [
        ("an installation for an organisation", json!({ "team": null, "enterprise": { "id": GRID } }), true),
        ("of another organisation", json!({ "team": null, "enterprise": { "id": "E0OTHER" } }), false),
        ("our view", json!({ "team": null, "view": { "app_installed_team_id": TEAM, "team_id": OTHER } }), true),
        ("their view", json!({ "team": null, "view": { "app_installed_team_id": OTHER, "team_id": TEAM } }), false),
        ("their view of old", json!({ "team": null, "view": { "team_id": OTHER } }), false),
        ("our event", json!({ "context_team_id": TEAM, "authorizations": [{ "team_id": OTHER }] }), true),
        ("their event", json!({ "context_team_id": OTHER }), false),
        ("their authorization", json!({ "authorizations": [{ "team_id": OTHER, "enterprise_id": null }] }), false),
        ("nothing", json!({}), true),
        ("somebody of elsewhere, here", json!({ "team": { "id": TEAM }, "user": { "team_id": OTHER } }), true),
    ] {
        let judge = Origin::of(&payload(said)).judge(&us(Some(GRID)), Some(APP));
        assert_eq!(judge.is_ok(), judged, "{what}");
    }
    let view = json!({ "view": { "app_id": "A0OTHERAPP1" } });
    assert_eq!(judge(&view), Err(Foreign::App));
}

#[test]
fn an_app_that_is_not_known_is_not_compared() {
    let payload = json!({ "team_id": TEAM, "api_app_id": "A0OTHERAPP1" });
    assert_eq!(Origin::of(&payload).judge(&us(None), None), Ok(()));
    let payload = json!({ "team_id": OTHER, "api_app_id": "A0OTHERAPP1" });
    assert_eq!(Origin::of(&payload).judge(&us(None), None), Err(Foreign::Organisation));
}
