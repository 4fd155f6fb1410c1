//! What the messages of a request become once its workflow was ended from outside,
//! by an operator or by Temporal: it will never say anything itself again.

use crate::domain::lifecycle::{Break, Status};
use crate::domain::notice::Notification;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, ended_by, left};
use crate::slack::views::text::Markup;
use crate::slack::views::thread::Root;

/// Was the request being built when this was told of it?
pub fn cut_off(n: &Notification) -> bool {
    matches!(n.notice.status(), Status::Provisioning | Status::NeedsAttention)
}

/// The request's message in the channel; `n` is what was told last.
pub fn root(n: &Notification, how: Break) -> Message {
    if n.notice.status().is_final() {
        return super::root(n);
    }
    Root::closed(headline(n, how)).message(n)
}

/// The card of the authorizer, whatever it asked; `n` is what was told last.
pub fn card(n: &Notification, how: Break) -> Message {
    if n.notice.status().is_final() {
        return super::decided(n);
    }
    let decided = Decided { follow: Markup::ours(""), ..Decided::new(n, headline(n, how)) };
    decided.message(n)
}

fn headline(n: &Notification, how: Break) -> String {
    format!("🛑 {} {}. {}", application(n), ended_by(how), left(cut_off(n)))
}
