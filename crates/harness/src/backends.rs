//! The programs behind the demo and the tests, as child processes: a real
//! Temporal dev server and a real S3 server (moto), each stopped, killed, frozen
//! and started again on the same port at will.
//!
//! - [`Tools`]: where their programs are; installed once if they are nowhere.
//! - [`TemporalServer`], [`S3Server`]: the running things.
//! - [`CloudFormationServer`]: for the tests that ask for it.
//! - [`Shared`]: one of each for many stacks.

pub(crate) mod child;
mod servers;
mod shared;
mod tools;

pub(crate) use self::servers::NAMESPACE;
pub use self::servers::{CloudFormationServer, S3Server, TemporalOptions, TemporalServer};
pub use self::shared::{Shared, Used};
pub use self::tools::{Program, Tools};
