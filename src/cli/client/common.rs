//! [`Common`]: the flags that every one of these commands has.

use clap::Args;

/// What all of them take.
#[derive(Args)]
pub struct Common {
    /// Where the bot is, such as https://bot.example.com [env: PROVISION_BOT_URL]; the
    /// client's token is read from PROVISION_BOT_TOKEN alone.
    #[arg(long, display_order = 100)]
    pub(super) url: Option<String>,
    /// Print the bot's own JSON instead, one document a line; what it refuses, too.
    #[arg(long, display_order = 100)]
    pub(super) json: bool,
}
