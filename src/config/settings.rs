//! [`Settings`]: the bot's own variables of the environment, each judged once,
//! with what to do where one is missing or wrong. A message never repeats a
//! secret.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use secrecy::{SecretSlice, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::release::{self, Release};
use super::{ConfigError, Flags, Part, Problem};
use crate::proxy::{self, Proxy};
use crate::trust;

/// Where the bot serves, unless told.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:3000";
/// The Slack Web API.
pub const DEFAULT_SLACK_API_URL: &str = "https://slack.com/api";
/// What is logged, unless told.
pub const DEFAULT_LOG_FILTER: &str = "info";

/// The variables of the environment that are the bot's own, and which release it is.
/// How to reach Temporal and AWS is read by their SDKs.
#[derive(Clone, Debug)]
pub struct Settings {
    pub slack_bot_token: SecretString,
    /// Verifies what comes in over HTTP. There whenever [`Part`] serves HTTP.
    pub slack_signing_secret: Option<SecretString>,
    /// When set, Socket Mode replaces the HTTP endpoints.
    pub slack_app_token: Option<SecretString>,
    /// Base of the Slack Web API, without a trailing slash.
    pub slack_api_url: String,
    /// The way to Slack and AWS where there is no direct one.
    pub proxy: Option<Proxy>,
    /// `host:port` to serve on.
    pub listen: String,
    /// The first encrypts, all decrypt; empty: histories are not encrypted.
    pub encryption_keys: Vec<EncryptionKey>,
    /// Without one the workers are not versioned.
    pub release: Option<Release>,
    pub log: Log,
    /// Whose certificates are trusted in AWS instead of the system's, in PEM form.
    pub aws_authorities: Option<Vec<u8>>,
    /// How long the collector of traces may take for a batch; none: no traces. All
    /// else about them is read by OpenTelemetry's SDK.
    pub traces: Option<Duration>,
}

/// What `codec-server` needs of the environment.
#[derive(Clone, Debug)]
pub struct CodecSettings {
    /// `host:port` to serve on.
    pub listen: String,
    pub encryption_keys: Vec<EncryptionKey>,
    /// What callers must know.
    pub token: Option<SecretString>,
    pub log: Log,
}

/// A key for the payloads in workflow histories.
#[derive(Clone, Debug)]
pub struct EncryptionKey {
    pub id: String,
    /// 32 bytes.
    pub key: SecretSlice<u8>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A filter in the words of `RUST_LOG`, known to be valid.
    pub filter: String,
    pub format: LogFormat,
    /// Whether text may have colours, where people read it: not if `NO_COLOR` is set.
    pub colours: bool,
}

/// The shape of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Settings {
    /// Judges the environment: everything that is missing or wrong for `part`
    /// is named at once.
    pub fn from_env(part: Part, flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let slack_bot_token = variables.bot_token();
        let slack_app_token = variables.app_token();
        let slack_signing_secret = variables.signing_secret(part);
        let slack_api_url = variables.slack_api_url();
        let proxy = variables.proxy();
        let listen = variables.listen(flags);
        let encryption_keys = variables.encryption_keys();
        let release = variables.release();
        let log = variables.log();
        let traces = variables.traces();
        variables.problems.extend(wrong_aws_endpoints(&lookup));
        let aws_authorities = match aws_authorities(&lookup) {
            Ok(authorities) => authorities,
            Err(problem) => {
                variables.problems.push(problem);
                None
            }
        };
        let (Some(slack_bot_token), Some(slack_api_url), Some(listen), Some(encryption_keys), Some(log), []) =
            (slack_bot_token, slack_api_url, listen, encryption_keys, log, &*variables.problems)
        else {
            return Err(variables.into_error());
        };
        Ok(Self {
            slack_bot_token,
            slack_signing_secret,
            slack_app_token,
            slack_api_url,
            proxy,
            listen,
            encryption_keys,
            release,
            log,
            aws_authorities,
            traces,
        })
    }
}

impl Log {
    /// How to log that the settings are wrong, which may be those of the log.
    pub fn at_least(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let form = |name: &str| if name == "RUST_LOG" { None } else { lookup(name) };
        let plain = Self { filter: DEFAULT_LOG_FILTER.to_owned(), format: LogFormat::Text, colours: false };
        Self::from_env(form).unwrap_or(plain)
    }

    /// For the commands that need no other setting.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        variables.log().ok_or_else(|| variables.into_error())
    }
}

impl CodecSettings {
    /// Judges the environment, as [`Settings::from_env`] does.
    pub fn from_env(flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let listen = variables.listen(flags);
        let encryption_keys = variables.encryption_keys();
        let token = variables.get("PROVISION_BOT_CODEC_TOKEN").map(SecretString::from);
        let log = variables.log();
        match (listen, encryption_keys, log) {
            (Some(listen), Some(encryption_keys), Some(log)) => Ok(Self { listen, encryption_keys, token, log }),
            _ => Err(variables.into_error()),
        }
    }
}

impl EncryptionKey {
    /// `id:base64key`, or what is wrong with it, without repeating any of the key.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (id, key) = text.split_once(':').ok_or("has no \":\" between id and key")?;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if id.is_empty() || !id.chars().all(named) {
            return Err("has an id that is not made of letters, digits, \"_\", \".\" and \"-\"");
        }
        let key = base64::engine::general_purpose::STANDARD.decode(key).map_err(|_| "has a key that is not base64")?;
        if key.len() != ENCRYPTION_KEY_BYTES {
            return Err("has a key that is not 32 bytes long");
        }
        Ok(Self { id: id.to_owned(), key: key.into() })
    }
}

/// AES-256.
const ENCRYPTION_KEY_BYTES: usize = 32;

/// The environment, and what was found wrong with it so far. A reader that gives
/// `None` for a required variable has reported it.
pub(super) struct Variables<'l> {
    lookup: &'l dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

/// Without one pair of quotes around it, and without white space within these.
fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value).trim()
}

impl<'l> Variables<'l> {
    pub(super) fn new(lookup: &'l dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// Blank counts as not set, as in an `.env` file with nothing behind the `=`; and
    /// quotes around a value are such a file's, where a container takes them literally.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = unquoted(value.trim());
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn refuse<T>(&mut self, name: &'static str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::Variable { name, message: message.into() });
        None
    }

    fn into_error(self) -> ConfigError {
        ConfigError { problems: self.problems }
    }

    fn bot_token(&mut self) -> Option<SecretString> {
        let name = "SLACK_BOT_TOKEN";
        let place = "\"OAuth & Permissions\" of the Slack app, once it is installed";
        match self.get(name) {
            Some(token) if is_token(&token, "xoxb-") => Some(token.into()),
            Some(_) => self.refuse(name, format!("is not a bot token (xoxb-…). Copy it from {place}.")),
            None => self.refuse(name, format!("is not set. Copy the bot token (xoxb-…) from {place}.")),
        }
    }

    fn app_token(&mut self) -> Option<SecretString> {
        let name = "SLACK_APP_TOKEN";
        match self.get(name)? {
            token if is_token(&token, "xapp-") => Some(token.into()),
            _ => self.refuse(
                name,
                "is not an app-level token (xapp-…). Generate one with the scope connections:write under \"Basic \
                 Information\" of the Slack app, or unset it to serve Slack over HTTP.",
            ),
        }
    }

    fn signing_secret(&mut self, part: Part) -> Option<SecretString> {
        let name = "SLACK_SIGNING_SECRET";
        let place = "\"Basic Information\" of the Slack app";
        match self.get(name) {
            Some(secret) if secret.chars().all(|c| c.is_ascii_graphic()) => Some(secret.into()),
            Some(_) => self.refuse(name, format!("is not a signing secret. Copy it from {place}.")),
            None if part == Part::Worker || self.get("SLACK_APP_TOKEN").is_some() => None,
            None => self.refuse(name, format!("is not set. Copy it from {place}.")),
        }
    }

    fn slack_api_url(&mut self) -> Option<String> {
        let name = "SLACK_API_URL";
        let Some(text) = self.get(name) else { return Some(DEFAULT_SLACK_API_URL.to_owned()) };
        match Url::parse(&text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.query().is_none()
                    && url.fragment().is_none() =>
            {
                Some(url.as_str().trim_end_matches('/').to_owned())
            }
            _ => self.refuse(
                name,
                format!(
                    "is {text:?}, expected the base of the Slack Web API such as {DEFAULT_SLACK_API_URL}, which is \
                     the default."
                ),
            ),
        }
    }

    /// The proxy, unless it is none, which is reported.
    fn proxy(&mut self) -> Option<Proxy> {
        let (name, address) = self.first(HTTPS_PROXY)?;
        let (no_name, direct) = self.first(NO_PROXY).unwrap_or((NO_PROXY[0], String::new()));
        match Proxy::parse(&address, &direct) {
            Ok(proxy) => Some(proxy),
            // Not repeated: there may be a password in it.
            Err(proxy::Wrong::Address) => {
                self.refuse(name, "is not the address of a proxy. Expected such as http://proxy.example.com:3128.")
            }
            Err(proxy::Wrong::Direct(word)) => self.refuse(
                no_name,
                format!(
                    "names {word:?}, expected hosts, domains and networks such as example.com,10.0.0.0/8, with commas \
                     between."
                ),
            ),
        }
    }

    fn listen(&mut self, flags: &Flags) -> Option<String> {
        let name = "PROVISION_BOT_LISTEN";
        let text = flags.listen.clone().or_else(|| self.get(name));
        let text = text.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        if is_address(&text) {
            return Some(text);
        }
        self.refuse(
            name,
            format!(
                "(or --listen) is {text:?}, expected an address and a port such as {DEFAULT_LISTEN} or 0.0.0.0:3000."
            ),
        )
    }

    fn encryption_keys(&mut self) -> Option<Vec<EncryptionKey>> {
        let name = "PROVISION_BOT_ENCRYPTION_KEYS";
        let Some(text) = self.get(name) else { return Some(Vec::new()) };
        let mut keys: Vec<EncryptionKey> = Vec::new();
        let before = self.problems.len();
        for (index, entry) in text.split(',').enumerate() {
            let problem = match EncryptionKey::parse(entry.trim()) {
                Ok(key) if keys.iter().any(|other| other.id == key.id) => "has the id of an earlier one",
                Ok(key) => {
                    keys.push(key);
                    continue;
                }
                Err(problem) => problem,
            };
            let number = index + 1;
            self.refuse::<()>(
                name,
                format!(
                    "entry {number} {problem}. Expected id:base64key[,id:base64key…] with keys of 32 bytes, made by: \
                     openssl rand -base64 32"
                ),
            );
        }
        (self.problems.len() == before).then_some(keys)
    }

    fn release(&mut self) -> Option<Release> {
        match Release::of(self.get(release::DEPLOYMENT_NAME), self.get(release::BUILD_ID)) {
            Ok(release) => release,
            Err((name, message)) => self.refuse(name, message),
        }
    }

    fn log(&mut self) -> Option<Log> {
        let filter = self.get("RUST_LOG").unwrap_or_else(|| DEFAULT_LOG_FILTER.to_owned());
        let filter = match EnvFilter::builder().parse(&filter) {
            Ok(_) => Some(filter),
            Err(error) => self.refuse(
                "RUST_LOG",
                format!("is {filter:?}, which is not a filter: {error}. Expected such as info,provision_bot=debug."),
            ),
        };
        let format = match self.get("PROVISION_BOT_LOG_FORMAT").as_deref() {
            None => Some(LogFormat::default()),
            Some("text") => Some(LogFormat::Text),
            Some("json") => Some(LogFormat::Json),
            Some(other) => self.refuse("PROVISION_BOT_LOG_FORMAT", format!("is {other:?}, expected text or json.")),
        };
        let colours = self.get("NO_COLOR").is_none();
        Some(Log { filter: filter?, format: format?, colours })
    }

    /// The first of these that is set.
    fn first(&self, names: [&'static str; 2]) -> Option<(&'static str, String)> {
        names.into_iter().find_map(|name| Some((name, self.get(name)?)))
    }

    /// Traces are wanted where there is an endpoint for them.
    fn traces(&mut self) -> Option<Duration> {
        let is = |name: &str, wanted: &str| self.get(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        let off = is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none");
        let (name, endpoint) = self.first(OTLP_ENDPOINT).filter(|_| !off)?;
        let usable = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !Url::parse(&endpoint).is_ok_and(|url| usable(&url)) {
            // Not repeated: there may be a password in it.
            self.refuse::<()>(name, "is not the address of a collector. Expected such as http://localhost:4318.");
        }
        match self.first(OTLP_PROTOCOL) {
            Some((name, protocol)) if protocol != HTTP_PROTOBUF => {
                let message = format!(
                    "is {protocol:?}, expected {HTTP_PROTOBUF}, which collectors take at port 4318, not at 4317."
                );
                self.refuse::<()>(name, message);
            }
            _ => {}
        }
        let (name, timeout) = self.first(OTLP_TIMEOUT).unwrap_or((OTLP_TIMEOUT[1], DEFAULT_OTLP_TIMEOUT.to_owned()));
        match timeout.parse() {
            Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
            Err(_) => self.refuse(name, format!("is {timeout:?}, expected a number of milliseconds such as 10000.")),
        }
    }
}

/// The proxy alone, for whoever can do without the rest.
pub fn proxy(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, ConfigError> {
    let mut variables = Variables::new(&lookup);
    match (variables.proxy(), &*variables.problems) {
        (proxy, []) => Ok(proxy),
        _ => Err(variables.into_error()),
    }
}

/// Where the AWS SDK looks for its services, if not at Amazon's.
const AWS_ENDPOINTS: [&str; 4] =
    ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"];

/// What is wrong with them: the SDK itself panics at what is no address, at nothing too.
pub fn wrong_aws_endpoints(lookup: impl Fn(&str) -> Option<String>) -> Vec<Problem> {
    let usable =
        |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let wrong = |name: &'static str| {
        let message = match lookup(name)? {
            text if usable(&text) => return None,
            text if text.trim().is_empty() => "is empty. Unset it to use Amazon's own address.".to_owned(),
            // Not repeated: there may be a password in it.
            _ => "is no address. Expected such as http://localhost:5000; unset it to use Amazon's own.".to_owned(),
        };
        Some(Problem::Variable { name, message })
    };
    AWS_ENDPOINTS.into_iter().filter_map(wrong).collect()
}

/// The first of each that is set counts.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The certificates that `AWS_CA_BUNDLE` names; as with AWS's other tools, they take the
/// place of the system's.
pub fn aws_authorities(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Vec<u8>>, Problem> {
    const NAME: &str = "AWS_CA_BUNDLE";
    let Some(path) = Variables::new(&lookup).get(NAME) else { return Ok(None) };
    trust::certificates(Path::new(&path)).map(Some).map_err(|wrong| {
        let message = format!(
            "names {path:?}, which {wrong}. Name a file with the certificates that AWS's are vouched for by, or unset \
             it to trust what the system trusts."
        );
        Problem::Variable { name: NAME, message }
    })
}

/// OpenTelemetry's variables for all signals, and for traces, which win.
const OTLP_ENDPOINT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const OTLP_TIMEOUT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const OTLP_PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// The one protocol that is spoken, which is the specification's default.
const HTTP_PROTOBUF: &str = "http/protobuf";
/// The specification's default, as it is written: in milliseconds.
const DEFAULT_OTLP_TIMEOUT: &str = "10000";

/// A token goes into a header, so it must be plain text.
fn is_token(text: &str, prefix: &str) -> bool {
    text.len() > prefix.len() && text.starts_with(prefix) && text.chars().all(|c| c.is_ascii_graphic())
}

/// `host:port`, where the host is a name or an IP address.
fn is_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
                && port.parse::<u16>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const WHOLE: &[(&str, &str)] = &[("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_SIGNING_SECRET", "s3cret")];

    fn settings(part: Part, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let lookup =
            |name: &str| variables.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        Settings::from_env(part, &Flags::default(), lookup)
    }

    /// What is said about `variables` on top of a whole environment.
    fn said(variables: &[(&str, &str)]) -> String {
        settings(Part::All, &[WHOLE, variables].concat()).expect_err("a mistake").to_string()
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let settings = settings(Part::All, WHOLE).expect("valid");
        assert_eq!(settings.slack_api_url, "https://slack.com/api");
        assert_eq!(settings.listen, "127.0.0.1:3000");
        assert_eq!(settings.log, Log { filter: "info".into(), format: LogFormat::Text, colours: true });
        assert!(settings.encryption_keys.is_empty() && settings.slack_app_token.is_none());
        assert_eq!(settings.release, None);
    }

    #[test]
    fn white_space_and_one_pair_of_quotes_are_no_part_of_a_value() {
        for (typed, read) in [
            ("0.0.0.0:80", "0.0.0.0:80"),
            (" \"0.0.0.0:80\" \n", "0.0.0.0:80"),
            ("'0.0.0.0:80'", "0.0.0.0:80"),
            ("\" 0.0.0.0:80 \"", "0.0.0.0:80"),
            ("\"\"", "127.0.0.1:3000"),
        ] {
            let variables = [WHOLE, &[("PROVISION_BOT_LISTEN", typed)]].concat();
            assert_eq!(settings(Part::All, &variables).expect("valid").listen, read, "{typed:?}");
        }
        // One pair, and only where it is one.
        assert_eq!(unquoted("\"'a'\""), "'a'");
        assert_eq!(unquoted("\"a"), "\"a");
        assert_eq!(unquoted("\""), "\"");
    }

    #[test]
    fn what_is_required_depends_on_the_part() {
        let all_missing = "SLACK_BOT_TOKEN is not set. Copy the bot token (xoxb-…) from \"OAuth & Permissions\" of the \
                           Slack app, once it is installed.\n\
                           SLACK_SIGNING_SECRET is not set. Copy it from \"Basic Information\" of the Slack app.";
        assert_eq!(settings(Part::All, &[]).expect_err("missing").to_string(), all_missing);
        assert_eq!(settings(Part::Web, &[("SLACK_BOT_TOKEN", " ")]).expect_err("blank").to_string(), all_missing);
        assert!(settings(Part::Worker, &WHOLE[..1]).is_ok());
        assert!(settings(Part::Web, &[WHOLE[0], ("SLACK_APP_TOKEN", "xapp-1")]).is_ok());
    }

    #[test]
    fn a_mistake_names_the_variable_and_never_repeats_a_secret() {
        let cases: &[(&str, &str, &str)] = &[
            ("SLACK_BOT_TOKEN", "xoxp-hush", "is not a bot token"),
            ("SLACK_BOT_TOKEN", "xoxb-hush hush", "is not a bot token"),
            ("SLACK_APP_TOKEN", "hush", "is not an app-level token"),
            ("SLACK_SIGNING_SECRET", "hush hush", "is not a signing secret"),
            ("SLACK_API_URL", "slack.com/api", "is \"slack.com/api\", expected the base"),
            ("PROVISION_BOT_LISTEN", "3000", "(or --listen) is \"3000\", expected an address and a port"),
            ("PROVISION_BOT_LOG_FORMAT", "xml", "is \"xml\", expected text or json."),
            ("RUST_LOG", "provision_bot=loud", "which is not a filter"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "user:hush@collector:4318", "is not the address of a collector"),
            ("HTTPS_PROXY", "socks5://user:hush@proxy:1080", "is not the address of a proxy. Expected such as http://"),
            ("https_proxy", "http://user:hush@", "is not the address of a proxy"),
            ("AWS_ENDPOINT_URL", "", "is empty. Unset it"),
            ("AWS_CA_BUNDLE", "/no/such.pem", "names \"/no/such.pem\", which cannot be read (entity not found). Name"),
            ("AWS_CA_BUNDLE", "Cargo.toml", "which holds no certificate in PEM form"),
            ("AWS_ENDPOINT_URL_S3", "hush@localhost", "is no address. Expected such as http://localhost:5000"),
            ("PROVISION_BOT_ENCRYPTION_KEYS", "hush", "entry 1 has no \":\""),
            ("PROVISION_BOT_ENCRYPTION_KEYS", "a:hush", "entry 1 has a key that is not 32 bytes"),
            ("PROVISION_BOT_ENCRYPTION_KEYS", "a:hush!", "entry 1 has a key that is not base64"),
        ];
        for (name, value, expected) in cases {
            let said = said(&[(name, value)]);
            assert!(said.starts_with(&format!("{name} ")) && said.contains(expected), "{said}");
            assert!(!said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn a_proxy_is_named_in_either_case() {
        let proxy =
            |variables: &[(&str, &str)]| settings(Part::All, &[WHOLE, variables].concat()).expect("valid").proxy;
        let told = |variables: &[(&str, &str)]| {
            let proxy = proxy(variables)?;
            Some(format!("{proxy} {}", proxy.exempt()))
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[("HTTPS_PROXY", " "), ("NO_PROXY", "a.example")]), None);
        assert_eq!(
            told(&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")]).as_deref(),
            Some("http://a:1 ")
        );
        let lower = told(&[("https_proxy", "u:p@b:2"), ("HTTPS_PROXY", ""), ("no_proxy", "a.example c.example")]);
        assert_eq!(lower.as_deref(), Some("http://b:2 a.example, c.example"));
        assert!(
            said(&[("HTTPS_PROXY", "a:1"), ("no_proxy", "10.0.0.0/99")]).starts_with("no_proxy names \"10.0.0.0/99\"")
        );
        assert_eq!(
            told(&[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "http://a:1")]),
            None,
            "of calls over HTTPS alone"
        );
    }

    #[test]
    fn a_release_has_both_names_or_none() {
        let (name, build) = (("TEMPORAL_DEPLOYMENT_NAME", "bot"), ("TEMPORAL_WORKER_BUILD_ID", "1.2.3"));
        let release = settings(Part::Worker, &[WHOLE, &[name, build]].concat()).expect("valid").release;
        assert_eq!(release, Some(Release { deployment_name: "bot".into(), build_id: "1.2.3".into() }));
        assert!(said(&[name]).starts_with("TEMPORAL_DEPLOYMENT_NAME is set, but TEMPORAL_WORKER_BUILD_ID is not. "));
        assert!(said(&[build, ("TEMPORAL_DEPLOYMENT_NAME", " ")]).starts_with("TEMPORAL_WORKER_BUILD_ID is set, but"));
        assert!(said(&[("TEMPORAL_DEPLOYMENT_NAME", "a.b"), build]).contains("is \"a.b\", but Temporal allows no"));
    }

    #[test]
    fn traces_are_off_unless_there_is_a_place_for_them() {
        let traces =
            |variables: &[(&str, &str)]| settings(Part::All, &[WHOLE, variables].concat()).expect("valid").traces;
        let place = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        assert_eq!(traces(&[]), None);
        assert_eq!(traces(&[place]), Some(Duration::from_secs(10)));
        assert_eq!(traces(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", place.1)]), Some(Duration::from_secs(10)));
        assert_eq!(traces(&[place, ("OTEL_EXPORTER_OTLP_TIMEOUT", "500")]), Some(Duration::from_millis(500)));
        assert_eq!(traces(&[place, ("OTEL_SDK_DISABLED", "True")]), None);
        assert_eq!(traces(&[place, ("OTEL_TRACES_EXPORTER", "none")]), None);
        for (name, value, expected) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "is \"grpc\", expected http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s", "is \"10s\", expected a number"),
        ] {
            assert!(said(&[place, (name, value)]).starts_with(&format!("{name} {expected}")));
            assert_eq!(traces(&[(name, value)]), None, "of no interest without an endpoint");
        }
    }

    #[test]
    fn values_are_tidied() {
        let key = base64::engine::general_purpose::STANDARD.encode([7; ENCRYPTION_KEY_BYTES]);
        let keys = format!("new:{key}, old:{key}");
        let extra = [
            ("SLACK_BOT_TOKEN", "xoxb-2\n"),
            ("SLACK_API_URL", "http://127.0.0.1:8080/api/"),
            ("PROVISION_BOT_LISTEN", "localhost:0"),
            ("PROVISION_BOT_ENCRYPTION_KEYS", &keys),
        ];
        let settings = settings(Part::All, &[WHOLE, &extra].concat()).expect("valid");
        assert_eq!(settings.slack_bot_token.expose_secret(), "xoxb-2");
        assert_eq!(settings.slack_api_url, "http://127.0.0.1:8080/api");
        assert_eq!(settings.listen, "localhost:0");
        assert_eq!(settings.encryption_keys.iter().map(|key| &*key.id).collect::<Vec<_>>(), ["new", "old"]);
        assert!(!format!("{settings:?}").contains("xoxb-2"));
    }
}
