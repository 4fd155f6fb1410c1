//! Where the bot serves.

use std::net::SocketAddr;

use super::variables::Variables;
use crate::config::command_line::Flags;

/// Where the bot serves, unless told.
const DEFAULT_LISTEN: &str = "127.0.0.1:3000";

impl Variables<'_> {
    pub(super) fn listen(&mut self, flags: &Flags) -> Option<String> {
        let name = "PROVISION_BOT_LISTEN";
        let text = flags.listen.clone().or_else(|| self.get(name));
        let text = text.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        if is_address(&text) {
            return Some(text);
        }
        self.refuse(
            name,
            format!(
                "(or --listen) is {text:?}, expected an address and a port such as {DEFAULT_LISTEN} or 0.0.0.0:3000."
            ),
        )
    }
}

/// `host:port`, where the host is a name or an IP address.
fn is_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
                && port.parse::<u16>().is_ok()
        })
}
