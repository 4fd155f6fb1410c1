//! What there is of the plans of an approval.

use std::time::Duration;

use super::offer::Offer;
use crate::domain::moment::Moment;
use crate::domain::plan::Difference;

/// How long a plan is waited for, with all that is tried.
pub const PLAN_WITHIN: Duration = Duration::from_secs(120);

/// What there is of plans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Planning {
    /// The number of the one that is being made.
    pub(super) underway: Option<u32>,
    /// How many were begun.
    pub(super) begun: u32,
    /// When the one that is being made is given up.
    pub(super) until: Option<Moment>,
    /// What was signed, with the plan that did not hold.
    pub(super) held: Option<Offer>,
    /// Against what was signed before.
    pub(super) difference: Option<Difference>,
}
