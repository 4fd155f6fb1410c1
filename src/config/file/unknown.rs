//! A key that is not known where it stands, and what to do about it: a slip of the
//! pen, or a key of another table.

use super::reader::{Reader, Section};
use super::{TOP, authorization};

impl Reader<'_> {
    pub(super) fn refuse_unknown(&mut self, section: &Section, known: &[&str]) {
        for key in section.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("is not a key of {}; {}", table_name(&section.key), advice(name, known));
                self.note(key.span().start, &section.path_of(name), message);
            }
        }
    }
}

/// What to do about a key that is not `known` where it is.
fn advice(name: &str, known: &[&str]) -> String {
    /// Below this two words have too little in common (Jaro-Winkler).
    const ALIKE: f64 = 0.8;
    if TOP.contains(&name) {
        return format!("`{name}` belongs at the top of the file, before the first [table].");
    }
    let alike = known.iter().map(|key| (strsim::jaro_winkler(name, key), key));
    if let Some((score, key)) = alike.max_by(|a, b| a.0.total_cmp(&b.0))
        && score >= ALIKE
    {
        return format!("did you mean `{key}`?");
    }
    if authorization::KEYS.contains(&name) {
        return format!("`{name}` belongs in [authorization].");
    }
    let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    format!("it may have {known}.")
}

fn table_name(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { path.to_owned() }
}
