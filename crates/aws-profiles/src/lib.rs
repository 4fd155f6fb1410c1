//! What the provisioners of AWS have in common, whatever they build.
//!
//! - [`profiles`]: the settings under which a client speaks for one profile.
//! - `credentials`: a profile's, kept; [`no_credentials`]: why there are none.
//! - [`called`]: what became of a call. [`codes`]: what AWS's mean, and who deals with them.
//! - [`partition`]: which of Amazon's worlds a region is in.
//! - [`tags`]: by which something says whose it is.
//! - [`http`]: how the SDK dials out. [`foreign_text`]: what others say, made fit to read.
//! - [`metrics`]: what is counted.

pub mod called;
pub mod codes;
pub mod foreign_text;
pub mod http;
pub mod metrics;
pub mod no_credentials;
pub mod partition;
pub mod profiles;
pub mod tags;

mod credentials;
