//! To be written.
pub mod backends;
pub mod limits;
pub mod page;
pub mod people;
pub mod web_api;
pub mod workspace;
