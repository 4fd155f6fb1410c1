//! `provision-bot check`: the configuration and every connection, one line each,
//! and what to do where one fails. Nothing is posted, started or created.
//!
//! - `proxy`: whether it lets us through to Slack, where there is one.
//! - `slack`: the tokens, the scopes, the clock.
//! - `people`: those whom the configuration names.
//! - `temporal`: the namespace, what may be done in it, its search attributes, and
//!   whether the encryption keys fit.
//! - `release`: whether requests go to the workers' release, where they are versioned.
//! - `aws`: every profile in every region.
//! - `templates`: whether CloudFormation takes those of the blueprints.
//! - `line`: what each of them says.

mod aws;
mod blueprints;
mod line;
mod people;
mod proxy;
mod release;
mod slack;
mod templates;
mod temporal;

use std::io::Write;
use std::path::Path;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use provisioner_s3::Aws;
use serde::Serialize;

use self::line::{Line, counted};
use crate::codec::Codec;
use crate::config::{
    self, CodecSettings, ConfigError, Flags, Part, Problem, Settings, aws_authorities, file, file_path,
    wrong_aws_endpoints,
};
use crate::domain::policy::Policy;
use crate::stacks::Templates;

/// Connections that are tried at the same time.
const AT_ONCE: usize = 16;

/// Who reads the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A person: a line for each, as soon as it is known.
    Text,
    /// A program: one document at the end.
    Json,
}

/// Tries everything, writes what was found, and tells whether all passed.
pub async fn run(flags: &Flags, form: Form, lookup: impl Fn(&str) -> Option<String>, out: &mut impl Write) -> bool {
    let path = file_path(flags, &lookup);
    let (policy, templates) = match file::load(&path) {
        Ok(file::File { policy, templates }) => (Ok(policy), templates),
        Err(error) => (Err(error), Templates::new()),
    };
    let settings = Settings::from_env(Part::All, flags, &lookup);
    let mut lines = configuration(&path, &policy);
    lines.extend(environment(&settings));
    let settings = settings.or_else(|error| usable(&error, flags, &lookup));
    let keys = CodecSettings::from_env(&Flags::default(), &lookup).map(|settings| settings.encryption_keys);
    let mut probes = probes(settings.ok(), policy.as_ref().ok(), keys.ok().map(|keys| Codec::new(&keys)));
    // The AWS SDK panics at an address that is none.
    if let (Ok(policy), Ok(proxy), Ok(authorities), []) =
        (&policy, config::proxy(&lookup), aws_authorities(&lookup), &*wrong_aws_endpoints(&lookup))
    {
        let aws = Aws { proxy, authorities, ..Aws::default() };
        probes.extend(aws::probes(policy, &aws));
        probes.extend(templates::probes(policy, &templates, &aws));
    }
    probes.insert(0, std::future::ready(lines).boxed());

    // Tried at once, told in order, each as soon as it is known.
    let mut told = stream::iter(probes).buffered(AT_ONCE).flat_map(stream::iter);
    let mut report = Report { ok: true, checks: Vec::new() };
    while let Some(line) = told.next().await {
        if form == Form::Text {
            // Nobody may be reading; the exit code still tells.
            let _ = writeln!(out, "{line}");
        }
        report.ok &= line.ok;
        report.checks.push(line);
    }
    if form == Form::Json
        && let Ok(json) = serde_json::to_string_pretty(&report)
    {
        let _ = writeln!(out, "{json}");
    }
    report.ok
}

fn probes(
    settings: Option<Settings>,
    policy: Option<&Policy>,
    codec: Option<Codec>,
) -> Vec<BoxFuture<'static, Vec<Line>>> {
    let mut probes = Vec::new();
    let release = settings.as_ref().and_then(|settings| settings.release.clone());
    if let Some(settings) = settings {
        let app_token = settings.slack_app_token.clone();
        let (base, way) = (settings.slack_api_url.clone(), settings.proxy.clone());
        probes.extend(way.clone().map(|way| proxy::probe(way, base.clone()).boxed()));
        probes.push(slack::bot(settings, policy.map(people::named)).boxed());
        probes.extend(app_token.map(|token| slack::app_token(base, token, way).boxed()));
    }
    let blueprints = policy.map(|policy| policy.blueprints.clone()).unwrap_or_default();
    probes.push(temporal::probe(codec, release, blueprints).boxed());
    probes
}

/// Everything that was tried.
#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Line>,
}

fn configuration(path: &Path, policy: &Result<Policy, ConfigError>) -> Vec<Line> {
    const WHAT: &str = "configuration";
    match policy {
        Ok(policy) => {
            let said = format!(
                "{}, {}, {}, {}, {}",
                path.display(),
                counted(policy.teams.len(), "team"),
                counted(policy.blueprints.len(), "blueprint"),
                counted(policy.regions.len(), "region"),
                counted(policy.profiles.len(), "profile"),
            );
            vec![Line::passed(WHAT, said)]
        }
        Err(error) => problems(WHAT, error),
    }
}

fn environment(settings: &Result<Settings, ConfigError>) -> Vec<Line> {
    const WHAT: &str = "settings";
    match settings {
        Ok(settings) => {
            let way = if settings.slack_app_token.is_some() { "Socket Mode" } else { "HTTP" };
            vec![Line::passed(WHAT, format!("Slack over {way}, serving on {}", settings.listen))]
        }
        Err(error) => problems(WHAT, error),
    }
}

/// Mistakes in the configuration. A text of two sentences says what to do in the
/// second; a shorter one says what was expected.
fn problems(what: &str, error: &ConfigError) -> Vec<Line> {
    let line = |problem: &Problem| match problem.to_string().split_once(". ") {
        Some((said, advice)) => Line::failed(what, said, advice),
        None => Line { ok: false, ..Line::passed(what, problem.to_string()) },
    };
    error.problems.iter().map(line).collect()
}

/// The settings as if those that are wrong were not set, if that will do: one
/// mistake does not hide the next. A wrong address of Slack's is no other address, and
/// a wrong proxy is not none.
fn usable(
    error: &ConfigError,
    flags: &Flags,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Settings, ConfigError> {
    const NO_SUBSTITUTE: [&str; 5] = ["SLACK_API_URL", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
    let wrong = |name: &str| {
        let is_it = |problem: &Problem| matches!(problem, Problem::Variable { name: wrong, .. } if *wrong == name);
        !NO_SUBSTITUTE.contains(&name) && error.problems.iter().any(is_it)
    };
    let flags = Flags { listen: None, ..flags.clone() };
    Settings::from_env(Part::Worker, &flags, |name| if wrong(name) { None } else { lookup(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mistake_does_not_hide_the_next() {
        let with = |name: &'static str, value: &'static str| {
            let lookup = move |wanted: &str| match wanted {
                wanted if wanted == name => Some(value.to_owned()),
                "SLACK_BOT_TOKEN" => Some("xoxb-1".to_owned()),
                _ => None,
            };
            let flags = Flags { listen: Some("nowhere".into()), ..Flags::default() };
            let error = Settings::from_env(Part::All, &flags, lookup).expect_err(name);
            usable(&error, &flags, lookup)
        };
        for name in ["PROVISION_BOT_ENCRYPTION_KEYS", "RUST_LOG", "SLACK_APP_TOKEN", "PROVISION_BOT_LOG_FORMAT"] {
            assert!(with(name, "=!").is_ok(), "{name}");
        }
        for name in ["SLACK_BOT_TOKEN", "SLACK_API_URL", "HTTPS_PROXY", "https_proxy"] {
            assert!(with(name, "=!").is_err(), "{name}");
        }
    }
}
