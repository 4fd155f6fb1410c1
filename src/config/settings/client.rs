//! [`ClientSettings`]: where the bot is and who asks it, for the commands that are
//! clients of its HTTP API. They need nothing else of the environment, and no file.

use secrecy::SecretString;
use url::Url;

use super::variables::{Variables, unquoted};
use crate::config::problem::ConfigError;
use outbound::https::is_confidential;
use outbound::proxy::Proxy;

const URL: &str = "PROVISION_BOT_URL";
const TOKEN: &str = "PROVISION_BOT_TOKEN";

/// What a client of the HTTP API needs of the environment.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Where the bot is, without a slash at the end: `https`, or this machine.
    pub url: String,
    /// The client's token: visible ASCII characters.
    pub token: SecretString,
    /// The way to the bot where there is no direct one.
    pub proxy: Option<Proxy>,
}

impl ClientSettings {
    /// Judges the environment; `url` is what the flag says instead of it.
    pub fn from_env(url: Option<&str>, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let url = variables.bot_url(url);
        let token = variables.client_token();
        let proxy = variables.proxy();
        match (url, token, &*variables.problems) {
            (Some(url), Some(token), []) => Ok(Self { url, token, proxy }),
            _ => Err(variables.into_error()),
        }
    }
}

impl Variables<'_> {
    fn bot_url(&mut self, flag: Option<&str>) -> Option<String> {
        let flag = flag.map(|text| unquoted(text.trim()).to_owned()).filter(|text| !text.is_empty());
        let Some(text) = flag.or_else(|| self.get(URL)) else {
            return self
                .refuse(URL, "(or --url) is not set. It says where the bot is, such as https://bot.example.com.");
        };
        // The address is not repeated: there may be a password in it.
        let url = match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => return self.refuse(URL, "(or --url) is no address. Expected such as https://bot.example.com."),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return self.refuse(
                URL,
                format!("(or --url) has a name or a password in it. The bot knows its clients by {TOKEN} alone."),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return self
                .refuse(URL, "(or --url) has more than an address in it: leave out what begins with \"?\" or \"#\".");
        }
        if !is_confidential(&url) {
            return self.refuse(
                URL,
                "(or --url) is http, by which anybody on the way could read the token. Use https; only this machine \
                 is asked by http.",
            );
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    fn client_token(&mut self) -> Option<SecretString> {
        match self.get(TOKEN) {
            Some(token) if token.chars().all(|c| c.is_ascii_graphic()) => Some(token.into()),
            Some(_) => self
                .refuse(TOKEN, "is not a token: it has white space, or characters that are not ASCII. Copy it again."),
            None => self.refuse(
                TOKEN,
                "is not set. It is the token of one of the bot's [[clients]]; whoever runs the bot gives it out.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(flag: Option<&str>, url: &str, token: &str) -> Result<ClientSettings, String> {
        let lookup = |name: &str| match name {
            "PROVISION_BOT_URL" => Some(url.to_owned()),
            "PROVISION_BOT_TOKEN" => Some(token.to_owned()),
            _ => None,
        };
        ClientSettings::from_env(flag, lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn the_flag_comes_before_the_variable_and_both_are_tidied() {
        let settings = read(None, " \"https://bot.example.com/\" ", "'s3cret'\n").expect("valid");
        assert_eq!((settings.url.as_str(), settings.token.expose_secret()), ("https://bot.example.com", "s3cret"));
        for (flag, url) in [
            (" 'https://other.example.com/bot/' ", "https://other.example.com/bot"),
            ("", "https://bot.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/", "http://[::1]:3000"),
        ] {
            let settings = read(Some(flag), "https://bot.example.com", "t").expect(flag);
            assert_eq!(settings.url, url, "{flag}");
        }
    }

    #[test]
    fn both_that_are_missing_are_named_at_once() {
        let said = read(None, " ", "\"\"").expect_err("nothing is set");
        let lines: Vec<_> = said.lines().collect();
        assert!(lines[0].starts_with("PROVISION_BOT_URL (or --url) is not set."), "{said}");
        assert!(lines[1].starts_with("PROVISION_BOT_TOKEN is not set."), "{said}");
    }

    #[test]
    fn what_cannot_be_used_or_would_show_the_token_is_refused_and_not_repeated() {
        for (url, word) in [
            ("bot.example.com", "no address"),
            ("ftp://bot.example.com", "no address"),
            ("https://", "no address"),
            ("https://me:hidden@bot.example.com", "password"),
            ("https://bot.example.com?token=hidden", "leave out"),
            ("https://bot.example.com#hidden", "leave out"),
            ("http://bot.example.com/hidden", "Use https"),
            ("http://localhost.example.com/hidden", "Use https"),
            ("http://10.0.0.1/hidden", "Use https"),
        ] {
            let said = read(None, url, "t").expect_err(url);
            assert!(said.contains(word) && !said.contains("hidden"), "{url}: {said}");
        }
        for token in ["two words", "töken", "line\nbreak"] {
            let said = read(None, "https://bot.example.com", token).expect_err(token);
            assert!(said.starts_with("PROVISION_BOT_TOKEN is not a token") && !said.contains(token), "{said}");
        }
    }
}
