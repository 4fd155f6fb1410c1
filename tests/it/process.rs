//! The bot's process as the operating system sees it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::BOT;

/// A running bot, by its folder in `/proc`.
pub struct Process(PathBuf);

impl Process {
    /// The bot that serves on this address.
    pub fn serving(url: &str) -> Self {
        let setting = format!("PROVISION_BOT_LISTEN={}", url.trim_start_matches("http://"));
        let serves = |folder: &Path| {
            let exe = fs::read_link(folder.join("exe")).unwrap_or_default();
            let environment = fs::read(folder.join("environ")).unwrap_or_default();
            exe == Path::new(BOT) && environment.split(|byte| *byte == 0).any(|entry| entry == setting.as_bytes())
        };
        let mut folders = fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        Self(folders.find(|folder| serves(folder)).unwrap_or_else(|| panic!("no bot serves on {url}")))
    }

    /// The memory it uses, in MiB.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:") / 1024
    }

    /// The most memory it has used, in MiB.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:") / 1024
    }

    /// How many files and connections it holds open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(self.0.join("fd")).unwrap().count()
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.0.join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
