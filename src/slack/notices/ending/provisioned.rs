//! The resources exist.

use serde_json::Value;

use crate::domain::notice::{self, Notification};
use crate::domain::provisioning::{Progress, Provisioned};
use crate::slack::ids;
use crate::slack::notices::plan::{Known, Plan, close_card, close_question, end_progress, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{Fact, NAME_MAX, REQUEST_ID_MAX, application, code, fact, place};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::{Markup, Text, link, mention};
use crate::slack::views::thread::{Root, ThreadOutcome};
use crate::slack::views::{Message, attention};

/// Outputs of a provisioner that are listed one by one.
const OUTPUTS_MAX: usize = 8;
/// The longest name and value of an output.
const OUTPUT_NAME_MAX: usize = 40;
const OUTPUT_VALUE_MAX: usize = 200;
/// The same of parts, of which there are several.
const PARTS_OUTPUTS_MAX: usize = 20;
const PART_VALUE_MAX: usize = 120;
const PART_NAME_MAX: usize = 80;
/// What all links together may take up of their section, of which Slack takes 3000 characters.
const LINKS_ROOM: usize = 2_500;

impl Words for notice::Provisioned {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        let progress = end_progress(n, all_done(&self.result), ProgressState::Done);
        Plan::default()
            // First what the requester waits for: who sees the channel's message say
            // that it is over finds the outcome.
            .then_end(self.outcome(n))
            .then_together([to_channel(self.root(n)), progress])
            .then(close_question(self.attended(n)))
            // The card of the decision says what stays true.
            .then_maybe(known.mends.then(|| close_card(self.decided(n))))
    }

    fn root(&self, n: &Notification) -> Message {
        let place = place(&self.result.region, None).collect();
        Root { place, ..Root::closed(is_there(n)) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let place = place(&self.result.region, None).collect();
        Decided { place, ..Decided::new(n, is_there(n)) }.message(n)
    }

    fn attended(&self, n: &Notification) -> Message {
        let headline = format!("✅ {} is provisioned: trying again helped.", application(n));
        attention::attended(n, &headline, None)
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let built = Built {
            request_id: n.subject.request_id.as_str(),
            application: n.subject.request.application_name.as_str(),
            requester: &n.subject.request.requester_id,
            in_parts: !n.subject.parts.is_empty(),
            result: &self.result,
        };
        // What was built begins in its first round.
        Some(outcome(&built, Some(1)))
    }
}

/// What was built, for whoever says that it is there.
pub struct Built<'a> {
    pub request_id: &'a str,
    pub application: &'a str,
    pub requester: &'a str,
    pub in_parts: bool,
    pub result: &'a Provisioned,
}

/// The message that says that it is there. `removable`: the round in which somebody may press that
/// they are done with it.
pub fn outcome(built: &Built<'_>, removable: Option<u32>) -> Message {
    let name = Text::line_or_dash(built.application, NAME_MAX);
    let headline = format!("✅ {}, *{name}* is provisioned.", mention(built.requester));
    let (results, links) = match built.in_parts {
        true => (results_of_parts(built.result), links_of_parts(built.result)),
        false => (results(built.result), links(built.result)),
    };
    let view = ThreadOutcome { results, links, ..ThreadOutcome::new(&headline) };
    let more = listed(&view);
    let view = match removable {
        Some(round) => {
            let id: String = built.request_id.chars().take(REQUEST_ID_MAX).collect();
            let buttons = ids::buttons(&ids::lease(&id), round);
            view.removable(id, buttons)
        }
        None => view,
    };
    view.message(&more)
}

fn is_there(n: &Notification) -> String {
    format!("✅ {} is provisioned.", application(n))
}

/// The progress of a provisioner that has done everything it tells of.
fn all_done(result: &Provisioned) -> Option<Progress> {
    let of = u32::try_from(result.summary.len()).ok().filter(|steps| *steps > 0)?;
    Some(Progress { step: of, of, label: String::new() })
}

/// What a requester gets, line by line: the bucket first, then whatever else a
/// provisioner answered. One that answered nothing says what it did instead.
fn results(result: &Provisioned) -> Vec<Fact> {
    let value = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Text::line(&text, OUTPUT_VALUE_MAX)
    };
    let known = |key: &str, name: &str| result.outputs.get(key).and_then(|v| code(Text::ours(name), value(v)));
    let mut facts: Vec<_> = [
        known("bucketName", "Bucket"),
        known("bucketArn", "ARN"),
        code(Text::ours("Region"), Text::line(&result.region, OUTPUT_NAME_MAX)),
    ]
    .into_iter()
    .flatten()
    .collect();

    if result.outputs.is_empty() {
        let done = result.summary.iter().filter_map(|line| fact("Done", Text::line(line, OUTPUT_VALUE_MAX)));
        facts.extend(done.take(OUTPUTS_MAX));
    }
    let shown_as_link = shown_address(result).is_some();
    let others: Vec<_> = result
        .outputs
        .iter()
        .filter(|(key, value)| !value.is_null() && !matches!(key.as_str(), "bucketName" | "bucketArn"))
        .filter(|(key, _)| !(shown_as_link && key.as_str() == "url"))
        .filter_map(|(key, v)| code(Text::line_or_dash(key, OUTPUT_NAME_MAX), value(v)))
        .collect();
    let left_out = others.len().saturating_sub(OUTPUTS_MAX);
    facts.extend(others.into_iter().take(OUTPUTS_MAX));
    if left_out > 0 {
        facts.push(and_more(left_out));
    }
    facts
}

/// The same of parts: what each answered, by its name.
fn results_of_parts(result: &Provisioned) -> Vec<Fact> {
    let said = |(part, outputs): (&String, &Value)| {
        let outputs = outputs.as_object().cloned().unwrap_or_default();
        let part = part.clone();
        outputs.into_iter().filter(|(_, value)| !value.is_null()).filter_map(move |(key, value)| {
            let key = if key == "bucketName" { "bucket" } else { &key };
            let name = Text::line_or_dash(&format!("{part} {key}"), PART_NAME_MAX);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            code(name, Text::line(&text, PART_VALUE_MAX))
        })
    };
    let region = code(Text::ours("Region"), Text::line(&result.region, OUTPUT_NAME_MAX));
    let all: Vec<_> = result.outputs.iter().flat_map(said).collect();
    let left_out = all.len().saturating_sub(PARTS_OUTPUTS_MAX);
    let more = (left_out > 0).then(|| and_more(left_out));
    region.into_iter().chain(all.into_iter().take(PARTS_OUTPUTS_MAX)).chain(more).collect()
}

fn and_more(left_out: usize) -> Fact {
    let more = Text::ours(format!("{left_out} more, in the result of the workflow"));
    Fact { name: Text::ours("And"), value: Some(more), code: None }
}

/// The address that a provisioner answered, if it can be a link.
fn shown_address(result: &Provisioned) -> Option<&str> {
    let url = result.outputs.get("url")?.as_str()?;
    link(url, &Text::ours("Open")).map(|_| url)
}

/// Where to go from here: what the provisioner says, and the bucket in the AWS
/// console.
fn links(result: &Provisioned) -> Option<Markup> {
    let url = shown_address(result);
    let is_console = url.is_some_and(|url| url.contains("console.aws") || url.contains("console.amazonaws"));
    let label = if is_console { "Open in the AWS console" } else { "Open it" };
    let own = url.and_then(|url| link(url, &Text::ours(label)));
    let console = console(result).filter(|_| !is_console);
    let console = console.and_then(|url| link(&url, &Text::ours("Open in the AWS console")));
    let all: Vec<_> = [own, console].into_iter().flatten().map(|link| link.to_string()).collect();
    (!all.is_empty()).then(|| Markup::ours(all.join("  ·  ")))
}

/// Where to go from here, of each part that has an address.
fn links_of_parts(result: &Provisioned) -> Option<Markup> {
    let address = |(part, outputs): (&String, &Value)| {
        let label = Text::line_or_dash(&format!("Open {part}"), PART_NAME_MAX);
        link(outputs.get("url")?.as_str()?, &label).map(|link| link.to_string())
    };
    // As many as there is room for: the others are in the list above.
    let mut room = LINKS_ROOM;
    let fits = |link: &String| {
        room = room.saturating_sub(link.len() + 5);
        room > 0
    };
    let all: Vec<_> = result.outputs.iter().filter_map(address).take_while(fits).collect();
    (!all.is_empty()).then(|| Markup::ours(all.join("  ·  ")))
}

/// The page of the AWS console for the bucket of `result`, if it has one that is
/// certainly a bucket: the three partitions of AWS have a console each.
fn console(result: &Provisioned) -> Option<String> {
    let text = |key: &str| result.outputs.get(key).and_then(Value::as_str);
    let (bucket, arn) = (text("bucketName")?, text("bucketArn")?);
    let simple = |text: &str| {
        !text.is_empty() && text.len() <= 63 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
    };
    let host = match arn.strip_suffix(bucket)? {
        "arn:aws:s3:::" => "console.aws.amazon.com",
        "arn:aws-cn:s3:::" => "console.amazonaws.cn",
        "arn:aws-us-gov:s3:::" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let ok = simple(bucket) && simple(&result.region);
    ok.then(|| format!("https://{host}/s3/buckets/{bucket}?region={}", result.region))
}

/// The results of an outcome in the text of its message.
fn listed(view: &ThreadOutcome) -> String {
    let told = |fact: &Fact| fact.code.as_ref().or(fact.value.as_ref()).map(|value| format!("{}: {value}", fact.name));
    let results: Vec<_> = view.results.iter().filter_map(told).collect();
    let links = view.links.as_ref().map(|links| format!("  ·  {links}")).unwrap_or_default();
    format!(" {}{links}", results.join(", "))
}
