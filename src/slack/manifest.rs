//! The manifest of the Slack app: what an admin pastes into Slack (or opens by
//! [`deep_link`]) to create it, with the bot's address filled in.
//!
//! The templates are `manifests/http.json` and `manifests/socket.json`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::{Host, Url};

const HTTP: &str = include_str!("../../manifests/http.json");
const SOCKET: &str = include_str!("../../manifests/socket.json");

/// What the bot's address replaces in a template.
const URL_PLACEHOLDER: &str = "{{url}}";

/// Where Slack creates an app from a manifest in the address.
const NEW_APP: &str = "https://api.slack.com/apps?new_app=1&manifest_json=";

/// Why an address cannot be the bot's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestProblem {
    /// Not an address at all, or not a web address.
    #[error("{url:?} is not a web address. Expected the bot's public address, such as https://bot.example.com.")]
    NotAWebAddress { url: String },
    /// Slack delivers to https only; http is for a simulator on this machine.
    #[error("{url:?} is not https. Slack delivers to https addresses only; http is accepted for localhost alone.")]
    NotHttps { url: String },
    /// A user name, a query or a fragment: Slack would not send what the bot serves.
    #[error("{url:?} has {what}. Expected scheme, host and, behind a proxy, a path: https://bot.example.com.")]
    TooMuch { url: String, what: &'static str },
    /// One of the bot's own routes, which the manifest adds.
    #[error("{url:?} already names one of the bot's routes. Leave out /slack and what follows; the manifest adds it.")]
    Route { url: String },
}

/// The manifest of an app that is served over HTTP at `url`. A path before the
/// routes is kept, for a proxy that strips it; a slash at the end is not.
pub fn for_url(url: &str) -> Result<Value, ManifestProblem> {
    let base = base(url)?;
    let mut manifest = template(HTTP);
    fill(&mut manifest, &base);
    Ok(manifest)
}

/// The manifest of an app that connects by Socket Mode and has no address.
pub fn for_socket_mode() -> Value {
    template(SOCKET)
}

/// The bot scopes of the app, sorted.
pub fn bot_scopes() -> Vec<String> {
    let manifest = for_socket_mode();
    let scopes = manifest.pointer("/oauth_config/scopes/bot").and_then(Value::as_array);
    scopes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A manifest in YAML, which Slack takes as well.
pub fn to_yaml(manifest: &Value) -> String {
    serde_saphyr::to_string(manifest).expect("a JSON value has only string keys")
}

/// Opens Slack's "Create an app" with the manifest filled in.
pub fn deep_link(manifest: &Value) -> String {
    format!("{NEW_APP}{}", utf8_percent_encode(&manifest.to_string(), NON_ALPHANUMERIC))
}

fn template(text: &str) -> Value {
    serde_json::from_str(text).expect("the manifests are JSON: a test reads both")
}

fn base(text: &str) -> Result<String, ManifestProblem> {
    let url = text.to_owned();
    let Ok(parsed) = Url::parse(text.trim()) else { return Err(ManifestProblem::NotAWebAddress { url }) };
    match parsed.scheme() {
        "https" => {}
        "http" if is_local(&parsed) => {}
        "http" => return Err(ManifestProblem::NotHttps { url }),
        _ => return Err(ManifestProblem::NotAWebAddress { url }),
    }
    let too_much = [
        (!parsed.username().is_empty() || parsed.password().is_some(), "a user name or a password"),
        (parsed.query().is_some(), "a query (?…)"),
        (parsed.fragment().is_some(), "a fragment (#…)"),
    ];
    if let Some((_, what)) = too_much.into_iter().find(|(there, _)| *there) {
        return Err(ManifestProblem::TooMuch { url, what });
    }
    let mut segments = parsed.path_segments().into_iter().flatten();
    if segments.any(|segment| segment == "slack") {
        return Err(ManifestProblem::Route { url });
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn fill(value: &mut Value, base: &str) {
    match value {
        Value::String(text) => *text = text.replace(URL_PLACEHOLDER, base),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, base)),
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, base)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use serde_json::json;

    use super::*;
    use crate::slack::ids;

    fn both() -> [Value; 2] {
        [for_url("https://bot.example.com").expect("an address"), for_socket_mode()]
    }

    /// Slack's own schema; it checks neither scopes nor event names.
    #[test]
    fn slack_accepts_both() {
        let schema = include_str!("../../tests/fixtures/slack/manifest.schema.json");
        let schema = serde_json::from_str(schema).expect("JSON");
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        for manifest in both() {
            let errors: Vec<_> = schema.iter_errors(&manifest).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }

    #[test]
    fn the_address_is_filled_in_everywhere() {
        let manifest = for_url(" https://bot.example.com/chat/ ").expect("an address");
        assert!(!manifest.to_string().contains("{{"));
        let at = |pointer| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(at("/features/slash_commands/0/url"), "https://bot.example.com/chat/slack/commands");
        assert_eq!(at("/settings/event_subscriptions/request_url"), "https://bot.example.com/chat/slack/events");
        assert_eq!(at("/settings/interactivity/request_url"), "https://bot.example.com/chat/slack/interactions");
        assert_eq!(
            at("/settings/interactivity/message_menu_options_url"),
            "https://bot.example.com/chat/slack/options"
        );
    }

    /// Apart from addresses and the switch, an app is the same either way.
    #[test]
    fn both_are_the_same_app() {
        let [mut http, mut socket] = both();
        assert_eq!(http["features"]["slash_commands"][0]["command"], ids::COMMAND);
        assert!(!socket.to_string().contains("url"));
        let without = |value: &mut Value, key: &str| {
            value.as_object_mut().expect("an object").remove(key);
        };
        without(&mut http["features"]["slash_commands"][0], "url");
        without(&mut http["settings"]["event_subscriptions"], "request_url");
        without(&mut http["settings"]["interactivity"], "request_url");
        without(&mut http["settings"]["interactivity"], "message_menu_options_url");
        without(&mut http["settings"], "socket_mode_enabled");
        assert_eq!(socket["settings"]["socket_mode_enabled"], json!(true));
        without(&mut socket["settings"], "socket_mode_enabled");
        assert_eq!(http, socket);
    }

    #[test]
    fn scopes_are_sorted_and_known() {
        let scopes = bot_scopes();
        assert!(scopes.is_sorted() && scopes.contains(&"chat:write".to_owned()), "{scopes:?}");
    }

    #[test]
    fn yaml_and_the_link_say_the_same() {
        for manifest in both() {
            let yaml: Value = serde_saphyr::from_str(&to_yaml(&manifest)).expect("YAML");
            assert_eq!(yaml, manifest);
            let link = Url::parse(&deep_link(&manifest)).expect("an address");
            let (_, value) = link.query_pairs().last().expect("a query");
            assert_eq!(serde_json::from_str::<Value>(&value).expect("JSON"), manifest);
            let encoded = deep_link(&manifest).replacen(NEW_APP, "", 1);
            assert_eq!(percent_decode_str(&encoded).decode_utf8_lossy(), manifest.to_string());
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        let cases = [
            ("bot.example.com", "is not a web address"),
            ("ftp://bot.example.com", "is not a web address"),
            ("http://bot.example.com", "is not https"),
            ("http://localhost.example.com", "is not https"),
            ("https://me:pw@bot.example.com", "has a user name or a password"),
            ("https://bot.example.com/?a=b", "has a query"),
            ("https://bot.example.com/#top", "has a fragment"),
            ("https://bot.example.com/slack/events", "already names one of the bot's routes"),
        ];
        for (url, expected) in cases {
            let said = for_url(url).expect_err(url).to_string();
            assert!(said.contains(expected), "{url}: {said}");
        }
        for url in ["http://localhost:3000", "http://127.0.0.1:3000/", "http://[::1]:3000"] {
            assert!(for_url(url).is_ok(), "{url}");
        }
    }
}
