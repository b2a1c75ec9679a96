//! The server behind nginx: a WebSocket endpoint as strict as the strict libraries (one that is lenient would hide what
//! fails in the field), and ordinary HTTP that answers with what it received.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tungstenite::WebSocket;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use super::message::{Incoming, Message, respond};

/// What a backend does with a handshake over HTTP/1.0. Servers differ: NGINX facts part B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Http10 {
    /// 505, as python websockets.
    #[default]
    Refuse,
    /// 101, as node's ws.
    Accept,
    /// 101, then the connection is closed, as tornado.
    Drop,
}

/// Header of an answer that opens a session.
pub(crate) const SESSION: &str = "X-Session";

/// How a backend behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviour {
    /// The only path that is a WebSocket; with a `?`, the whole target. A handshake for another one answers 404.
    /// Every path is one if `None`.
    pub(crate) endpoint: Option<String>,
    /// Plain requests that carry `Connection: upgrade` are answered 400, as users report of Kestrel. (Those that carry
    /// `Upgrade` are handshakes without a key, and answer 400 anyway.)
    pub(crate) strict_plain: bool,
    /// A handshake whose `Origin` is not the `Host` is answered 403, as tornado and Flask-SocketIO do.
    pub(crate) check_origin: bool,
    /// Answer to a handshake over HTTP/1.0.
    pub(crate) http10: Http10,
    /// A request without `sid` in its query receives one in the header [`SESSION`]; a request with a `sid` that this
    /// backend did not give out is answered 400, as socket.io does.
    pub(crate) sessions: bool,
    /// `Upgrade: h2c` is answered 101. What goes through the tunnel is read as HTTP/1.1 in place of HTTP/2, which nginx
    /// does not look at either way.
    pub(crate) h2c: bool,
    /// Whether the backend answers an internal subrequest (`auth_request`, `mirror`). Such a service looks at `Upgrade`
    /// alone: without it, a request is a plain one whatever `Sec-WebSocket-*` it carries.
    pub(crate) subrequests: bool,
}

/// A request as a backend received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// The address by which the configuration names the backend.
    pub(crate) backend: String,
    /// The client's port, which tells connections apart.
    pub(crate) connection: u16,
    /// The request itself.
    pub(crate) request: Message,
}

/// Requests in the order in which any backend of a site received them.
pub(crate) type Record = Arc<Mutex<Vec<Received>>>;

/// A running server on loopback; ends, with its connections, when dropped.
pub(crate) struct Backend {
    /// TCP port on 127.0.0.1.
    pub(crate) port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    name: String,
    behaviour: Behaviour,
    record: Record,
    stop: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
    sessions: Mutex<BTreeSet<String>>,
}

impl Backend {
    /// Starts a server on a free port. `name` stands in the record of requests.
    pub(crate) fn start(name: &str, behaviour: Behaviour, record: Record) -> Backend {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            behaviour,
            record,
            stop: AtomicBool::new(false),
            connections: Mutex::default(),
            sessions: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (Ok(handle), Ok(ender)) = (stream.try_clone(), stream.try_clone()) else { continue };
                locked(&accepting.connections).push(handle);
                let serving = Arc::clone(&accepting);
                std::thread::spawn(move || {
                    // A connection that breaks is the client's to notice. It ends here although its handle is kept.
                    let _ = serving.serve(stream);
                    let _ = ender.shutdown(Shutdown::Both);
                });
            }
        });
        Backend { port, shared, thread: Some(thread) }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for connection in locked(&self.shared.connections).drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// A refusal: status line after the version, the reason in words.
type Refusal = (&'static str, String);

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let connection = stream.peer_addr()?.port();
        let mut incoming = Incoming::new(stream);
        while let Some(mut request) = incoming.head()? {
            incoming.body(&mut request, false)?;
            locked(&self.record).push(Received { backend: self.name.clone(), connection, request: request.clone() });
            if self.behaviour.h2c && request.lists("Upgrade", "h2c") && request.lists("Connection", "upgrade") {
                let headers = [("Upgrade", "h2c"), ("Connection", "Upgrade")];
                switch(incoming.stream(), &headers)?;
                continue;
            }
            let keep = request.word(2) == "HTTP/1.1" && !request.lists("Connection", "close");
            let refusal = if self.is_handshake(&request) {
                match self.check_handshake(&request) {
                    Ok(key) => return self.talk(incoming, &request, &key),
                    Err(refusal) => Some(refusal),
                }
            } else {
                self.check_plain(&request).err()
            };
            if let Some((status, reason)) = refusal {
                let headers: &[_] = if status.starts_with("426") { &[("Upgrade", "websocket")] } else { &[] };
                respond(incoming.stream(), status, headers, &reason, keep)?;
            } else if self.behaviour.sessions {
                respond(incoming.stream(), "200 OK", &[(SESSION, &self.new_session())], &request.listing(), keep)?;
            } else {
                respond(incoming.stream(), "200 OK", &[], &request.listing(), keep)?;
            }
            if !keep {
                break;
            }
        }
        Ok(())
    }

    /// A browser's handshake stays recognisable by its `Sec-WebSocket-*` when nginx drops `Upgrade`.
    fn is_handshake(&self, request: &Message) -> bool {
        let mark = |(name, _): &(String, String)| name.to_ascii_lowercase().starts_with("sec-websocket-");
        !request.all("Upgrade").is_empty() || (!self.behaviour.subrequests && request.headers.iter().any(mark))
    }

    fn check_plain(&self, request: &Message) -> Result<(), Refusal> {
        if self.behaviour.strict_plain && request.lists("Connection", "upgrade") {
            return Err(("400 Bad Request", "plain request with Connection: upgrade".to_owned()));
        }
        self.check_session(request)
    }

    fn new_session(&self) -> String {
        let mut sessions = locked(&self.sessions);
        let sid = format!("{}-{}", self.name, sessions.len());
        sessions.insert(sid.clone());
        sid
    }

    /// Refuses a request for a session that another server opened.
    fn check_session(&self, request: &Message) -> Result<(), Refusal> {
        let query = request.word(1).split_once('?').map_or("", |(_, query)| query);
        match query.split('&').find_map(|pair| pair.strip_prefix("sid=")) {
            Some(sid) if self.behaviour.sessions && !locked(&self.sessions).contains(sid) => {
                Err(("400 Bad Request", format!("Session ID unknown: {sid}")))
            }
            _ => Ok(()),
        }
    }

    /// RFC 6455, section 4.2.1, as strictly as any library reads it. The key of a handshake that may succeed.
    fn check_handshake(&self, request: &Message) -> Result<String, Refusal> {
        let bad = |reason: &str| Err(("400 Bad Request", reason.to_owned()));
        if request.word(2) != "HTTP/1.1" && self.behaviour.http10 == Http10::Refuse {
            return Err(("505 HTTP Version Not Supported", format!("handshake over {}", request.word(2))));
        }
        if request.word(0) != "GET" {
            return Err(("405 Method Not Allowed", format!("handshake by {}", request.word(0))));
        }
        let Some(host) = request.one("Host").filter(|host| !host.is_empty()) else {
            return bad("not exactly one Host");
        };
        if let Some(endpoint) = &self.behaviour.endpoint {
            let asked = if endpoint.contains('?') { request.word(1) } else { request.path() };
            if asked != endpoint {
                return Err(("404 Not Found", format!("no WebSocket at {asked}, only at {endpoint}")));
            }
        }
        match request.all("Upgrade")[..] {
            [value] if value.eq_ignore_ascii_case("websocket") => {}
            [_, _, ..] => return bad("duplicate Upgrade"),
            ref other => return Err(("426 Upgrade Required", format!("Upgrade: {other:?}"))),
        }
        if !request.lists("Connection", "upgrade") {
            return Err(("426 Upgrade Required", format!("Connection: {:?}", request.all("Connection"))));
        }
        if request.one("Sec-WebSocket-Version") != Some("13") {
            return bad("Sec-WebSocket-Version is not 13");
        }
        let Some(key) = request.one("Sec-WebSocket-Key").filter(|key| is_key(key)) else {
            return bad("not exactly one valid Sec-WebSocket-Key");
        };
        if !request.body.is_empty() {
            return bad("handshake with a body");
        }
        if self.behaviour.check_origin {
            // Without the header there is nothing to compare: tornado and gorilla let programs in that are no browsers.
            let origin = request.one("Origin");
            if let Some(origin) = origin
                && origin.split_once("://").map(|(_, origin_host)| origin_host) != Some(host)
            {
                return Err(("403 Forbidden", format!("Origin {origin} is not Host {host}")));
            }
        }
        self.check_session(request)?;
        Ok(key.to_owned())
    }

    /// Accepts the handshake, and echoes messages until the client leaves.
    fn talk(&self, mut incoming: Incoming<TcpStream>, request: &Message, key: &str) -> io::Result<()> {
        let accept = derive_accept_key(key.as_bytes());
        let offered = request.one("Sec-WebSocket-Protocol").and_then(|offered| offered.split(',').next());
        let protocol = offered.map(|first| format!("Sec-WebSocket-Protocol: {}\r\n", first.trim())).unwrap_or_default();
        write!(
            incoming.stream(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
        )?;
        let (stream, rest) = incoming.into_parts();
        if request.word(2) != "HTTP/1.1" && self.behaviour.http10 == Http10::Drop {
            return stream.shutdown(Shutdown::Both);
        }
        let mut socket = WebSocket::from_partially_read(stream, rest, Role::Server, None);
        while let Ok(message) = socket.read() {
            if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Sixteen bytes in base64: 22 characters and two of padding.
fn is_key(key: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
    key.len() == 24 && key.strip_suffix("==").is_some_and(digits)
}

/// The content of a mutex, also after a thread that held it panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer of 101, behind which the connection speaks another protocol.
fn switch(stream: &mut impl Write, headers: &[(&str, &str)]) -> io::Result<()> {
    write!(stream, "HTTP/1.1 101 Switching Protocols\r\n")?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")
}
