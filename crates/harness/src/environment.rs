//! The environment that this process runs in, read in one place.

/// A variable of the environment, as it is.
#[expect(clippy::disallowed_methods, reason = "the one place of the harness that reads the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
