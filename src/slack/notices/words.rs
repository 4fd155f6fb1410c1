//! What every notice about a request has to say, and may say.

use super::plan::{Known, Plan};
use crate::domain::notice::Notification;
use crate::slack::views::parts::application;
use crate::slack::views::{Message, attention};

/// What a notice says in each message about its request, and which of them it posts
/// and changes.
pub(super) trait Words {
    /// Which messages it posts and changes, in the order people see them.
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a>;

    /// The request's message in the channel.
    fn root(&self, n: &Notification) -> Message;

    /// The card of the decision, with nothing to decide any more.
    fn decided(&self, n: &Notification) -> Message;

    /// The card of a request that needs a hand, with nothing to choose any more.
    fn attended(&self, n: &Notification) -> Message {
        attention::attended(n, &format!("There is nothing to choose for {} any more.", application(n)), None)
    }

    /// What the thread says on the way to the end, if it says anything.
    fn note(&self, _n: &Notification) -> Option<Message> {
        None
    }

    /// The reply that ends a request, which its requester is told.
    fn outcome(&self, _n: &Notification) -> Option<Message> {
        None
    }

    /// Was the authorizer asked before this?
    fn was_asked(&self) -> bool {
        true
    }
}
