//! Keeping a connection open, and what its end says.

use std::time::{Duration, Instant};

use tungstenite::Message;

use super::diagnosis::{Diagnosis, Kind};
use super::report::Watch;
use super::session::{End, News, Seen, Session};

/// How a connection fared while it was held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// How long it was held.
    pub(super) lasted: Duration,
    /// How long no byte had gone either way when it ended.
    pub(super) silent: Duration,
    /// How it ended, if it did.
    pub(super) end: Option<End>,
    /// What was received.
    seen: Seen,
    /// The pings that were sent.
    sent: usize,
    /// How often.
    every: Option<Duration>,
}

/// Sends nothing but pings, if any, for so long.
pub(super) fn hold(session: &mut Session, whole: Duration, every: Option<Duration>, watch: &mut dyn Watch) -> Held {
    let begin = Instant::now();
    let until = begin + whole;
    let before = session.seen;
    let mut next_ping = every.map(|every| begin + every);
    let mut sent = 0;
    let mut end = None;
    while end.is_none() && Instant::now() < until {
        if let (Some(at), Some(every)) = (next_ping, every)
            && Instant::now() >= at
        {
            next_ping = Some(at + every);
            sent += 1;
            // An end that sending meets is told by reading, with what came before it.
            let _ = session.send(Message::Ping(Vec::new().into()));
        }
        watch.holding(begin.elapsed(), whole);
        if let News::End(how) = session.next(until) {
            end = Some(how);
        }
    }
    let seen = Seen {
        messages: session.seen.messages - before.messages,
        pings: session.seen.pings - before.pings,
        pongs: session.seen.pongs - before.pongs,
    };
    Held { lasted: begin.elapsed(), silent: session.last.elapsed(), end, seen, sent, every }
}

impl Held {
    /// How it fared, for a step.
    pub(super) fn text(&self) -> String {
        let how = match self.every {
            Some(every) => format!("with a ping every {}", seconds(every)),
            None => "idle".to_owned(),
        };
        match &self.end {
            None => format!("{how}: still open after {}", seconds(self.lasted)),
            Some(End::Fin) => format!("{how}: {} after {} of silence", End::Fin.text(), seconds(self.silent)),
            Some(end) => format!("{how}: {} after {}", end.text(), seconds(self.lasted)),
        }
    }

    /// What came in the meantime.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let mut count = |number: usize, one: &str| match number {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            _ => parts.push(format!("{number} {one}s")),
        };
        count(self.seen.messages, "message");
        count(self.seen.pings, "ping");
        let mut notes = Vec::new();
        if !parts.is_empty() {
            notes.push(format!("the server sent {} meanwhile", parts.join(" and ")));
        }
        if self.every.is_some() {
            notes.push(format!("{} of {} pings were answered", self.seen.pongs, self.sent));
        }
        notes
    }

    /// What its end means, with how a connection with pings fared beside it; nothing where it lasted.
    pub(super) fn diagnosis(&self, beside: Option<&Held>) -> Option<Diagnosis> {
        let after = seconds(self.silent);
        let diagnosis = match self.end.as_ref()? {
            End::Fin => {
                let silence = if self.lasted.abs_diff(self.silent) < Duration::from_millis(500) {
                    "The idle connection was closed"
                } else {
                    "The connection was closed"
                };
                Diagnosis::new(
                    Kind::IdleCut,
                    format!("{silence} after {after} of silence, with a FIN and no close frame: browsers report 1006."),
                )
                .advise(
                    "nginx ends it like this when `proxy_read_timeout` passes without a byte either way. \
                    Raise that, or let the application ping more often.",
                )
                .points_to(rules(self.silent))
            }
            End::Reset => Diagnosis::new(
                Kind::ResetWhileHeld,
                format!("The connection was reset after {}.", seconds(self.lasted)),
            )
            .advise(
                "Not a timeout of nginx, which sends a FIN: a firewall or load balancer that forgot the \
                connection, or a server that died.",
            ),
            End::Closed(code, words) => Diagnosis::new(
                Kind::ClosedWhileHeld,
                format!(
                    "The server closed the connection after {} by a close frame: {}.",
                    seconds(self.lasted),
                    said(*code, words)
                ),
            )
            .advise(
                "The application did this, not nginx, which knows no close frames: look for an idle timeout \
                or a missing login there.",
            ),
            End::Violation(what) => Diagnosis::new(Kind::ProtocolError, format!("What came is not WebSocket: {what}.")),
        };
        Some(match (beside.map(|beside| (beside, &beside.end)), diagnosis.kind) {
            (Some((beside, None)), Kind::IdleCut) => diagnosis.advise(format!(
                "With a ping every {} another connection stayed open for {}: pings keep it.",
                seconds(beside.every.unwrap_or_default()),
                seconds(beside.lasted)
            )),
            (Some((beside, Some(end))), _) => diagnosis.advise(format!(
                "Pings did not help: with one every {} it ended too ({}) after {}.",
                seconds(beside.every.unwrap_or_default()),
                end.text(),
                seconds(beside.lasted)
            )),
            _ => diagnosis,
        })
    }
}

/// The rules that would explain a cut after so much silence. 60 s is nginx's default in http, 10 min in stream.
fn rules(silent: Duration) -> &'static [&'static str] {
    let near = |seconds: u64| silent.abs_diff(Duration::from_secs(seconds)) < Duration::from_millis(1500);
    if near(60) {
        &["missing-read-timeout", "short-read-timeout", "short-stream-timeout"]
    } else if near(600) {
        &["short-stream-timeout", "short-read-timeout"]
    } else {
        &["short-read-timeout", "short-stream-timeout", "missing-read-timeout"]
    }
}

impl End {
    /// How it ended, as a clause.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Closed(code, words) => format!("closed ({})", said(*code, words)),
            Self::Fin => "FIN without a close frame".into(),
            Self::Reset => "reset".into(),
            Self::Violation(what) => format!("broken ({what})"),
        }
    }
}

/// A close code with its meaning (RFC 6455, section 7.4.1, and the registry kept with it).
pub(super) fn said(code: Option<u16>, words: &str) -> String {
    let Some(code) = code else { return "no code".into() };
    let meaning = match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "a library's own",
        4000..=4999 => "the application's own",
        _ => "unknown",
    };
    if words.is_empty() { format!("code {code}, {meaning}") } else { format!("code {code}, {meaning}: `{words}`") }
}

/// A time as people read it.
pub(super) fn seconds(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        _ if milliseconds.is_multiple_of(1000) => format!("{} s", milliseconds / 1000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
