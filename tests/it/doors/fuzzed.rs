//! The properties of the fuzz targets, tried with chance and with what the
//! fuzzer kept.

use std::path::Path;

use arbtest::arbtest;

use crate::properties;

/// Every file of a corpus, by its name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |file: std::fs::DirEntry| {
        (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).unwrap())
    };
    files.map(|file| read(file.unwrap())).collect()
}

fn holds_for_the_corpus(target: &str, property: fn(&[u8])) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty());
    for (name, bytes) in corpus {
        let held = std::panic::catch_unwind(|| property(&bytes));
        assert!(held.is_ok(), "fuzz/corpus/{target}/{name}");
    }
}

#[test]
fn what_the_fuzzer_kept_is_read_or_refused() {
    holds_for_the_corpus("inbound", properties::inbound);
}

#[test]
fn what_the_fuzzer_kept_is_shown_within_the_limits() {
    holds_for_the_corpus("render", properties::render);
}

#[test]
fn any_bytes_are_read_or_refused() {
    arbtest(|u| {
        let bytes: Vec<u8> = u.arbitrary()?;
        properties::inbound(&bytes);
        Ok(())
    });
}

/// Slack's own samples with a few bytes changed come further than chance does.
#[test]
fn samples_with_a_few_bytes_changed_are_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slack/inbound");
    let samples: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    arbtest(|u| {
        let mut bytes = u.choose(&samples)?.clone();
        for _ in 0..u.int_in_range(0..=4)? {
            let at = u.choose_index(bytes.len())?;
            match u.int_in_range(0..=2)? {
                0 => bytes[at] = u.arbitrary()?,
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(at, u.arbitrary()?),
            }
        }
        properties::inbound(&bytes);
        Ok(())
    });
}

#[test]
fn any_texts_are_shown_within_the_limits_and_never_as_markup() {
    arbtest(properties::render_from).size_min(2_000);
}
