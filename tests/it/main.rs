//! Everything the outside relies on, tested against real parts: a real Temporal
//! server, a real S3 server, the bot as its own process. Slack alone is simulated.

mod asking;
mod borders;
mod building;
mod deciding;
mod doors;
mod faults;
mod living;
mod operating;
mod planning;
mod process;
mod properties;
mod reliability;
mod scopes;
mod simulator;
mod temporal;
mod upgrades;
mod world;
