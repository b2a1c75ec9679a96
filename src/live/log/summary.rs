//! What a log came to, ready to be shown.
//!
//! The JSON form is one object:
//!
//! ```json
//! {"version": 1, "from": "2026-11-21 02:10:04", "to": "2026-11-21 03:04:59",
//!  "lines": 1204331, "error_log_lines": 1204331, "recognised": 812, "before_since": 0, "shows_info": false,
//!  "causes": [{
//!    "id": "refused", "severity": "error|warning|info", "about": "websocket|request|path|nginx",
//!    "cause": "…", "change": "…", "rules": ["…"],
//!    "count": 400, "from": "…", "to": "…", "timeline": [0, 3, 397],
//!    "groups": [{"server": "chat.example.com", "route": "/ws", "websocket": true, "upstream": "http://127.0.0.1:3000",
//!                "count": 400, "from": "…", "to": "…"}],
//!    "more_groups": 0, "in_more_groups": 0, "message": "…", "example": "…"}],
//!  "access": {"lines": 9, "upgraded": 4, "failed": 2, "failures": [{"status": 502, "count": 2}],
//!             "routes": [{"path": "/ws", "failed": 2, "statuses": [{"status": 101, "count": 4}, …]}],
//!             "more_routes": 0, "lifetimes": null}}
//! ```
//!
//! Times are those of the log, whose zone it does not tell. `timeline` divides the time from the first line of the log to
//! its last into equal parts.

use std::cmp::Reverse;

use serde::{Serialize, Serializer};

use super::access::AccessSummary;
use super::line::Line;
use super::messages::About;
use super::routes::is_websocket;
use super::tally::{CauseTally, Tally, named};
use super::timeline::{Seconds, clock};
use crate::report::escape::visible;
use crate::rules::Severity;

/// How many parts the time of a log is divided into.
const PARTS: usize = 40;
/// How many bytes of a message are shown.
const MOST_TEXT: usize = 200;

/// What a log came to.
#[derive(Clone, Debug, Serialize)]
pub struct LogSummary {
    /// The version of this form.
    pub version: u32,
    /// The first line's time.
    #[serde(serialize_with = "maybe_time")]
    pub from: Option<Seconds>,
    /// The last line's time.
    #[serde(serialize_with = "maybe_time")]
    pub to: Option<Seconds>,
    /// Lines of any form.
    pub lines: u64,
    /// Lines of an error log.
    pub error_log_lines: u64,
    /// Lines that say something of WebSockets.
    pub recognised: u64,
    /// Lines from before the time that was asked for.
    pub before_since: u64,
    /// Whether the error log is written at level notice or below: idle cuts are told at info only.
    pub shows_info: bool,
    /// What was recognised, the worst first.
    pub causes: Vec<Cause>,
    /// What the access log says, if lines of one were read.
    pub access: Option<AccessSummary>,
}

/// A cause.
#[derive(Clone, Debug, Serialize)]
pub struct Cause {
    /// The message in `messages.toml`.
    pub id: String,
    /// How bad.
    #[serde(serialize_with = "severity")]
    pub severity: Severity,
    /// Whom it concerns.
    #[serde(serialize_with = "about")]
    pub about: About,
    /// What happened, in a sentence.
    pub cause: String,
    /// What to change.
    pub change: String,
    /// The rules that find the mistake in a configuration.
    pub rules: Vec<String>,
    /// How many lines say so.
    pub count: u64,
    /// The first of them.
    #[serde(serialize_with = "time")]
    pub from: Seconds,
    /// The last of them.
    #[serde(serialize_with = "time")]
    pub to: Seconds,
    /// Counts over the time of the log.
    pub timeline: Vec<u64>,
    /// Where, the most frequent first.
    pub groups: Vec<Group>,
    /// Groups that are left out.
    pub more_groups: usize,
    /// Lines of groups that are left out.
    pub in_more_groups: u64,
    /// The text of the last line, without what nginx adds about the request.
    pub message: String,
    /// The last line, with what a terminal would obey spelt out.
    pub example: String,
}

/// Lines of one cause with one server, route and upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The `server_name`; empty where the line tells none.
    pub server: String,
    /// The path, made short.
    pub route: String,
    /// Whether the path is a usual one for WebSockets.
    pub websocket: bool,
    /// Scheme and address; empty where the line tells none.
    pub upstream: String,
    /// How many lines.
    pub count: u64,
    /// The first.
    #[serde(serialize_with = "time")]
    pub from: Seconds,
    /// The last.
    #[serde(serialize_with = "time")]
    pub to: Seconds,
}

impl LogSummary {
    /// Sums up what was counted, with so many groups for each cause, and so many routes of an access log.
    pub fn new(tally: &Tally, most_groups: usize) -> Self {
        let counts = tally.counts;
        let (from, to) = counts.span.unzip();
        let mut causes: Vec<(bool, Cause)> = tally
            .causes
            .iter()
            .enumerate()
            .filter(|(_, cause)| cause.count > 0)
            .filter_map(|(number, cause)| Cause::new(tally, number, cause, most_groups))
            .collect();
        // What comes of something else stands behind it, and what hits WebSockets before what hits all requests alike.
        causes.sort_by_key(|(follows, cause)| {
            let hits = cause.about != About::Request || cause.groups.iter().any(|group| group.websocket);
            (Reverse(cause.severity), *follows, !hits, Reverse(cause.count))
        });
        Self {
            version: 1,
            from,
            to,
            lines: counts.lines,
            error_log_lines: counts.error_log,
            recognised: counts.recognised,
            before_since: counts.early,
            shows_info: counts.quiet > 0,
            causes: causes.into_iter().map(|(_, cause)| cause).collect(),
            access: tally.access.summary(most_groups),
        }
    }

    /// Whether anything was recognised that should not be, or handshakes failed.
    pub fn is_bad(&self) -> bool {
        self.causes.iter().any(|cause| cause.severity > Severity::Info) || self.failed_handshakes() > 0
    }

    /// Whether there were lines, and none of a log: that nothing was found in it means nothing then.
    pub fn is_no_log(&self) -> bool {
        self.lines > 0 && self.error_log_lines == 0 && self.access.is_none() && self.before_since == 0
    }

    /// How many handshakes failed, as an access log tells it.
    pub fn failed_handshakes(&self) -> u64 {
        self.access.as_ref().map_or(0, |access| access.failed)
    }

    /// As JSON, indented.
    ///
    /// # Errors
    /// None that could be helped.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Cause {
    fn new(tally: &Tally, number: usize, cause: &CauseTally, most_groups: usize) -> Option<(bool, Self)> {
        let message = tally.messages().get(number)?;
        let (first, last) = tally.counts.span?;
        let mut groups: Vec<Group> = tally
            .groups
            .iter()
            .map(|(key, group)| (named(key), group))
            .filter(|((of, _), _)| *of == number && message.about != About::Nginx)
            .map(|((_, [server, route, upstream]), group)| Group {
                websocket: is_websocket(route.as_bytes()),
                server: visible(&server).into_owned(),
                route: visible(&route).into_owned(),
                upstream: visible(&upstream).into_owned(),
                count: group.count,
                from: group.span.0,
                to: group.span.1,
            })
            .collect();
        groups.sort_by(|a, b| {
            (Reverse(a.count), &a.server, &a.route, &a.upstream).cmp(&(
                Reverse(b.count),
                &b.server,
                &b.route,
                &b.upstream,
            ))
        });
        let more_groups = groups.len().saturating_sub(most_groups);
        let left_out: u64 = groups.iter().skip(most_groups).map(|group| group.count).sum();
        groups.truncate(most_groups);
        let text = Line::read(&cause.example).map_or(&cause.example[..], |line| line.text);
        let text = String::from_utf8_lossy(&text[..text.len().min(MOST_TEXT)]);
        let shown = Self {
            message: visible(&text).into_owned(),
            id: message.id.clone(),
            severity: message.severity,
            about: message.about,
            cause: message.cause.clone(),
            change: message.change.clone(),
            rules: message.rules.clone(),
            count: cause.count,
            from: cause.span.0,
            to: cause.span.1,
            timeline: cause.times.columns(first, last, PARTS),
            groups,
            more_groups,
            in_more_groups: left_out + cause.ungrouped,
            example: visible(&String::from_utf8_lossy(&cause.example)).into_owned(),
        };
        Some((message.follows, shown))
    }
}

fn time<S: Serializer>(time: &Seconds, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&clock(*time))
}

fn maybe_time<S: Serializer>(at: &Option<Seconds>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, to),
        None => to.serialize_none(),
    }
}

fn severity<S: Serializer>(severity: &Severity, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(severity.name())
}

fn about<S: Serializer>(about: &About, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(about.name())
}
