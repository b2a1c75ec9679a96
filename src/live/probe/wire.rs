//! A connection that never waits longer than it is told, and remembers how it ended.

use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

/// How the other side ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It said that it sends no more.
    Fin,
    /// It tore the connection down.
    Reset,
}

/// So much of what comes first is kept, to tell what protocol it is.
const FIRST: usize = 256;

/// What bytes go over.
#[derive(Debug)]
pub(super) enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A UNIX socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    fn read_within(&mut self, left: Duration, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(Some(left)).and_then(|()| stream.read(buffer)),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_read_timeout(Some(left)).and_then(|()| stream.read(buffer)),
        }
    }

    fn write_within(&mut self, left: Duration, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(Some(left)).and_then(|()| stream.write(buffer)),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_write_timeout(Some(left)).and_then(|()| stream.write(buffer)),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    deadline: Instant,
    /// What came first.
    pub(super) first: Vec<u8>,
    /// When a byte last went either way.
    pub(super) last: Instant,
    /// How it ended.
    pub(super) ended: Option<Ended>,
}

impl Socket {
    /// A connection with no time left; see [`Socket::allow`].
    pub(super) fn new(stream: Stream) -> Self {
        let now = Instant::now();
        Self { stream, deadline: now, first: Vec::new(), last: now, ended: None }
    }

    /// Lets reads and writes take until then.
    pub(super) fn allow(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(left) }
    }

    fn note(&mut self, done: io::Result<usize>, reading: bool) -> io::Result<usize> {
        match &done {
            Ok(0) if reading => self.ended = self.ended.or(Some(Ended::Fin)),
            Ok(_) => self.last = Instant::now(),
            Err(error) => match error.kind() {
                // Some systems say one, some the other.
                io::ErrorKind::TimedOut => return Err(io::ErrorKind::WouldBlock.into()),
                io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                    self.ended = self.ended.or(Some(Ended::Reset));
                }
                _ => {}
            },
        }
        done
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let left = self.left()?;
        let done = self.stream.read_within(left, buffer);
        let length = self.note(done, true)?;
        let room = FIRST.saturating_sub(self.first.len()).min(length);
        self.first.extend_from_slice(&buffer[..room]);
        Ok(length)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        let done = self.stream.write_within(left, buffer);
        self.note(done, false)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection, plain or over TLS. A read or write that takes longer than it may says `WouldBlock`.
#[derive(Debug)]
pub(super) enum Wire {
    /// Bytes as they are.
    Plain(Socket),
    /// Bytes over TLS.
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Wire {
    /// The connection below.
    pub(super) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Lets reads and writes take until then.
    pub(super) fn allow(&mut self, deadline: Instant) {
        match self {
            Self::Plain(socket) => socket.deadline = deadline,
            Self::Tls(stream) => stream.sock.deadline = deadline,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => match stream.read(buffer) {
                // A peer that goes without saying so over TLS has gone all the same.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Whether an error says only that time is up.
pub(super) fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
