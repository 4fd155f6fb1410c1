//! What holds whatever goes in, for the parser of Slack's deliveries and for the
//! views. `cargo fuzz` looks for a counterexample with the same functions.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use provision_bot::domain::blueprint::Blueprint;
use provision_bot::domain::decision::Authorization;
use provision_bot::domain::lifecycle::{Break, Failure};
use provision_bot::domain::moment::Moment;
use provision_bot::domain::notice::{
    self, ApprovalNotCounted, Authorized, Cancelled, ChoiceNotCounted, Cleanup, Expired, Failed, GivenUp,
    NeedsAttention, Notice, Notification, Refused, Rejected, Reminded, RequestSubject, Requested, Retried, Undoing,
};
use provision_bot::domain::plan::difference::difference;
use provision_bot::domain::plan::shown::Stage;
use provision_bot::domain::plan::{Plan, PlanOnCard};
use provision_bot::domain::policy::PreflightProblem;
use provision_bot::domain::provisioning::{Progress, Provisioned, Underway};
use provision_bot::domain::refusal::{NotCounted, Refusal};
use provision_bot::domain::request::{ProvisionRequest, RequestId};
use provision_bot::domain::rules::Rules;
use provision_bot::domain::samples;
use provision_bot::slack::inbound::{self, Inbound};
use provision_bot::slack::notices::plan::{Known, Step};
use provision_bot::slack::notices::{self, broken};
use provision_bot::slack::views::choice::Choice;
use provision_bot::slack::views::progress::{self, ProgressState};
use provision_bot::slack::views::request::{Authorizers, RequestForm};
use provision_bot::slack::views::{Message, decision, request};
use serde_json::{Value, json};
use slack_simulator::limits::{MAX_BLOCK_CHARACTERS, Surface, check_blocks, check_view, total_characters};

/// Any bytes are read or refused on every route; what is read is what was sent.
pub fn inbound(bytes: &[u8]) {
    let _ = inbound::event(bytes);
    if let Ok(Inbound::Command(read)) = inbound::command(bytes) {
        let fields: BTreeMap<_, _> = url::form_urlencoded::parse(bytes).into_owned().collect();
        assert_eq!(
            [&read.user, &read.channel, &read.trigger],
            ["user_id", "channel_id", "trigger_id"].map(|n| &fields[n])
        );
    }
    let _ = inbound::interaction(bytes);
    // The same bytes as the payload of an interaction.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", text).finish();
    if let (Ok(read), Ok(sent)) = (inbound::interaction(body.as_bytes()), serde_json::from_str(text)) {
        read_as_sent(&read, &sent);
    }
}

fn read_as_sent(read: &Inbound, sent: &Value) {
    let user = sent["user"]["id"].as_str();
    let typed = |id: &str| {
        let input = &sent["view"]["state"]["values"][id][id];
        [&input["value"], &input["selected_user"], &input["selected_option"]["value"]]
            .into_iter()
            .find_map(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    match read {
        Inbound::Pressed(_, click) => {
            assert_eq!(Some(&*click.user), user);
            assert_eq!(click.request_id, sent["actions"][0]["value"].as_str().unwrap_or_default());
        }
        Inbound::Submitted(form) => {
            assert_eq!(Some(&*form.user), user);
            assert_eq!(form.application_name, typed("application_name").unwrap_or_default());
            assert_eq!(form.justification.as_deref(), typed("justification"));
        }
        Inbound::RejectSubmitted(form) => {
            assert_eq!(Some(&*form.user), user);
            assert_eq!(form.reason, typed("reason").unwrap_or_default());
        }
        Inbound::GiveSubmitted(form) => assert_eq!((Some(&*form.user), form.to.as_deref()), (user, typed("to"))),
        Inbound::BlueprintChosen(chosen) => assert_eq!(chosen.blueprint.as_deref(), typed("blueprint")),
        Inbound::OptionsRequested(search) => assert_eq!(Some(&*search.user), user),
        Inbound::Command(_) | Inbound::Challenged(_) => panic!("no interaction: {read:?}"),
        Inbound::Nothing => {}
    }
}

/// Whatever texts `bytes` make, every view of them is within Slack's limits, and
/// none of them is read as markup.
pub fn render(bytes: &[u8]) {
    // Out of bytes is no counterexample.
    let _ = render_from(&mut Unstructured::new(bytes));
}

/// As [`render`].
pub fn render_from(u: &mut Unstructured) -> Result<()> {
    let n = notification(u)?;
    let mut messages = vec![
        notices::root(&n),
        notices::decided(&n),
        notices::attended(&n),
        broken::root(&n, Break::Terminated),
        broken::card(&n, Break::TimedOut),
    ];
    for mends in [false, true] {
        let known = Known { conversation: n.conversation.clone(), mends };
        messages.extend(notices::plan(&n, &known).turns.into_iter().flatten().map(|step| match step {
            Step::Write { message, .. } | Step::WriteMissing { message, .. } | Step::Restore { message, .. } => message,
            Step::Change { message, .. } | Step::ChangeUnless { message, .. } => message,
            Step::ChangeLatest { message, .. } => message(2),
        }));
    }
    let progress = Progress { step: u.arbitrary()?, of: u.arbitrary()?, label: text(u)? };
    let attempt = u.arbitrary()?;
    for state in [ProgressState::Running, ProgressState::Done, ProgressState::Stopped] {
        messages.push(progress::progress(&n, attempt, &Underway::one(progress.clone()), state));
    }
    messages.iter().for_each(accepted_and_harmless);

    let typed = text(u)?;
    let count = *u.choose(&[1, 2, 100, 101])?;
    let choices = choices(u, count)?;
    let form = RequestForm {
        application_name: typed.clone(),
        teams: choices.clone(),
        team: u.arbitrary::<bool>()?.then(|| "choice-0".to_owned()),
        authorizers: if u.arbitrary()? { Authorizers::Anyone } else { Authorizers::Listed },
        blueprints: choices,
        private_metadata: "{}".to_owned(),
        ..RequestForm::default()
    };
    for modal in [request::request_modal(&form), decision::reject_modal(n.subject.request_id.as_str(), &typed, "{}")] {
        assert_eq!(check_view(&modal, Surface::Modal), [], "{modal:#}");
        assert_harmless(&modal);
    }
    // An explanation may name people; nothing else.
    let modal = request::explanation_modal(&typed, &text(u)?);
    assert_eq!(check_view(&modal, Surface::Modal), [], "{modal:#}");
    Ok(())
}

/// Pieces that mean something to Slack, to terminals or to readers of text.
const PIECES: &[&str] = &[
    "<!channel>",
    "<!here>",
    "<@UEVIL>",
    "<#CEVIL>",
    "<!subteam^SEVIL>",
    "<https://evil.example|click>",
    "*bold*",
    "_",
    "~",
    "`",
    "```",
    "&",
    "&amp;",
    "<",
    ">",
    "|",
    "\"",
    "\\",
    "{{request_id}}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{200f}",
    "\u{feff}",
    "\0",
    "\u{1b}[31m",
    "\n",
    "\r",
    "\t",
    "\u{2028}",
    " ",
    "😀",
    "👩‍👩‍👧‍👦",
    "\u{301}",
    ":tada:",
    "https://a.example/",
];

/// A text from outside, from nothing to 30,000 characters.
fn text(u: &mut Unstructured) -> Result<String> {
    let mut text = String::new();
    for _ in 0..u.int_in_range(0..=4)? {
        let piece = if u.arbitrary()? { u.arbitrary::<&str>()? } else { u.choose(PIECES)? };
        let times = *u.choose(&[1, 2, 30, 1_000, 3_000])?;
        text.extend(std::iter::repeat_n(piece, times));
    }
    let end = text.char_indices().nth(30_000).map_or(text.len(), |(at, _)| at);
    text.truncate(end);
    Ok(text)
}

fn some(u: &mut Unstructured) -> Result<Option<String>> {
    if u.arbitrary()? { text(u).map(Some) } else { Ok(None) }
}

fn texts(u: &mut Unstructured) -> Result<Vec<String>> {
    let count = *u.choose(&[0, 1, 2, 150])?;
    let one = text(u)?;
    Ok((0..count).map(|n| format!("{n}{}", one.chars().take(140).collect::<String>())).collect())
}

fn choices(u: &mut Unstructured, count: usize) -> Result<Vec<Choice>> {
    let (name, description) = (text(u)?, some(u)?);
    let choice = |n| Choice { value: format!("choice-{n}"), text: name.clone(), description: description.clone() };
    Ok((0..count).map(choice).collect())
}

/// One of the people there are, or whatever a foreign client may write there.
fn person(u: &mut Unstructured) -> Result<String> {
    if u.arbitrary()? { Ok(samples::ALICE.to_owned()) } else { text(u) }
}

fn failure(u: &mut Unstructured) -> Result<Failure> {
    Ok(Failure { step: some(u)?, cause: text(u)?, advice: text(u)?, attempt: u.arbitrary()? })
}

fn cleanup(u: &mut Unstructured) -> Result<Cleanup> {
    Ok(match u.int_in_range(0..=2)? {
        0 => Cleanup::NothingBuilt,
        1 => Cleanup::Removed,
        _ => Cleanup::Remains { what: text(u)?, cause: text(u)? },
    })
}

fn not_counted(u: &mut Unstructured) -> Result<NotCounted> {
    Ok(match u.int_in_range(0..=2)? {
        0 => NotCounted::Decision(Refusal::UnknownRegion { region: text(u)? }),
        1 => NotCounted::Request(text(u)?),
        _ => NotCounted::Unchecked(text(u)?),
    })
}

fn notice(u: &mut Unstructured) -> Result<Notice> {
    let expires_at = u.arbitrary()?;
    Ok(match u.int_in_range(0..=13)? {
        0 => Notice::Requested(Requested { expires_at }),
        1 => Notice::Reminded(Reminded { expires_at }),
        2 => Notice::Authorized(Authorized {
            region: text(u)?,
            profile: text(u)?,
            decided_by: person(u)?,
            attempt: u.arbitrary()?,
        }),
        3 => Notice::Rejected(Rejected { decided_by: person(u)?, reason: some(u)? }),
        4 => Notice::Expired(Expired { unconfirmed: if u.arbitrary()? { Some(person(u)?) } else { None } }),
        5 => Notice::NeedsAttention(NeedsAttention { failure: failure(u)?, expires_at }),
        6 => Notice::Retried(Retried { failure: failure(u)?, decided_by: person(u)? }),
        7 => Notice::Provisioned(notice::Provisioned { result: provisioned(u)? }),
        8 => Notice::Cancelled(Cancelled { cleanup: cleanup(u)? }),
        9 => Notice::ApprovalNotCounted(ApprovalNotCounted { why: not_counted(u)?, expires_at: u.arbitrary()? }),
        11 => Notice::ChoiceNotCounted(ChoiceNotCounted { attempt: u.arbitrary()?, why: not_counted(u)? }),
        10 => {
            let given_up = match u.int_in_range(0..=3)? {
                0 => GivenUp::ByChoice { decided_by: person(u)? },
                1 => GivenUp::Unanswered,
                2 => GivenUp::Unasked { why: text(u)? },
                _ => GivenUp::AtOnce,
            };
            Notice::Failed(Failed { failure: failure(u)?, given_up, cleanup: cleanup(u)? })
        }
        12 => Notice::Undoing(Undoing { what: text(u)?, cause: text(u)? }),
        _ => {
            let problem = PreflightProblem::NotAnAuthorizer { who: text(u)?, team: text(u)?, instead: text(u)? };
            Notice::Refused(Refused { problem })
        }
    })
}

fn provisioned(u: &mut Unstructured) -> Result<Provisioned> {
    let mut outputs = BTreeMap::from([("url".to_owned(), json!(text(u)?)), ("bucketName".to_owned(), json!(text(u)?))]);
    let (name, value) = (text(u)?, text(u)?);
    for n in 0..*u.choose(&[0, 1, 50])? {
        outputs.insert(format!("{n} {name}"), json!({ &value: [&value] }));
    }
    Ok(Provisioned {
        application_id: text(u)?,
        region: text(u)?,
        completion_date_time: text(u)?,
        summary: texts(u)?,
        outputs,
    })
}

fn notification(u: &mut Unstructured) -> Result<Notification> {
    let notice = notice(u)?;
    let known = !matches!(notice, Notice::Refused(_)) || u.arbitrary()?;
    let rules = rules(u)?;
    let subject = RequestSubject {
        round: u.arbitrary()?,
        request_id: RequestId::of_workflow(&format!("checkout-{}", text(u)?)),
        request: request_of(u)?,
        rules: known.then_some(rules),
        authorization: Some(Authorization::Approve { region: text(u)?, profile: text(u)?, decided_by: person(u)? }),
        plan: plan(u)?,
        ..samples::subject()
    };
    let mut n = Notification { subject, ..samples::notification(notice) };
    n.conversation.0.remove("card");
    Ok(n)
}

/// A plan on the card, as a provisioner may answer it.
fn plan(u: &mut Unstructured) -> Result<Option<PlanOnCard>> {
    let count = u.int_in_range(0..=40)?;
    let changes = (0..count).map(|_| Ok(json!({ "action": text(u)?, "type": text(u)?, "name": text(u)? })));
    let changes = changes.collect::<Result<Vec<_>>>()?;
    let findings = (0..u.int_in_range(0..=15)?).map(|_| Ok(json!({ "level": text(u)?, "text": text(u)? })));
    let findings = findings.collect::<Result<Vec<_>>>()?;
    let answer = json!({ "planId": text(u)?, "changes": changes, "findings": findings, "link": text(u)?, "monthlyCost": text(u)? });
    let made = Plan::read(&answer, Moment(u.arbitrary()?));
    let stage = match u.int_in_range(0..=3)? {
        0 => return Ok(None),
        1 => Stage::Underway,
        2 => Stage::None,
        _ => Stage::of(Some(&made)),
    };
    let difference = u.arbitrary::<bool>()?.then(|| difference(None, &made));
    Ok(Some(PlanOnCard { region: some(u)?, profile: some(u)?, filled: serde_json::Map::new(), stage, difference }))
}

fn request_of(u: &mut Unstructured) -> Result<ProvisionRequest> {
    Ok(ProvisionRequest {
        team_id: text(u)?,
        requester_id: person(u)?,
        authorizer_id: person(u)?,
        blueprint: text(u)?,
        justification: some(u)?,
        channel_id: if u.arbitrary()? { samples::CHANNEL.to_owned() } else { text(u)? },
        authorization_timeout_seconds: u.arbitrary()?,
        ..samples::request()
    })
}

fn rules(u: &mut Unstructured) -> Result<Rules> {
    let blueprint = Blueprint { name: text(u)?, description: text(u)?, ..samples::blueprint() };
    Ok(Rules { team_name: text(u)?, regions: texts(u)?, profiles: texts(u)?, blueprint, ..samples::rules() })
}

fn accepted_and_harmless(message: &Message) {
    let blocks = message.blocks.as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(!blocks.is_empty() && !message.text.trim().is_empty(), "{message:#?}");
    assert_eq!(check_blocks(blocks, Surface::Message, "/blocks"), [], "{message:#?}");
    assert!(total_characters(&message.blocks) <= MAX_BLOCK_CHARACTERS, "{message:#?}");
    // What `chat.update` takes.
    assert!(message.text.encode_utf16().count() <= 4_000, "{message:#?}");
    assert_harmless(&message.blocks);
    assert_seen(&message.text);
    assert_markup(&message.text);
}

/// Nothing from outside in it is read as markup, and nothing is hidden.
pub fn assert_harmless(value: &Value) {
    match value {
        Value::Array(elements) => elements.iter().for_each(assert_harmless),
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    // What is sent back to us is not shown.
                    Value::String(_) if matches!(key.as_str(), "value" | "private_metadata" | "block_id") => {}
                    Value::String(text) => {
                        assert_seen(text);
                        if key == "text" && members["type"] == "mrkdwn" {
                            assert_markup(text);
                        }
                    }
                    other => assert_harmless(other),
                }
            }
        }
        _ => {}
    }
}

/// Nothing changes how the rest is seen.
pub fn assert_seen(text: &str) {
    let hides = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!text.contains(hides), "{text:?}");
}

/// Every `<` opens a mention, link or moment of the bot's own.
pub fn assert_markup(text: &str) {
    for opened in text.split('<').skip(1) {
        let (inside, _) = opened.split_once('>').unwrap_or_else(|| panic!("left open: {text}"));
        let person = inside.strip_prefix("@U0").is_some_and(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let channel = inside.strip_prefix("#C0").is_some_and(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let link = inside.starts_with("http") && !inside.contains("evil");
        assert!(person || channel || link || inside.starts_with("!date^"), "<{inside}> in {text}");
    }
    for after in text.split('&').skip(1) {
        let entity = ["amp;", "lt;", "gt;"].iter().any(|entity| after.starts_with(entity));
        assert!(entity, "a bare & in {text}");
    }
    let mut open = false;
    for c in text.chars().filter(|c| matches!(c, '<' | '>')) {
        assert!(open == (c == '>'), "brackets that do not match in {text}");
        open = c == '<';
    }
}
