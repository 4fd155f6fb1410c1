//! The borders between the modules of the bot, and between the crates: who may use what.
//! The compiler keeps those of the crates; this test keeps the rest, and says what is
//! still to be moved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{module_of, modules, names, production, uses_crate};

mod circles;
mod source;

/// A part of the bot, and what it may use.
struct Part {
    /// A top-level module, or a module within one that has borders of its own.
    name: &'static str,
    /// The modules of the bot that it may use, with all that is in them.
    uses: &'static [&'static str],
    crates: Crates,
    /// What it uses and should not, until that is moved.
    still: &'static [&'static str],
}

/// Which crates a part may use.
enum Crates {
    /// These alone.
    Only(&'static [&'static str]),
    /// All but those whose names begin so.
    But(&'static [&'static str]),
}

use Crates::{But, Only};

/// Every part, from the words up to where everything is put together.
const PARTS: &[Part] = &[
    Part {
        name: "domain",
        uses: &[],
        crates: Only(&["serde", "serde_json", "thiserror", "sha2", "hex", "jiff", "regex"]),
        still: &[],
    },
    Part {
        name: "workflow",
        uses: &["domain"],
        crates: But(&[
            "aws_",
            "axum",
            "hyper",
            "outbound",
            "provisioner_cloudformation",
            "provisioner_s3",
            "reqwest",
            "slack_morphism",
            "tokio",
        ]),
        still: &[],
    },
    Part {
        name: "config",
        uses: &["domain", "stacks"],
        crates: But(&["aws_", "axum", "hyper", "slack_morphism", "temporalio_", "tokio"]),
        still: &[],
    },
    Part {
        name: "codec",
        uses: &["workflow::payload"],
        crates: But(&["aws_", "axum", "hyper", "slack_morphism"]),
        // The key as the configuration reads it. It should be handed in.
        still: &["config"],
    },
    Part { name: "traces", uses: &[], crates: But(&["aws_", "axum", "hyper", "slack_morphism"]), still: &[] },
    Part {
        name: "otlp",
        uses: &["traces"],
        crates: But(&["aws_", "axum", "slack_morphism", "temporalio_"]),
        still: &[],
    },
    Part { name: "logs", uses: &["config", "otlp"], crates: But(&["aws_", "axum", "slack_morphism"]), still: &[] },
    Part { name: "telemetry", uses: &[], crates: But(&["aws_", "axum", "slack_morphism", "temporalio_"]), still: &[] },
    Part {
        name: "temporal",
        uses: &["workflow", "domain", "codec", "traces"],
        crates: But(&["aws_", "axum", "provisioner", "slack_morphism"]),
        still: &[],
    },
    Part {
        name: "open",
        uses: &["temporal", "domain"],
        crates: But(&["aws_", "axum", "provisioner", "slack_morphism"]),
        still: &[],
    },
    Part {
        name: "requests",
        // Of Slack the directory alone: who somebody is, and who is in a group.
        uses: &["domain", "open", "slack::directory", "telemetry", "temporal"],
        crates: But(&["aws_", "axum", "hyper", "provisioner", "slack_morphism", "temporalio_"]),
        still: &[],
    },
    Part { name: "server", uses: &[], crates: But(&["aws_", "slack_morphism", "temporalio_"]), still: &[] },
    Part { name: "bodies", uses: &["server"], crates: But(&["aws_", "slack_morphism", "temporalio_"]), still: &[] },
    Part {
        name: "slack",
        uses: &["domain", "telemetry", "traces"],
        crates: But(&["aws_", "axum", "provisioner", "temporalio_"]),
        still: &[],
    },
    Part { name: "slack::views", uses: &["domain", "slack::ids"], crates: But(IO), still: &[] },
    Part { name: "slack::notices", uses: &["domain", "slack"], crates: But(IO), still: &[] },
    Part {
        name: "doors",
        uses: &["bodies", "domain", "requests", "server", "slack", "telemetry", "traces"],
        crates: But(&["aws_", "provisioner", "temporalio_"]),
        still: &[],
    },
    Part {
        name: "doors::codec_server",
        uses: &["bodies", "codec", "server"],
        crates: But(&["aws_", "slack_morphism"]),
        still: &[],
    },
    // Programs of their own, which meet the bot over HTTP alone.
    Part {
        name: "cli::client",
        uses: &["config", "domain"],
        crates: But(&["aws_", "provisioner", "slack_morphism", "temporalio_"]),
        still: &[],
    },
    Part {
        name: "activities",
        uses: &["workflow", "slack", "domain", "open", "telemetry", "traces"],
        crates: But(&["aws_", "axum", "outbound", "provisioner_cloudformation", "provisioner_s3"]),
        still: &[],
    },
    Part { name: "versioning", uses: &["config", "temporal"], crates: But(&["aws_", "slack_morphism"]), still: &[] },
    Part { name: "stacks", uses: &[], crates: But(&["aws_", "axum", "slack_morphism", "temporalio_"]), still: &[] },
    Part {
        name: "workers",
        uses: &["activities", "config", "stacks", "versioning", "workflow"],
        crates: But(&["aws_", "axum", "slack_morphism"]),
        still: &[],
    },
    Part {
        name: "web",
        uses: &["doors", "server", "slack", "telemetry", "temporal", "workers"],
        crates: But(&["aws_", "provisioner", "slack_morphism"]),
        still: &[],
    },
    // Put together there: they may use whatever they are put together of.
    Part {
        name: "check",
        uses: &["codec", "config", "domain", "slack", "stacks", "telemetry", "temporal", "versioning", "workflow"],
        crates: But(&["slack_morphism"]),
        still: &[],
    },
    Part {
        name: "app",
        uses: &[
            "activities",
            "codec",
            "config",
            "doors",
            "open",
            "server",
            "slack",
            "stacks",
            "telemetry",
            "temporal",
            "traces",
            "versioning",
            "web",
            "workers",
        ],
        crates: But(&["aws_", "slack_morphism"]),
        still: &[],
    },
    Part {
        name: "cli",
        uses: &["app", "check", "cli", "codec", "config", "doors", "logs", "otlp", "slack"],
        crates: But(&["aws_", "slack_morphism", "temporalio_"]),
        still: &[],
    },
];

/// Crates with which something reaches the world.
const IO: &[&str] = &["aws_", "axum", "hyper", "outbound", "provisioner", "slack_morphism", "temporalio_", "tokio"];

/// Our crates, and which of each other they use. The bot may use all; none uses the bot.
const CRATES: &[(&str, &[&str])] = &[
    ("activity-lease", &[]),
    ("aws-profiles", &["outbound", "provisioner"]),
    ("harness", &["slack-simulator"]),
    ("loopback", &[]),
    ("outbound", &[]),
    ("provisioner", &[]),
    ("provisioner-cloudformation", &["activity-lease", "aws-profiles", "provisioner"]),
    ("provisioner-s3", &["activity-lease", "aws-profiles", "provisioner"]),
    ("slack-simulator", &["loopback"]),
];

/// The crates that the contract with provisioners takes: whoever reads it needs no more.
const CONTRACT: &[&str] = &["serde", "serde_json"];

/// The most lines that a file has.
const LINES: usize = 400;

#[test]
fn every_module_uses_what_its_row_allows() {
    let crates = dependencies(&root().join("Cargo.toml"));
    let mut wrong = Vec::new();
    let mut met: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in sources("src") {
        let module = module_of(&file);
        if matches!(module.as_str(), "lib" | "main") {
            continue; // the list of modules, and the commands over all of them
        }
        let Some(part) = PARTS.iter().filter(|part| is_within(&module, part.name)).max_by_key(|part| part.name.len())
        else {
            wrong.push(format!("{}: the module has no row in tests/it/borders.rs", file.display()));
            continue;
        };
        let code = production(&fs::read_to_string(root().join(&file)).unwrap());
        let top = part.name.split("::").next().unwrap_or_default();
        // Within a module all may use each other, unless a part of it has a row of its own.
        let own = if top == part.name { top } else { part.name };
        let used = modules(&names(&code, &module, &[])).into_iter().filter(|path| !is_within(path, own) && path != top);
        let bad = used.filter(|path| !part.uses.iter().any(|uses| is_within(path, uses)));
        let foreign = crates.iter().filter(|name| uses_crate(&code, name)).filter(|name| !part.crates.allow(name));
        for bad in bad.chain(foreign.cloned()) {
            match part.still.iter().find(|still| is_within(&bad, still)) {
                Some(still) => _ = met.entry(part.name).or_default().insert(*still),
                None => wrong.push(format!("{}: `{}` does not use `{bad}`", file.display(), part.name)),
            }
        }
    }
    for part in PARTS {
        let met = met.remove(part.name).unwrap_or_default();
        let gone = part.still.iter().filter(|still| !met.contains(*still));
        wrong.extend(gone.map(|still| format!("`{}` does not use `{still}` any more: take it off its row", part.name)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_crate_uses_of_ours_what_its_row_allows() {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<String> = folders.map(|name| name.into_string().unwrap()).collect();
    let rows: BTreeMap<&str, &[&str]> = CRATES.iter().copied().collect();
    assert_eq!(there.iter().map(String::as_str).collect::<Vec<_>>(), rows.keys().copied().collect::<Vec<_>>());
    for name in &there {
        let used = dependencies(&root().join("crates").join(name).join("Cargo.toml"));
        let ours: BTreeSet<String> = used.iter().map(|used| used.replace('_', "-")).collect();
        let ours: Vec<&str> = ours.iter().map(String::as_str).filter(|used| is_ours(used)).collect();
        assert_eq!(ours, rows[name.as_str()], "of ours in crates/{name}");
        if name == "provisioner" {
            assert_eq!(used, CONTRACT.iter().map(ToString::to_string).collect(), "of others in crates/{name}");
        }
    }
}

/// Slack's and AWS's libraries bring clients of their own. Whatever else the bot asks over
/// HTTP, it asks by the one of `outbound`.
#[test]
fn the_bot_has_one_http_client() {
    let builds = |file: &PathBuf| production(&fs::read_to_string(root().join(file)).unwrap()).contains("legacy");
    let built: Vec<_> = sources("src").into_iter().filter(builds).collect();
    assert_eq!(built, Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_too_long_to_read_at_once() {
    let long: Vec<String> = ["src", "crates", "tests", "benches"]
        .into_iter()
        .flat_map(files)
        .filter(|file| fs::read_to_string(root().join(file)).unwrap().lines().count() > LINES)
        .map(|file| file.display().to_string())
        .collect();
    assert_eq!(long, Vec::<String>::new(), "with over {LINES} lines: split them by subject");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Crates {
    fn allow(&self, name: &str) -> bool {
        match self {
            Only(these) => these.contains(&name),
            But(these) => !these.iter().any(|begin| name.starts_with(begin)),
        }
    }
}

fn is_ours(name: &str) -> bool {
    name == "provision-bot" || CRATES.iter().any(|(ours, _)| *ours == name)
}

/// Whether a path is this one, or within it.
fn is_within(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Everything written by hand in a folder, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if root().join(&path).is_dir() {
                if !path.ends_with("vendor") {
                    folders.push(path);
                }
            } else if ["rs", "js", "css", "html", "py"].contains(&kind) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The sources of what runs: tests of a module are in its `tests`.
fn sources(folder: &str) -> Vec<PathBuf> {
    let is_test =
        |file: &Path| file.components().any(|part| ["tests", "tests.rs"].iter().any(|it| part.as_os_str() == *it));
    files(folder)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "rs") && !is_test(file))
        .collect()
}

/// The crates of a manifest's `[dependencies]`, as code names them.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let manifest: toml::Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect()
}
