//! An open WebSocket: messages, their echoes, and waiting for the end.

use std::io;
use std::time::{Duration, Instant};

use tungstenite::error::CapacityError;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::wire::{Ended, Wire, is_late};

/// How long one look for news takes.
const TICK: Duration = Duration::from_millis(100);
/// The largest message that is taken beside those asked for, in bytes.
const LARGEST: usize = 16 << 20;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame: its code, if it has one, and its words.
    Closed(Option<u16>, String),
    /// With a FIN and no close frame.
    Fin,
    /// With a reset.
    Reset,
    /// By something that is not WebSocket.
    Violation(String),
}

/// What came.
#[derive(Debug)]
pub(super) enum News {
    /// A text or binary message.
    Message(Message),
    /// Nothing that concerns anybody.
    Nothing,
    /// The end.
    End(End),
}

/// What was received so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Text and binary messages.
    pub(super) messages: usize,
    /// Pings, which were answered.
    pub(super) pings: usize,
    /// Pongs.
    pub(super) pongs: usize,
}

/// An open connection.
pub(super) struct Session {
    socket: WebSocket<Wire>,
    /// What was received.
    pub(super) seen: Seen,
    /// When a byte last went either way, but for those of the end itself.
    pub(super) last: Instant,
}

impl Session {
    /// A connection whose handshake is done; `rest` came behind the answer.
    pub(super) fn new(wire: Wire, rest: Vec<u8>, size: Option<usize>) -> Self {
        let most = LARGEST.max(size.unwrap_or(0).saturating_mul(2));
        let config = WebSocketConfig::default()
            .max_message_size(Some(most))
            .max_frame_size(Some(most))
            .max_write_buffer_size(usize::MAX);
        let last = wire.socket().last;
        let socket = WebSocket::from_partially_read(wire, rest, Role::Client, Some(config));
        Self { socket, seen: Seen::default(), last }
    }

    /// Hands a message over for sending; [`Session::next`] brings it on its way.
    pub(super) fn send(&mut self, message: Message) -> Result<(), End> {
        self.socket.get_mut().allow(Instant::now() + TICK);
        match self.socket.write(message).and_then(|()| self.socket.flush()) {
            Ok(()) => Ok(()),
            Err(Error::Io(error)) if is_late(&error) => Ok(()),
            Err(error) => self.ended(error).map_or(Ok(()), Err),
        }
    }

    /// Waits a moment, not beyond `until`, for what comes.
    pub(super) fn next(&mut self, until: Instant) -> News {
        let news = self.look(until);
        if !matches!(news, News::End(_)) {
            self.last = self.socket.get_ref().socket().last;
        }
        news
    }

    fn look(&mut self, until: Instant) -> News {
        let now = Instant::now();
        self.socket.get_mut().allow(now + TICK / 10);
        // What did not fit into the connection so far goes first; an end is seen by reading, with what came before it.
        let stuck = matches!(self.socket.flush(), Err(Error::Io(error)) if is_late(&error));
        let patience = if stuck { TICK / 10 } else { TICK };
        self.socket.get_mut().allow((Instant::now() + patience).min(until));
        match self.socket.read() {
            Ok(Message::Close(frame)) => {
                let (code, words) = match frame {
                    Some(frame) => (Some(u16::from(frame.code)), frame.reason.as_str().to_owned()),
                    None => (None, String::new()),
                };
                let _ = self.socket.flush();
                News::End(End::Closed(code, words))
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                self.seen.messages += 1;
                News::Message(message)
            }
            Ok(Message::Ping(_)) => {
                self.seen.pings += 1;
                News::Nothing
            }
            Ok(Message::Pong(_)) => {
                self.seen.pongs += 1;
                News::Nothing
            }
            Ok(Message::Frame(_)) => News::Nothing,
            Err(error) => self.ended(error).map_or(News::Nothing, News::End),
        }
    }

    /// What an error says of the connection.
    fn ended(&self, error: Error) -> Option<End> {
        let socket = self.socket.get_ref().socket();
        Some(match error {
            Error::ConnectionClosed | Error::AlreadyClosed => End::Closed(None, String::new()),
            Error::Capacity(CapacityError::MessageTooLong { size, .. }) => {
                End::Violation(format!("a message of {size} bytes"))
            }
            Error::Io(error) if is_late(&error) => return None,
            Error::Io(error) => match (socket.ended, error.kind()) {
                (Some(Ended::Reset), _) | (_, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => End::Reset,
                (Some(Ended::Fin), _) => End::Fin,
                _ => End::Violation(error.to_string()),
            },
            Error::Protocol(error) => match socket.ended {
                Some(Ended::Fin) => End::Fin,
                Some(Ended::Reset) => End::Reset,
                None => End::Violation(error.to_string()),
            },
            other => End::Violation(other.to_string()),
        })
    }

    /// Says goodbye and waits for the other side to do so; whether it did.
    pub(super) fn close(&mut self, until: Instant) -> bool {
        self.socket.get_mut().allow(until);
        let _ = self.socket.close(None);
        while Instant::now() < until {
            match self.next(until) {
                News::End(End::Closed(..)) => return true,
                News::End(_) => return false,
                News::Message(_) | News::Nothing => {}
            }
        }
        false
    }
}
