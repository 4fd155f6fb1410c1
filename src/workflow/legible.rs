//! A signal that somebody else may have written, in whatever way, with whatever key.

use temporalio_sdk::SyncWorkflowContext;

use super::payload::{Lenient, Unread};

/// Why a signal is refused before anybody looks what it says.
#[derive(Debug, thiserror::Error)]
pub(super) enum Illegible {
    #[error("{}", .0.as_ref().map_or_else(|| "it was refused for lack of a key".to_owned(), ToString::to_string))]
    Sealed(Option<Unread>),
    #[error(transparent)]
    Wrong(Unread),
}

/// What a signal says, or why it is refused; `signals`: how many came. Whoever has other keys would read
/// other signals, and replay another story: that one was refused for lack of a key
/// is recorded, and holds for those who could read it. One in the history that was
/// not refused was obeyed by somebody who had the key; without it the task fails,
/// and is given to others.
pub(super) fn legible<W, T>(ctx: &SyncWorkflowContext<W>, signals: &mut u32, said: Lenient<T>) -> Result<T, Illegible> {
    *signals += 1;
    let marker = format!("illegible-{signals}");
    let sealed = said.0.as_ref().is_err_and(Unread::for_lack_of_a_key);
    if (ctx.is_replaying() || sealed) && ctx.patched(&marker) {
        return Err(Illegible::Sealed(said.0.err()));
    }
    match said.0 {
        Err(why) if sealed => panic!("{why}"),
        said => said.map_err(Illegible::Wrong),
    }
}
