//! A strict reader of the text format of Prometheus, version 0.0.4, by its
//! specification (<https://prometheus.io/docs/instrumenting/exposition_formats/>),
//! and of what `promtool check metrics` asks for beyond it.

use std::collections::{BTreeMap, BTreeSet};

/// A sample: its name, its labels, its value.
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Panics at whatever is not right. Returns the families with their types.
pub fn read(text: &str) -> BTreeMap<String, String> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut families = BTreeMap::new();
    let mut described: Option<(String, String)> = None;
    let mut current: Option<(String, String)> = None;
    let mut samples: Vec<Sample> = Vec::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap_or_else(|| panic!("no words: {line}"));
            assert!(!help.trim().is_empty() && !help.contains(".."), "{line}");
            assert!(described.replace((name.to_owned(), help.to_owned())).is_none(), "described and not there: {line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
            assert!(["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind), "{line}");
            assert_eq!(described.take().map(|(name, _)| name).as_deref(), Some(name), "HELP comes first: {line}");
            assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "twice: {line}");
            assert_eq!(
                name.ends_with("_total"),
                kind == "counter",
                "the names of counters alone end in _total: {line}"
            );
            finish(current.as_ref(), &samples);
            samples.clear();
            current = Some((name.to_owned(), kind.to_owned()));
        } else {
            assert!(!line.starts_with('#') && !line.trim().is_empty(), "of no use, or of OpenMetrics: {line:?}");
            let sample = sample(line);
            let (family, kind) = current.as_ref().unwrap_or_else(|| panic!("of no type: {line}"));
            let belongs = match (kind.as_str(), sample.name.strip_prefix(family.as_str())) {
                ("histogram", Some(suffix)) => ["_bucket", "_sum", "_count"].contains(&suffix),
                (_, suffix) => suffix == Some(""),
            };
            assert!(belongs, "not of {family}: {line}");
            assert!(seen.insert((sample.name.clone(), sample.labels.clone())), "twice: {line}");
            samples.push(sample);
        }
    }
    assert_eq!(described, None, "described and not there");
    finish(current.as_ref(), &samples);
    families
}

/// What holds for all samples of a family together.
fn finish(family: Option<&(String, String)>, samples: &[Sample]) {
    let Some((name, kind)) = family else { return };
    if kind != "histogram" {
        return;
    }
    let mut buckets: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = sample.labels.clone();
        let le = labels.remove("le").unwrap_or_else(|| panic!("{name} has a bucket without a bound"));
        buckets.entry(labels).or_default().push((number(&le), sample.value));
    }
    for (labels, buckets) in &buckets {
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}{labels:?}: {buckets:?}");
        let (bound, all) = buckets.last().unwrap();
        assert_eq!(*bound, f64::INFINITY, "{name}{labels:?}");
        let of = |suffix| {
            let found = samples.iter().find(|one| one.name == format!("{name}{suffix}") && one.labels == *labels);
            found.unwrap_or_else(|| panic!("{name}{labels:?} has no {suffix}")).value
        };
        assert_eq!(of("_count"), *all, "{name}{labels:?}");
        of("_sum");
    }
}

fn sample(line: &str) -> Sample {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = line.chars().take_while(|c| is_name(*c)).collect();
    assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{line}");
    let mut rest = &line[name.len()..];
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(!label.is_empty() && label.chars().all(is_name), "{label}: {line}");
            let (value, after) = quoted(after).unwrap_or_else(|| panic!("a label without an end: {line}"));
            assert!(labels.insert(label.to_owned(), value).is_none(), "{label} twice: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    assert!(!value.contains(' '), "a time that nobody asked for: {line}");
    Sample { name, labels, value: number(value) }
}

/// The text up to its closing quote, and what is behind.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        text => text.parse().unwrap_or_else(|_| panic!("no number: {text}")),
    }
}
