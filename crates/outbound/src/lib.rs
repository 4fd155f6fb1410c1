//! The way out of this machine, the same for whoever dials: by the proxy of the network
//! where there is one, over TLS that trusts the system's certificates or those of a file.
//!
//! - [`http`]: the client for whatever has no library of its own.
//! - [`https`]: the connector of every call over HTTPS, and the lines it takes.
//! - [`proxy`]: the proxy, and who is reached without it.
//! - [`trust`]: certificates from a file, to be trusted instead of the system's.

pub mod http;
pub mod https;
pub mod proxy;
pub mod trust;
