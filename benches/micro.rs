//! What the bot computes itself, piece by piece: the signature of a delivery, the
//! parsing of each kind of it, the rendering of each view.
//!
//! ```sh
//! cargo bench --bench micro                              # a minute or two
//! cargo bench --bench micro -- --quick                   # seconds, and rougher
//! cargo bench --bench micro -- view                      # whose name has it in it
//! cargo bench --bench micro -- --save-baseline before    # then change something, and
//! cargo bench --bench micro -- --baseline before
//! ```

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use provision_bot::domain::notice::{self, Authorized, NeedsAttention, Notice, Requested};
use provision_bot::domain::provisioning::{Progress, Underway};
use provision_bot::domain::samples::{self, notification};
use provision_bot::slack::inbound::{self, Inbound, Malformed};
use provision_bot::slack::notices::asking::requested::ask;
use provision_bot::slack::notices::{self, building::needs_attention};
use provision_bot::slack::views::choice::Choice;
use provision_bot::slack::views::progress::{self, ProgressState};
use provision_bot::slack::views::request::{self, Authorizers, RequestForm};
use provision_bot::slack::views::{self, decision};
use serde_json::{Value, json};

criterion_group!(benches, signature, parsing, rendering);
criterion_main!(benches);

/// A fixture of `tests/fixtures/slack`.
macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../tests/fixtures/slack/", $name))
    };
}

/// Is a delivery Slack's? Asked for every one of them.
fn signature(c: &mut Criterion) {
    let samples: Value = serde_json::from_str(sample!("signing.json")).expect("JSON");
    let secret = samples["signing_secret"].as_str().expect("a secret");
    let now = samples["now"].as_i64().expect("a time");
    let mut group = c.benchmark_group("signature");
    for sample in samples["valid"].as_array().expect("samples").iter().take(2) {
        let text = |name: &str| sample[name].as_str().expect("a text");
        let (timestamp, signature, body) = (text("timestamp"), text("signature"), text("body").as_bytes());
        let verify = || {
            let signed = inbound::signed(Some(timestamp), Some(signature), now)?;
            signed.verify(black_box(secret.as_bytes()), black_box(body))
        };
        verify().expect("Slack's");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(text("name"), |b| b.iter(verify));
    }
}

/// A body to what a person did.
fn parsing(c: &mut Criterion) {
    type Parse = fn(&[u8]) -> Result<Inbound, Malformed>;
    let command: BTreeMap<String, String> =
        serde_json::from_str(sample!("inbound/slash_command.form.json")).expect("a form");
    let interaction = |payload: &str| {
        // Slack sends JSON without spaces.
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        form([("payload", payload.to_string())])
    };
    let samples: [(&str, Parse, String); 10] = [
        ("command", inbound::command, form(&command)),
        ("submission", inbound::interaction, interaction(sample!("inbound/view_submission.provision_request.json"))),
        ("reason", inbound::interaction, interaction(sample!("inbound/view_submission.reject_request.json"))),
        ("approve", inbound::interaction, interaction(sample!("inbound/block_actions.approve.json"))),
        ("reject", inbound::interaction, interaction(sample!("inbound/block_actions.reject.json"))),
        ("cancel", inbound::interaction, interaction(sample!("inbound/block_actions.cancel.json"))),
        ("retry", inbound::interaction, interaction(sample!("inbound/block_actions.retry.json"))),
        ("search", inbound::interaction, interaction(sample!("inbound/block_suggestion.authorizer.json"))),
        (
            "choice in a select",
            inbound::interaction,
            interaction(sample!("inbound/block_actions.region_selected.json")),
        ),
        ("event", inbound::event, sample!("inbound/event.app_home_opened.json").to_owned()),
    ];
    let mut group = c.benchmark_group("parse");
    for (name, parse, body) in samples {
        parse(body.as_bytes()).expect("what Slack sends");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |b| b.iter(|| parse(black_box(body.as_bytes()))));
    }
}

fn form(pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What people see, as JSON values; each block file is parsed before.
fn rendering(c: &mut Criterion) {
    views::check().expect("block files");
    let mut group = c.benchmark_group("view");

    // Above 100 the form's select searches.
    for count in [1, 100, 101] {
        let form = request_form(count);
        group.bench_function(format!("form, teams: {count}"), |b| b.iter(|| request::request_modal(black_box(&form))));
    }
    let teams = request_form(1_000).teams;
    group.bench_function("search, teams: 1000", |b| b.iter(|| request::options(black_box(&teams), "team 7")));
    group.bench_function("form for a reason", |b| {
        b.iter(|| decision::reject_modal(black_box("checkout-7f3a9c0011"), "checkout", "{}"))
    });

    let requested = notification(Notice::Requested(Requested { expires_at: 1_795_493_700 }));
    group.bench_function("card that asks", |b| b.iter(|| ask(black_box(&requested), Some(1_795_493_700))));
    group.bench_function("message in the channel", |b| b.iter(|| notices::root(black_box(&requested))));

    let authorized = notification(Notice::Authorized(Authorized {
        region: "eu-west-1".into(),
        profile: "sandbox".into(),
        decided_by: samples::BOB.into(),
        attempt: 1,
    }));
    group.bench_function("card that was decided", |b| b.iter(|| notices::decided(black_box(&authorized))));
    let underway = Underway::one(Progress { step: 3, of: 8, label: "Blocking public access".into() });
    group.bench_function("progress", |b| {
        b.iter(|| progress::progress(black_box(&authorized), 1, &underway, ProgressState::Running))
    });

    let provisioned = notification(Notice::Provisioned(notice::Provisioned { result: samples::provisioned() }));
    group.bench_function("outcome", |b| b.iter(|| notices::outcome(black_box(&provisioned))));

    let stopped = NeedsAttention { failure: samples::failure(), expires_at: 1_795_579_200 };
    let failed = notification(Notice::NeedsAttention(stopped.clone()));
    group.bench_function("card that needs a hand", |b| b.iter(|| needs_attention::ask(black_box(&failed), &stopped)));
    group.bench_function("note in the thread", |b| b.iter(|| notices::note(black_box(&failed))));
}

fn request_form(teams: usize) -> RequestForm {
    let team = |n| Choice::new(&format!("team-{n}"), &format!("Team {n}"));
    RequestForm {
        application_name: "checkout".into(),
        teams: (0..teams).map(team).collect(),
        team: None,
        authorizers: Authorizers::Anyone,
        blueprints: vec![Choice::new("bucket", "S3 bucket"), Choice::new("topic", "Kafka topic")],
        private_metadata: json!({ "channelId": "C0DEPLOYS01" }).to_string(),
        ..RequestForm::default()
    }
}
