//! The programs behind the demo and the tests, as child processes: a real
//! Temporal dev server and real servers of S3 (moto) and CloudFormation (ministack), stopped,
//! killed, frozen and started again on the same port at will.
//!
//! - [`Tools`]: where their programs are; installed once if they are nowhere.
//! - [`TemporalServer`], [`S3Server`], [`CloudFormationServer`]: the running things.
//! - [`Shared`]: one of each of the first two for many stacks.

pub(crate) mod child;
mod servers;
mod shared;
mod tools;

pub(crate) use self::servers::NAMESPACE;
pub use self::servers::{CloudFormationServer, S3Server, TemporalOptions, TemporalServer};
pub use self::shared::{Shared, Used};
pub use self::tools::{Program, Tools};
