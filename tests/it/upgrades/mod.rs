//! Upgrades: a release beside another one, and the requests that outlive both.

mod planned;
mod replay;
mod upgrade;
