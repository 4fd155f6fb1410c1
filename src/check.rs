//! To be written.
use crate::config::Flags;
pub async fn run(_: &Flags, _: impl Fn(&str) -> Option<String>, _: &mut impl std::io::Write) -> bool {
    false
}
