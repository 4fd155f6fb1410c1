//! The request's message in the channel and its thread: the root that says where
//! the request stands, notes on the way, the progress, the outcome.

use serde_json::Value;

use super::Message;
use super::parts::{
    Fact, PHRASE_MAX, QUOTE_MAX, REASON, Trouble, WHY, application, authorizer, because, blueprint, buttons, cleaned,
    code, ended, fact, facts, given_up, justification, named_quote, place, remains, request_id, requester, shown_id,
    team, told, trouble,
};
use super::refusal::{reason, refusal};
use super::template::template;
use super::text::{Markup, Text, link, mention, moment};
use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notice, Notification};
use crate::domain::policy::PreflightProblem;
use crate::domain::provisioning::{Progress, Provisioned};
use crate::domain::refusal::NotCounted;
use crate::domain::rules::Authorization;
use crate::slack::ids;

/// Cells of the progress bar: one line on a phone, with the numbers.
const BAR_CELLS: u64 = 10;
/// Outputs of a provisioner that are listed one by one.
const OUTPUTS_MAX: usize = 8;
/// The longest name and value of an output.
const OUTPUT_NAME_MAX: usize = 40;
const OUTPUT_VALUE_MAX: usize = 200;

/// How the running of a provisioner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressState {
    Running,
    Done,
    Stopped,
}

template! {
    /// The request's message in the channel.
    ThreadRoot from "thread_root" {
        headline: Markup,
        facts: Vec<Fact>,
        why: Option<Text>,
        justification: Option<Text>,
        buttons: String,
        cancel: Option<String>,
        request_id: Text,
    }
}

template! {
    /// A reply in the thread, or a short direct message.
    ThreadNote from "thread_note" {
        headline: Markup,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
    }
}

template! {
    /// The progress of a provisioner.
    ThreadProgress from "thread_progress" { headline: Markup, bar: Text, count: Option<Text>, label: Text }
}

template! {
    /// The reply that ends a request.
    ThreadOutcome from "thread_outcome" {
        headline: Markup,
        results: Vec<Fact>,
        links: Option<Markup>,
        reason_name: Option<Text>,
        reason: Option<Text>,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
        remains: Option<Text>,
    }
}

/// The request's message in the channel, in the state that `n` tells.
pub fn root(n: &Notification) -> Message {
    let headline = headline(n);
    let mut facts = facts(n);
    match &n.notice {
        Notice::Authorized { region, profile, .. } => facts.extend(place(region, Some(profile))),
        Notice::Provisioned { result } => facts.extend(place(&result.region, None)),
        _ => {}
    }
    let more = match &n.notice {
        Notice::Rejected { reason, .. } => because("Reason", reason.as_deref()),
        Notice::NeedsAttention { failure, .. } | Notice::Failed { failure, .. } => {
            Markup::ours(format!(" {}", told(failure)))
        }
        Notice::Refused { problem } => Markup::ours(format!(" {}", problem_text(problem))),
        Notice::Requested { .. } | Notice::Reminded { .. } => because("Why", n.request.justification.as_deref()),
        _ => Markup::ours(""),
    };
    let asked = format!("{} asked for {} for {}.", requester(n), blueprint(n), team(n));
    let text = Markup::ours(format!("{headline} {asked}{more}"));
    let headline = Markup::ours(format!("{headline}\n{} asked for it.", requester(n)));
    let view = ThreadRoot {
        headline,
        facts,
        why: named_quote(WHY, justification(n).as_ref()),
        justification: justification(n),
        buttons: buttons(n),
        cancel: may_be_cancelled(&n.notice).then(|| request_id(n)),
        request_id: shown_id(n.request_id.as_str()),
    };
    Message::new(&text, view.render())
}

/// Whether there is still something that *Cancel* would change.
fn may_be_cancelled(notice: &Notice) -> bool {
    !notice.status().is_final() && !matches!(notice, Notice::Undoing { .. })
}

/// Where the request stands, in a sentence.
fn headline(n: &Notification) -> Markup {
    let (name, who) = (application(n), authorizer(n));
    Markup::ours(match &n.notice {
        Notice::NotCounted { .. } => format!("⏳ {name} waits for {who} to decide."),
        Notice::Requested { expires_at } | Notice::Reminded { expires_at } => {
            format!("⏳ {name} waits for {who} to decide, until {}.", moment(*expires_at))
        }
        Notice::Authorized { decided_by, .. } => {
            format!("🔨 {name} is being built. {} approved it.", mention(decided_by))
        }
        Notice::Retried { decided_by, .. } => {
            format!("🔨 {name} is being built again. {} chose to try once more.", mention(decided_by))
        }
        Notice::NeedsAttention { expires_at, .. } => {
            format!("⚠️ {name} needs a hand: {who} has to choose what to do, until {}.", moment(*expires_at))
        }
        Notice::ChoiceNotCounted { .. } => format!("⚠️ {name} needs a hand: {who} has to choose what to do."),
        Notice::Undoing { .. } => format!("🧹 {name} ends here. What has been built is not removed yet."),
        Notice::Provisioned { .. } => format!("✅ {name} is provisioned."),
        Notice::Rejected { decided_by, .. } => format!("🚫 {name} was rejected by {}.", mention(decided_by)),
        Notice::Expired { unconfirmed } => format!("⌛ {name} expired: {}", undecided(n, unconfirmed.as_deref())),
        Notice::Cancelled { cleanup } => format!("↩️ {name} was cancelled. {}", cleaned(cleanup)),
        Notice::Failed { given_up: by, cleanup, .. } => {
            format!("❌ {name} failed.{} {}", given_up(n, by), cleaned(cleanup))
        }
        Notice::Refused { .. } => format!("❌ {name} failed its first check, so nobody was asked."),
    })
}

/// Why nobody decided in time.
fn undecided(n: &Notification, unconfirmed: Option<&str>) -> String {
    match unconfirmed {
        Some(by) => format!("{} said yes, but Slack did not tell in time whether that still counts.", mention(by)),
        None if n.conversation.0.contains_key(CARD) => format!("{} did not decide in time.", authorizer(n)),
        None => format!("{} could not be asked in time.", authorizer(n)),
    }
}

/// A pre-flight problem, which has names of people and teams in it.
fn problem_text(problem: &PreflightProblem) -> Text {
    Text::line_or_dash(&problem.to_string(), QUOTE_MAX)
}

/// What a thread says about this notice on the way to the end; `None` when it
/// says nothing, or when [`outcome`] says it.
pub fn note(n: &Notification) -> Option<Message> {
    let who = authorizer(n);
    let (text, failure) = match &n.notice {
        Notice::Reminded { expires_at } => {
            (format!("⏰ {who} was reminded. The request stays open until {}.", moment(*expires_at)), None)
        }
        Notice::NotCounted { why, .. } => {
            let you = requester(n);
            let why = match why {
                NotCounted::Decision(why) => Text::line_or_dash(&refusal(why), QUOTE_MAX).to_string(),
                NotCounted::Request(why) => {
                    format!("Asking now, {you} would read: {}", Text::line_or_dash(why, QUOTE_MAX))
                }
                // Codes of Slack's are for the log.
                NotCounted::Unchecked(_) => "The checks before it could not be made.".to_owned(),
            };
            (format!("🚧 An approval by {who} did not count, so the request waits on. {why}"), None)
        }
        Notice::ChoiceNotCounted { why, .. } => {
            let why = Text::line_or_dash(&reason(why), QUOTE_MAX);
            let you = requester(n);
            let text = format!("🚧 A choice by {who} did not count, so the request still needs a hand.");
            (format!("{text} Asking now, {you} would read: {why}"), None)
        }
        Notice::NeedsAttention { failure, expires_at } => {
            let again = again(failure.attempt);
            let text = format!(
                "⚠️ Building stopped{again}. {who}, please choose in our direct messages whether to try again or to give up, \
                 until {}.",
                moment(*expires_at)
            );
            (text, Some(failure))
        }
        Notice::Undoing { what, cause } => (undoing(what, cause), None),
        Notice::Authorized { .. }
        | Notice::Retried { .. }
        | Notice::Refused { .. }
        | Notice::Requested { .. }
        | Notice::Rejected { .. }
        | Notice::Expired { .. }
        | Notice::Provisioned { .. }
        | Notice::Cancelled { .. }
        | Notice::Failed { .. } => return None,
    };
    let headline = Markup::ours(text);
    Some(short(&headline, failure.map(|failure| (told(failure), trouble(failure)))))
}

/// Why nothing more is said for a while.
fn undoing(what: &str, cause: &str) -> String {
    let what = Text::line(what, QUOTE_MAX).unwrap_or_else(|| Text::ours("something that was built"));
    let why = Text::line(cause, QUOTE_MAX).map(|cause| format!(" {}", ended(&cause))).unwrap_or_default();
    format!(
        "🧹 Still there, as far as is known: {what}.{why} Removing it is tried again until it is done, and then this thread says so."
    )
}

/// Tells one attempt from the next, from the second on.
fn again(attempt: u32) -> String {
    if attempt > 1 { format!(" (try {attempt})") } else { String::new() }
}

/// A short message: a sentence, and a failure if there is one.
pub(super) fn short(headline: &Markup, failure: Option<(Markup, Trouble)>) -> Message {
    let (told, trouble) = failure.unzip();
    let (step, cause, advice) = trouble.map_or((None, None, None), |t| (t.step, Some(t.cause), t.advice));
    let view = ThreadNote { headline: headline.clone(), step, cause, advice };
    let told = told.map(|told| format!(" {told}")).unwrap_or_default();
    Message::new(&Markup::ours(format!("{headline}{told}")), view.render())
}

/// Who wanted it, and how far a provisioner is. One message an attempt, edited in
/// place.
pub fn progress(n: &Notification, attempt: u32, progress: Option<&Progress>, state: ProgressState) -> Message {
    let known = progress.filter(|progress| progress.of > 0);
    let (step, of) = known.map_or((0, 0), |progress| (u64::from(progress.step), u64::from(progress.of)));
    let step = if state == ProgressState::Done { of } else { step };
    let cells = match state {
        ProgressState::Done => BAR_CELLS,
        // A step that has begun is not a step done.
        _ if of > 0 => (step.saturating_sub(1) * BAR_CELLS / of).min(BAR_CELLS),
        _ => 0,
    };
    let bar: String = (0..BAR_CELLS).map(|cell| if cell < cells { '▰' } else { '▱' }).collect();
    let count = known.map(|_| Text::ours(format!("{step}/{of}")));
    let label = progress.and_then(|progress| Text::line(&progress.label, PHRASE_MAX));
    let label = match (state, label) {
        (ProgressState::Done, _) => Text::ours("All done"),
        (ProgressState::Running, Some(label)) => label,
        (ProgressState::Running, None) => Text::ours("Getting ready"),
        (ProgressState::Stopped, Some(label)) => Text::ours(format!("Stopped at: {}", label.literal())),
        (ProgressState::Stopped, None) => Text::ours("Stopped"),
    };
    let text = match &count {
        Some(count) => format!("{count} {label}"),
        None => label.to_string(),
    };
    let headline = wanted(n, attempt);
    let text = Markup::ours(format!("{headline} {text}"));
    Message::new(&text, ThreadProgress { headline, bar: Text::ours(bar), count, label }.render())
}

/// Why building began.
fn wanted(n: &Notification, attempt: u32) -> Markup {
    Markup::ours(match &n.authorization {
        // Only who approved it may choose to try again.
        Some(Authorization::Approve { decided_by, .. }) if attempt > 1 => {
            format!("🔁 {} chose to try again. This is try {attempt}.", mention(decided_by))
        }
        Some(Authorization::Approve { region, profile, decided_by }) => {
            let [region, profile] = [region, profile].map(|name| Text::line_or_dash(name, PHRASE_MAX));
            format!("👍 {} approved it, in {region} with the AWS profile {profile}.", mention(decided_by))
        }
        _ => "🔨 Building.".to_owned(),
    })
}

/// The reply that ends a request, which its requester is told; `None` for
/// notices that end nothing.
pub fn outcome(n: &Notification) -> Option<Message> {
    let (name, you) = (application(n), requester(n));
    let mut view = ThreadOutcome {
        headline: Markup::ours(""),
        results: Vec::new(),
        links: None,
        reason_name: None,
        reason: None,
        step: None,
        cause: None,
        advice: None,
        remains: None,
    };
    let (headline, more) = match &n.notice {
        Notice::Provisioned { result } => {
            view.results = results(result);
            view.links = links(result);
            (format!("✅ {you}, {name} is provisioned."), listed(&view))
        }
        Notice::Rejected { decided_by, reason } => {
            view.reason = reason.as_deref().and_then(|reason| Text::paragraph(reason, QUOTE_MAX));
            view.reason_name = named_quote(REASON, view.reason.as_ref());
            let told = because("Reason", reason.as_deref()).to_string();
            (format!("🚫 {you}, {name} was rejected by {}.", mention(decided_by)), told)
        }
        Notice::Expired { unconfirmed } => {
            let text = format!("⌛ {you}, {name} expired: {}", undecided(n, unconfirmed.as_deref()));
            (
                format!("{text} Nothing was built. Ask again with `{}` when somebody can decide.", ids::COMMAND),
                String::new(),
            )
        }
        Notice::Cancelled { cleanup } => {
            view.remains = remains(cleanup);
            let told = view.remains.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
            (format!("↩️ {you}, {name} was cancelled. {}", cleaned(cleanup)), told)
        }
        Notice::Failed { failure, given_up: by, cleanup } => {
            let Trouble { step, cause, advice } = trouble(failure);
            (view.step, view.cause, view.advice) = (step, Some(cause), advice);
            view.remains = remains(cleanup);
            let told_remains = view.remains.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
            let text = format!("❌ {you}, {name} failed.{} {}", given_up(n, by), cleaned(cleanup));
            (text, format!(" {}{told_remains}", told(failure)))
        }
        Notice::Refused { problem } => {
            let text = format!("❌ {you}, your request for {name} failed its first check, so nobody was asked.");
            view.reason = Some(problem_text(problem));
            (text, format!(" {}", problem_text(problem)))
        }
        Notice::Requested { .. }
        | Notice::Reminded { .. }
        | Notice::NotCounted { .. }
        | Notice::Authorized { .. }
        | Notice::NeedsAttention { .. }
        | Notice::ChoiceNotCounted { .. }
        | Notice::Undoing { .. }
        | Notice::Retried { .. } => return None,
    };
    view.headline = Markup::ours(&headline);
    Some(Message::new(&Markup::ours(format!("{headline}{more}")), view.render()))
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
        let more = Text::ours(format!("{left_out} more, in the result of the workflow"));
        facts.push(Fact { name: Text::ours("And"), value: Some(more), code: None });
    }
    facts
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
