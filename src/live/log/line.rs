//! One line of an error log, taken apart (`ngx_log_error_core`, `ngx_http_log_error_handler`).

use memchr::memmem::find;

use super::timeline::{Seconds, error_log_time};

/// What stands between a line's own text and what nginx adds about the request.
const CLIENT: &[u8] = b", client: ";

/// A line of an error log: `2026/11/21 08:06:59 [error] 12#12: *5 text, client: …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::live) struct Line<'a> {
    /// When, on the clock of the machine that wrote it.
    pub(in crate::live) time: Seconds,
    /// `error`, `info`, …
    pub(super) level: &'a [u8],
    /// The message, up to the client.
    pub(super) text: &'a [u8],
    /// From the client on; empty where the message is about no connection.
    about: &'a [u8],
}

/// What a line says of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::live) struct Fields<'a> {
    /// The `server_name`, or the address where there is none.
    pub(in crate::live) server: &'a [u8],
    /// The request's first line; empty where there is none yet.
    pub(in crate::live) request: &'a [u8],
    /// The path of the request, without its query.
    pub(in crate::live) path: &'a [u8],
    /// Scheme and address of the upstream, without a path.
    pub(super) upstream: &'a [u8],
    /// The `Host` of the request.
    pub(in crate::live) host: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes a line apart; none if it is not of an error log. Something may stand before it: the names and times of
    /// containers, syslog's head.
    pub(in crate::live) fn read(line: &'a [u8]) -> Option<Self> {
        if let Some(read) = Self::at_start(line) {
            return Some(read);
        }
        // The bracket of the level stands 20 bytes behind the beginning of the date.
        const FARTHEST: usize = 200;
        let head = &line[..line.len().min(FARTHEST)];
        memchr::memchr_iter(b'[', head).filter_map(|at| at.checked_sub(20)).find_map(|at| Self::at_start(&line[at..]))
    }

    fn at_start(line: &'a [u8]) -> Option<Self> {
        let time = error_log_time(line)?;
        let rest = line.get(19..)?.strip_prefix(b" [")?;
        let end = memchr::memchr(b']', &rest[..rest.len().min(8)])?;
        let (level, rest) = (&rest[..end], &rest[end + 1..]);
        // ` 12#12: *5 `
        let colon = memchr::memchr(b':', &rest[..rest.len().min(40)])?;
        let mut rest = rest[colon + 1..].trim_ascii_start();
        if let Some(numbered) = rest.strip_prefix(b"*") {
            let digits = numbered.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest = numbered[digits..].trim_ascii_start();
        }
        let end = find(rest, CLIENT).unwrap_or(rest.len());
        Some(Self { time, level, text: &rest[..end], about: &rest[end..] })
    }

    /// Whether it is about a connection of a client.
    pub(in crate::live) fn has_client(&self) -> bool {
        !self.about.is_empty()
    }

    /// What the line says of the request.
    pub(in crate::live) fn fields(&self) -> Fields<'a> {
        let request = between(self.about, b", request: \"", b"\"").unwrap_or_default();
        let upstream = between(self.about, b", upstream: \"", b"\"").unwrap_or_default();
        Fields {
            server: between(self.about, b", server: ", b",").unwrap_or_default(),
            request,
            path: path(request),
            upstream: authority(upstream),
            host: between(self.about, b", host: \"", b"\"").unwrap_or_default(),
        }
    }
}

/// The path in a request line, without its query.
pub(super) fn path(request: &[u8]) -> &[u8] {
    let target = request.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    target.split(|&byte| byte == b'?').next().unwrap_or_default()
}

/// What stands behind `start`, up to `end` or the end of the line.
fn between<'a>(text: &'a [u8], start: &[u8], end: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[find(text, start)? + start.len()..];
    Some(&rest[..find(rest, end).unwrap_or(rest.len())])
}

/// `http://127.0.0.1:3000` of `http://127.0.0.1:3000/ws`, `http://unix:/run/a.sock` of `http://unix:/run/a.sock:/ws`.
fn authority(upstream: &[u8]) -> &[u8] {
    let Some(scheme) = find(upstream, b"://") else { return upstream };
    let rest = &upstream[scheme + 3..];
    let length = match rest.strip_prefix(b"unix:") {
        Some(path) => 5 + memchr::memchr(b':', path).unwrap_or(path.len()),
        None => memchr::memchr(b'/', rest).unwrap_or(rest.len()),
    };
    &upstream[..scheme + 3 + length]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "2026/11/21 08:14:58 [info] 22772#22772: *5 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 127.0.0.1, server: chat.example.com, request: \"GET /ws/room?id=1 HTTP/1.1\", upstream: \"http://127.0.0.1:18003/ws/room?id=1\", host: \"chat.example.com\"";

    #[test]
    fn a_line_is_taken_apart() {
        let line = Line::read(LINE.as_bytes()).unwrap();
        assert_eq!(line.level, b"info");
        assert_eq!(line.text, b"upstream timed out (110: Connection timed out) while proxying upgraded connection");
        let fields = line.fields();
        assert_eq!(
            (fields.server, fields.path, fields.upstream),
            (&b"chat.example.com"[..], &b"/ws/room"[..], &b"http://127.0.0.1:18003"[..])
        );
    }

    #[test]
    fn what_containers_and_syslog_put_before_it_is_passed_over() {
        let plain = Line::read(LINE.as_bytes()).unwrap();
        for head in [
            "nginx-1  | ",
            "<187>Nov 21 08:14:58 web nginx: ",
            "Nov 21 08:14:58 host nginx[123]: ",
            "2026-11-21T08:14:58.123Z [pod/nginx] ",
            "[pod/web-5d8f7c-x/nginx] ",
            "MESSAGE=",
            "\x1b[36mnginx-1  | \x1b[0m",
            "2026-11-21T08:14:58.123456789Z stderr F ",
        ] {
            let line = format!("{head}{LINE}");
            let read = Line::read(line.as_bytes()).unwrap();
            assert_eq!(
                (read.time, read.level, read.text, read.about),
                (plain.time, plain.level, plain.text, plain.about)
            );
        }
    }

    #[test]
    fn sockets_keep_their_path() {
        assert_eq!(authority(b"http://unix:/run/a.sock:/ws"), b"http://unix:/run/a.sock");
        assert_eq!(authority(b"http://backend/ws"), b"http://backend");
        assert_eq!(authority(b""), b"");
    }

    #[test]
    fn what_is_no_line_is_none() {
        for text in ["", "[", "hello", "2026/11/21", "2026/11/21 08:14:58", "2026/13/45 99:99:99 [error] 1#1: x"] {
            assert_eq!(Line::read(text.as_bytes()), None, "{text}");
        }
    }
}
