//! The ways in which a handshake through nginx can end.

use std::fmt;

use super::message::Message;

/// What became of a configuration and of one handshake through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// nginx did not start; its messages, with paths as the user wrote them.
    Refused(String),
    /// An answer other than 101.
    Status(Message),
    /// 101 with everything a client demands, and messages came back unchanged.
    Open,
    /// 101, but a client rejects it, or the connection carries no messages.
    Broken101(String),
    /// An answer in another protocol than HTTP/1.1.
    NotHttp,
    /// No answer within the client's patience.
    Silent,
    /// The connection was closed without an answer.
    Closed,
}

impl Outcome {
    /// Whether the WebSocket works.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Outcome::Open)
    }

    /// The status code of the answer, if one came: 101 for an open or broken connection.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Outcome::Status(answer) => Some(answer.status()),
            Outcome::Open | Outcome::Broken101(_) => Some(101),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Refused(message) => write!(out, "nginx refuses to start: {}", message.trim()),
            Outcome::Status(answer) => {
                let text = answer.text();
                let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
                write!(out, "answered {}: {first}", answer.status())
            }
            Outcome::Open => write!(out, "open: 101, and messages are echoed"),
            Outcome::Broken101(reason) => write!(out, "101, but broken: {reason}"),
            Outcome::NotHttp => write!(out, "answered in another protocol than HTTP/1.1"),
            Outcome::Silent => write!(out, "no answer in time"),
            Outcome::Closed => write!(out, "closed without an answer"),
        }
    }
}
