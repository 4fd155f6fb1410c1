//! The configuration file: TOML in, [`Policy`] out, or every mistake in it with
//! file, line, column, key, what was found and what was expected.
//!
//! The file is read as a tree of values with positions and walked by hand,
//! because a deserializer stops at the first mistake. An example that explains
//! every key is `provision-bot.example.toml`.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Problem};
use crate::domain::policy::{Blueprint, Policy, Principal, Team};

/// Keys of each table, in the order the example explains them.
const TOP: &[&str] = &["regions", "profiles", "authorization", "teams", "blueprints"];
const AUTHORIZATION: &[&str] = &["timeout", "reminder", "allow_self", "open_max"];
const TEAM: &[&str] = &["id", "name", "members", "authorizers"];
const BLUEPRINT: &[&str] =
    &["id", "name", "description", "task_queue", "provision_activity", "destroy_activity", "encrypt"];

/// How long a request waits for its authorizer, unless configured.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// Less cannot be answered; more is a request nobody remembers.
const DURATIONS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 60 * 60);
const EXPECTED_DURATION: &str = r#"a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m""#;

/// Open requests of one person: each of them is looked at where the limit is reached.
const OPEN: RangeInclusive<u32> = 1..=1_000;
const EXPECTED_OPEN: &str = "a whole number from 1 to 1000; without the key there is no limit";

/// What Slack shows of one option of a select.
const OPTION_TEXT: usize = 75;
/// Options of one select; teams and blueprints are searched instead.
const OPTIONS: usize = 100;
/// Temporal allows 1000 bytes; longer than this is a slip.
const TEMPORAL_NAME: usize = 200;

const BUILTIN_TASK_QUEUE: &str = "provision-aws-s3";
const PROVISION_ACTIVITY: &str = "provision";
const DESTROY_ACTIVITY: &str = "destroy";

/// Reads the configuration file.
pub fn load(path: &Path) -> Result<Policy, ConfigError> {
    let refuse = |message: String| ConfigError::from(Problem::File { path: path.to_owned(), message });
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse(
            "there is no such file. Copy provision-bot.example.toml to this path and edit it, or name another file \
             with --config or PROVISION_BOT_CONFIG."
                .to_owned(),
        ),
        _ => refuse(format!("cannot be read: {error}.")),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(format!("line {line} is not UTF-8. Save the file as UTF-8."))
    })?;
    parse(path, &text)
}

/// Parses the text of a configuration file; `path` is for the messages.
pub fn parse(path: &Path, text: &str) -> Result<Policy, ConfigError> {
    let mut reader = Reader { path, text, problems: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What is read from a broken text would be judged wrongly.
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.note(at, "", format!("is not valid TOML: {}.", error.message().trim().replace('\n', ", ")));
        }
        return Err(reader.finish());
    }
    let policy = reader.policy(&document);
    match policy {
        Some(policy) if reader.problems.is_empty() => Ok(policy),
        _ => Err(reader.finish()),
    }
}

/// Collects mistakes while walking. A value that is wrong has been reported
/// when its reader gives `None`.
struct Reader<'t> {
    path: &'t Path,
    text: &'t str,
    problems: Vec<(usize, Problem)>,
}

/// A value and where it is.
struct Item<'d, 'i> {
    key: String,
    span: Range<usize>,
    value: &'d DeValue<'i>,
}

/// A table, where it is, and the keys it may have.
struct Section<'d, 'i> {
    key: String,
    at: usize,
    table: &'d DeTable<'i>,
}

impl<'d, 'i> Section<'d, 'i> {
    fn path_of(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    fn get(&self, key: &str) -> Option<Item<'d, 'i>> {
        let value: &Spanned<DeValue> = self.table.get(key)?;
        Some(Item { key: self.path_of(key), span: value.span(), value: value.get_ref() })
    }
}

impl<'t> Reader<'t> {
    fn policy(&mut self, document: &Spanned<DeTable>) -> Option<Policy> {
        let top = Section { key: String::new(), at: 0, table: document.get_ref() };
        self.refuse_unknown(&top, TOP);
        let regions = self.choices(&top, "regions", r#"AWS regions, such as ["us-east-1"]"#, &REGION);
        let profiles = self.choices(&top, "profiles", r#"AWS profiles, such as ["sandbox"]"#, &PROFILE);
        let authorization = self.authorization(&top);
        let teams = self.teams(&top);
        let blueprints = self.blueprints(&top);
        let (timeout, reminder, allow_self, open_max) = authorization?;
        Some(Policy {
            regions: regions?,
            profiles: profiles?,
            timeout,
            reminder,
            allow_self,
            open_max,
            teams: teams?,
            blueprints: blueprints?,
        })
    }

    fn authorization(&mut self, top: &Section) -> Option<(Duration, Option<Duration>, bool, Option<u32>)> {
        let Some(item) = top.get("authorization") else { return Some((DEFAULT_TIMEOUT, None, false, None)) };
        let section = self.section(item, "a table [authorization]")?;
        self.refuse_unknown(&section, AUTHORIZATION);
        let timeout = match section.get("timeout") {
            Some(item) => self.duration(&item),
            None => Some(DEFAULT_TIMEOUT),
        };
        let reminder = match section.get("reminder") {
            Some(item) => self.reminder(&item, timeout).map(Some),
            None => Some(None),
        };
        let allow_self = self.yes_or_no(&section, "allow_self", false);
        let open_max = match section.get("open_max") {
            Some(item) => self.open_max(&item).map(Some),
            None => Some(None),
        };
        Some((timeout?, reminder?, allow_self?, open_max?))
    }

    fn open_max(&mut self, item: &Item) -> Option<u32> {
        let number = match item.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| OPEN.contains(number)) {
            Some(number) => Some(number),
            None => self.mistake(item, EXPECTED_OPEN),
        }
    }

    fn reminder(&mut self, item: &Item, timeout: Option<Duration>) -> Option<Duration> {
        let reminder = self.duration(item)?;
        match timeout {
            Some(timeout) if reminder >= timeout => {
                let timeout = humantime::format_duration(timeout);
                self.mistake(item, &format!("less than the timeout of {timeout}"))
            }
            _ => Some(reminder),
        }
    }

    fn teams(&mut self, top: &Section) -> Option<Vec<Team>> {
        let missing = "add a [[teams]] table with an id and a name for each team that may ask for resources";
        let Some(item) = top.get("teams") else { return self.say(0, "teams", format!("is missing; {missing}.")) };
        let sections = self.sections(item, "tables [[teams]]")?;
        if sections.is_empty() {
            return self.say(0, "teams", format!("is empty; {missing}."));
        }
        let mut ids = BTreeSet::new();
        let mut teams = Vec::new();
        for section in &sections {
            self.refuse_unknown(section, TEAM);
            let id = self.id(section, &mut ids);
            let name = self.required(section, "name", &option_text("a name"), is_option_text);
            let members = self.principals(section, "members");
            let authorizers = self.principals(section, "authorizers");
            teams.push((|| Some(Team { id: id?, name: name?, members: members?, authorizers: authorizers? }))());
        }
        teams.into_iter().collect()
    }

    fn blueprints(&mut self, top: &Section) -> Option<Vec<Blueprint>> {
        let Some(item) = top.get("blueprints") else { return Some(vec![builtin()]) };
        let at = item.span.start;
        let sections = self.sections(item, "tables [[blueprints]]")?;
        if sections.is_empty() {
            return self.say(at, "blueprints", "is empty; leave it out to offer the built-in bucket.".to_owned());
        }
        let mut ids = BTreeSet::new();
        let mut blueprints = Vec::new();
        for section in &sections {
            self.refuse_unknown(section, BLUEPRINT);
            let id = self.id(section, &mut ids);
            let name = self.required(section, "name", &option_text("a name"), is_option_text);
            let description = self.described(section);
            let task_queue = self.temporal_name(section, "task_queue", BUILTIN_TASK_QUEUE);
            let provision_activity = self.temporal_name(section, "provision_activity", PROVISION_ACTIVITY);
            let destroy_activity = self.temporal_name(section, "destroy_activity", DESTROY_ACTIVITY);
            let encrypt = self.yes_or_no(section, "encrypt", true);
            blueprints.push((|| {
                Some(Blueprint {
                    id: id?,
                    name: name?,
                    description: description?,
                    task_queue: task_queue?,
                    provision_activity: provision_activity?,
                    destroy_activity: destroy_activity?,
                    encrypt: encrypt?,
                })
            })());
        }
        blueprints.into_iter().collect()
    }

    /// A list an authorizer chooses from: not empty, no more than fits, nothing twice.
    fn choices(&mut self, top: &Section, key: &str, what: &str, check: &Check) -> Option<Vec<String>> {
        let Some(item) = top.get(key) else { return self.say(0, key, format!("is missing; list {what}.")) };
        let items = self.list(&item, &format!("a list of {what}"))?;
        if items.is_empty() || items.len() > OPTIONS {
            let found = if items.is_empty() { "an empty list".to_owned() } else { format!("{} entries", items.len()) };
            return self.found(&item, &found, &format!("a list of 1 to {OPTIONS} {what}"));
        }
        let mut seen = BTreeSet::new();
        let read: Vec<_> = items
            .iter()
            .map(|item| {
                let text = self.text(item, check.expected, check.accepts)?;
                self.once(item, text, &mut seen)
            })
            .collect();
        read.into_iter().collect()
    }

    fn id(&mut self, section: &Section, seen: &mut BTreeSet<String>) -> Option<String> {
        let expected = r#"an id of 1 to 75 letters, digits, "_", "." and "-""#;
        let id = self.required(section, "id", expected, |text| {
            (1..=OPTION_TEXT).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        })?;
        self.once(&section.get("id")?, id, seen)
    }

    fn principals(&mut self, section: &Section, key: &str) -> Option<Vec<Principal>> {
        let expected = "the ID of a user (U… or W…) or of a user group (S…), as in \"Copy member ID\" in Slack";
        let Some(item) = section.get(key) else { return Some(Vec::new()) };
        let items = self.list(&item, r#"a list of IDs of users or user groups, such as ["U0123ABCD"]"#)?;
        let read: Vec<_> = items.iter().map(|item| self.text(item, expected, is_principal)).collect();
        read.into_iter().map(|id| id.map(|id| Principal::parse(&id))).collect()
    }

    fn temporal_name(&mut self, section: &Section, key: &str, default: &str) -> Option<String> {
        let Some(item) = section.get(key) else { return Some(default.to_owned()) };
        self.text(&item, "a name of 1 to 200 characters", |text| is_line(text, TEMPORAL_NAME))
    }

    /// What a blueprint is, which need not be said.
    fn described(&mut self, section: &Section) -> Option<String> {
        match section.get("description") {
            Some(item) => self.text(&item, &option_text("a description"), is_option_text),
            None => Some(String::new()),
        }
    }

    fn yes_or_no(&mut self, section: &Section, key: &str, default: bool) -> Option<bool> {
        match section.get(key) {
            Some(Item { value: DeValue::Boolean(value), .. }) => Some(*value),
            Some(item) => self.mistake(&item, "true or false"),
            None => Some(default),
        }
    }

    fn duration(&mut self, item: &Item) -> Option<Duration> {
        let DeValue::String(text) = item.value else { return self.mistake(item, EXPECTED_DURATION) };
        match humantime::parse_duration(text) {
            Ok(duration) if DURATIONS.contains(&duration) && duration.subsec_nanos() == 0 => Some(duration),
            _ => self.mistake(item, EXPECTED_DURATION),
        }
    }

    fn required(
        &mut self,
        section: &Section,
        key: &str,
        expected: &str,
        accepts: impl Fn(&str) -> bool,
    ) -> Option<String> {
        match section.get(key) {
            Some(item) => self.text(&item, expected, accepts),
            None => self.say(section.at, &section.path_of(key), format!("is missing, expected {expected}.")),
        }
    }

    fn text(&mut self, item: &Item, expected: &str, accepts: impl Fn(&str) -> bool) -> Option<String> {
        match item.value {
            DeValue::String(text) if accepts(text) => Some(text.to_string()),
            _ => self.mistake(item, expected),
        }
    }

    fn once(&mut self, item: &Item, text: String, seen: &mut BTreeSet<String>) -> Option<String> {
        if seen.insert(text.clone()) {
            return Some(text);
        }
        self.found(item, &format!("{} a second time", shown(item.value)), "each one once")
    }

    fn list<'d, 'i>(&mut self, item: &Item<'d, 'i>, expected: &str) -> Option<Vec<Item<'d, 'i>>> {
        let DeValue::Array(values) = item.value else { return self.mistake(item, expected) };
        let name = |(index, value): (usize, &'d Spanned<DeValue<'i>>)| Item {
            key: format!("{}[{index}]", item.key),
            span: value.span(),
            value: value.get_ref(),
        };
        Some(values.iter().enumerate().map(name).collect())
    }

    fn section<'d, 'i>(&mut self, item: Item<'d, 'i>, expected: &str) -> Option<Section<'d, 'i>> {
        let DeValue::Table(table) = item.value else { return self.mistake(&item, expected) };
        Some(Section { key: item.key, at: item.span.start, table })
    }

    fn sections<'d, 'i>(&mut self, item: Item<'d, 'i>, expected: &str) -> Option<Vec<Section<'d, 'i>>> {
        let items = self.list(&item, &format!("{expected}, in double brackets"))?;
        let read: Vec<_> = items.into_iter().map(|item| self.section(item, expected)).collect();
        read.into_iter().collect()
    }

    fn refuse_unknown(&mut self, section: &Section, known: &[&str]) {
        for key in section.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("is not a key of {}; {}", table_name(&section.key), advice(name, known));
                self.note(key.span().start, &section.path_of(name), message);
            }
        }
    }

    fn mistake<T>(&mut self, item: &Item, expected: &str) -> Option<T> {
        self.found(item, &shown(item.value), expected)
    }

    fn found<T>(&mut self, item: &Item, found: &str, expected: &str) -> Option<T> {
        self.say(item.span.start, &item.key, format!("found {found}, expected {expected}."))
    }

    fn say<T>(&mut self, at: usize, key: &str, message: String) -> Option<T> {
        self.note(at, key, message);
        None
    }

    fn note(&mut self, at: usize, key: &str, message: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let problem = Problem::Key { path: PathBuf::from(self.path), line, column, key: key.to_owned(), message };
        self.problems.push((at, problem));
    }

    /// The mistakes in the order of the file.
    fn finish(mut self) -> ConfigError {
        self.problems.sort_by_key(|(at, _)| *at);
        ConfigError { problems: self.problems.into_iter().map(|(_, problem)| problem).collect() }
    }
}

/// What one entry of a list may be.
struct Check {
    expected: &'static str,
    accepts: fn(&str) -> bool,
}

const REGION: Check = Check {
    expected: r#"the name of an AWS region, such as "eu-west-1""#,
    accepts: |text| {
        (1..=OPTION_TEXT).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    },
};

const PROFILE: Check = Check {
    expected: "the name of a profile of the AWS config, 1 to 75 characters on one line, of which the AWS SDK reads \
               letters, digits and _-/.%@:+ only",
    accepts: |text| is_option_text(text) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c)),
};

/// The blueprint there is when none is configured.
fn builtin() -> Blueprint {
    Blueprint {
        id: "bucket".to_owned(),
        name: "Bucket".to_owned(),
        description: "An S3 bucket with a welcome page".to_owned(),
        task_queue: BUILTIN_TASK_QUEUE.to_owned(),
        provision_activity: PROVISION_ACTIVITY.to_owned(),
        destroy_activity: DESTROY_ACTIVITY.to_owned(),
        encrypt: true,
    }
}

fn option_text(what: &str) -> String {
    format!("{what} of 1 to {OPTION_TEXT} characters on one line")
}

fn is_option_text(text: &str) -> bool {
    is_line(text, OPTION_TEXT)
}

/// Something to read on one line, of at most `longest` characters.
fn is_line(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

fn is_principal(text: &str) -> bool {
    let mut chars = text.chars();
    matches!(chars.next(), Some('U' | 'W' | 'S'))
        && text.len() > 1
        && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

fn table_name(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { path.to_owned() }
}

/// What to do about a key that is not `known` where it is.
fn advice(name: &str, known: &[&str]) -> String {
    /// Below this two words have too little in common (Jaro-Winkler).
    const ALIKE: f64 = 0.8;
    if TOP.contains(&name) {
        return format!("`{name}` belongs at the top of the file, before the first [table].");
    }
    let alike = known.iter().map(|key| (strsim::jaro_winkler(name, key), key));
    if let Some((score, key)) = alike.max_by(|a, b| a.0.total_cmp(&b.0))
        && score >= ALIKE
    {
        return format!("did you mean `{key}`?");
    }
    if AUTHORIZATION.contains(&name) {
        return format!("`{name}` belongs in [authorization].");
    }
    let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    format!("it may have {known}.")
}

/// A value as the reader of a message recognises it.
fn shown(value: &DeValue) -> String {
    /// Enough to recognise a text.
    const LONGEST: usize = 60;
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            format!("{:?} ({} characters)", text.chars().take(LONGEST).collect::<String>() + "…", text.chars().count())
        }
        DeValue::String(text) => format!("{:?}", text.as_ref()),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(when) => format!("the date {when}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
regions = ["us-east-1"]
profiles = ["sandbox"]
[[teams]]
id = "payments"
name = "Payments"
"#;

    /// What is said about a text, one line per mistake.
    fn said(text: &str) -> String {
        parse(Path::new("p.toml"), text).expect_err("a mistake").to_string()
    }

    /// The whole file with one line of it replaced.
    fn with(line: &str, replacement: &str) -> String {
        assert!(WHOLE.contains(line), "{line}");
        WHOLE.replace(line, replacement)
    }

    #[test]
    fn the_example_is_valid_and_names_every_key() {
        let text = include_str!("../../provision-bot.example.toml");
        let policy = parse(Path::new("provision-bot.example.toml"), text).expect("valid");
        assert_eq!(policy.timeout, Duration::from_secs(120));
        assert_eq!(policy.reminder, Some(Duration::from_secs(60)));
        assert_eq!(policy.open_max, Some(20));
        assert_eq!(policy.teams[0].members, [Principal::parse("U0REQUESTER"), Principal::parse("S0USERGROUP")]);
        assert_eq!(policy.blueprints[0].id, "static-site");
        for key in TOP.iter().chain(AUTHORIZATION).chain(TEAM).chain(BLUEPRINT) {
            let explained =
                text.lines().any(|line| line.starts_with(&format!("{key} =")) || line.contains(&format!("[{key}]")));
            assert!(explained, "{key}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let policy = parse(Path::new("p.toml"), WHOLE).expect("valid");
        assert_eq!((policy.timeout, policy.reminder, policy.allow_self), (DEFAULT_TIMEOUT, None, false));
        assert_eq!(policy.open_max, None);
        assert_eq!(policy.blueprints, [builtin()]);
        assert!(policy.teams[0].members.is_empty() && policy.teams[0].authorizers.is_empty());
    }

    #[test]
    fn a_mistake_says_where_and_what() {
        let tables: &[(&str, &str, &str)] = &[
            (
                "regions = [\"us-east-1\"]",
                "regions = [\"us-east-1\", \"US East\"]",
                r#"p.toml:2:25: regions[1] found "US East", expected the name of an AWS region, such as "eu-west-1"."#,
            ),
            (
                "regions = [\"us-east-1\"]",
                "regions = \"us-east-1\"",
                r#"p.toml:2:11: regions found "us-east-1", expected a list of AWS regions, such as ["us-east-1"]."#,
            ),
            (
                "regions = [\"us-east-1\"]",
                "regions = []",
                r#"p.toml:2:11: regions found an empty list, expected a list of 1 to 100 AWS regions, such as ["us-east-1"]."#,
            ),
            (
                "regions = [\"us-east-1\"]",
                "regions = [\"eu-west-1\", \"eu-west-1\"]",
                r#"p.toml:2:25: regions[1] found "eu-west-1" a second time, expected each one once."#,
            ),
            (
                "regions = [\"us-east-1\"]",
                "region = [\"us-east-1\"]",
                "p.toml:1:1: regions is missing; list AWS regions, such as [\"us-east-1\"].\n\
              p.toml:2:1: region is not a key of the file; did you mean `regions`?",
            ),
            (
                "profiles = [\"sandbox\"]",
                "profiles = [\"a\\nb\", 7]",
                "p.toml:3:13: profiles[0] found \"a\\nb\", expected the name of a profile of the AWS config, 1 to 75 \
              characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.\n\
              p.toml:3:21: profiles[1] found the number 7, expected the name of a profile of the AWS config, 1 to 75 \
              characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.",
            ),
            (
                "profiles = [\"sandbox\"]",
                "profiles = [\"my team\", \"ok_-/.%@:+9\"]",
                "p.toml:3:13: profiles[0] found \"my team\", expected the name of a profile of the AWS config, 1 to 75 \
              characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.",
            ),
            (
                "id = \"payments\"",
                "id = \"pay ments\"",
                r#"p.toml:5:6: teams[0].id found "pay ments", expected an id of 1 to 75 letters, digits, "_", "." and "-"."#,
            ),
            (
                "name = \"Payments\"",
                "",
                "p.toml:4:1: teams[0].name is missing, expected a name of 1 to 75 characters on one line.",
            ),
            (
                "name = \"Payments\"",
                "name = \"Payments\"\nmembers = [\"U0OK\", \"@bob\"]",
                "p.toml:7:20: teams[0].members[1] found \"@bob\", expected the ID of a user (U… or W…) or of a user group \
              (S…), as in \"Copy member ID\" in Slack.",
            ),
            (
                "name = \"Payments\"",
                "name = \"Payments\"\n[[teams]]\nid = \"payments\"\nname = \"Again\"",
                r#"p.toml:8:6: teams[1].id found "payments" a second time, expected each one once."#,
            ),
            ("[[teams]]", "[teams]", "p.toml:4:1: teams found a table, expected tables [[teams]], in double brackets."),
            (
                "[[teams]]",
                "[authorization]\ntimeout = \"2 minuten\"\n[[teams]]",
                r#"p.toml:5:11: authorization.timeout found "2 minuten", expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m"."#,
            ),
            (
                "[[teams]]",
                "[authorization]\ntimeout = 120\n[[teams]]",
                r#"p.toml:5:11: authorization.timeout found the number 120, expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m"."#,
            ),
            (
                "[[teams]]",
                "[authorization]\nreminder = \"2m\"\n[[teams]]",
                r#"p.toml:5:12: authorization.reminder found "2m", expected less than the timeout of 2m."#,
            ),
            (
                "[[teams]]",
                "[authorization]\nallow_self = \"no\"\n[[teams]]",
                r#"p.toml:5:14: authorization.allow_self found "no", expected true or false."#,
            ),
            (
                "[[teams]]",
                "[authorization]\nopen_max = 0\n[[teams]]",
                "p.toml:5:12: authorization.open_max found the number 0, expected a whole number from 1 to 1000; without the key there is no limit.",
            ),
            (
                "[[teams]]",
                "[authorization]\nopen_max = -1\n[[teams]]",
                "p.toml:5:12: authorization.open_max found the number -1, expected a whole number from 1 to 1000; without the key there is no limit.",
            ),
            (
                "[[teams]]",
                "[authorization]\nopen_max = \"20\"\n[[teams]]",
                r#"p.toml:5:12: authorization.open_max found "20", expected a whole number from 1 to 1000; without the key there is no limit."#,
            ),
            (
                "[[teams]]",
                "[authorization]\nopen_max = 2.5\n[[teams]]",
                "p.toml:5:12: authorization.open_max found the number 2.5, expected a whole number from 1 to 1000; without the key there is no limit.",
            ),
            (
                "[[teams]]",
                "timeout = \"2m\"\n[[teams]]",
                "p.toml:4:1: timeout is not a key of the file; `timeout` belongs in [authorization].",
            ),
            (
                "[[teams]]",
                "[[blueprints]]\nid = \"x\"\nname = \"X\"\ndescription = \"x\"\ntask_queue = \"\"\n[[teams]]",
                r#"p.toml:8:14: blueprints[0].task_queue found "", expected a name of 1 to 200 characters."#,
            ),
            (
                "[[teams]]",
                "x = = 1\n[[teams]]",
                "p.toml:4:5: is not valid TOML: extra `=`, expected nothing.\n\
 p.toml:4:7: is not valid TOML: unexpected key or value, expected newline, `#`.",
            ),
        ];
        for (line, replacement, expected) in tables {
            assert_eq!(said(&with(line, replacement)), *expected, "{replacement}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_together_in_the_order_of_the_file() {
        let text = r#"# nothing here works
[authorization]
regions = ["us-east-1"]
timeout = "0s"
[[teams]]
nmae = "Payments"
"#;
        assert_eq!(
            said(text),
            r#"p.toml:1:1: regions is missing; list AWS regions, such as ["us-east-1"].
p.toml:1:1: profiles is missing; list AWS profiles, such as ["sandbox"].
p.toml:3:1: authorization.regions is not a key of authorization; `regions` belongs at the top of the file, before the first [table].
p.toml:4:11: authorization.timeout found "0s", expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m".
p.toml:5:1: teams[0].id is missing, expected an id of 1 to 75 letters, digits, "_", "." and "-".
p.toml:5:1: teams[0].name is missing, expected a name of 1 to 75 characters on one line.
p.toml:6:1: teams[0].nmae is not a key of teams[0]; did you mean `name`?"#
        );
    }

    #[test]
    fn a_file_without_teams_says_to_add_one() {
        let text = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n";
        let expected = "p.toml:1:1: teams is missing; add a [[teams]] table with an id and a name for each team that may \
                        ask for resources.";
        assert_eq!(said(text), expected);
    }

    #[test]
    fn a_missing_file_says_how_to_make_one() {
        let said = load(Path::new("no/such.toml")).expect_err("missing").to_string();
        assert!(said.starts_with("no/such.toml: there is no such file. Copy provision-bot.example.toml"), "{said}");
    }
}
