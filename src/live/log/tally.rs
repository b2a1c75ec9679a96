//! Counts of lines: by cause, and by cause, server, route and upstream. Bounded whatever the lines say.

use std::collections::HashMap;

use super::access::{AccessLine, AccessTally};
use super::line::Line;
use super::messages::{About, Messages};
use super::routes::{is_websocket, push_shape};
use super::timeline::{Seconds, Timeline};
use super::wrapped::unwrapped;

/// How many groups are told apart; lines of further ones are counted by their cause alone.
const MOST_GROUPS: usize = 2048;
/// How many bytes of a name are kept.
const MOST_NAME: usize = 120;
/// How many bytes of a line are kept as an example.
const MOST_EXAMPLE: usize = 600;

/// What lines have come to so far.
#[derive(Debug)]
pub struct Tally {
    pub(super) messages: &'static Messages,
    since: Option<Seconds>,
    /// Whether the lines now are before that: those without a time belong to the one before.
    early: bool,
    pub(super) counts: Counts,
    /// By the number of the message.
    pub(super) causes: Vec<CauseTally>,
    pub(super) groups: HashMap<Box<[u8]>, GroupTally>,
    pub(super) access: AccessTally,
    /// Message, server, route and upstream of the line at hand.
    key: Vec<u8>,
}

/// Numbers of lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) error_log: u64,
    pub(super) recognised: u64,
    pub(super) early: u64,
    /// Of an error log, at level notice, info or debug.
    pub(super) quiet: u64,
    pub(super) span: Option<(Seconds, Seconds)>,
}

/// The lines of one message.
#[derive(Clone, Debug, Default)]
pub(super) struct CauseTally {
    pub(super) count: u64,
    pub(super) span: (Seconds, Seconds),
    pub(super) times: Timeline,
    pub(super) example: Vec<u8>,
    /// Lines of groups that are not told apart any more.
    pub(super) ungrouped: u64,
}

/// The lines of one message with one server, route and upstream.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupTally {
    pub(super) count: u64,
    pub(super) span: (Seconds, Seconds),
}

/// A line that was recognised, as it is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number of the message, in [`Messages`].
    pub message: usize,
    /// When.
    pub time: Seconds,
    /// The `server_name`; empty if the line tells none. So are the others.
    pub server: String,
    /// The path, made short.
    pub route: String,
    /// Scheme and address.
    pub upstream: String,
}

impl Seen {
    /// Whether it says the same of the same place.
    pub fn is_like(&self, other: &Self) -> bool {
        Self { time: other.time, ..self.clone() } == *other
    }
}

impl Tally {
    /// Nothing counted yet. Lines before `since` are passed over.
    pub fn new(since: Option<Seconds>) -> Self {
        let messages = Messages::builtin();
        Self {
            messages,
            since,
            early: false,
            counts: Counts::default(),
            causes: vec![CauseTally::default(); messages.all().len()],
            groups: HashMap::new(),
            access: AccessTally::default(),
            key: Vec::new(),
        }
    }

    /// Counts a line, without the end of the line. If it says something of WebSockets: the number of the message, and when.
    pub fn add(&mut self, line: &[u8]) -> Option<(usize, Seconds)> {
        self.counts.lines += 1;
        let line = &*unwrapped(line);
        if let Some(line_read) = Line::read(line) {
            return self.is_late(line_read.time).then(|| self.add_error(line, &line_read)).flatten();
        }
        if let Some(access) = AccessLine::read(line) {
            if self.is_late(access.time) {
                self.access.add(&access);
            }
        } else {
            self.counts.early += u64::from(self.early);
        }
        None
    }

    fn is_late(&mut self, time: Seconds) -> bool {
        self.early = self.since.is_some_and(|since| time < since);
        if self.early {
            self.counts.early += 1;
            return false;
        }
        widen(self.counts.span.get_or_insert((time, time)), time);
        true
    }

    fn add_error(&mut self, raw: &[u8], line: &Line<'_>) -> Option<(usize, Seconds)> {
        self.counts.error_log += 1;
        self.counts.quiet += u64::from(matches!(line.level, b"info" | b"notice" | b"debug"));
        let number = self.messages.find(line.level, line.text)?;
        let about = self.messages.get(number)?.about;
        let fields = line.fields();
        if about == About::Path && !is_websocket(fields.path) {
            return None;
        }
        self.counts.recognised += 1;
        self.key.clear();
        self.key.extend_from_slice(&(number as u16).to_le_bytes());
        if about != About::Nginx {
            self.key.extend_from_slice(&fields.server[..fields.server.len().min(MOST_NAME)]);
            self.key.push(0);
            push_shape(&mut self.key, fields.path);
            self.key.push(0);
            self.key.extend_from_slice(&fields.upstream[..fields.upstream.len().min(MOST_NAME)]);
        }
        let cause = self.causes.get_mut(number)?;
        if cause.count == 0 {
            cause.span = (line.time, line.time);
        }
        cause.count += 1;
        widen(&mut cause.span, line.time);
        cause.times.add(line.time);
        cause.example.clear();
        cause.example.extend_from_slice(&raw[..raw.len().min(MOST_EXAMPLE)]);
        if let Some(group) = self.groups.get_mut(&self.key[..]) {
            group.count += 1;
            widen(&mut group.span, line.time);
        } else if self.groups.len() < MOST_GROUPS {
            let group = GroupTally { count: 1, span: (line.time, line.time) };
            self.groups.insert(self.key.clone().into_boxed_slice(), group);
        } else {
            cause.ungrouped += 1;
        }
        Some((number, line.time))
    }

    /// The line for which [`Tally::add`] just gave this.
    pub fn seen(&self, (message, time): (usize, Seconds)) -> Seen {
        let (_, [server, route, upstream]) = named(&self.key);
        Seen { message, time, server, route, upstream }
    }

    /// What is known of the messages by their numbers.
    pub fn messages(&self) -> &'static Messages {
        self.messages
    }
}

/// The number and the names in a key.
pub(super) fn named(key: &[u8]) -> (usize, [String; 3]) {
    let number = key.first_chunk().map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)));
    let mut names = key.get(2..).unwrap_or_default().split(|&byte| byte == 0);
    let mut next = || String::from_utf8_lossy(names.next().unwrap_or_default()).into_owned();
    (number, [next(), next(), next()])
}

fn widen(span: &mut (Seconds, Seconds), time: Seconds) {
    *span = (span.0.min(time), span.1.max(time));
}
