//! Who is who in the simulated Slack: the workspace, and the app that is installed in it.

/// The one workspace.
pub const TEAM_ID: &str = "T0ACME0001";
/// A workspace of another organisation.
pub const PARTNER_TEAM: &str = "T0PARTNER1";
/// The domain of the workspace.
pub const TEAM_DOMAIN: &str = "acme";
/// What the workspace is called.
pub const TEAM_NAME: &str = "Acme";
/// The app that is installed in it.
pub const APP_ID: &str = "A0PROVISION";
/// The app's bot, as a user.
pub const BOT_USER: &str = "U0PROVBOT1";
/// The same as a bot.
pub const BOT_ID: &str = "B0PROVBOT1";
/// What it is called.
pub const BOT_NAME: &str = "provision-bot";
/// The slash command that it has.
pub const COMMAND: &str = "/provision";
/// What Slack shows of the command while it is typed.
pub(crate) const COMMAND_HINT: &str = "Ask for cloud resources.";
