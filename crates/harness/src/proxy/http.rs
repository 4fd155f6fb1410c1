//! As much of HTTP/1 as the proxy has to know: where a request ends, and how S3
//! refuses one.

/// More headers than any client of ours sends.
const HEADERS_MAX: usize = 64;

/// What a connection's next bytes are.
pub enum Found {
    /// A request of HTTP/1, with as many bytes as it will have.
    Request { line: String, length: usize },
    /// The beginning of one, perhaps.
    Begun,
    /// Something else.
    Foreign,
}

/// What `bytes` begin with.
pub fn request(bytes: &[u8]) -> Found {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => {
            let header = |name: &str| {
                let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
                std::str::from_utf8(found.value).ok()
            };
            let body = header("content-length").map_or(Some(0), |length| length.trim().parse().ok());
            match body {
                Some(body) if header("transfer-encoding").is_none() => {
                    let (method, path) = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
                    Found::Request { line: format!("{method} {path}"), length: size.saturating_add(body) }
                }
                _ => Found::Foreign, // nobody asks S3 in pieces of unknown length
            }
        }
        Ok(httparse::Status::Partial) => Found::Begun,
        Err(_) => Found::Foreign,
    }
}

/// The answer of S3 to a request that it refuses.
pub fn refusal(status: u16, code: &str, message: &str) -> String {
    let escaped = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{escaped}</Message></Error>"
    );
    format!(
        "HTTP/1.1 {status} Refused\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_where_it_says() {
        let said = |bytes: &str| match request(bytes.as_bytes()) {
            Found::Request { line, length } => format!("{line} of {length}"),
            Found::Begun => "begun".to_owned(),
            Found::Foreign => "foreign".to_owned(),
        };
        assert_eq!(said(""), "begun");
        assert_eq!(said("PUT /b?policy HTTP/1.1\r\nHost: x\r\n"), "begun");
        assert_eq!(said("GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET"), "GET /b of 28");
        assert_eq!(said("PUT /b HTTP/1.1\r\nCONTENT-LENGTH: 10\r\n\r\n012"), "PUT /b of 49");
        assert_eq!(said("PUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), "foreign");
        assert_eq!(said("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "foreign");
    }
}
