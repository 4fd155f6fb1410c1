//! The proxy of a network that lets nothing out by itself: `HTTPS_PROXY`, and
//! `NO_PROXY` for the hosts that are reached without it. Calls over plain HTTP are
//! to this machine or to a test's; they go without.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::{Host, Url};

/// Never by a proxy, which has another idea of them: this machine, and where
/// machines and containers of clouds learn who they are.
const ALWAYS_DIRECT: [&str; 5] = ["localhost", "127.0.0.0/8", "::1", "169.254.0.0/16", "fd00:ec2::/32"];

/// The proxy, and what is reached without it. What is printed of it has no password.
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

struct Inner {
    /// With the password, where there is one.
    url: Url,
    /// The words of `NO_PROXY`, tidied.
    direct: Vec<Direct>,
    any_port: Matcher,
    /// For the ports that `NO_PROXY` names.
    of_port: Vec<(u16, Matcher)>,
}

/// A host, network or domain that is reached directly, at one port or at all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Direct {
    host: String,
    port: Option<u16>,
}

/// Which of the two variables is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The address of the proxy.
    Address,
    /// What is reached without it: this word.
    Direct(String),
}

impl Proxy {
    /// Reads `HTTPS_PROXY` and `NO_PROXY`.
    pub fn parse(address: &str, direct: &str) -> Result<Self, Wrong> {
        // As everywhere else, a proxy without a scheme is spoken to in plain HTTP.
        let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let url = Url::parse(&whole).map_err(|_| Wrong::Address)?;
        let is_plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let is_name = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        let has_host = match url.host() {
            Some(Host::Domain(host)) => is_name(host),
            Some(_) => true,
            None => false,
        };
        if !matches!(url.scheme(), "http" | "https") || !has_host || !is_plain {
            return Err(Wrong::Address);
        }
        let words = direct.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let direct = words.map(Direct::parse).collect::<Result<Vec<_>, _>>()?;
        let of = |port: Option<u16>| {
            let hosts = direct.iter().filter(|direct| direct.port == port).map(|direct| direct.host.as_str());
            let hosts: Vec<_> = hosts.chain(ALWAYS_DIRECT).collect();
            // The star is for names alone there.
            let everything = if hosts.contains(&"*") { ",0.0.0.0/0,::/0" } else { "" };
            Matcher::builder().https(url.as_str()).no(hosts.join(",") + everything).build()
        };
        let mut ports: Vec<u16> = direct.iter().filter_map(|direct| direct.port).collect();
        ports.sort_unstable();
        ports.dedup();
        let of_port = ports.into_iter().map(|port| (port, of(Some(port)))).collect();
        let any_port = of(None);
        // What the library cannot use would be no proxy at all.
        if any_port.intercept(&Uri::from_static("https://host.invalid")).is_none()
            && !direct.iter().any(|direct| direct.host == "*")
        {
            return Err(Wrong::Address);
        }
        Ok(Self(Arc::new(Inner { any_port, of_port, url, direct })))
    }

    /// How a call goes there by the proxy; none: it goes directly.
    pub fn way(&self, to: &Uri) -> Option<Intercept> {
        let port = to.port_u16().unwrap_or(443);
        let mut of_port = self.0.of_port.iter().filter(|(of, _)| *of == port);
        match of_port.all(|(_, matcher)| matcher.intercept(to).is_some()) {
            true => self.0.any_port.intercept(to),
            false => None,
        }
    }

    /// The address with its password, for those who dial by themselves.
    pub fn secret_address(&self) -> &str {
        self.0.url.as_str()
    }

    /// Its host and port.
    pub fn place(&self) -> (&str, u16) {
        let host = self.0.url.host_str().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        (host, self.0.url.port_or_known_default().unwrap_or(80))
    }

    /// What is reached directly, for those who know no ports: at any.
    pub fn direct(&self) -> String {
        let hosts: Vec<_> = self.0.direct.iter().map(|direct| direct.host.as_str()).chain(ALWAYS_DIRECT).collect();
        hosts.join(",") + if hosts.contains(&"*") { ",0.0.0.0/0,::/0" } else { "" }
    }

    /// What `NO_PROXY` names, for people.
    pub fn exempt(&self) -> String {
        let told: Vec<_> = self.0.direct.iter().map(ToString::to_string).collect();
        told.join(", ")
    }
}

impl Direct {
    fn parse(word: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::Direct(word.to_owned());
        if word == "*" {
            return Ok(Self { host: word.to_owned(), port: None });
        }
        let (host, port) = match word.rsplit_once(':') {
            // An address of IPv6 has colons of its own, and brackets before a port.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (word, None),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Some((address, bits)) = host.split_once('/') {
            let most = match address.parse().map_err(|_| wrong())? {
                IpAddr::V4(_) => 32,
                IpAddr::V6(_) => 128,
            };
            if !bits.parse::<u8>().is_ok_and(|bits| bits <= most) {
                return Err(wrong());
            }
        }
        // "*.example.com" and ".example.com" are one; a dot at the end says nothing.
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host).trim_end_matches('.');
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/');
        match host.is_empty() || !host.chars().all(is_host) {
            true => Err(wrong()),
            false => Ok(Self { host: host.to_owned(), port }),
        }
    }
}

impl fmt::Display for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            None => f.write_str(&self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0.url;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(direct: &str) -> Proxy {
        Proxy::parse("http://proxy.corp:3128", direct).expect("a proxy")
    }

    fn is_proxied(direct: &str, to: &str) -> bool {
        proxy(direct).way(&to.parse().expect("an address")).is_some()
    }

    #[test]
    fn what_no_proxy_names_is_reached_directly() {
        for (direct, to, proxied) in [
            ("", "https://slack.com/api/auth.test", true),
            ("", "https://s3.eu-west-1.amazonaws.com", true),
            ("slack.com", "https://slack.com", false),
            ("slack.com", "https://wss-primary.slack.com/link", false),
            ("slack.com", "https://notslack.com", true),
            (".slack.com", "https://hooks.slack.com", false),
            ("*.slack.com", "https://hooks.slack.com", false),
            ("SLACK.COM.", "https://Slack.com", false),
            ("a.example, b.example  c.example", "https://c.example", false),
            ("a.example,b.example", "https://c.example", true),
            ("10.0.0.0/8", "https://10.1.2.3:9000", false),
            ("10.0.0.0/8", "https://11.1.2.3:9000", true),
            ("192.0.2.7", "https://192.0.2.7", false),
            ("2001:db8::/32", "https://[2001:db8::5]", false),
            ("[2001:db8::5]", "https://[2001:db8::5]", false),
            ("minio.corp:9000", "https://minio.corp:9000", false),
            ("minio.corp:9000", "https://minio.corp", true),
            ("minio.corp:443", "https://minio.corp", false),
            ("[2001:db8::5]:9000", "https://[2001:db8::5]:9000", false),
            ("*", "https://slack.com", false),
        ] {
            assert_eq!(is_proxied(direct, to), proxied, "{direct:?} {to}");
        }
    }

    #[test]
    fn this_machine_and_plain_http_are_reached_directly() {
        for to in [
            "https://localhost:4566",
            "https://127.0.0.1:4566",
            "https://[::1]:4566",
            "https://169.254.169.254/latest",
            "http://169.254.170.2/v2/credentials",
            "http://slack.com/api",
        ] {
            assert!(!is_proxied("other.example", to), "{to}");
        }
    }

    #[test]
    fn a_password_is_sent_and_not_told() {
        for address in ["http://bot:p%40ss@proxy.corp:3128", "bot:p%40ss@proxy.corp:3128/"] {
            let proxy = Proxy::parse(address, "a.example:1, b.example").expect(address);
            let way = proxy.way(&Uri::from_static("https://slack.com")).expect("by the proxy");
            assert_eq!(way.uri(), "http://proxy.corp:3128/");
            assert_eq!(way.basic_auth().expect("a header"), "Basic Ym90OnBAc3M=");
            assert_eq!(proxy.to_string(), "http://proxy.corp:3128");
            assert!(!format!("{proxy:?}{way:?}").contains("p%40ss"));
            assert_eq!(proxy.exempt(), "a.example:1, b.example");
        }
        let plain = proxy("");
        assert!(plain.way(&Uri::from_static("https://slack.com")).expect("by the proxy").basic_auth().is_none());
        assert_eq!(Proxy::parse("https://proxy.corp", "").expect("a proxy").to_string(), "https://proxy.corp");
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        for address in [
            "http://",
            "socks5://proxy:1080",
            "http://proxy/path",
            "http://proxy:99999",
            "a b",
            "=!",
            "://",
            "http://p?q",
        ] {
            assert_eq!(Proxy::parse(address, "").err(), Some(Wrong::Address), "{address}");
        }
        for direct in ["10.0.0.0/33", "10.0/8", "host:port", "https://slack.com", "a@b", "*slack.com"] {
            let said = Proxy::parse("proxy:3128", &format!("ok.example,{direct}")).err();
            assert_eq!(said, Some(Wrong::Direct(direct.to_owned())), "{direct}");
        }
    }
}
