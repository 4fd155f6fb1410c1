//! The scopes of the manifest: those that the bot's calls need, and no others.
//!
//! The simulated Slack grants what the manifest asks for and refuses what needs more.
//! It also notes what every call needed, granted or not, in all tests; when they are
//! through, the last word is [`the_manifest_asks_for_exactly_what_the_tests_needed`].

use std::collections::{BTreeMap, BTreeSet};

use provision_bot::slack::manifest::bot_scopes;

/// Where a run of the tests notes it, a line for each scope and what needed it.
pub const NEEDED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/scopes-needed");

/// Run by `.ci/run` behind all other tests.
#[test]
#[ignore = "judges a whole run of the tests, behind it"]
fn the_manifest_asks_for_exactly_what_the_tests_needed() {
    let noted = std::fs::read_to_string(NEEDED).expect("`cargo test` ran before");
    let mut needed = BTreeMap::<&str, BTreeSet<&str>>::new();
    for line in noted.lines() {
        let (scope, what) = line.split_once(' ').unwrap();
        needed.entry(scope).or_default().insert(what);
    }
    eprintln!("{needed:#?}");
    let asked: BTreeSet<&str> = Vec::leak(bot_scopes()).iter().map(String::as_str).collect();
    let lacking: Vec<_> = needed.iter().filter(|(scope, _)| !asked.contains(*scope)).collect();
    let unused: Vec<_> = asked.iter().filter(|scope| !needed.contains_key(*scope)).collect();
    assert!(lacking.is_empty() && unused.is_empty(), "the manifest lacks {lacking:?}; no test needs {unused:?}");
}

#[test]
fn the_simulated_slack_grants_what_the_manifest_asks_for() {
    assert_eq!(harness::app::scopes().into_iter().collect::<Vec<_>>(), bot_scopes());
}
