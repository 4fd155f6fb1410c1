//! Change sets, one at a time: read, and deleted.

use crate::failure::Problem;
use crate::place::{Place, tags};
use crate::planned::{self, Planned};

/// What a change set does; all of its pages. `None`: there is no such change set.
pub async fn describe(place: &Place, set: &str) -> Result<Option<Planned>, Problem> {
    let (mut changes, mut next) = (Vec::new(), None);
    loop {
        let call = place.client.describe_change_set().change_set_name(set).set_next_token(next);
        // The ARN says which stack's it is; a name does not.
        let call = if set.starts_with("arn:") { call } else { call.stack_name(place.name()) };
        let page = match call.send().await.map_err(Problem::from) {
            Err(problem) if problem.is_no_such_change_set() => return Ok(None),
            page => page?,
        };
        changes.extend_from_slice(page.changes());
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            let (counts, changes) = planned::changes(&changes);
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            return Ok(Some(Planned {
                id: text(page.change_set_id()),
                name: text(page.change_set_name()),
                stack_id: text(page.stack_id()),
                stack_name: text(page.stack_name()),
                status: text(page.status().map(|status| status.as_str())),
                execution: text(page.execution_status().map(|status| status.as_str())),
                reason: text(page.status_reason()),
                tags: tags(page.tags()),
                counts,
                changes,
            }));
        }
    }
}

/// Deletes a change set, and nothing else.
pub async fn delete(place: &Place, set: &str) -> Result<(), Problem> {
    match place.client.delete_change_set().change_set_name(set).send().await.map_err(Problem::from) {
        Err(problem) if problem.is_no_such_change_set() => Ok(()),
        other => other.map(drop),
    }
}
