//! Servers for the tests: nginx with a configuration written here, and ones that answer whatever they are told.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tungstenite::handshake::derive_accept_key;

use crate::support::backend::{Backend, Behaviour, Record};
use crate::support::nginx::{Nginx, Process, StartError};
use crate::support::sandbox::free_port;

/// A running nginx.
pub(crate) struct Site {
    /// Its folder; `nginx.conf` is in it.
    pub(crate) folder: TempDir,
    /// The ports in place of `PORT0`, `PORT1`, … in the configuration.
    pub(crate) ports: Vec<u16>,
    _process: Process,
}

impl Site {
    /// Starts nginx with what stands in `http`; every `PORT0`, `PORT1`, … becomes a free port, `FOLDER` the folder, into
    /// which `files` are written first.
    pub(crate) fn start(nginx: &Nginx, http: &str, files: &[(&str, &str)]) -> Site {
        for _ in 0..5 {
            let folder = tempfile::Builder::new().prefix("probe").tempdir().unwrap();
            for (name, text) in files {
                fs::write(folder.path().join(name), text).unwrap();
            }
            let ports: Vec<u16> =
                (0..10).take_while(|index| http.contains(&format!("PORT{index}"))).map(|_| free_port()).collect();
            let mut text = http.replace("FOLDER", &folder.path().display().to_string());
            for (index, port) in ports.iter().enumerate() {
                text = text.replace(&format!("PORT{index}"), &port.to_string());
            }
            let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .iter()
                .map(|kind| format!("    {kind}_temp_path {}/{kind};\n", folder.path().display()))
                .collect();
            let path = folder.path().join("nginx.conf");
            fs::write(&path, format!("events {{}}\nhttp {{\n    access_log off;\n{temporary}{text}\n}}\n")).unwrap();
            match Process::start(nginx, folder.path(), &path) {
                Ok(process) => return Site { folder, ports, _process: process },
                Err(StartError::PortTaken) => {}
                Err(StartError::Refused(why)) => panic!("nginx refuses: {why}"),
            }
        }
        panic!("no free ports for nginx");
    }

    /// A URL on its first port.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.ports[0])
    }

    /// Its configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        Path::new(self.folder.path()).join("nginx.conf")
    }
}

/// A strict WebSocket backend that echoes.
pub(crate) fn backend(behaviour: Behaviour) -> Backend {
    Backend::start("backend", behaviour, Record::default())
}

/// What a server does with a connection once the request has come.
pub(crate) type Answer = fn(&mut TcpStream, &Request);

/// What a client asked.
pub(crate) struct Request {
    /// The answer to its key.
    pub(crate) accept: String,
}

impl Request {
    fn of(head: &[u8]) -> Request {
        let text = String::from_utf8_lossy(head);
        let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
        Request { accept: derive_accept_key(key.as_bytes()) }
    }

    /// The head of a right 101, with more header lines.
    pub(crate) fn switching(&self, more: &str) -> String {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{more}\r\n",
            self.accept
        )
    }
}

/// A server on loopback that does one thing with each connection.
pub(crate) struct Server {
    /// Its port.
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Reads a request first, then does as it is told.
    pub(crate) fn answering(answer: Answer) -> Server {
        Self::start(move |stream| {
            let mut head = Vec::new();
            let mut chunk = [0; 2048];
            while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(length @ 1..) => head.extend_from_slice(&chunk[..length]),
                    _ => return,
                }
            }
            answer(stream, &Request::of(&head));
        })
    }

    /// Answers a request, or does not, and resets the connection some time later.
    pub(crate) fn resetting(answers: bool, after: Duration) -> Server {
        Self::serving(move |mut stream| {
            // Whoever closes a socket with unread bytes resets it (RFC 2525, section 2.17): the request is not taken out.
            let mut head = [0; 2048];
            let mut length = 0;
            while !head[..length].windows(4).any(|four| four == b"\r\n\r\n") {
                std::thread::sleep(Duration::from_millis(5));
                length = stream.peek(&mut head).unwrap_or(head.len());
            }
            if answers {
                say(&mut stream, Request::of(&head[..length]).switching(""));
            }
            std::thread::sleep(after);
        })
    }

    /// Does what it is told with each connection, then closes it with a FIN.
    pub(crate) fn start(serve: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Server {
        Self::serving(move |mut stream| {
            serve(&mut stream);
            let _ = stream.shutdown(Shutdown::Write);
            // No reset: what is still on its way is read.
            let _ = stream.read(&mut [0; 4096]);
        })
    }

    fn serving(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, serve) = (Arc::clone(&stop), Arc::new(serve));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Server { port, stop, thread: Some(thread) }
    }

    /// A URL of it.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/ws", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes, whether or not anybody reads it.
pub(crate) fn say(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref()).and_then(|()| stream.flush());
}

/// Stays silent until the client has gone, or for ten seconds.
pub(crate) fn wait(stream: &mut TcpStream) {
    while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
}
