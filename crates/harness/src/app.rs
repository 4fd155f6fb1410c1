//! The app as its manifest describes it: what a workspace grants it that installs it.

use std::collections::BTreeSet;

use serde_json::Value;
use slack_simulator::{Rules, SimulatorOptions};

/// The app is created from the manifest, and granted what it asks for.
const MANIFEST: &str = include_str!("../../../manifests/http.json");

/// The scopes that the manifest asks for.
pub fn scopes() -> BTreeSet<String> {
    let manifest: Value = serde_json::from_str(MANIFEST).expect("the manifest is JSON");
    let scopes = manifest.pointer("/oauth_config/scopes/bot").and_then(Value::as_array);
    scopes.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

/// What a workspace allows that granted those.
pub fn rules() -> Rules {
    Rules { scopes: scopes(), ..Rules::default() }
}

/// How such a workspace starts.
pub fn workspace() -> SimulatorOptions {
    SimulatorOptions { rules: rules(), ..SimulatorOptions::default() }
}
