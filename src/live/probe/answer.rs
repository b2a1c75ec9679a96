//! The request of a handshake, and reading its answer whatever it is.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use tungstenite::handshake::client::generate_key;

use super::diagnosis::{Diagnosis, Kind};
use super::options::Options;
use super::protocol::Protocol;
use super::report::Answer;
use super::target::Target;
use super::tls::client_certificate;
use super::wire::{Ended, Wire, is_late};

/// The largest head of an answer, in bytes.
const HEAD: usize = 64 * 1024;
/// The most header lines of an answer.
const LINES: usize = 512;
/// So much of a body is kept, in bytes.
const BODY: usize = 4 * 1024;
/// So long a body is waited for.
const BODY_TIME: Duration = Duration::from_secs(1);

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    /// Its text.
    pub(super) text: String,
    /// The key, which the answer has to know.
    pub(super) key: String,
    /// The name in `Host`.
    pub(super) host: String,
    /// The `Origin`; empty where none is sent.
    pub(super) origin: String,
}

impl Request {
    /// The handshake that browsers send (RFC 6455, section 4.1).
    pub(super) fn new(target: &Target, options: &Options) -> Self {
        let host = options.host.clone().unwrap_or_else(|| target.authority(&target.host));
        let scheme = if target.tls { "https" } else { "http" };
        let origin = options.origin.clone().unwrap_or_else(|| format!("{scheme}://{host}"));
        let key = generate_key();
        let mut text = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
            target.path
        );
        let mut line = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\r\n"));
        if !origin.is_empty() {
            line("Origin", &origin);
        }
        if !options.subprotocols.is_empty() {
            line("Sec-WebSocket-Protocol", &options.subprotocols.join(", "));
        }
        if !options.headers.iter().any(|header| header.name().eq_ignore_ascii_case("user-agent")) {
            line("User-Agent", concat!("nginx-wslint/", env!("CARGO_PKG_VERSION")));
        }
        for header in &options.headers {
            line(header.name(), header.value());
        }
        text.push_str("\r\n");
        Self { text, key, host, origin }
    }
}

/// Sends a request and reads its answer; gives back what came behind a 101 as well.
///
/// # Errors
/// When no answer came that can be read: what did.
pub(super) fn ask(wire: &mut Wire, request: &Request, timeout: Duration) -> Result<(Answer, Vec<u8>), Diagnosis> {
    wire.allow(Instant::now() + timeout);
    // A server that refuses may answer, and close, before it has read.
    let _ = wire.write_all(request.text.as_bytes()).and_then(|()| wire.flush());
    let mut buffer = Vec::new();
    let mut informed = 0;
    loop {
        match head(&buffer) {
            Head::Whole(answer, length) => {
                buffer.drain(..length);
                // 100 Continue and 103 Early Hints come before the answer.
                if (100..200).contains(&answer.status) && answer.status != 101 && informed < 8 {
                    informed += 1;
                    continue;
                }
                let mut answer = *answer;
                if answer.status != 101 {
                    answer.body = body(wire, &answer, std::mem::take(&mut buffer));
                }
                return Ok((answer, buffer));
            }
            Head::Partial if buffer.len() < HEAD => {}
            Head::Partial | Head::TooMany => {
                return Err(Diagnosis::new(Kind::HeadTooLarge, "The head of the answer is larger than 64 KiB."));
            }
            Head::Wrong => return Err(no_http(wire, &buffer)),
        }
        let mut chunk = [0; 4096];
        match wire.read(&mut chunk) {
            Ok(0) => return Err(ended(wire, &buffer)),
            Ok(length) => buffer.extend_from_slice(&chunk[..length]),
            Err(error) => return Err(failed(wire, &error, &buffer, timeout)),
        }
    }
}

/// What the bytes so far are.
enum Head {
    Whole(Box<Answer>, usize),
    Partial,
    TooMany,
    Wrong,
}

fn head(buffer: &[u8]) -> Head {
    let mut lines = vec![httparse::EMPTY_HEADER; LINES];
    let mut response = httparse::Response::new(&mut lines);
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    match config.parse_response(&mut response, buffer) {
        Ok(httparse::Status::Complete(length)) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let headers = response.headers.iter().map(|line| (line.name.to_owned(), text(line.value))).collect();
            let reason = response.reason.unwrap_or_default().to_owned();
            let status = response.code.unwrap_or_default();
            Head::Whole(Box::new(Answer { status, reason, headers, body: Vec::new() }), length)
        }
        Ok(httparse::Status::Partial) => Head::Partial,
        Err(httparse::Error::TooManyHeaders) => Head::TooMany,
        Err(_) => Head::Wrong,
    }
}

/// The beginning of a body: what came with the head, and a little more if it comes soon.
fn body(wire: &mut Wire, answer: &Answer, mut buffer: Vec<u8>) -> Vec<u8> {
    let length = answer.header("Content-Length").and_then(|length| length.trim().parse().ok()).unwrap_or(BODY);
    let wanted = length.min(BODY);
    wire.allow(Instant::now() + BODY_TIME);
    let chunked = answer.all("Transfer-Encoding").any(|value| value.to_ascii_lowercase().contains("chunked"));
    while buffer.len() < wanted && !(chunked && buffer.ends_with(b"0\r\n\r\n")) {
        let mut chunk = [0; 4096];
        match wire.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(length) => buffer.extend_from_slice(&chunk[..length]),
        }
    }
    let mut body = if chunked { unchunked(&buffer) } else { buffer };
    body.truncate(wanted);
    body
}

/// As much of a body in chunks as is there.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((at, length))) = httparse::parse_chunk_size(bytes) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        bytes = bytes.get(at..).unwrap_or_default();
        body.extend_from_slice(&bytes[..length.min(bytes.len())]);
        match length.checked_add(2).and_then(|next| bytes.get(next..)) {
            Some(rest) if length > 0 => bytes = rest,
            _ => break,
        }
    }
    body
}

/// What came is no HTTP/1.
fn no_http(wire: &Wire, buffer: &[u8]) -> Diagnosis {
    match Protocol::of(buffer) {
        Protocol::Http2 => http2_only(),
        Protocol::Tls if matches!(wire, Wire::Plain(_)) => tls_port("It answers with a TLS record."),
        _ => {
            let text = String::from_utf8_lossy(&buffer[..buffer.len().min(60)]).into_owned();
            Diagnosis::new(Kind::NotHttp, format!("What answers there does not speak HTTP; it begins with `{text}`."))
                .advise("Check the port: another service listens on it.")
        }
    }
}

/// HTTP/2 came.
fn http2_only() -> Diagnosis {
    Diagnosis::new(
        Kind::Http2Only,
        "The port answers HTTP/1.1 with HTTP/2. A WebSocket handshake needs HTTP/1.1: those over HTTP/2 (RFC \
        8441) nginx does not speak.",
    )
    .advise("Take `http2` off the `listen` line without `ssl`, or offer HTTP/1.1 beside it.")
    .points_to(&["plaintext-http2-listener"])
}

/// The port wants TLS.
pub(super) fn tls_port(how: &str) -> Diagnosis {
    Diagnosis::new(Kind::PlainOnTlsPort, format!("Plain HTTP was sent to a port that speaks TLS. {how}"))
        .advise(
            "Use `wss://`. If a proxy in front takes the TLS off, it must speak `https` to this port, or \
            use another one.",
        )
        .points_to(&["upstream-tls-mismatch"])
}

/// The connection ended before the answer did.
fn ended(wire: &Wire, buffer: &[u8]) -> Diagnosis {
    if !buffer.is_empty() {
        return no_http(wire, buffer);
    }
    let how = if wire.socket().ended == Some(Ended::Reset) { "resets" } else { "closes" };
    Diagnosis::new(Kind::ClosedWithoutAnswer, format!("The server {how} the connection and answers nothing."))
        .advise(
            "nginx does so for `return 444`, when a subrequest of the handshake is upgraded itself, and \
            when its connections are used up; its error log tells which.",
        )
        .points_to(&["upgrade-in-subrequest", "connection-limit"])
}

fn failed(wire: &Wire, error: &io::Error, buffer: &[u8], timeout: Duration) -> Diagnosis {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired)) => client_certificate(),
        Some(other) => Diagnosis::new(Kind::TlsFailed, format!("The server ends TLS behind the handshake: {other}.")),
        None if is_late(error) && buffer.is_empty() => {
            let text = format!("No answer came within {} s.", timeout.as_secs_f32());
            Diagnosis::new(Kind::NoAnswer, text)
                .advise(
                    "Either the backend hangs before it answers, as one without TLS does to `https://`, or nginx holds \
                    the 101 back, as server-side includes and FastCGI do.",
                )
                .points_to(&["stalled-by-ssi", "unsupported-proxy-module", "upstream-tls-mismatch"])
        }
        None if is_late(error) => {
            Diagnosis::new(Kind::NoAnswer, format!("The answer breaks off: {} bytes of its head came.", buffer.len()))
        }
        None => ended(wire, buffer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_chunks_is_put_together_as_far_as_it_came() {
        assert_eq!(unchunked(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), b"abcde");
        assert_eq!(unchunked(b"5\r\nabc"), b"abc");
        assert_eq!(unchunked(b"ffffffffffffffff\r\nabc"), b"abc");
        assert_eq!(unchunked(b"zz\r\nabc"), b"");
    }

    #[test]
    fn the_request_is_that_of_a_browser() {
        let target = Target::parse("wss://chat.example.com:8443/ws?a=b").unwrap();
        let request = Request::new(&target, &Options::default());
        assert!(
            request.text.starts_with("GET /ws?a=b HTTP/1.1\r\nHost: chat.example.com:8443\r\n"),
            "{}",
            request.text
        );
        assert!(request.text.contains("\r\nOrigin: https://chat.example.com:8443\r\n"), "{}", request.text);
        assert!(request.text.ends_with("\r\n\r\n"));
        let silent = Options { origin: Some(String::new()), host: Some("other".into()), ..Options::default() };
        let request = Request::new(&target, &silent);
        assert!(!request.text.contains("Origin") && request.text.contains("\r\nHost: other\r\n"), "{}", request.text);
    }
}
