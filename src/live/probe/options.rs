//! How a handshake is to be tried.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::target::Target;
use crate::report::escape::visible;

/// Whose certificates are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of the authorities that this system trusts.
    #[default]
    System,
    /// Those of the authorities in this PEM text.
    Authorities(Vec<u8>),
    /// All. The report says what a check would have found.
    Anybody,
}

impl Trust {
    /// Trust in the authorities of a PEM text.
    ///
    /// # Errors
    /// Where there is no certificate in it, or one that cannot be read: why.
    pub fn authorities(pem: Vec<u8>) -> Result<Self, String> {
        let mut certificates = CertificateDer::pem_slice_iter(&pem).peekable();
        if certificates.peek().is_none() {
            return Err("there is no certificate in it (a PEM block `CERTIFICATE`)".into());
        }
        if let Some(error) = certificates.find_map(Result::err) {
            return Err(format!("a certificate in it cannot be read: {error}"));
        }
        Ok(Self::Authorities(pem))
    }
}

/// A header line of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

/// Why a header line cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header `{}` cannot be sent: {why}", visible(.line))]
pub struct HeaderError {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Header {
    /// Reads `Name: value`.
    ///
    /// # Errors
    /// Where that is no header line, or the header is one that the handshake itself sends.
    pub fn parse(line: &str) -> Result<Self, HeaderError> {
        const OWN: [&str; 7] =
            ["host", "upgrade", "connection", "origin", "content-length", "transfer-encoding", "http2-settings"];
        let wrong = |why| HeaderError { line: line.to_owned(), why };
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("it is not written `Name: value`"))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong("its name has characters that no header's name has"));
        }
        if value.chars().any(char::is_control) {
            return Err(wrong("its value has control characters"));
        }
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "host" => Err(wrong("use --host")),
            "origin" => Err(wrong("use --origin")),
            "sec-websocket-protocol" => Err(wrong("use --subprotocol")),
            _ if OWN.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") => {
                Err(wrong("the handshake sends that header itself"))
            }
            _ => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
        }
    }

    /// Its name, as written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Whether a byte may stand in a header's name, or in a subprotocol (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What is asked for beyond the handshake, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose certificates are believed.
    pub trust: Trust,
    /// What `Host` says as it is, a port included, where that is not what the URL says; without its port it is the name in
    /// the TLS handshake and in the certificate.
    pub host: Option<String>,
    /// The `Origin`; by default that of a page of the same host. Empty sends none.
    pub origin: Option<String>,
    /// Further header lines.
    pub headers: Vec<Header>,
    /// The subprotocols offered.
    pub subprotocols: Vec<String>,
    /// How long to wait for each step.
    pub timeout: Duration,
    /// A text to send, which is expected back.
    pub message: Option<String>,
    /// The size in bytes of a binary message to send, which is expected back.
    pub size: Option<usize>,
    /// How long to keep the connection open without sending anything but pings.
    pub hold: Option<Duration>,
    /// How often to ping while holding.
    pub ping: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trust: Trust::System,
            host: None,
            origin: None,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            timeout: Duration::from_secs(10),
            message: None,
            size: None,
            hold: None,
            ping: None,
        }
    }
}

impl Options {
    /// The name by which a server is asked for, without a port or brackets.
    pub fn name<'a>(&'a self, target: &'a Target) -> &'a str {
        let Some(host) = self.host.as_deref() else { return &target.host };
        match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether what goes into the request may go there.
    ///
    /// # Errors
    /// Where a host, an origin or a subprotocol could not stand in a header.
    pub fn check(&self) -> Result<(), HeaderError> {
        let wrong = |line: &str, why| Err(HeaderError { line: line.to_owned(), why });
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        match (&self.host, &self.origin) {
            (Some(host), _) if host.is_empty() || !plain(host) || host.contains(['/', '@', ',']) => {
                wrong(&format!("Host: {host}"), "that is no host name")
            }
            (_, Some(origin)) if !plain(origin) => wrong(&format!("Origin: {origin}"), "that is no origin"),
            _ => match self.subprotocols.iter().find(|name| name.is_empty() || !name.bytes().all(is_token)) {
                Some(name) => wrong(&format!("Sec-WebSocket-Protocol: {name}"), "that is no subprotocol"),
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_cannot_smuggle_another() {
        let header = Header::parse("Cookie:  a=b; c=d ").unwrap();
        assert_eq!((header.name(), header.value()), ("Cookie", "a=b; c=d"));
        for line in ["Cookie", ": x", "A b: c", "X: a\r\nY: b", "Host: x", "upgrade: h2c", "Sec-WebSocket-Key: k"] {
            assert!(Header::parse(line).is_err(), "{line}");
        }
    }
}
