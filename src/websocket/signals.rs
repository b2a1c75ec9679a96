//! The data by which routes are recognised, and the look-ups in it.
//!
//! `rules/signals.toml` holds the facts; users add their own, which come first. A look-up is pure and costs a few
//! hash look-ups, so that it can be made for every location. It tells what one text says; what the texts of a route
//! say together is decided elsewhere.

use std::sync::OnceLock;

use foldhash::HashMap;

use super::comments::{self, Comments};
use super::confidence::{self, Confidence};
use super::segments::{Segment, Segments, Way};

mod names;
mod phrases;
mod tables;

use names::{MAX_PARTS, labels, own_part, parts, plain, runs};
pub use phrases::Phrases;
use tables::Tables;
pub use tables::{Application, Deny, Endpoint, Port, ServerName, Word};

/// `rules/signals.toml`, as the build script writes it.
const BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/signals.bin"));

/// A text of signals that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no TOML, or holds something that signals do not have.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A path without a segment that could be recognised.
    #[error("the path `{0}` of an endpoint must begin with `/` and a name")]
    Path(String),
    /// A word that no name can contain.
    #[error("the word `{word}` of `{of}` must be made of letters, digits, `-` and `_`")]
    Word {
        /// The entry.
        of: String,
        /// Its word.
        word: String,
    },
}

/// An endpoint found in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'s> {
    /// The endpoint.
    pub endpoint: &'s Endpoint,
    /// Its segments are the last ones, in every way in which the location can match.
    pub last: bool,
    /// Nothing but WebSockets is served by the location, in every way in which it can match.
    pub only: bool,
}

/// The signals, ready for look-ups.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    tables: Tables,
    /// Endpoints by their first segment, with all their segments.
    endpoints: HashMap<String, Vec<(usize, Vec<String>)>>,
    /// Applications by their words, without separators.
    applications: HashMap<String, usize>,
    words: HashMap<String, usize>,
    ports: HashMap<u16, usize>,
    server_names: HashMap<String, usize>,
    denied_segments: HashMap<String, usize>,
    comments: Comments,
}

/// A tail of unknown start (`~ websocket$`) counts only for names of at least this length: `news` ends with `ws`.
const MIN_TAIL: usize = 6;

impl Signals {
    /// The signals that come with the program.
    pub fn builtin() -> &'static Signals {
        static SIGNALS: OnceLock<Signals> = OnceLock::new();
        // A test reads the file, so that there is always something to fall back from.
        SIGNALS.get_or_init(|| {
            let tables: Option<Tables> = postcard::from_bytes(BUILTIN).ok();
            tables.and_then(|tables| Signals::compile(tables).ok()).unwrap_or_default()
        })
    }

    /// Signals from TOML text.
    ///
    /// # Errors
    ///
    /// If the text is no TOML, has a key that signals do not have, or an entry that could never match.
    pub fn parse(toml: &str) -> Result<Signals, Error> {
        Signals::default().with(toml)
    }

    /// These signals and those of a TOML text, which come first where both say something.
    ///
    /// # Errors
    ///
    /// As [`Signals::parse`].
    pub fn with(&self, toml: &str) -> Result<Signals, Error> {
        let mut tables: Tables = toml::from_str(toml)?;
        let old = self.tables.clone();
        // The surer endpoint counts, so that an old one of the same path has to go.
        let given: Vec<String> = tables.endpoint.iter().map(|endpoint| endpoint.path.to_lowercase()).collect();
        tables.endpoint.extend(old.endpoint.into_iter().filter(|e| !given.contains(&e.path.to_lowercase())));
        tables.application.extend(old.application);
        tables.application_parts.words.extend(old.application_parts.words);
        tables.application_parts.segments.extend(old.application_parts.segments);
        tables.word.extend(old.word);
        tables.port.extend(old.port);
        tables.server_name.extend(old.server_name);
        tables.deny.extend(old.deny);
        tables.comments.extend(old.comments);
        Signals::compile(tables)
    }

    fn compile(tables: Tables) -> Result<Signals, Error> {
        let mut signals = Signals { comments: Comments::new(&tables.comments), ..Signals::default() };
        for (index, endpoint) in tables.endpoint.iter().enumerate() {
            let path = endpoint.path.to_lowercase();
            let segments: Vec<String> =
                path.strip_prefix('/').unwrap_or_default().split('/').map(str::to_owned).collect();
            match segments.first() {
                Some(first) if first != "*" && segments.iter().all(|s| !s.is_empty()) => {
                    signals.endpoints.entry(first.clone()).or_default().push((index, segments));
                }
                _ => return Err(Error::Path(endpoint.path.clone())),
            }
        }
        for (index, application) in tables.application.iter().enumerate() {
            for word in &application.words {
                let parts = parts(word);
                let plain = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                if parts.is_empty() || parts.len() > MAX_PARTS || !plain {
                    return Err(Error::Word { of: application.name.clone(), word: word.clone() });
                }
                signals.applications.entry(parts.concat()).or_insert(index);
            }
        }
        for (index, word) in tables.word.iter().enumerate() {
            signals.words.entry(word.word.to_lowercase()).or_insert(index);
        }
        for (index, port) in tables.port.iter().enumerate() {
            signals.ports.entry(port.port).or_insert(index);
        }
        for (index, name) in tables.server_name.iter().enumerate() {
            signals.server_names.entry(name.label.to_lowercase()).or_insert(index);
        }
        for (index, deny) in tables.deny.iter().enumerate() {
            for segment in &deny.segments {
                signals.denied_segments.entry(segment.to_lowercase()).or_insert(index);
            }
        }
        signals.tables = tables;
        Ok(signals)
    }

    /// The endpoint that a location's path names; of several the surest, then the one of the most segments.
    ///
    /// It is enough that one way of a regular expression names it: the location then serves it, among others.
    pub fn endpoint(&self, path: &Segments) -> Option<Found<'_>> {
        let each: Vec<_> = path.ways.iter().map(|way| self.endpoint_of_way(way)).collect();
        let best = each.iter().flatten().max_by_key(|found| found.rank())?;
        let all = |is: fn(&OnWay<'_>) -> bool| each.iter().all(|found| found.as_ref().is_some_and(is));
        Some(Found { endpoint: best.endpoint, last: all(|f| f.last), only: all(|f| f.only) })
    }

    fn endpoint_of_way(&self, way: &Way) -> Option<OnWay<'_>> {
        // `/socket.io/socket.io.js` and `/ws/orders.wsdl` are files.
        if self.is_file(way) {
            return None;
        }
        let denied = |segment: &Segment| {
            let index = segment.whole().and_then(|text| self.denied_segments.get(text));
            index.and_then(|index| self.tables.deny.get(*index)).is_some_and(|deny| deny.below)
        };
        let starts = way.segments.iter().enumerate().take_while(|(_, segment)| !denied(segment));
        let found = starts.flat_map(|(start, segment)| {
            let known = match segment {
                Segment::Whole(text) | Segment::Tail(text) => self.endpoints.get(text.as_str()),
                Segment::Any => None,
            };
            known.into_iter().flatten().filter_map(move |(index, segments)| self.on_way(*index, segments, way, start))
        });
        // `/api/live/ws` is Grafana's, and ends with `ws`: the shorter name at the end still tells what is served.
        found.reduce(|best, other| {
            let only = best.only || other.only;
            let best = if other.rank() >= best.rank() { other } else { best };
            OnWay { only, ..best }
        })
    }

    /// The endpoint, if its segments stand in the way from `start` on, and its conditions hold there.
    fn on_way(&self, index: usize, segments: &[String], way: &Way, start: usize) -> Option<OnWay<'_>> {
        let endpoint = self.tables.endpoint.get(index)?;
        let end = start + segments.len();
        let here = way.segments.get(start..end)?;
        let same = |(segment, wanted): (&Segment, &String)| match segment {
            Segment::Whole(text) => wanted == "*" || text == wanted,
            Segment::Tail(text) => text == wanted && text.len() >= MIN_TAIL,
            Segment::Any => wanted == "*",
        };
        let last = end == way.segments.len();
        let next = way.segments.get(end).and_then(Segment::whole);
        let fits = here.iter().zip(segments).all(same)
            && (!endpoint.anchored || start == 0 && way.from_root)
            && (!endpoint.last || last)
            && !next.is_some_and(|next| endpoint.not_before.iter().any(|n| n == next));
        let only = endpoint.only && (last || endpoint.below);
        fits.then_some(OnWay { endpoint, last, only, length: segments.len() })
    }

    fn is_file(&self, way: &Way) -> bool {
        let Some(Segment::Whole(text) | Segment::Tail(text)) = way.segments.last() else { return false };
        text.contains('.') && self.tables.deny.iter().any(|deny| ends(text, &deny.suffixes))
    }

    /// The application that a name speaks of: an upstream, a host, a variable, a segment of a path.
    ///
    /// Whole words count, joined by nothing, `-` or `_`, and with a number behind them (`jupyter_1`). A name that
    /// says that it is another part of the application (`jupyter-docs`) speaks of none.
    pub fn application(&self, name: &str) -> Option<&Application> {
        // Where each label is one word as it stands, as in most names, there is nothing to cut and to join.
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
        let known = |label: &str| self.applications.contains_key(label) || self.numbered(label).is_some();
        if name.bytes().all(plain) && !labels(name).any(known) {
            return None;
        }
        let labels: Vec<Vec<String>> = labels(name).map(parts).collect();
        let excluded = |part: &String| self.tables.application_parts.words.iter().any(|n| n == part);
        let runs = labels.iter().flat_map(|parts| runs(parts));
        let found = runs.filter_map(|run| self.applications.get(&run).or_else(|| self.numbered(&run)));
        let best = found.filter_map(|index| self.tables.application.get(*index)).max_by_key(|a| a.confidence)?;
        // Looked at last, since nearly no name gets here.
        let own = |part: &String| best.words.iter().any(|word| parts(word).contains(part));
        let other = labels.iter().flatten().any(|part| excluded(part) && !own(part));
        (!other).then_some(best)
    }

    /// Whether what a backend is asked for below a path is a part of an application that has its WebSockets elsewhere.
    pub(super) fn is_part(&self, application: &Application, path: &str) -> bool {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_ascii_lowercase();
        let below = |(one, other): (&str, &str)| {
            let rest = one.strip_prefix(other.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_apart = application.at_root || self.tables.application_parts.segments.contains(&first);
        let mut own = application.paths.iter().map(String::as_str);
        is_apart && !application.paths.is_empty() && !own.any(|own| below((own, path)) || below((path, own)))
    }

    fn numbered(&self, run: &str) -> Option<&usize> {
        let stem = run.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.len() != run.len()).then(|| self.applications.get(stem)).flatten()
    }

    /// The application that a `server_name` speaks of; the registered domain does not count.
    pub fn application_of_server(&self, server_name: &str) -> Option<&Application> {
        self.application(own_part(&plain(server_name)))
    }

    /// What a `server_name` says, and the application that it speaks of.
    pub(super) fn of_server(&self, server_name: &str) -> (Option<&ServerName>, Option<&Application>) {
        let name = plain(server_name);
        let own = own_part(&name);
        (self.label(own), self.application(own))
    }

    /// The strongest word for WebSockets in a name: an upstream, a host, a variable.
    pub fn word(&self, name: &str) -> Option<(&Word, Confidence)> {
        let found = labels(name).flat_map(parts).filter_map(|part| self.word_entry(&part));
        found.map(|word| (word, word.in_name)).max_by_key(|(_, confidence)| *confidence)
    }

    /// The strongest word for WebSockets in the segments of a path (`/ws-terminal`) or in a named location's name.
    ///
    /// A segment with a dot is a file, and one that is denied (`/docs/websocket`) speaks of WebSockets at most.
    pub fn word_in_path(&self, path: &Segments) -> Option<(&Word, Confidence)> {
        let whole = |way: &Way| way.segments.iter().filter_map(Segment::whole).map(str::to_owned).collect::<Vec<_>>();
        let ways = path.ways.iter().map(whole);
        let speaking = ways.filter(|way| !way.iter().any(|segment| self.denied_segments.contains_key(segment)));
        // `/websocket-health` is a health check.
        let other = |segment: &String| parts(segment).iter().any(|part| self.denied_segments.contains_key(part));
        let segments = speaking.flatten().filter(|segment| !segment.contains('.') && !other(segment));
        let parts = segments.flat_map(|segment| parts(&segment));
        let found = parts.filter_map(|part| self.word_entry(&part)).map(|word| (word, word.in_path));
        found.max_by_key(|(_, confidence)| *confidence)
    }

    fn word_entry(&self, part: &str) -> Option<&Word> {
        let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let index = self.words.get(part).or_else(|| self.words.get(stem))?;
        self.tables.word.get(*index)
    }

    /// What usually listens on a port.
    pub fn port(&self, port: u16) -> Option<&Port> {
        self.tables.port.get(*self.ports.get(&port)?)
    }

    /// What a `server_name` says; the registered domain does not count (`.ws` is Samoa).
    pub fn server_name(&self, server_name: &str) -> Option<&ServerName> {
        self.label(own_part(&plain(server_name)))
    }

    fn label(&self, own: &str) -> Option<&ServerName> {
        let found = own.split('.').filter_map(|label| self.server_names.get(label));
        found.filter_map(|index| self.tables.server_name.get(*index)).max_by_key(|name| name.confidence)
    }

    /// Why a location's path carries something else: by its last segment, or by its ending.
    ///
    /// It says nothing against an endpoint that the path names (`/ws/status`).
    pub fn denied_path(&self, path: &Segments) -> Option<&Deny> {
        let of_way = |way: &Way| {
            let (whole, text) = match way.segments.last()? {
                Segment::Whole(text) => (true, text),
                Segment::Tail(text) => (false, text),
                Segment::Any => return None,
            };
            let segment = whole.then(|| self.denied_segments.get(text)).flatten();
            let by_segment = segment.and_then(|index| self.tables.deny.get(*index));
            by_segment.or_else(|| self.tables.deny.iter().find(|deny| ends(text, &deny.suffixes)))
        };
        let mut each = path.ways.iter().map(of_way);
        let first = each.next()??;
        each.all(|deny| deny.is_some()).then_some(first)
    }

    /// Why a route that sets this request header carries something else.
    pub fn denied_header(&self, header: &str) -> Option<&Deny> {
        self.tables.deny.iter().find(|deny| deny.headers.iter().any(|h| h.eq_ignore_ascii_case(header)))
    }

    /// Why a route with this comment carries something else; nothing if the comment speaks of WebSockets too.
    pub fn denied_comment(&self, comment: &str) -> Option<&Deny> {
        let deny = self.tables.deny.iter().find(|deny| comments::mentions(comment, &deny.comments))?;
        (!self.says_websocket(comment)).then_some(deny)
    }

    /// Why an ambiguous endpoint beside a location of this path is something else.
    pub fn denied_by_sibling(&self, path: &Segments) -> Option<&Deny> {
        let names = path.ways.iter().filter_map(|way| match way.segments.last()? {
            Segment::Whole(text) | Segment::Tail(text) => Some(text),
            Segment::Any => None,
        });
        let by = |name: &String| self.tables.deny.iter().find(|deny| ends(name, &deny.siblings));
        names.filter_map(by).next()
    }

    /// Whether a comment (with its `#` or without) states that WebSockets are carried.
    pub fn says_websocket(&self, comment: &str) -> bool {
        self.comments.says_websocket(comment)
    }

    /// Whether a comment states that pings or heartbeats are sent more often than every 60 s.
    pub fn says_pings(&self, comment: &str) -> bool {
        self.comments.says_pings(comment)
    }

    /// All endpoints, in the order in which they are looked up.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.tables.endpoint
    }

    /// All applications, in the order in which they are looked up.
    pub fn applications(&self) -> &[Application] {
        &self.tables.application
    }
}

/// An endpoint found in one way.
struct OnWay<'s> {
    endpoint: &'s Endpoint,
    last: bool,
    only: bool,
    length: usize,
}

impl OnWay<'_> {
    fn rank(&self) -> (Confidence, usize, bool) {
        (self.endpoint.confidence, self.length, self.last)
    }
}

fn ends(text: &str, endings: &[String]) -> bool {
    endings.iter().any(|ending| text.ends_with(ending.as_str()))
}

#[cfg(test)]
mod tests;
