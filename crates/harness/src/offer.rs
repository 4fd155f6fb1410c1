//! What the demo offers beyond the bucket that is built in: blueprints, as an admin would write
//! them, and the templates of those that are stacks. One more blueprint is some more lines of
//! `offer.toml`.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The blueprints, to be put behind [`CONFIG`](crate::stack::CONFIG).
pub const BLUEPRINTS: &str = include_str!("offer.toml");

/// The templates, by their paths from the folder of the configuration. They are the examples
/// that `provision-bot.example.toml` names.
const TEMPLATES: [(&str, &str); 1] = [("templates/site.yaml", include_str!("../../../templates/site.yaml"))];

/// Puts the templates where the configuration in `folder` looks for them.
pub fn write_templates(folder: &Path) -> anyhow::Result<()> {
    for (path, text) in TEMPLATES {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder)).context("the folder of the templates")?;
        fs::write(&path, text).context("a template")?;
    }
    Ok(())
}
