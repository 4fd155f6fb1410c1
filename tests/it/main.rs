//! Everything the outside relies on, tested against real parts: a real Temporal
//! server, a real S3 server, the bot as its own process. Slack alone is simulated.

mod attention;
mod backends;
mod bodies;
mod check;
mod cli;
mod decisions;
mod edges;
mod flow;
mod foreign;
mod fuzzed;
mod gate;
mod hostile;
mod load;
mod meanwhile;
mod outages;
mod preflight;
mod properties;
mod provisioner;
mod replay;
mod secrets;
mod simulator;
mod temporal;
mod world;
