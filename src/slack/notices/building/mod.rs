//! The work goes on, or stops and needs a hand.

pub mod choice_not_counted;
pub mod needs_attention;
pub mod retried;
