//! Every view in every state, with tame texts or with what somebody may type.

use serde_json::{Map, Value, json};

use crate::domain::blueprint::Blueprint;
use crate::domain::decision::Authorization;
use crate::domain::field::{By, Field, Kind};
use crate::domain::lifecycle::{Failure, Status};
use crate::domain::moment::Moment;
use crate::domain::notice::{
    self, ApprovalNotCounted, Authorized, Cancelled, ChoiceNotCounted, Cleanup, Expired, Failed, GivenUp,
    NeedsAttention, NotDiscarded, Notice, Notification, PlanChanged, PlanHeld, PlanStale, Planned, Planning, Refused,
    Rejected, Reminded, RequestSubject, Requested, Retried, Undoing,
};
use crate::domain::plan::difference::difference;
use crate::domain::plan::shown::Stage;
use crate::domain::plan::{Difference, Plan, PlanOnCard};
use crate::domain::policy::PreflightProblem;
use crate::domain::provisioning::{Progress, Provisioned, Underway};
use crate::domain::refusal::NotCounted;
use crate::domain::request::ProvisionRequest;
use crate::domain::rules::Rules;
use crate::domain::samples;
use crate::domain::visible::is_hidden;
use crate::slack::notices;
use crate::slack::notices::asking::reminded::reminder;
use crate::slack::notices::asking::requested;
use crate::slack::notices::building::needs_attention;
use crate::slack::notices::deciding::approval_not_counted;
use crate::slack::notices::plan::{Known, Step};
use crate::slack::notices::planning::{not_discarded, plan_changed};
use crate::slack::views::choice::Choice;
use crate::slack::views::progress::ProgressState;
use crate::slack::views::request::{Authorizers, RequestForm};
use crate::slack::views::{Message, decision, progress as views, request};

/// 24 November 2026, 10:02 UTC.
pub(in crate::slack) const SOON: i64 = 1_795_514_520;

/// As many fields as a blueprint may have, of every kind, with this in them as far as the
/// configuration takes it.
pub(in crate::slack) fn fields(typed: &str, by: impl Fn(usize) -> By) -> Vec<Field> {
    let seen = |c: &char| !c.is_control() && !is_hidden(*c);
    let line = |most: usize| typed.chars().filter(seen).take(most).collect::<String>();
    let choices = |n: usize| (0..n).map(|n| format!("{n} {}", line(70))).collect::<Vec<_>>();
    let field = |n: usize| {
        let (kind, default) = match n % 5 {
            0 => (
                Kind::Text { pattern: None, min: None, max: None },
                Some(json!(line(if by(n) == By::Requester { 1_500 } else { 100 }))),
            ),
            1 => (Kind::Number { min: Some(1.into()), max: Some(9.into()) }, Some(json!(3))),
            2 => (Kind::Choice { choices: choices(20) }, Some(json!(choices(1)[0]))),
            3 => (
                Kind::Choices { choices: choices(if n < 10 { 10 } else { 20 }) },
                Some(json!(choices(if by(n) == By::Requester { 10 } else { 0 }))),
            ),
            _ => (Kind::Switch, Some(json!(true))),
        };
        // An empty default is none.
        let default = default.filter(|default| default != "" && *default != json!([]));
        let (label, hint) = (format!("{n}{}", line(73)), line(150));
        Field {
            id: format!("{n}{}", "x".repeat(38)),
            label,
            kind,
            by: by(n),
            required: n.is_multiple_of(3),
            hint,
            default,
        }
    };
    (0..20).map(field).collect()
}

/// A value for each of those that who asks fills in.
pub(in crate::slack) fn values(typed: &str, by: impl Fn(usize) -> By) -> Map<String, Value> {
    let all = fields(typed, by).into_iter().filter(|field| field.by == By::Requester);
    all.filter_map(|field| Some((field.id.clone(), field.default?))).collect()
}

/// The fields by turns.
fn by_turns(n: usize) -> By {
    if n.is_multiple_of(2) { By::Requester } else { By::Authorizer }
}

/// A request for `checkout` in which `typed`, where it is given, stands wherever
/// text comes from outside.
pub(in crate::slack) fn notification(notice: Notice, typed: Option<&str>) -> Notification {
    let text = |tame: &str| typed.unwrap_or(tame).to_owned();
    let refused = matches!(notice, Notice::Refused(_));
    let many = |tame: &[&str]| match typed {
        Some(typed) => (0..150).map(|n| format!("{n}{}", typed.chars().take(140).collect::<String>())).collect(),
        None => tame.iter().map(|name| (*name).to_owned()).collect(),
    };
    let tame = samples::subject();
    let rules = || {
        let tame = samples::rules();
        let blueprint = Blueprint {
            id: "static-site".into(),
            name: text("Static site"),
            description: text(&tame.blueprint.description),
            // As many as the configuration lets on a card.
            fields: typed.into_iter().flat_map(|typed| fields(typed, by_turns)).take(14).collect(),
            ..tame.blueprint
        };
        Rules {
            team_name: text(&tame.team_name),
            regions: many(&["us-east-1", "eu-west-1"]),
            profiles: many(&["sandbox"]),
            reminder_seconds: Some(60),
            blueprint,
            ..tame
        }
    };
    let subject = RequestSubject {
        request: ProvisionRequest {
            team_id: text(&tame.request.team_id),
            blueprint: text("static-site"),
            justification: tame.request.justification.as_deref().map(text),
            ..tame.request
        },
        rules: (!refused).then(rules),
        parameters: typed.map(|typed| values(typed, by_turns)).unwrap_or_default(),
        plan: on_card(&notice, typed),
        authorization: (!refused).then(|| Authorization::Approve {
            region: text("eu-west-1"),
            profile: text("sandbox"),
            decided_by: typed.unwrap_or(samples::BOB).to_owned(),
        }),
        ..tame
    };
    Notification { subject, ..samples::notification(notice) }
}

/// Every notice, in the order of a story that tries everything.
pub(in crate::slack) fn notices(typed: Option<&str>) -> Vec<(&'static str, Notice)> {
    let text = |tame: &str| typed.unwrap_or(tame).to_owned();
    let bob = || samples::BOB.to_owned();
    let failure = || {
        let tame = samples::failure();
        Failure { step: tame.step.as_deref().map(text), cause: text(&tame.cause), advice: text(&tame.advice), ..tame }
    };
    let built = samples::provisioned();
    let mut outputs = built.outputs;
    for output in outputs.values_mut() {
        *output = json!(text(output.as_str().unwrap()));
    }
    outputs.extend([("replicas".to_owned(), json!(2)), ("nothing".to_owned(), Value::Null)]);
    if let Some(typed) = typed {
        outputs.extend((0..50).map(|n| (format!("{n} {typed}"), json!({ typed: [typed] }))));
    }
    let result = Provisioned {
        region: text(&built.region),
        completion_date_time: text(&built.completion_date_time),
        summary: built.summary.iter().map(|done| text(done)).collect(),
        outputs,
        ..built
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
        ("refused", Notice::Refused(Refused { problem })),
        ("requested", Notice::Requested(Requested { expires_at: SOON })),
        ("reminded", Notice::Reminded(Reminded { expires_at: SOON })),
        (
            "authorized",
            Notice::Authorized(Authorized {
                region: text("eu-west-1"),
                profile: text("sandbox"),
                decided_by: bob(),
                attempt: 1,
            }),
        ),
        (
            "not counted",
            Notice::ApprovalNotCounted(ApprovalNotCounted {
                why: NotCounted::Request(text("Bob cannot decide: this account is deactivated.")),
                expires_at: SOON,
            }),
        ),
        (
            "rejected",
            Notice::Rejected(Rejected { decided_by: bob(), reason: Some(text("Use the shared bucket instead.")) }),
        ),
        ("rejected without a reason", Notice::Rejected(Rejected { decided_by: bob(), reason: None })),
        ("expired", Notice::Expired(Expired { unconfirmed: None })),
        ("expired, and nobody knows whether the yes counts", Notice::Expired(Expired { unconfirmed: Some(bob()) })),
        ("needs attention", Notice::NeedsAttention(NeedsAttention { failure: failure(), expires_at: SOON })),
        (
            "choice not counted",
            Notice::ChoiceNotCounted(ChoiceNotCounted {
                attempt: 1,
                why: NotCounted::Request(text("Bob cannot decide: guests cannot decide.")),
            }),
        ),
        ("retried", Notice::Retried(Retried { failure: failure(), decided_by: bob() })),
        (
            "undoing",
            Notice::Undoing(Undoing {
                what: text("app-checkout-payments-7f3a9c0011"),
                cause: text("Nobody takes work from the task queue \"provision-aws-s3\"."),
            }),
        ),
        ("provisioned", Notice::Provisioned(notice::Provisioned { result })),
        ("cancelled while waiting", Notice::Cancelled(Cancelled { cleanup: Cleanup::NothingBuilt })),
        ("cancelled while building", Notice::Cancelled(Cancelled { cleanup: remains() })),
        ("failed by choice", Notice::Failed(Failed { failure: failure(), given_up, cleanup: Cleanup::Removed })),
        (
            "failed unanswered",
            Notice::Failed(Failed { failure: failure(), given_up: GivenUp::Unanswered, cleanup: remains() }),
        ),
        ("failed unasked", Notice::Failed(Failed { failure: failure(), given_up: unasked, cleanup: Cleanup::Removed })),
        (
            "failed at once",
            Notice::Failed(Failed { failure: failure(), given_up: GivenUp::AtOnce, cleanup: Cleanup::NothingBuilt }),
        ),
        ("planning", Notice::Planning(Planning { number: 1 })),
        ("planned", Notice::Planned(Planned { expires_at: SOON })),
        ("plan stale", Notice::PlanStale(PlanStale { attempt: 1 })),
        ("plan held", Notice::PlanHeld(PlanHeld { attempt: 2 })),
        ("plan changed", Notice::PlanChanged(PlanChanged { attempt: 2, expires_at: SOON })),
        (
            "not discarded",
            Notice::NotDiscarded(NotDiscarded {
                number: 1,
                status: Status::AwaitingAuthorization,
                what: text("what the plan p1 of checkout-7f3a9c0011 left"),
                cause: text("The stack is not ours."),
            }),
        ),
    ]
}

/// How the card stands where there are plans, with the notice that tells it.
fn on_card(notice: &Notice, typed: Option<&str>) -> Option<PlanOnCard> {
    let stage = match notice {
        Notice::Planning(_) => Stage::Underway,
        Notice::Planned(_) | Notice::PlanChanged(_) => Stage::of(Some(&plan(typed, "warning"))),
        _ => return None,
    };
    let before = Plan::failed("x");
    let difference =
        matches!(notice, Notice::PlanChanged(_)).then(|| difference(Some(&before), &plan(typed, "warning")));
    Some(of_plan(stage, difference, typed))
}

/// The plan on a card, in this stage.
pub(in crate::slack) fn of_plan(stage: Stage, difference: Option<Difference>, typed: Option<&str>) -> PlanOnCard {
    let text = |tame: &str| Some(typed.unwrap_or(tame).to_owned());
    PlanOnCard { region: text("eu-west-1"), profile: text("sandbox"), filled: Map::new(), stage, difference }
}

/// A plan with a finding of this level; a huge one where something is typed.
pub(in crate::slack) fn plan(typed: Option<&str>, level: &str) -> Plan {
    let text = |tame: &str| typed.unwrap_or(tame).chars().take(2000).collect::<String>();
    let change =
        |action: &str, name: &str| json!({ "action": action, "type": text("AWS::S3::Bucket"), "name": text(name) });
    let mut changes =
        vec![change("add", "Assets"), change("import", "Zone"), change("replace", "Table"), change("remove", "Logs")];
    let mut findings = vec![json!({ "level": level, "text": text("The bucket is public.") })];
    if let Some(typed) = typed {
        let action: String = typed.chars().take(60).collect();
        changes.extend((0..30).flat_map(|_| [change("remove", ""), change("replace", ""), change(&action, "")]));
        findings.extend((0..20).map(|_| json!({ "level": action, "text": text("") })));
    }
    let answer = json!({
        "planId": "p1", "counts": { "add": 1, "change": 0, "replace": 1, "remove": if typed.is_some() { u64::MAX } else { 1 } },
        "changes": changes, "findings": findings, "link": typed.unwrap_or("https://plans.example.com/p1"),
        "monthlyCost": text("12.50 USD"),
    });
    Plan::read(&answer, Moment(SOON))
}

pub(in crate::slack) fn tame(name: &str) -> Notification {
    let notice = notices(None).into_iter().find(|(of, _)| *of == name).unwrap().1;
    notification(notice, None)
}

/// The message that `n` posts or changes as this part.
pub(in crate::slack) fn message(n: &Notification, part: &str) -> Message {
    let steps = notices::plan(n, &Known::default()).turns.into_iter().flatten();
    let mut written = steps.filter_map(|step| match step {
        Step::Write { part, message, .. } | Step::Change { part, message } => Some((part, message)),
        _ => None,
    });
    written.find(|(of, _)| of == part).expect("a message with this part").1
}

/// All messages about `n`, by the name of their view: those that it posts, and those that
/// stand there when it is told.
pub(in crate::slack) fn messages(n: &Notification) -> Vec<(&'static str, Message)> {
    let (asked, reminded) = match &n.notice {
        Notice::Requested(Requested { expires_at }) | Notice::Reminded(Reminded { expires_at }) => {
            (Some(*expires_at), Some(*expires_at))
        }
        Notice::ApprovalNotCounted(it) => (Some(it.expires_at), None),
        Notice::Planned(it) => (Some(it.expires_at), None),
        _ => (None, None),
    };
    let attention = match &n.notice {
        Notice::NeedsAttention(it) => needs_attention::ask(n, it),
        _ => notices::attended(n),
    };
    let mut all = vec![
        ("ask", requested::ask(n, asked)),
        ("decided", notices::decided(n)),
        ("attention", attention),
        ("attended", notices::attended(n)),
        ("reminder", reminder(n, reminded)),
        ("root", notices::root(n)),
    ];
    if let Notice::ApprovalNotCounted(it) = &n.notice {
        all.push(("not counted", approval_not_counted::told(n, &it.why)));
    }
    match &n.notice {
        Notice::PlanChanged(_) => all.push(("plan changed", plan_changed::told(n))),
        Notice::NotDiscarded(it) => all.push(("to operations", not_discarded::to_operations(it, n))),
        _ => {}
    }
    all.extend(notices::note(n).map(|message| ("note", message)));
    all.extend(notices::outcome(n).map(|message| ("outcome", message)));
    all
}

pub(in crate::slack) fn choices(count: usize, typed: Option<&str>) -> Vec<Choice> {
    let choice = |n| Choice {
        value: format!("team-{n}"),
        text: typed.map_or_else(|| format!("Team {n}"), str::to_owned),
        description: typed.map(str::to_owned),
    };
    (1..=count).map(choice).collect()
}

pub(in crate::slack) fn modals(typed: Option<&str>) -> Vec<(String, Value)> {
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
                ..RequestForm::default()
            };
            all.push((format!("request with {count}, {authorizers:?}"), request::request_modal(&form)));
            let fields = fields(typed.unwrap_or("tame"), |_| By::Requester);
            let blueprint = Blueprint { fields, ..samples::blueprint() };
            let form = RequestForm { only: Some(blueprint), changes: true, ..form };
            all.push((format!("request with {count}, {authorizers:?}, and fields"), request::request_modal(&form)));
        }
    }
    all
}

pub(in crate::slack) fn progress(step: Option<(u32, u32)>, state: ProgressState) -> Message {
    let progress = step.map(|(step, of)| Progress { step, of, label: "Blocking public access".into() });
    let seen = progress.map(Underway::one).unwrap_or_default();
    views::progress(&tame("authorized"), 1, &seen, state)
}
