//! What a source uses of its crate and of others, read from its text.

use std::collections::BTreeSet;
use std::path::Path;

/// `slack::views::text` for `src/slack/views/text.rs`.
pub fn module_of(file: &Path) -> String {
    let parts = file.with_extension("");
    let parts: Vec<&str> =
        parts.iter().skip(1).filter_map(|part| part.to_str()).filter(|part| *part != "mod").collect();
    parts.join("::")
}

/// A source without its comments and without its tests, which are the last of it or in a file of
/// their own.
pub fn production(source: &str) -> String {
    let mut code = String::new();
    let mut lines = source.lines().map(|line| line.split("//").next().unwrap_or_default()).peekable();
    while let Some(line) = lines.next() {
        let tests = lines.peek().filter(|next| line == "#[cfg(test)]" && next.contains("mod "));
        match tests.map(|next| next.ends_with(';')) {
            Some(true) => _ = lines.next(),
            Some(false) => break,
            None => code.extend([line, "\n"]),
        }
    }
    code
}

/// A source without what it hands on (`pub use`), and each of that.
pub fn handed_on(code: &str) -> (String, Vec<&str>) {
    let (mut own, mut handed) = (String::new(), Vec::new());
    for statement in code.split_inclusive(';') {
        let (before, last) = statement.split_at(statement.rfind("\npub").map_or(0, |at| at + 1));
        let (visible, used) = last.split_once("use ").unwrap_or_default();
        let hands_on = visible == "pub " || visible.starts_with("pub(") && visible.ends_with(") ");
        if hands_on {
            handed.push(used);
        }
        own.push_str(if hands_on { before } else { statement });
    }
    (own, handed)
}

/// What a source of `module` names within its crate, by its whole path: from the crate's root,
/// from the module, or from one of the modules in it (`children`).
pub fn names(code: &str, module: &str, children: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        expand(&code[at + "crate::".len()..], &[], &mut found);
    }
    let module: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    for at in begins(code, "super::") {
        let (mut rest, mut up) = (&code[at..], 0);
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, up) = (after, up + 1);
        }
        expand(rest, &module[..module.len().saturating_sub(up)], &mut found);
    }
    for at in begins(code, "self::") {
        expand(&code[at + "self::".len()..], &module, &mut found);
    }
    for child in children {
        for at in begins(code, &format!("{child}::")) {
            expand(&code[at..], &module, &mut found);
        }
    }
    found
}

/// The modules in which names are: names of anything else begin in upper case.
pub fn modules(names: &BTreeSet<String>) -> BTreeSet<String> {
    let is_lower = |part: &&str| part.starts_with(|c: char| c.is_ascii_lowercase());
    let module = |name: &String| name.split("::").take_while(is_lower).collect::<Vec<_>>().join("::");
    names.iter().map(module).filter(|module| !module.is_empty()).collect()
}

/// Where a path begins so, not where one goes on.
fn begins(code: &str, path: &str) -> Vec<usize> {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.');
    code.match_indices(path).map(|(at, _)| at).filter(|at| !code[..*at].ends_with(goes_on)).collect()
}

/// A path, or each of a list in braces, below `within`.
fn expand(path: &str, within: &[&str], found: &mut BTreeSet<String>) {
    let (path, mut within) = (path.trim_start(), within.to_vec());
    if let Some(list) = path.strip_prefix('{') {
        let (mut depth, mut begin) = (0_usize, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    expand(&list[begin..at], &within, found);
                    begin = at + 1;
                }
                '}' => depth -= 1,
                _ => continue,
            }
            if c == '}' && begin == at + 1 {
                return;
            }
        }
        return;
    }
    let end = path.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    if !name.is_empty() && name != "self" {
        within.push(name);
        if let Some(rest) = rest.strip_prefix("::") {
            return expand(rest, &within, found);
        }
    }
    if !within.is_empty() {
        found.insert(within.join("::"));
    }
}

/// Whether a source uses a name that it has, other than as the beginning of a text.
pub fn uses_name(code: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_other = |c: char| is_name(c) || c == '"';
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(is_other) && !code[at + name.len()..].starts_with(is_name))
}

/// Whether a source uses a crate.
pub fn uses_crate(code: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let begins = !before.ends_with(is_name) && (!before.ends_with("::") || before.ends_with(" ::"));
        begins && (after.starts_with("::") || before.ends_with("use ") && !after.starts_with(is_name))
    })
}
