//! Everything the outside relies on, tested against real parts: a real Temporal
//! server, a real S3 server, the bot as its own process. Slack alone is simulated.

mod attention;
mod backends;
mod browser;
mod check;
mod cli;
mod decisions;
mod edges;
mod flow;
mod foreign;
mod load;
mod outages;
mod page;
mod page_looks;
mod preflight;
mod provisioner;
mod replay;
mod s3_faults;
mod s3_strangers;
mod simulator;
mod temporal;
mod world;
