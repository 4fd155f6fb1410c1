//! Everything the outside relies on, tested against real parts: a real Temporal
//! server, a real S3 server, the bot as its own process. Slack alone is simulated.

mod attention;
mod backends;
mod bodies;
mod check;
mod cli;
mod deaths;
mod decisions;
mod edges;
mod encryption;
mod flow;
mod foreign;
mod fuzzed;
mod hostile;
mod load;
mod long_waits;
mod meanwhile;
mod observability;
mod outages;
mod preflight;
mod process;
mod processes;
mod properties;
mod provisioner;
mod replay;
mod s3_faults;
mod s3_leftovers;
mod s3_strangers;
mod search_attributes;
mod secrets;
mod simulator;
mod slack_faults;
mod soak;
mod stops;
mod temporal;
mod world;
