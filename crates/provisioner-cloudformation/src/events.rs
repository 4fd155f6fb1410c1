//! What the events of a stack say: how far the work is, and what it failed of first.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::types::StackEvent;

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub logical_id: String,
    /// The resource's type.
    pub kind: String,
    pub status: String,
    pub reason: String,
    /// Whether it is about the stack as a whole.
    pub of_stack: bool,
    /// Which request of ours it is a consequence of, where that is told.
    pub token: Option<String>,
}

impl Event {
    pub fn read(event: &StackEvent) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            id: text(event.event_id()),
            logical_id: text(event.logical_resource_id()),
            kind: text(event.resource_type()),
            // Not every status has a name in the SDK: `REVIEW_IN_PROGRESS` has none.
            status: text(event.resource_status().map(|status| status.as_str())),
            reason: text(event.resource_status_reason()),
            of_stack: event.physical_resource_id().is_some() && event.physical_resource_id() == event.stack_id(),
            token: event.client_request_token().map(str::to_owned),
        }
    }

    /// What it is about, as a person reads it.
    pub fn resource(&self) -> String {
        match self.of_stack {
            true => "the stack".to_owned(),
            false => format!("{} ({})", self.logical_id, self.kind),
        }
    }
}

/// The resources that are made, by the events from the oldest to the newest.
pub fn made(events: &[Event]) -> BTreeSet<&str> {
    let mut made = BTreeSet::new();
    for event in events.iter().filter(|event| !event.of_stack) {
        match event.status.as_str() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => _ = made.insert(event.logical_id.as_str()),
            _ => _ = made.remove(event.logical_id.as_str()),
        }
    }
    made
}

/// What is being done, as a person reads it.
pub fn label(events: &[Event]) -> String {
    let Some(newest) = events.last() else { return "Beginning".to_owned() };
    let undoes = events.iter().any(|event| event.of_stack && is_undoing(&event.status));
    let done: BTreeSet<&str> = made(events);
    let current = events.iter().rev().find(|event| {
        !event.of_stack
            && event.status.ends_with("_IN_PROGRESS")
            && (undoes || !done.contains(event.logical_id.as_str()))
    });
    let what = current.unwrap_or(newest);
    let verb = match what.status.split('_').next().unwrap_or_default() {
        _ if undoes => "Rolling back",
        "UPDATE" => "Changing",
        "DELETE" => "Deleting",
        _ => "Creating",
    };
    format!("{verb} {}", what.resource())
}

fn is_undoing(status: &str) -> bool {
    status.contains("ROLLBACK") || status.starts_with("DELETE")
}

/// The first failure that is not only another one's consequence: the oldest event that
/// tells of it.
pub fn first_failure(events: &[Event]) -> Option<&Event> {
    let failures = || events.iter().filter(|event| event.status.ends_with("_FAILED"));
    let own = |event: &&Event| !is_a_consequence(&event.reason);
    failures()
        .find(|event| !event.of_stack && own(event))
        .or_else(|| failures().find(own))
        .or_else(|| failures().next())
}

/// Resources that were under way when another one failed.
fn is_a_consequence(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    reason.contains("cancelled") || reason.contains("the following resource(s) failed")
}

/// The events of the last deletion alone: an earlier one may have failed, too.
pub fn of_last_deletion(events: &[Event]) -> &[Event] {
    let began = events.iter().rposition(|event| event.of_stack && event.status == "DELETE_IN_PROGRESS");
    &events[began.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(said: &[(&str, &str, &str)]) -> Vec<Event> {
        let event = |(logical_id, status, reason): &(&str, &str, &str)| Event {
            id: String::new(),
            logical_id: (*logical_id).to_owned(),
            kind: "T".to_owned(),
            status: (*status).to_owned(),
            reason: (*reason).to_owned(),
            of_stack: *logical_id == "stack",
            token: None,
        };
        said.iter().map(event).collect()
    }

    #[test]
    fn progress_is_what_is_made_and_what_is_under_way() {
        for (said, count, expected) in [
            (&[][..], 0, "Beginning"),
            (&[("stack", "CREATE_IN_PROGRESS", "")], 0, "Creating the stack"),
            (&[("stack", "CREATE_IN_PROGRESS", ""), ("A", "CREATE_IN_PROGRESS", "")], 0, "Creating A (T)"),
            (
                &[("A", "CREATE_IN_PROGRESS", ""), ("A", "CREATE_COMPLETE", ""), ("B", "CREATE_IN_PROGRESS", "")],
                1,
                "Creating B (T)",
            ),
            (
                &[("B", "CREATE_IN_PROGRESS", ""), ("A", "CREATE_IN_PROGRESS", ""), ("A", "CREATE_COMPLETE", "")],
                1,
                "Creating B (T)",
            ),
            (
                &[
                    ("A", "CREATE_COMPLETE", ""),
                    ("B", "CREATE_FAILED", ""),
                    ("stack", "ROLLBACK_IN_PROGRESS", ""),
                    ("A", "DELETE_IN_PROGRESS", ""),
                ],
                0,
                "Rolling back A (T)",
            ),
        ] {
            let events = events(said);
            assert_eq!(made(&events).len(), count, "{said:?}");
            assert_eq!(label(&events), expected, "{said:?}");
        }
    }

    #[test]
    fn the_failure_that_is_told_is_the_first_of_its_own() {
        let consequence = "Resource creation cancelled";
        for (said, expected) in [
            (&[("A", "CREATE_COMPLETE", "")][..], None),
            (&[("A", "CREATE_FAILED", consequence), ("B", "CREATE_FAILED", "no")], Some("B")),
            (&[("B", "CREATE_FAILED", "no"), ("A", "CREATE_FAILED", "nor this")], Some("B")),
            (
                &[
                    ("stack", "CREATE_FAILED", "The following resource(s) failed to create: [A]."),
                    ("A", "CREATE_FAILED", "no"),
                ],
                Some("A"),
            ),
            (&[("stack", "DELETE_FAILED", "not today")], Some("stack")),
            (&[("A", "CREATE_FAILED", consequence)], Some("A")),
        ] {
            let events = events(said);
            assert_eq!(first_failure(&events).map(|event| event.logical_id.as_str()), expected, "{said:?}");
        }
    }

    #[test]
    fn an_earlier_deletion_is_not_told_again() {
        let events = events(&[
            ("stack", "DELETE_IN_PROGRESS", ""),
            ("A", "DELETE_FAILED", "old"),
            ("stack", "DELETE_IN_PROGRESS", ""),
            ("B", "DELETE_FAILED", "new"),
        ]);
        assert_eq!(first_failure(of_last_deletion(&events)).unwrap().reason, "new");
    }
}
