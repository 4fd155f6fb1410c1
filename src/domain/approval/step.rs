//! The steps of an approval, and the signatures in them.

use serde::{Deserialize, Serialize};

use crate::domain::act::Door;
use crate::domain::moment::Moment;

/// A step: so many of these people have to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Who may sign, as the rule names them.
    pub from: Vec<String>,
    pub need: u32,
    /// Who was asked; empty until the step opens.
    pub asked: Vec<String>,
    /// Every signature that was given, in order.
    pub signatures: Vec<Signature>,
}

/// Somebody's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    pub by: String,
    /// In whose place.
    #[serde(rename = "for")]
    pub instead_of: Option<String>,
    pub at: Moment,
    pub door: Door,
    /// When it stopped counting. It is never erased.
    pub struck: Option<Moment>,
}
