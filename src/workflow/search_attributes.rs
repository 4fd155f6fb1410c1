//! Custom search attributes, by which operators find requests in Temporal: used
//! where the namespace has them as what they are meant to be.
//!
//! An upsert that the namespace refuses fails the workflow task, and so does each of
//! its repetitions. Whether a request is indexed is therefore recorded with its rules;
//! and as attributes may be removed, or become another type, while requests wait,
//! nothing new is upserted unless this process knows that they are there now
//! ([`are_there`]). A request that leaves the index so records it by a marker, which
//! later workers follow, whatever they know. The index it costs nothing to keep, and
//! leaving it costs two events, once.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributeUpdate};
use temporalio_sdk::WorkflowContext;

use super::provision_application::ProvisionApplication;
use crate::domain::lifecycle::Status;
use crate::domain::request::ProvisionRequest;

pub const TEAM: &str = "ProvisionTeam";
pub const REQUESTER: &str = "ProvisionRequester";
pub const AUTHORIZER: &str = "ProvisionAuthorizer";
pub const STATUS: &str = "ProvisionStatus";

/// All of them, each of the type [`TYPE`].
pub const NAMES: [&str; 4] = [TEAM, REQUESTER, AUTHORIZER, STATUS];
pub const TYPE: IndexedValueType = IndexedValueType::Keyword;

/// Whether the namespace has all of them now, as far as this process knows. A workflow
/// has no other way to what a process knows; it may only ask before it does something new.
static ARE_THERE: AtomicBool = AtomicBool::new(false);
/// Something new was upserted, which the namespace may have refused; and who waits for that.
static UPSERTED: AtomicBool = AtomicBool::new(false);
static WAITING: AtomicWaker = AtomicWaker::new();

/// Notes whether the namespace has all of them.
pub fn set_there(there: bool) {
    ARE_THERE.store(there, Ordering::Relaxed);
}

/// As far as this process knows.
pub fn are_there() -> bool {
    ARE_THERE.load(Ordering::Relaxed)
}

/// Waits until something new was upserted. For one who waits.
pub async fn upserted() {
    poll_fn(|context| {
        WAITING.register(context.waker());
        if UPSERTED.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// How far one request is in the index.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SearchAttributes {
    /// How often it might have been upserted.
    upserts: u32,
    /// It is not, any more.
    left: bool,
}

/// Whether a request may be upserted once more.
pub(super) fn stays(ctx: &WorkflowContext<ProvisionApplication>) -> bool {
    let index = ctx.state_mut(|s| {
        s.index.upserts += 1;
        s.index
    });
    if index.left {
        return false;
    }
    let marker = format!("unindexed-{}", index.upserts);
    // What was done is in the history; what is new may be decided.
    let leaves = if ctx.is_replaying() { ctx.patched(&marker) } else { !are_there() && ctx.patched(&marker) };
    ctx.state_mut(|s| s.index.left = leaves);
    if !leaves && !ctx.is_replaying() {
        UPSERTED.store(true, Ordering::Release);
        WAITING.wake();
    }
    !leaves
}

/// Whose request it is.
pub(super) fn people(request: &ProvisionRequest) -> [SearchAttributeUpdate; 3] {
    [set(TEAM, &request.team_id), set(REQUESTER, &request.requester_id), set(AUTHORIZER, &request.authorizer_id)]
}

pub(super) fn status(status: Status) -> SearchAttributeUpdate {
    set(STATUS, status.word())
}

fn set(name: &'static str, value: &str) -> SearchAttributeUpdate {
    SearchAttributeKey::keyword(name).value_set(value.to_owned())
}
