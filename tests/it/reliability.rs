//! `docs/reliability.md` names tests that are there.

use std::fs;
use std::path::Path;

const PROMISES: &str = include_str!("../../docs/reliability.md");

#[test]
fn every_promise_names_a_test_that_is_there() {
    let chapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut named = 0;
    for line in PROMISES.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let tests = line.split('|').nth(2).unwrap();
        for name in tests.split('`').filter(|text| text.contains("::")) {
            if let Some((module, _)) = name.split_once("::tests") {
                assert!(has_tests(module), "{name}: there are no tests beside that code");
                continue;
            }
            let (chapter, test) = name.rsplit_once("::").unwrap();
            let path = chapters.join(chapter.replace("::", "/"));
            let text =
                fs::read_to_string(path.with_extension("rs")).or_else(|_| fs::read_to_string(path.join("mod.rs")));
            let text = text.unwrap_or_else(|_| panic!("there is no chapter {chapter}"));
            let there = [format!("\nfn {test}() {{"), format!("\nasync fn {test}() {{")];
            assert!(test.is_empty() || there.iter().any(|it| text.contains(it)), "{name} is not there");
            named += 1;
        }
    }
    assert!(named > 40, "{named}");
}

/// Whether a module of the program, or of one of the crates, has tests beside its code.
fn has_tests(module: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (krate, rest) = module.split_once("::").unwrap_or((module, "lib"));
    let sources = [
        root.join("src").join(module.replace("::", "/")),
        root.join("crates").join(krate.replace('_', "-")).join("src").join(rest.replace("::", "/")),
    ];
    let places = sources.iter().flat_map(|path| [path.with_extension("rs"), path.join("mod.rs")]);
    places.into_iter().any(|place| fs::read_to_string(place).is_ok_and(|text| text.contains("mod tests")))
}
