//! What the end of an open connection means.

use std::time::Duration;

use super::diagnosis::{Diagnosis, Kind};
use super::hold::{said, seconds};
use super::report::Stage;
use super::session::End;

/// A number of bytes as people read it.
pub(super) fn bytes(size: usize) -> String {
    match size {
        0..1024 => format!("{size} bytes"),
        _ if size.is_multiple_of(1 << 20) => format!("{} MiB", size >> 20),
        _ if size.is_multiple_of(1024) => format!("{} KiB", size >> 10),
        _ => format!("{:.1} KiB", size as f64 / 1024.0),
    }
}

/// The connection ended as soon as it was open.
pub(super) fn closed_at_once(end: &End) -> Diagnosis {
    let kind = Kind::ClosedAfterOpening;
    match end {
        End::Closed(code, words) => Diagnosis::new(
            kind,
            format!(
                "The handshake succeeds, and the application closes the connection at once: {}.",
                said(*code, words)
            ),
        )
        .advise(match code {
            Some(1008 | 4000..=4999) => {
                "It refuses this client: a token, a cookie or an origin is missing. \
                Send what its own client sends: `--header`, `--origin`."
            }
            Some(1002 | 1003 | 1007) => {
                "It takes the traffic for another protocol: offer the one it wants with `--subprotocol`."
            }
            _ => "nginx knows no close frames, so this is the application's: its log says why.",
        }),
        End::Fin | End::Reset => {
            Diagnosis::new(kind, "The handshake succeeds, and the connection is cut at once without a close frame.")
                .advise(
                    "Backends do so that answer 101 over HTTP/1.0 and then end it; nginx does so when a copy of the \
                    handshake (`mirror`) is upgraded itself. See the error log.",
                )
                .points_to(&["missing-http-version", "wrong-http-version", "upgrade-in-subrequest"])
        }
        End::Violation(what) => Diagnosis::new(
            Kind::ProtocolError,
            format!("The handshake succeeds, but what comes is not WebSocket: {what}."),
        )
        .advise("Something on the way changes or adds bytes, or compresses what nobody agreed to compress.")
        .points_to(&["dropped-handshake-request"]),
    }
}

/// The connection ended over a message of so many bytes.
pub(super) fn ended_by_message(end: &End, size: usize, stage: Stage) -> Diagnosis {
    let size = bytes(size);
    match end {
        End::Closed(Some(1009), words) => Diagnosis::new(
            Kind::TooBig,
            format!("The backend takes no message of {size}: {}.", said(Some(1009), words)),
        )
        .advise(
            "The limit is the application's (`maxPayload`, `max_size`, …): nginx has none for WebSockets, \
            whatever its buffers are.",
        ),
        End::Closed(code, words) => Diagnosis::new(
            Kind::NoEcho,
            format!("The application closed the connection over a message of {size}: {}.", said(*code, words)),
        )
        .advise("It expects other messages than this one; `--message` takes one that it understands."),
        End::Violation(what) => {
            Diagnosis::new(Kind::ProtocolError, format!("What came back is not WebSocket: {what}."))
        }
        End::Fin | End::Reset => {
            let kind = if stage == Stage::Size { Kind::TooBig } else { Kind::NoEcho };
            Diagnosis::new(
                kind,
                format!(
                    "The connection was {} over a message of {size}.",
                    if *end == End::Fin { "closed without a close frame" } else { "reset" }
                ),
            )
            .advise(
                "The backend did this, or a proxy with a limit of its own: nginx has none for WebSocket \
                messages. Its log says `upstream prematurely closed`.",
            )
        }
    }
}

/// A message did not come back, and so many others did.
pub(super) fn no_echo(others: usize, size: usize, waited: Duration) -> Diagnosis {
    let instead = match others {
        0 => "nothing came back".to_owned(),
        1 => "another message came in its place".to_owned(),
        many => format!("{many} other messages came in its place"),
    };
    Diagnosis::new(
        Kind::NoEcho,
        format!(
            "The connection is open, but a message of {} was not echoed within {}: {instead}.",
            bytes(size),
            seconds(waited)
        ),
    )
    .advise("A server that does not echo is no fault: this check is for those that do.")
}
