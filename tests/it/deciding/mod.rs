//! Deciding: whose word counts, when, and what the others are told.

mod acts;
mod choices;
mod decisions;
mod long_waits;
mod meanwhile;
