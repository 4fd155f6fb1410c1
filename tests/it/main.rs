//! Everything the outside relies on, tested against real parts: a real Temporal
//! server, a real S3 server, the bot as its own process. Slack alone is simulated.

mod attention;
mod backends;
mod check;
mod cli;
mod decisions;
mod edges;
mod flow;
mod foreign;
mod gate;
mod load;
mod outages;
mod preflight;
mod provisioner;
mod replay;
mod sdks;
mod simulator;
mod socket;
mod temporal;
mod world;
