//! Whatever texts go into the views, what comes out is harmless and within
//! Slack's limits.

#![no_main]

#[path = "../../tests/it/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::render(data));
