//! Who asks a server that only this machine reaches. Every page that a browser of
//! this machine shows can send requests there, under a name of its own that it made
//! to mean this machine ("DNS rebinding"). Such a request says so itself.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a proxy adds that lets others in.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Lets those requests through that name this machine as it names itself.
pub async fn only_here(request: Request, next: Next) -> Response {
    match why_not(&request) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    }
}

fn why_not(request: &Request) -> Option<&'static str> {
    if !is_asked_here(request) {
        return Some("Without a token this answers to localhost alone, which the request does not name as its host.");
    }
    let forwarded = FORWARDED.iter().any(|name| request.headers().contains_key(*name));
    forwarded.then_some("Without a token this answers to this machine alone; a proxy brought the request.")
}

/// Whether a request names this machine as its host, wherever it names one.
pub fn is_asked_here(request: &Request) -> bool {
    let named = |authority: &Authority| is_here(authority);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).and_then(|host| host.parse().ok());
    host.as_ref().is_some_and(named) && hosts.next().is_none() && request.uri().authority().is_none_or(named)
}

/// This machine's own name, or an address of it alone, with any port.
fn is_here(authority: &Authority) -> bool {
    let host = authority.host();
    if authority.as_str().contains('@') {
        return false;
    }
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The page that sent the request, where it is one of another server. Scripts of
/// this machine have none.
pub fn foreign_origin<'h>(headers: &'h HeaderMap, known: &[String]) -> Option<&'h str> {
    let origin = headers.get(header::ORIGIN)?;
    let origin = origin.to_str().unwrap_or("?");
    (!known.iter().any(|known| known == origin)).then_some(origin)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn lets_in(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        why_not(&request.body(Body::empty()).expect("a request")).is_none()
    }

    #[test]
    fn this_machine_is_named_in_its_own_ways_alone() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000", "[::1]"] {
            assert!(lets_in("/decode", &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "127.0.0.1.nip.io:3000",
            "localhost.",
            "0.0.0.0:3000",
            "10.0.0.1",
            "[::ffff:10.0.0.1]",
            "localhost@evil.example",
            "localhost:3000@evil.example:3000",
            "2130706433",
        ] {
            assert!(!lets_in("/decode", &[("host", host)]), "{host}");
        }
        assert!(!lets_in("/decode", &[]), "no host at all");
        assert!(!lets_in("/decode", &[("host", "localhost"), ("host", "evil.example")]), "two");
    }

    #[test]
    fn what_else_tells_of_somebody_else_is_heard() {
        let here = ("host", "localhost:3000");
        assert!(lets_in("http://localhost:3000/decode", &[here]));
        assert!(!lets_in("http://evil.example/decode", &[here]));
        for name in FORWARDED {
            assert!(!lets_in("/decode", &[here, (name, "203.0.113.9")]), "{name}");
        }
    }

    #[test]
    fn pages_of_others_are_foreign() {
        let from = |origin: &str| HeaderMap::from_iter([(header::ORIGIN, origin.parse().expect("a text"))]);
        let known = ["http://localhost:8233".to_owned()];
        assert_eq!(foreign_origin(&HeaderMap::new(), &known), None);
        assert_eq!(foreign_origin(&from("http://localhost:8233"), &known), None);
        for origin in ["https://localhost:8233", "http://localhost:82330", "null", "http://evil.example"] {
            assert_eq!(foreign_origin(&from(origin), &known), Some(origin));
        }
    }
}
