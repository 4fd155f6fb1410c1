//! The web side of the bot alone.

use harness::ports::Port;
use harness::stack::get;
use slack_simulator::Simulator;

use super::{BOT, eventually};

/// The web side of the bot alone: a workspace, and nothing behind it.
pub struct Web {
    pub slack: Simulator,
    pub url: String,
    bot: tokio::process::Child,
    _port: Port,
    _folder: tempfile::TempDir,
}

impl Web {
    pub async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// The same, with more variables.
    pub async fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let slack = Simulator::start(harness::app::workspace()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("provision-bot.toml");
        std::fs::write(&file, config).unwrap();
        let port = Port::take().unwrap();
        let url = format!("http://{}", port.address());
        let bot = tokio::process::Command::new(BOT)
            .args(["run", "--only", "web"])
            .env_clear()
            .env("SLACK_BOT_TOKEN", slack.bot_token())
            .env("SLACK_SIGNING_SECRET", slack.signing_secret())
            .env("SLACK_API_URL", slack.api_url())
            // Nobody listens there.
            .env("TEMPORAL_ADDRESS", "127.0.0.1:1")
            .env("PROVISION_BOT_CONFIG", file)
            .env("PROVISION_BOT_LISTEN", port.address())
            .env("RUST_LOG", "error")
            .envs(variables.iter().copied())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        slack.connect_bot(&url);
        let health = format!("{url}/healthz");
        eventually("the bot to serve", async || get(&health).await.ok()).await;
        Self { slack, url, bot, _port: port, _folder: folder }
    }

    /// The names of its threads, as Linux tells them: the first 15 characters.
    #[cfg(target_os = "linux")]
    pub fn threads(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.bot.id().unwrap())).unwrap();
        let name =
            |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("comm")).ok();
        tasks.filter_map(name).map(|name| name.trim().to_owned()).collect()
    }
}
