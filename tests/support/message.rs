//! HTTP/1.x messages over a socket, read without leniency and without hiding anything.

use std::io::{self, Read, Write};

/// A request or a response as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Request line or status line.
    pub(crate) start: String,
    /// Header lines in their order, names as spelled.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, without chunk marks.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The values of a header, in order; the name is compared without case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that stands exactly once.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// Whether a header's comma-separated lists, over all its lines, hold a token; without case.
    pub(crate) fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name).iter().flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
    }

    /// A word of the start line, from 0: method, target, version; or version, status.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.start.split(' ').nth(index).unwrap_or("")
    }

    /// Status code of a response; 0 if there is none.
    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    /// Path of a request, without query.
    pub(crate) fn path(&self) -> &str {
        self.word(1).split('?').next().unwrap_or("")
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Start line, headers and body in one text: what a backend answers to a plain request.
    pub(crate) fn listing(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("{}\n{headers}\n{}", self.start, self.text())
    }
}

/// Reads messages from a stream and keeps the bytes that came after.
pub(crate) struct Incoming<S> {
    stream: S,
    buffer: Vec<u8>,
}

const LIMIT: usize = 1 << 20;

impl<S: Read> Incoming<S> {
    pub(crate) fn new(stream: S) -> Self {
        Incoming { stream, buffer: Vec::new() }
    }

    /// The stream, and what was read from it beyond the last message.
    pub(crate) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.buffer)
    }

    /// The stream itself, to write to.
    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Reads a head: start line and headers. `Ok(None)` if the peer closed before sending a byte; the error is
    /// `InvalidData` if what came is not HTTP/1.x.
    pub(crate) fn head(&mut self) -> io::Result<Option<Message>> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            // Another protocol: FastCGI at a backend, HTTP/2 at the client.
            if self.buffer.first().is_some_and(|first| !first.is_ascii_uppercase()) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if !self.more()? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let start = lines.next().unwrap_or("").to_owned();
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                (name.to_owned(), value.trim().to_owned())
            })
            .collect();
        Ok(Some(Message { start, headers, body: Vec::new() }))
    }

    /// Reads the body that a head announces by chunks or length, or `to_end` of the stream where it announces none.
    pub(crate) fn body(&mut self, message: &mut Message, to_end: bool) -> io::Result<()> {
        if message.lists("Transfer-Encoding", "chunked") {
            loop {
                let line = self.line()?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
                message.body.extend(self.exactly(size)?);
                self.line()?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
        if let Some(length) = message.one("Content-Length") {
            let length = length.parse().map_err(io::Error::other)?;
            message.body = self.exactly(length)?;
        } else if to_end {
            while self.more()? {}
            message.body = std::mem::take(&mut self.buffer);
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn more(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 4096];
        let length = self.stream.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..length]);
        if self.buffer.len() > LIMIT {
            return Err(io::Error::other("message too long"));
        }
        Ok(length > 0)
    }
}

/// Writes a response with a body of known length.
pub(crate) fn respond(
    stream: &mut impl Write,
    status: &str,
    headers: &[(&str, &str)],
    body: &str,
    keep: bool,
) -> io::Result<()> {
    let connection = if keep { "keep-alive" } else { "close" };
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{extra}Content-Type: text/plain\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n{body}"
    )?;
    stream.flush()
}
