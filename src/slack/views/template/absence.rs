//! What becomes of an object of Block Kit when one of its members is not there.
//!
//! Only what is listed here may have no value. A member that is forgotten here would
//! take its block along, and nobody would see that it is gone: the check of a template
//! refuses the file instead.

/// What an absent member does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// The object does without.
    LeavesOut,
    /// There is no such object then.
    TakesAlong,
}

impl Absence {
    /// Of this member, as far as our files use it; `None` where nobody has said.
    pub(super) fn of(member: &str) -> Option<Self> {
        match member {
            // Block Kit lets one leave them out.
            "confirm" | "description" | "hint" | "initial_option" | "initial_options" | "initial_value" | "submit" => {
                Some(Self::LeavesOut)
            }
            // Nothing can be shown without them, or our own code knows the object by them.
            "action_id" | "block_id" | "element" | "elements" | "options" | "text" | "value" => Some(Self::TakesAlong),
            _ => None,
        }
    }
}
