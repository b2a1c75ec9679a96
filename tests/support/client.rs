//! The client before nginx: handshakes as browsers send them, plain requests, and watching an idle connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::derive_accept_key;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::Role;
use tungstenite::{HandshakeError, Message as Frame, WebSocket};

use super::message::{Incoming, Message};
use super::outcome::Outcome;

/// How browsers spell the `Connection` header of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `Connection: Upgrade`
    Chrome,
    /// `Connection: keep-alive, Upgrade`
    Firefox,
}

/// Where to connect, and what to say there.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The listening socket of nginx (or of a backend, to try it directly).
    pub(crate) addr: SocketAddr,
    /// `Host` header, as a browser sends it: with the port if it is not the scheme's own.
    pub(crate) host: String,
    /// `Origin` header: `http://` or `https://` and the host.
    pub(crate) origin: String,
    /// Further header lines of every request.
    pub(crate) headers: Vec<(String, String)>,
    /// How long to wait for an answer.
    pub(crate) patience: Duration,
}

/// Sixteen bytes in base64, the same in every handshake so that recorded requests can be compared.
const KEY: &str = "cHJvb2Ygb2YgYSByb3V0ZQ==";

/// A connection over which a handshake succeeded.
pub(crate) struct Session {
    socket: WebSocket<TcpStream>,
}

impl Client {
    /// Requests `target` as a WebSocket in every way that has to work: as Chrome does, as Firefox does, and by a strict
    /// client library. The first that is not [`Outcome::Open`] is the result.
    pub(crate) fn handshake(&self, target: &str) -> Outcome {
        for style in [Style::Chrome, Style::Firefox] {
            let outcome = self.handshake_as(style, target);
            if !outcome.is_open() {
                return outcome;
            }
        }
        self.library_handshake(target)
    }

    /// One handshake on a socket of our own, and an exchange of messages if it succeeds.
    pub(crate) fn handshake_as(&self, style: Style, target: &str) -> Outcome {
        match self.open(style, target) {
            Ok(mut session) => session.exchange(),
            Err(outcome) => outcome,
        }
    }

    /// Opens a connection and leaves it open. The error is the outcome of a handshake that failed.
    pub(crate) fn open(&self, style: Style, target: &str) -> Result<Session, Outcome> {
        let connection = if style == Style::Chrome { "Upgrade" } else { "keep-alive, Upgrade" };
        let handshake = [
            ("Origin", self.origin.as_str()),
            ("Upgrade", "websocket"),
            ("Connection", connection),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY),
        ];
        let mut incoming = self.send("GET", target, &handshake, None).map_err(|error| without_answer(&error))?;
        let mut answer = match incoming.head() {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(Outcome::Closed),
            Err(error) => return Err(without_answer(&error)),
        };
        if answer.status() != 101 {
            // A body cut short is still an answer.
            let _ = incoming.body(&mut answer, true);
            return Err(Outcome::Status(answer));
        }
        check_101(&answer, &self.headers).map_err(Outcome::Broken101)?;
        let (stream, rest) = incoming.into_parts();
        Ok(Session { socket: WebSocket::from_partially_read(stream, rest, Role::Client, None) })
    }

    /// The same by tungstenite, a client that knows nothing of this harness.
    fn library_handshake(&self, target: &str) -> Outcome {
        let mut request = format!("ws://{}{target}", self.addr).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Host", HeaderValue::from_str(&self.host).unwrap());
        headers.insert("Origin", HeaderValue::from_str(&self.origin).unwrap());
        for (name, value) in &self.headers {
            let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        match tungstenite::client(request, self.connect()) {
            Ok((socket, _)) => Session { socket }.exchange(),
            Err(HandshakeError::Failure(error)) => Outcome::Broken101(format!("client library: {error}")),
            Err(HandshakeError::Interrupted(_)) => Outcome::Silent,
        }
    }

    /// A plain GET.
    pub(crate) fn get(&self, target: &str) -> io::Result<Message> {
        self.plain("GET", target, None)
    }

    /// A plain POST with a body.
    pub(crate) fn post(&self, target: &str, body: &str) -> io::Result<Message> {
        self.plain("POST", target, Some(body))
    }

    fn plain(&self, method: &str, target: &str, body: Option<&str>) -> io::Result<Message> {
        let mut incoming = self.send(method, target, &[("Connection", "keep-alive")], body)?;
        let mut answer = incoming.head()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        incoming.body(&mut answer, false)?;
        Ok(answer)
    }

    /// nginx listens when it has started; if nobody does, the site has no such server and proves nothing.
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.addr, self.patience);
        let stream = stream.unwrap_or_else(|error| panic!("no server to test at {}: {error}", self.addr));
        stream.set_read_timeout(Some(self.patience)).unwrap();
        stream.set_write_timeout(Some(self.patience)).unwrap();
        stream
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> io::Result<Incoming<TcpStream>> {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.host);
        // What belongs to a handshake makes one of any request, for some backends.
        let is_handshake = headers.iter().any(|(name, _)| *name == "Upgrade");
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.filter(|(name, _)| is_handshake || !name.starts_with("Sec-WebSocket-"));
        for (name, value) in headers.iter().copied().chain(own) {
            request += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            request += &format!("Content-Type: text/plain\r\nContent-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body.unwrap_or("");
        let mut stream = self.connect();
        stream.write_all(request.as_bytes())?;
        Ok(Incoming::new(stream))
    }
}

impl Session {
    /// Sends a short text and a message longer than nginx's buffers, and expects both back.
    fn exchange(&mut self) -> Outcome {
        for sent in [Frame::text("a message through nginx"), Frame::binary(vec![b'w'; 70_000])] {
            if let Err(error) = self.socket.send(sent.clone()) {
                return Outcome::Broken101(format!("sending: {error}"));
            }
            match self.socket.read() {
                Ok(back) if back == sent => {}
                Ok(back) => return Outcome::Broken101(format!("another message came back: {} bytes", back.len())),
                Err(error) => return Outcome::Broken101(format!("no echo: {error}")),
            }
        }
        Outcome::Open
    }

    /// Stays silent for at most `until`. The time after which the other side closed the connection; `None` if it was
    /// still open at the end.
    pub(crate) fn idle(&mut self, until: Duration) -> Option<Duration> {
        let begin = Instant::now();
        let stream = self.socket.get_mut();
        let mut byte = [0];
        while let Some(left) = until.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) {
            stream.set_read_timeout(Some(left)).unwrap();
            match stream.read(&mut byte) {
                Ok(1..) => {}
                Err(error) if is_timeout(&error) => {}
                Ok(0) | Err(_) => return Some(begin.elapsed()),
            }
        }
        None
    }
}

/// What a client demands of a 101 (RFC 6455, section 4.1).
fn check_101(answer: &Message, sent: &[(String, String)]) -> Result<(), String> {
    match answer.all("Upgrade")[..] {
        [value] if value.eq_ignore_ascii_case("websocket") => {}
        ref other => return Err(format!("Upgrade in the answer: {other:?}")),
    }
    if !answer.lists("Connection", "upgrade") {
        return Err(format!("Connection in the answer: {:?}", answer.all("Connection")));
    }
    let accept = derive_accept_key(KEY.as_bytes());
    if answer.one("Sec-WebSocket-Accept") != Some(&accept) {
        return Err(format!("Sec-WebSocket-Accept: {:?}, expected {accept}", answer.all("Sec-WebSocket-Accept")));
    }
    // A browser that offered subprotocols takes no answer without one, as the client library does.
    let chosen = answer.one("Sec-WebSocket-Protocol");
    let offered = sent.iter().find(|(own, _)| own.eq_ignore_ascii_case("Sec-WebSocket-Protocol"));
    if let Some((_, offered)) = offered.filter(|_| chosen.is_none()) {
        return Err(format!("no subprotocol in the answer, though {offered} was offered"));
    }
    // What the client did not offer it must not be given (RFC 6455, section 4.1, points 5 and 6).
    for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
        let offered = sent.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if let Some(value) = answer.all(name).first().filter(|_| !offered) {
            return Err(format!("{name} that nobody offered: {value}"));
        }
    }
    Ok(())
}

fn without_answer(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::InvalidData => Outcome::NotHttp,
        _ if is_timeout(error) => Outcome::Silent,
        _ => Outcome::Closed,
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
