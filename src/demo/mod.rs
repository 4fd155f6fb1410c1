//! To be written.
pub mod backends;
mod blocks;
pub mod deliveries;
pub mod limits;
pub mod message;
pub mod modal;
pub mod page;
mod payloads;
pub mod people;
pub mod record;
mod response_url;
pub mod simulator;
mod transcript;
mod views;
pub mod web_api;
pub mod workspace;
