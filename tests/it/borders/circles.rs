//! No circles of files: whoever reads a file needs those that it uses, and none of them leads
//! back. Read from the paths in the sources, like the borders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{handed_on, module_of, names, production, uses_name};
use super::{is_within, root, sources};

/// Files of a folder that need each other.
type Circle = (&'static str, &'static [&'static str]);

/// The macros of Temporal's SDK want the steps of a workflow to know its struct, which has its
/// signals, its queries and `run`, and these want the steps.
const FORCED: &[Circle] = &[
    ("src/workflow", &["asking.rs", "provision_application.rs", "run.rs", "search_attributes.rs", "telling.rs"]),
    ("src/workflow/lease", &["life.rs", "resource_lease.rs"]),
];

/// Which files a file needs, and which names of each.
type Needs = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn no_two_files_need_each_other() {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let crates = crates.map(|name| format!("crates/{}/src", name.to_str().unwrap()));
    let listed = |(folder, files): &Circle| files.iter().map(|file| format!("{folder}/{file}")).collect();
    let known: BTreeSet<BTreeSet<String>> = FORCED.iter().map(listed).collect();
    let (mut found, mut wrong) = (BTreeSet::new(), Vec::new());
    for folder in crates.chain(["src".to_owned()]) {
        let needs = needs(&folder);
        for circle in circles(&needs) {
            if !known.contains(&circle) {
                wrong.push(format!("a circle of {} files:{}", circle.len(), ties(&circle, &needs)));
            }
            found.insert(circle);
        }
    }
    let gone = known.difference(&found);
    wrong.extend(gone.map(|circle| format!("no circle any more, or another one; change the list: {circle:?}")));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What each file of a crate needs of the others.
fn needs(folder: &str) -> Needs {
    let files = sources(folder);
    let module = |file: &Path| match file.ends_with("src/lib.rs") {
        true => String::new(),
        false => module_of(&Path::new("src").join(file.strip_prefix(folder).unwrap())),
    };
    let modules: BTreeMap<String, &PathBuf> = files.iter().map(|file| (module(file), file)).collect();
    let (used, handed) = read(&modules);
    let mut needs = Needs::new();
    for (module, path) in &used {
        // A file that hands something on is needed, and so is the one that it is from.
        let mut next = Some(path);
        while let Some(path) = next {
            let home = modules.keys().filter(|home| is_within(path, home)).max_by_key(|home| home.len());
            let home = home.map_or("", String::as_str);
            let name = path[home.len()..].trim_start_matches("::");
            if home != *module {
                let [from, to] = [module, home].map(|module| modules[module].display().to_string());
                let name = if name.is_empty() { "self" } else { name };
                needs.entry(from).or_default().entry(to).or_default().insert(name.to_owned());
            }
            let behind = handed.get(&join(home, name.split("::").next().unwrap_or_default()));
            next = behind.filter(|behind| *behind != path);
        }
    }
    needs
}

/// What each module uses, and what is behind the names that modules hand on. A module that only
/// names what it hands on uses nothing of it.
fn read<'a>(modules: &'a BTreeMap<String, &PathBuf>) -> (Vec<(&'a str, String)>, BTreeMap<String, String>) {
    let (mut used, mut handed) = (Vec::new(), BTreeMap::new());
    for (module, file) in modules {
        let children = modules.keys().map(|path| path.rsplit_once("::").unwrap_or(("", path)));
        let children: Vec<&str> =
            children.filter(|(parent, name)| parent == module && !name.is_empty()).map(|(_, name)| name).collect();
        let code = production(&fs::read_to_string(root().join(file)).unwrap());
        let (own, statements) = handed_on(&code);
        for path in statements.iter().flat_map(|statement| names(statement, module, &children)) {
            let name = path.rsplit("::").next().unwrap_or(&path).to_owned();
            if uses_name(&own, &name) {
                used.push((module.as_str(), path.clone()));
            }
            handed.insert(join(module, &name), path);
        }
        used.extend(names(&own, module, &children).into_iter().map(|path| (module.as_str(), path)));
    }
    (used, handed)
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// The sets of files that each lead to all others of theirs.
fn circles(needs: &Needs) -> BTreeSet<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = needs.keys().map(|file| (file, reach(file, needs))).collect();
    let circle = |file: &String| {
        let leads_back = |other: &&&String| reached.get(*other).is_some_and(|back| back.contains(file));
        reached[file].iter().filter(leads_back).map(|other| (*other).clone()).collect()
    };
    needs.keys().map(circle).filter(|circle: &BTreeSet<String>| !circle.is_empty()).collect()
}

/// Wherever a file leads.
fn reach<'a>(file: &String, needs: &'a Needs) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = needs.get(file).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(needs.get(file).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// What ties a circle, a line for each two of its files.
fn ties(circle: &BTreeSet<String>, needs: &Needs) -> String {
    let within = |file: &&String| circle.contains(*file);
    let tie = |from: &String| {
        let needed = needs[from].iter().filter(|(to, _)| within(to));
        needed.map(|(to, names)| format!("\n    {from} needs {to}: {names:?}")).collect::<String>()
    };
    circle.iter().map(tie).collect()
}
