//! Upgrades: a release beside another one, and the requests that outlive both.

mod replay;
mod upgrade;
