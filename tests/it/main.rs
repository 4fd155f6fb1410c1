//! The integration tests: a file per chapter of the contract.

mod backends;
mod provisioner;
