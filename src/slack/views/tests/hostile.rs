//! Whatever goes in, what comes out is within Slack's limits, and never markup.

use serde_json::{Value, json};

use super::limits::{Surface, check_limits, strings};
use super::samples::{SOON, fields, message, messages, modals, notices, notification, values};
use crate::domain::field::By;
use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notice, Requested};
use crate::domain::provisioning::{Progress, Underway};
use crate::slack::ids;
use crate::slack::views::progress::{self, ProgressState};
use crate::slack::views::{Message, TEMPLATES, check};

/// What somebody may type, configure or answer to a provisioner, from the
/// harmless to the huge.
pub(super) fn hostile() -> Vec<String> {
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
        // Whoever fills in the fields, a card has room for them.
        for by in [By::Requester, By::Authorizer] {
            for name in ["requested", "authorized"] {
                let notice = notices(typed).into_iter().find(|(is, _)| *is == name).expect(name).1;
                let mut n = notification(notice, typed);
                let rules = n.subject.rules.as_mut().expect("rules");
                rules.blueprint.fields = fields(typed.unwrap_or("tame"), |_| by);
                if by == By::Authorizer {
                    // As many as the configuration lets on a card.
                    rules.blueprint.fields.truncate(12);
                }
                n.subject.parameters = values(typed.unwrap_or("tame"), |_| by);
                for (view, message) in messages(&n) {
                    assert_message(&message, &about(&format!("{view} with fields by {by:?}"), name));
                }
            }
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
                let message = progress::progress(&n, attempt, &Underway::one(progress.clone()), state);
                assert_message(&message, &about("progress", ""));
            }
        }
    }
}

pub(super) fn assert_message(message: &Message, about: &str) {
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
            || inside == "https://plans.example.com/p1|Look at it"
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
        let mut n = notification(Notice::Requested(Requested { expires_at: SOON }), None);
        n.subject.request.justification = Some("\"".repeat(30_000));
        let rules = n.subject.rules.as_mut().unwrap();
        (rules.regions, rules.profiles) = (regions, profiles);
        let ask = message(&n, CARD);
        assert_message(&ask, "ask");
        let is_listed = |id: &str| {
            let blocks = ask.blocks.as_array().unwrap();
            blocks.iter().any(|block| block["block_id"] == id && block["element"]["type"] == "static_select")
        };
        assert_eq!((is_listed(ids::REGION), is_listed(ids::PROFILE)), listed);
    }
}

#[test]
fn every_file_is_checked_and_in_the_form_of_the_block_kit_builder() {
    check().unwrap();
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

/// What a file has chosen already is filled only later: an option of the list, a number.
fn without_preselection(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(without_preselection),
        Value::Object(members) => {
            members.remove("initial_option");
            members.remove("initial_options");
            members.remove("initial_value");
            members.values_mut().for_each(without_preselection);
        }
        _ => {}
    }
}
