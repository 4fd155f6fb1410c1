//! Every view in every state: a snapshot of how it looks, the words that must
//! and must not be in it, and that nothing that goes in breaks Slack's limits or
//! comes out as markup.

mod limits;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::request::{Authorizers, Choice, RequestForm};
use super::thread::ProgressState;
use super::{Message, TEMPLATES, decision, request, thread};
use crate::domain::lifecycle::Failure;
use crate::domain::notice::{Cleanup, Conversation, GivenUp, MessageRef, Notice, Notification};
use crate::domain::policy::{Blueprint, PreflightProblem};
use crate::domain::provisioning::{Progress, Provisioned};
use crate::domain::refusal::NotCounted;
use crate::domain::request::{ApplicationName, ProvisionRequest, RequestId};
use crate::domain::rules::{Authorization, Rules};
use crate::slack::ids;
use limits::{Surface, check_limits, strings};

/// 24 November 2026, 10:02 UTC.
const SOON: i64 = 1_795_514_520;

const STATUS_WORDS: [&str; 5] = ["provisioned", "rejected", "expired", "cancelled", "failed"];

/// What somebody may type, configure or answer to a provisioner, from the
/// harmless to the huge.
fn hostile() -> Vec<String> {
    let nasty = "<!channel> <@UEVIL> <https://evil.example|click> *bold* _it_ `code` ```fence``` & &amp; > quote\n\
                 \u{202e}gnp.exe\u{202c} \0\u{7}\u{1b}[31m 😀👩‍👩‍👧‍👦 {{request_id}} \"quoted\" \\ :tada: \u{200b}";
    vec![
        nasty.to_owned(),
        nasty.repeat(30),
        "x".repeat(30_000),
        "&".repeat(30_000),
        "\"".repeat(30_000),
        "😀".repeat(30_000),
        "\n".repeat(30_000),
        "a\n".repeat(15_000),
        "<!channel>".repeat(3_000),
        "\0\u{202e}\u{feff} ".to_owned(),
        String::new(),
    ]
}

/// A request for `checkout` in which `typed`, where it is given, stands wherever
/// text comes from outside.
fn notification(notice: Notice, typed: Option<&str>) -> Notification {
    let text = |tame: &str| typed.unwrap_or(tame).to_owned();
    let refused = matches!(notice, Notice::Refused { .. });
    let many = |tame: &[&str]| match typed {
        Some(typed) => (0..150).map(|n| format!("{n}{}", typed.chars().take(140).collect::<String>())).collect(),
        None => tame.iter().map(|name| (*name).to_owned()).collect(),
    };
    let root = MessageRef { channel: "C0PLATFORM".into(), ts: "1.2".into() };
    let card = MessageRef { channel: "D0BOB".into(), ts: "1.3".into() };
    Notification {
        round: 4,
        request_id: RequestId::parse("checkout-7f3a9c0011").unwrap(),
        request: ProvisionRequest {
            application_name: ApplicationName::parse("checkout").unwrap(),
            team_id: text("payments"),
            requester_id: "U0ALICE".into(),
            authorizer_id: "U0BOB".into(),
            blueprint: text("static-site"),
            justification: Some(text("Customers wait for the new checkout page.\nIt goes live on Friday.")),
            channel_id: "C0PLATFORM".into(),
            authorization_timeout_seconds: 120,
        },
        rules: (!refused).then(|| Rules {
            team_name: text("Payments"),
            regions: many(&["us-east-1", "eu-west-1"]),
            profiles: many(&["sandbox"]),
            reminder_seconds: Some(60),
            blueprint: Blueprint {
                id: "static-site".into(),
                name: text("Static site"),
                description: text("A bucket with a welcome page"),
                task_queue: "q".into(),
                provision_activity: "provision".into(),
                destroy_activity: "destroy".into(),
                encrypt: true,
            },
            indexed: false,
        }),
        authorization: (!refused).then(|| Authorization::Approve {
            region: text("eu-west-1"),
            profile: text("sandbox"),
            decided_by: typed.unwrap_or("U0BOB").to_owned(),
        }),
        at_work: None,
        look_back: None,
        notice,
        conversation: Conversation(BTreeMap::from([("root".to_owned(), root), ("card".to_owned(), card)])),
    }
}

/// Every notice, in the order of a story that tries everything.
fn notices(typed: Option<&str>) -> Vec<(&'static str, Notice)> {
    let text = |tame: &str| typed.unwrap_or(tame).to_owned();
    let bob = || "U0BOB".to_owned();
    let failure = || Failure {
        step: Some(text("Blocking public access")),
        cause: text("AWS refused it: AccessDenied on s3:PutBucketPublicAccessBlock"),
        advice: text("Let an admin add that permission to the profile \"sandbox\", then try again"),
        attempt: 2,
    };
    let mut outputs = BTreeMap::from([
        ("bucketName".to_owned(), json!(text("app-checkout-payments-7f3a9c0011"))),
        ("bucketArn".to_owned(), json!(text("arn:aws:s3:::app-checkout-payments-7f3a9c0011"))),
        ("url".to_owned(), json!(text("https://app-checkout-payments-7f3a9c0011.s3.amazonaws.com/index.html"))),
        ("replicas".to_owned(), json!(2)),
        ("nothing".to_owned(), Value::Null),
    ]);
    if let Some(typed) = typed {
        outputs.extend((0..50).map(|n| (format!("{n} {typed}"), json!({ typed: [typed] }))));
    }
    let result = Provisioned {
        application_id: "checkout-7f3a9c0011".into(),
        region: text("eu-west-1"),
        completion_date_time: text("2026-11-24T10:00:00Z"),
        summary: vec![text("created bucket app-checkout-payments-7f3a9c0011")],
        outputs,
    };
    let remains = || Cleanup::Remains {
        what: text("the bucket app-checkout-payments-7f3a9c0011"),
        cause: text("AccessDenied on s3:DeleteBucket"),
    };
    let problem = PreflightProblem::NotAnAuthorizer {
        who: text("Bob"),
        team: text("Payments"),
        instead: text("Choose one of the team's authorizers."),
    };
    let given_up = GivenUp::ByChoice { decided_by: bob() };
    let unasked =
        GivenUp::Unasked { why: text("The authorizer cannot be written to (chat.postMessage: user_disabled).") };
    vec![
        ("refused", Notice::Refused { problem }),
        ("requested", Notice::Requested { expires_at: SOON }),
        ("reminded", Notice::Reminded { expires_at: SOON }),
        ("authorized", Notice::Authorized { region: text("eu-west-1"), profile: text("sandbox"), decided_by: bob() }),
        (
            "not counted",
            Notice::NotCounted {
                why: NotCounted::Request(text("Bob cannot decide: this account is deactivated.")),
                expires_at: SOON,
            },
        ),
        ("rejected", Notice::Rejected { decided_by: bob(), reason: Some(text("Use the shared bucket instead.")) }),
        ("rejected without a reason", Notice::Rejected { decided_by: bob(), reason: None }),
        ("expired", Notice::Expired { unconfirmed: None }),
        ("expired, and nobody knows whether the yes counts", Notice::Expired { unconfirmed: Some(bob()) }),
        ("needs attention", Notice::NeedsAttention { failure: failure(), expires_at: SOON }),
        (
            "choice not counted",
            Notice::ChoiceNotCounted {
                attempt: 1,
                why: NotCounted::Request(text("Bob cannot decide: guests cannot decide.")),
            },
        ),
        ("retried", Notice::Retried { failure: failure(), decided_by: bob() }),
        (
            "undoing",
            Notice::Undoing {
                what: text("app-checkout-payments-7f3a9c0011"),
                cause: text("Nobody takes work from the task queue \"provision-aws-s3\"."),
            },
        ),
        ("provisioned", Notice::Provisioned { result }),
        ("cancelled while waiting", Notice::Cancelled { cleanup: Cleanup::NothingBuilt }),
        ("cancelled while building", Notice::Cancelled { cleanup: remains() }),
        ("failed by choice", Notice::Failed { failure: failure(), given_up, cleanup: Cleanup::Removed }),
        ("failed unanswered", Notice::Failed { failure: failure(), given_up: GivenUp::Unanswered, cleanup: remains() }),
        ("failed unasked", Notice::Failed { failure: failure(), given_up: unasked, cleanup: Cleanup::Removed }),
        (
            "failed at once",
            Notice::Failed { failure: failure(), given_up: GivenUp::AtOnce, cleanup: Cleanup::NothingBuilt },
        ),
    ]
}

fn tame(name: &str) -> Notification {
    let notice = notices(None).into_iter().find(|(of, _)| *of == name).unwrap().1;
    notification(notice, None)
}

/// All messages about `n`, by the name of their view.
fn messages(n: &Notification) -> Vec<(&'static str, Message)> {
    let mut all = vec![
        ("ask", decision::ask(n)),
        ("decided", decision::decided(n)),
        ("attention", decision::attention(n)),
        ("attended", decision::attended(n)),
        ("reminder", decision::reminder(n)),
        ("root", thread::root(n)),
    ];
    if let Notice::NotCounted { why, .. } = &n.notice {
        all.push(("not counted", decision::not_counted(n, why)));
    }
    all.extend(thread::note(n).map(|message| ("note", message)));
    all.extend(thread::outcome(n).map(|message| ("outcome", message)));
    all
}

fn choices(count: usize, typed: Option<&str>) -> Vec<Choice> {
    let choice = |n| Choice {
        value: format!("team-{n}"),
        text: typed.map_or_else(|| format!("Team {n}"), str::to_owned),
        description: typed.map(str::to_owned),
    };
    (1..=count).map(choice).collect()
}

fn modals(typed: Option<&str>) -> Vec<(String, Value)> {
    let mut all = vec![
        ("reject".into(), decision::reject_modal("checkout-7f3a9c0011", typed.unwrap_or("checkout"), "{}")),
        ("loading".into(), request::loading_modal("{}")),
        (
            "explanation".into(),
            request::explanation_modal(
                typed.unwrap_or("Already decided"),
                typed.unwrap_or("<@U0BOB> was faster: it is approved."),
            ),
        ),
    ];
    let counts: &[usize] = if typed.is_some() { &[1, 100, 101] } else { &[1, 2, 100, 101, 650] };
    for &count in counts {
        for authorizers in [Authorizers::Anyone, Authorizers::Listed] {
            let form = RequestForm {
                application_name: typed.unwrap_or("checkout").to_owned(),
                teams: choices(count, typed),
                team: Some("team-2".into()),
                authorizers,
                blueprints: choices(count, typed),
                private_metadata: r#"{"channel":"C0PLATFORM"}"#.into(),
            };
            all.push((format!("request with {count}, {authorizers:?}"), request::request_modal(&form)));
        }
    }
    all
}

// How it looks.

fn shown(message: &Message) -> Value {
    json!({ "text": message.text, "blocks": message.blocks })
}

#[test]
fn the_request_form() {
    let form = RequestForm {
        application_name: "checkout".into(),
        teams: vec![
            Choice { value: "payments".into(), text: "Payments".into(), description: None },
            Choice { value: "search".into(), text: "Search & Co".into(), description: Some("Finds things".into()) },
        ],
        team: Some("search".into()),
        authorizers: Authorizers::Anyone,
        blueprints: vec![Choice::of("bucket")],
        private_metadata: r#"{"channel":"C0PLATFORM"}"#.into(),
    };
    insta::assert_json_snapshot!("request_modal", request::request_modal(&form));
    let form = RequestForm {
        application_name: String::new(),
        teams: choices(101, None),
        authorizers: Authorizers::Listed,
        blueprints: choices(2, None),
        ..form
    };
    insta::assert_json_snapshot!("request_modal_search", request::request_modal(&form));
}

#[test]
fn the_other_modals() {
    insta::assert_json_snapshot!("reject_modal", decision::reject_modal("checkout-7f3a9c0011", "checkout", "{}"));
    let text = "Only <@U0BOB> can decide this request.";
    insta::assert_json_snapshot!("explanation_modal", request::explanation_modal("Not yours to decide", text));
    insta::assert_json_snapshot!("loading_modal", request::loading_modal("{}"));
}

#[test]
fn the_direct_messages() {
    insta::assert_json_snapshot!("ask", shown(&decision::ask(&tame("requested"))));
    insta::assert_json_snapshot!("decided_authorized", shown(&decision::decided(&tame("authorized"))));
    insta::assert_json_snapshot!("decided_rejected", shown(&decision::decided(&tame("rejected"))));
    insta::assert_json_snapshot!("attention", shown(&decision::attention(&tame("needs attention"))));
    insta::assert_json_snapshot!("attended", shown(&decision::attended(&tame("retried"))));
    insta::assert_json_snapshot!("reminder", shown(&decision::reminder(&tame("reminded"))));
}

#[test]
fn the_channel_and_the_thread() {
    insta::assert_json_snapshot!("root_requested", shown(&thread::root(&tame("requested"))));
    insta::assert_json_snapshot!("root_rejected", shown(&thread::root(&tame("rejected"))));
    insta::assert_json_snapshot!("note_attention", shown(&thread::note(&tame("needs attention")).unwrap()));
    insta::assert_json_snapshot!("progress", shown(&progress(Some((3, 8)), ProgressState::Running)));
    insta::assert_json_snapshot!("outcome_provisioned", shown(&thread::outcome(&tame("provisioned")).unwrap()));
    insta::assert_json_snapshot!("outcome_rejected", shown(&thread::outcome(&tame("rejected")).unwrap()));
    insta::assert_json_snapshot!("outcome_failed", shown(&thread::outcome(&tame("failed unanswered")).unwrap()));
}

/// The texts of all messages of all states: what is read aloud.
#[test]
fn the_words() {
    let mut all = String::new();
    for (name, notice) in notices(None) {
        all.push_str(&format!("# {name}\n"));
        for (view, message) in messages(&notification(notice, None)) {
            all.push_str(&format!("{view}: {}\n", message.text));
        }
        all.push('\n');
    }
    all.push_str("# progress\n");
    for (state, step) in [
        (ProgressState::Running, None),
        (ProgressState::Running, Some((1, 8))),
        (ProgressState::Running, Some((8, 8))),
        (ProgressState::Running, Some((9, 0))),
        (ProgressState::Running, Some((u32::MAX, 1))),
        (ProgressState::Done, Some((7, 8))),
        (ProgressState::Done, None),
        (ProgressState::Stopped, Some((3, 8))),
        (ProgressState::Stopped, None),
    ] {
        let message = progress(step, state);
        let bar = message.blocks.pointer("/1/elements/0/elements/0/text").unwrap().as_str().unwrap();
        all.push_str(&format!("{state:?} {step:?}: {bar} {}\n", message.text));
    }
    insta::assert_snapshot!("words", all);
}

fn progress(step: Option<(u32, u32)>, state: ProgressState) -> Message {
    let progress = step.map(|(step, of)| Progress { step, of, label: "Blocking public access".into() });
    thread::progress(&tame("authorized"), 1, progress.as_ref(), state)
}

// What it says.

#[test]
fn only_what_ends_a_request_has_the_word_of_its_end() {
    for (name, notice) in notices(None) {
        let status = notice.status();
        for (view, Message { text, .. }) in messages(&notification(notice, None)) {
            let said: Vec<_> = STATUS_WORDS.into_iter().filter(|word| text.to_lowercase().contains(word)).collect();
            match view {
                "root" | "outcome" | "decided" if status.is_final() => {
                    assert_eq!(said, [status.word()], "{view}, {name}: {text}");
                }
                "attention" | "attended" if status.is_final() => {}
                _ => assert!(said.is_empty(), "{view}, {name}: {text}"),
            }
        }
    }
}

#[test]
fn the_root_can_be_cancelled_until_the_end() {
    for (name, notice) in notices(None) {
        let n = notification(notice, None);
        let buttons = ids_of(&thread::root(&n).blocks, "action_id");
        let over = n.notice.status().is_final() || matches!(n.notice, Notice::Undoing { .. });
        let expected: &[&str] = if over { &[] } else { &[ids::CANCEL] };
        assert_eq!(buttons, expected, "{name}");
        assert!(ids_of(&decision::decided(&n).blocks, "action_id").is_empty(), "{name}");
        assert!(ids_of(&decision::attended(&n).blocks, "action_id").is_empty(), "{name}");
        assert_eq!(thread::outcome(&n).is_some(), n.notice.status().is_final(), "{name}");
    }
}

#[test]
fn the_ids_are_those_of_the_contract() {
    use ids::*;
    let form = RequestForm { teams: choices(2, None), blueprints: choices(2, None), ..RequestForm::default() };
    let fields = [APPLICATION_NAME, TEAM, AUTHORIZER, BLUEPRINT, JUSTIFICATION];
    let searching = RequestForm {
        teams: choices(101, None),
        authorizers: Authorizers::Listed,
        blueprints: choices(101, None),
        ..form.clone()
    };
    for form in [&form, &searching] {
        let modal = request::request_modal(form);
        assert_eq!(modal["callback_id"], PROVISION_REQUEST);
        assert_eq!(ids_of(&modal, "action_id"), fields);
        assert_eq!(ids_of(&modal, "block_id"), fields);
    }
    let single = RequestForm { blueprints: choices(1, None), ..form };
    assert!(!ids_of(&request::request_modal(&single), "block_id").contains(&BLUEPRINT.to_owned()));

    let modal = decision::reject_modal("a-1", "a", "");
    assert_eq!(modal["callback_id"], REJECT_REQUEST);
    assert_eq!((ids_of(&modal, "action_id"), ids_of(&modal, "block_id")), (vec![REASON.into()], vec![REASON.into()]));

    let huge = "x".repeat(300);
    for typed in [None, Some(huge.as_str())] {
        let ask = decision::ask(&notification(Notice::Requested { expires_at: SOON }, typed)).blocks;
        assert_eq!(ids_of(&ask, "action_id"), [REGION, PROFILE, APPROVE, REJECT]);
        assert_eq!(ids_of(&ask, "block_id"), [REGION, PROFILE, "checkout-7f3a9c0011:4"]);
    }
    let attention = decision::attention(&tame("needs attention")).blocks;
    assert_eq!(ids_of(&attention, "action_id"), [RETRY, GIVE_UP]);
    assert_eq!(ids_of(&attention, "value"), ["checkout-7f3a9c0011", "checkout-7f3a9c0011"]);
    assert_eq!(ids_of(&attention, "block_id"), ["checkout-7f3a9c0011:4"]);
    for (block, round) in
        [("checkout-7f3a9c0011:4", 4), ("checkout-7f3a9c0011:4:2", 4), ("region", 0), ("a:b", 0), ("a:-1", 0), ("", 0)]
    {
        assert_eq!(ids::round_of(block), round, "{block}");
    }
}

/// All values of members named `member`, in the order of the blocks.
fn ids_of(value: &Value, member: &str) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(|element| ids_of(element, member)).collect(),
        Value::Object(members) => {
            let own = members.get(member).and_then(Value::as_str).map(str::to_owned);
            let inner = members.values().flat_map(|value| ids_of(value, member));
            own.into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn one_choice_is_chosen_already() {
    let ask = decision::ask(&tame("requested")).blocks;
    let select =
        |id: &str| ask.as_array().unwrap().iter().find(|block| block["block_id"] == id).unwrap()["element"].clone();
    assert_eq!(select(ids::REGION)["initial_option"], Value::Null);
    assert_eq!(select(ids::PROFILE)["initial_option"], select(ids::PROFILE)["options"][0]);
    assert_eq!(select(ids::PROFILE)["initial_option"]["value"], "sandbox");

    let form = RequestForm { teams: choices(1, Some("A team with a <name>")), ..RequestForm::default() };
    let modal = request::request_modal(&form);
    assert_eq!(modal["blocks"][2]["element"]["initial_option"], modal["blocks"][2]["element"]["options"][0]);
}

#[test]
fn a_search_finds_what_was_typed_the_best_first_and_else_in_the_order_given() {
    let texts = |typed: &str| -> Vec<String> {
        let found = request::options(&choices(650, None), typed);
        let options = found["options"].as_array().unwrap();
        options.iter().map(|option| option["text"]["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts("").len(), 100);
    assert_eq!(texts(" TEAM 65 "), ["Team 65", "Team 650"]);
    assert_eq!(request::options(&choices(3, None), "nobody"), json!({ "options": [] }));
    let people = ["Joanna", "Bob Ann", "Anna", "Ann Lee", "Bob"].map(Choice::of);
    let found = request::options(&people, "ANN");
    let found: Vec<_> = found["options"].as_array().unwrap().iter().map(|option| &option["value"]).collect();
    assert_eq!(found, ["Anna", "Ann Lee", "Bob Ann", "Joanna"]);
}

#[test]
fn a_console_link_leads_to_a_bucket_or_nowhere() {
    let links = |outputs: Value, region: &str| {
        let outputs = serde_json::from_value(outputs).unwrap();
        let result = Provisioned {
            application_id: "a-1".into(),
            region: region.into(),
            completion_date_time: String::new(),
            summary: vec![],
            outputs,
        };
        thread::outcome(&notification(Notice::Provisioned { result }, None)).unwrap().text
    };
    let aws = json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::b-1"});
    assert!(
        links(aws.clone(), "eu-west-1").contains("<https://console.aws.amazon.com/s3/buckets/b-1?region=eu-west-1|")
    );
    assert!(
        links(json!({"bucketName": "b", "bucketArn": "arn:aws-cn:s3:::b"}), "cn-north-1").contains("amazonaws.cn/")
    );
    let console = json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::b-1", "url": "https://eu-west-1.console.aws.amazon.com/s3/buckets/b-1"});
    assert_eq!(links(console, "eu-west-1").matches("https://").count(), 1);
    for (outputs, region) in [
        (aws, "eu-west-1|x>"),
        (json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::other"}), "eu-west-1"),
        (json!({"bucketName": "", "bucketArn": "arn:aws:s3:::"}), "eu-west-1"),
        (json!({"url": "javascript:alert(1)", "bucketName": 7}), "eu-west-1"),
        (json!({}), ""),
    ] {
        assert!(!links(outputs, region).contains("https://"));
    }
}

#[test]
fn selects_list_what_fits_into_a_message_and_search_the_rest() {
    let names = |count, length| (0..count).map(|n| format!("{n}-{}", "n".repeat(length))).collect::<Vec<_>>();
    let regions_of_aws = names(34, 10);
    for (regions, profiles, listed) in [
        (regions_of_aws.clone(), names(3, 10), (true, true)),
        (regions_of_aws.clone(), names(90, 60), (true, false)),
        (names(90, 60), regions_of_aws, (false, true)),
        (names(60, 140), names(60, 140), (false, false)),
        (names(101, 0), names(1, 0), (false, true)),
    ] {
        let mut n = notification(Notice::Requested { expires_at: SOON }, None);
        n.request.justification = Some("\"".repeat(30_000));
        let rules = n.rules.as_mut().unwrap();
        (rules.regions, rules.profiles) = (regions, profiles);
        let ask = decision::ask(&n);
        assert_message(&ask, "ask");
        let is_listed = |id: &str| {
            let blocks = ask.blocks.as_array().unwrap();
            blocks.iter().any(|block| block["block_id"] == id && block["element"]["type"] == "static_select")
        };
        assert_eq!((is_listed(ids::REGION), is_listed(ids::PROFILE)), listed);
    }
}

// Whatever goes in.

#[test]
fn every_file_is_checked_and_in_the_form_of_the_block_kit_builder() {
    super::check().unwrap();
    let mut listed: Vec<_> = TEMPLATES.iter().map(|template| template.source().0.to_owned()).collect();
    listed.sort();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/blocks");
    let mut there: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    there.sort();
    assert_eq!(listed, there);

    for template in TEMPLATES {
        let (file, source) = template.source();
        let mut value: Value = serde_json::from_str(source).unwrap();
        without_preselection(&mut value);
        let surface = if value["type"] == "modal" { Surface::Modal } else { Surface::Message };
        assert_eq!(check_limits(surface, &value), Vec::<String>::new(), "{file}");
    }
}

/// A file's preselected option is filled with one of the options only later.
fn without_preselection(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(without_preselection),
        Value::Object(members) => {
            members.remove("initial_option");
            members.values_mut().for_each(without_preselection);
        }
        _ => {}
    }
}

#[test]
fn hostile_and_huge_input_stays_within_the_limits_and_is_never_markup() {
    let mut inputs: Vec<_> = hostile().into_iter().map(Some).collect();
    inputs.push(None);
    for typed in &inputs {
        let typed = typed.as_deref();
        let about = |view: &str, name: &str| {
            let start: String = typed.unwrap_or("tame").chars().take(20).collect();
            format!("{view}, {name}, {start:?}")
        };
        for (name, modal) in modals(typed) {
            assert_eq!(check_limits(Surface::Modal, &modal), Vec::<String>::new(), "{}", about("modal", &name));
            assert_harmless(&modal, &about("modal", &name));
        }
        for (name, notice) in notices(typed) {
            for (view, message) in messages(&notification(notice, typed)) {
                assert_message(&message, &about(view, name));
            }
        }
        for state in [ProgressState::Running, ProgressState::Done, ProgressState::Stopped] {
            let label = typed.unwrap_or_default().to_owned();
            let n = notification(notices(typed).swap_remove(3).1, typed);
            for attempt in [1, 2, u32::MAX] {
                let progress = Progress { step: 3, of: 8, label: label.clone() };
                let message = thread::progress(&n, attempt, Some(&progress), state);
                assert_message(&message, &about("progress", ""));
            }
        }
    }
}

fn assert_message(message: &Message, about: &str) {
    let Message { text, blocks } = message;
    assert!(!text.trim().is_empty(), "{about}");
    assert!(text.encode_utf16().count() < 3900, "{about}: {}", text.len());
    let whole = json!({ "blocks": blocks });
    assert_eq!(check_limits(Surface::Message, &whole), Vec::<String>::new(), "{about}");
    assert_harmless(&whole, about);
    assert_markup(text, about);
}

/// Nothing from outside is read as markup, and nothing is hidden.
fn assert_harmless(value: &Value, about: &str) {
    for (text, markup) in strings(value) {
        let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{202c}\u{200b}\u{feff}".contains(c);
        // What is sent back to us is not shown.
        assert!(!text.chars().any(hidden), "{about}: {text:?}");
        if markup {
            assert_markup(&text, about);
        }
    }
}

/// Every `<` opens one of our own mentions, links or moments.
fn assert_markup(text: &str, about: &str) {
    for opened in text.split('<').skip(1) {
        let inside = opened.split('>').next().unwrap();
        let ours = ["@U0ALICE", "@U0BOB", "#C0PLATFORM"].contains(&inside)
            || inside.starts_with(&format!("!date^{SOON}^"))
            || (inside.starts_with("https://") && inside.contains("amazon"))
            // A private explanation may name whom it likes.
            || (about.contains("explanation") && inside == "@UEVIL");
        assert!(ours, "{about}: <{inside}>");
    }
    for ampersand in text.split('&').skip(1) {
        let entity = ["amp;", "lt;", "gt;"].iter().any(|entity| ampersand.starts_with(entity));
        assert!(entity, "{about}: &{ampersand}");
    }
    assert!(!text.contains("evil.example|click>"), "{about}");
}
