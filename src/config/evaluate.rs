//! What a value becomes when a request comes in.
//!
//! A value such as `$connection_upgrade` is followed through `map` and `set` to the texts it can become for a
//! WebSocket handshake or for a plain request. Where a part cannot be known, the answer says so, and nothing may be
//! concluded from it.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use foldhash::HashMap;

use super::tree::{DirectiveId, ROOT, Tree};
use super::variables::is_builtin_variable;

/// A kind of request, as browsers send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `Upgrade: websocket` with `Connection: Upgrade` (Chrome) or `keep-alive, Upgrade` (Firefox).
    Handshake,
    /// Neither.
    Plain,
    /// `Upgrade: h2c`, as somebody sends it who wants another protocol than WebSocket (NGINX facts part K).
    OtherProtocol,
}

/// More texts than this are not told one by one.
const MOST: usize = 32;

/// The texts that a value can become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Those that are known.
    pub known: BTreeSet<String>,
    /// Whether there may be others that nobody can know.
    pub open: bool,
    /// A variable in it that nothing defines and that text not here could define at most.
    pub undefined: Option<String>,
}

impl Values {
    fn one(text: impl Into<String>) -> Self {
        Self { known: BTreeSet::from([text.into()]), ..Self::default() }
    }

    fn several(texts: &[&str]) -> Self {
        Self { known: texts.iter().map(|&text| text.to_owned()).collect(), ..Self::default() }
    }

    fn unknown() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// Whether the value is this text and nothing else.
    pub fn is_exactly(&self, text: &str) -> bool {
        !self.open && self.known.len() == 1 && self.known.contains(text)
    }

    /// Whether some text it can become satisfies `test`.
    pub fn any(&self, test: impl FnMut(&String) -> bool) -> bool {
        self.known.iter().any(test)
    }

    fn join(&mut self, other: Self) {
        self.known.extend(other.known);
        self.open |= other.open;
        self.undefined = self.undefined.take().or(other.undefined);
    }

    /// The same without those that are known where there may be others, or where they are too many to be told.
    fn settled(mut self) -> Self {
        self.open |= self.known.len() > MOST;
        if self.open {
            self.known.clear();
        }
        self
    }

    /// Each text of this value followed by each of the other's.
    fn then(self, other: &Self) -> Self {
        let open = self.open || other.open || self.known.len() * other.known.len() > MOST;
        let known = if open {
            BTreeSet::new()
        } else {
            self.known.iter().flat_map(|left| other.known.iter().map(move |right| format!("{left}{right}"))).collect()
        };
        Self { known, open, undefined: self.undefined.or_else(|| other.undefined.clone()) }
    }
}

/// A piece of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'v> {
    /// Text as it stands.
    Text(&'v str),
    /// A variable, by the name as written.
    Variable(&'v str),
}

/// Splits a value into text and variables: `$name`, `${name}` and the captures `$1` to `$9`
/// (`ngx_http_script_compile`).
pub fn parts(value: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(dollar) = rest.find('$') {
        if dollar > 0 {
            parts.push(Part::Text(&rest[..dollar]));
        }
        let behind = &rest[dollar + 1..];
        let (name, after) = match behind.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some((name, after)) if name.bytes().all(is_name_byte) => (name, after),
                _ => ("", behind),
            },
            None => {
                let end = behind.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(behind.len());
                let end = if behind.starts_with(|c: char| c.is_ascii_digit()) { end.min(1) } else { end };
                behind.split_at(end)
            }
        };
        if name.is_empty() {
            parts.push(Part::Text("$"));
        } else {
            parts.push(Part::Variable(name));
        }
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A variable may lead through this many others; nginx itself refuses circles when it meets them.
const DEEPEST: u32 = 10;

/// What values came to when they were first asked for: most routes send what their neighbours send.
#[derive(Debug, Default)]
pub(super) struct Evaluated(RwLock<HashMap<(Request, DirectiveId), ByText>>);

/// What the values of one server come to.
type ByText = HashMap<Box<str>, Values>;

impl Evaluated {
    /// No more than so many of one server are kept.
    const MOST: usize = 1000;

    fn get(&self, value: &str, of: (Request, DirectiveId), evaluate: impl FnOnce() -> Values) -> Values {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(values) = known.get(&of).and_then(|known| known.get(value)) {
            return values.clone();
        }
        drop(known);
        let values = evaluate();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(of).or_default();
        if known.len() < Self::MOST {
            known.insert(value.into(), values.clone());
        }
        values
    }
}

impl Tree {
    /// What `value` can become in `block` for a request.
    pub fn evaluate(&self, value: &str, request: Request, block: DirectiveId) -> Values {
        if !value.contains('$') {
            return self.evaluate_to(value, request, block, DEEPEST);
        }
        // Of the block only its server matters, for the `set` lines in it.
        let server = if self.all("set").is_empty() { None } else { self.enclosing(block, "server") };
        self.evaluated
            .get(value, (request, server.unwrap_or(ROOT)), || self.evaluate_to(value, request, block, DEEPEST))
    }

    fn evaluate_to(&self, value: &str, request: Request, block: DirectiveId, depth: u32) -> Values {
        if is_placeholder(value) {
            return Values::unknown();
        }
        if !value.contains('$') {
            return Values::one(value);
        }
        let mut pieces = parts(value).into_iter().map(|part| match part {
            Part::Text(text) => Values::one(text),
            Part::Variable(name) => self.variable(&name.to_ascii_lowercase(), request, block, depth),
        });
        match pieces.next() {
            // A single variable, which is what most values are, is what it becomes.
            Some(first) => pieces.fold(first.settled(), |all, piece| all.then(&piece)),
            None => Values::one(""),
        }
    }

    fn variable(&self, name: &str, request: Request, block: DirectiveId, depth: u32) -> Values {
        if depth == 0 || self.is_defined_otherwise(name) {
            return Values::unknown();
        }
        let Some(sets) = self.sets_before(name, block) else { return Values::unknown() };
        if !sets.is_empty() {
            let mut all = Values::default();
            for set in sets {
                let value = self.arg(set, 2).unwrap_or_default();
                all.join(self.evaluate_to(&value, request, block, depth - 1));
            }
            return all;
        }
        if let Some(map) = self.last_map(name) {
            return self.map(map, request, block, depth - 1);
        }
        if !self.definitions(name).is_empty() {
            // Set elsewhere only: empty here (`using uninitialized variable` in the error log).
            return Values::one("");
        }
        built_in(name, request).unwrap_or_else(|| match self.is_defined(name) {
            Some(true) => Values::unknown(),
            Some(false) => Values { undefined: Some(name.to_owned()), ..Values::default() },
            None => Values { open: true, undefined: Some(name.to_owned()), ..Values::default() },
        })
    }

    /// What the variable of a `map` becomes.
    pub fn evaluate_map(&self, map: DirectiveId, request: Request) -> Values {
        self.map(map, request, map, DEEPEST)
    }

    fn map(&self, map: DirectiveId, request: Request, block: DirectiveId, depth: u32) -> Values {
        if depth == 0 || self.is_open(map) {
            return Values::unknown();
        }
        let source = self.evaluate_to(&self.arg(map, 1).unwrap_or_default(), request, block, depth);
        if source.open {
            return Values { open: true, known: BTreeSet::new(), undefined: source.undefined };
        }
        let mut all = Values { undefined: source.undefined, ..Values::default() };
        for text in &source.known {
            match self.map_entry(map, text) {
                Entry::Value(value) => all.join(self.evaluate_to(&value, request, block, depth)),
                Entry::None => all.join(Values::one("")),
                Entry::Unclear => all.join(Values::unknown()),
            }
        }
        all
    }

    /// The entry of a map that a source text selects: a string (without regard to case) before patterns in their order
    /// before the default (`ngx_http_map_find`; NGINX facts part F).
    fn map_entry(&self, map: DirectiveId, text: &str) -> Entry {
        let entries = self.maps.of(self, map);
        let value = |entry: DirectiveId| Entry::Value(self.arg(entry, 1).unwrap_or_default().into_owned());
        if let Some(entry) = entries.named(self, text) {
            return value(entry);
        }
        if entries.unclear {
            return Entry::Unclear;
        }
        for (entry, pattern) in &entries.patterns {
            match pattern.is_match(text) {
                Some(true) => return value(*entry),
                Some(false) => {}
                None => return Entry::Unclear,
            }
        }
        entries.default.map_or(Entry::None, value)
    }
}

enum Entry {
    Value(String),
    None,
    Unclear,
}

/// What a built-in variable becomes; none when the vocabulary has to say whether it exists at all.
fn built_in(name: &str, request: Request) -> Option<Values> {
    Some(match (name, request) {
        ("http_upgrade", Request::Handshake) => Values::one("websocket"),
        ("http_upgrade", Request::Plain) => Values::one(""),
        ("http_upgrade", Request::OtherProtocol) => Values::one("h2c"),
        ("http_connection", Request::Handshake) => Values::several(&["Upgrade", "keep-alive, Upgrade"]),
        ("http_connection", Request::OtherProtocol) => Values::one("Upgrade, HTTP2-Settings"),
        ("http_connection", Request::Plain) => Values::several(&["keep-alive", "close", ""]),
        ("http_sec_websocket_version", Request::Handshake) => Values::one("13"),
        ("http_sec_websocket_version" | "http_sec_websocket_key", Request::Plain) => Values::one(""),
        ("scheme", _) => Values::several(&["http", "https"]),
        ("server_protocol", Request::Handshake) => Values::one("HTTP/1.1"),
        ("request_method", Request::Handshake) => Values::one("GET"),
        // Numbers, whatever they are: enough to know that they are no header token.
        ("connection" | "connection_requests" | "remote_port" | "status", _) => Values::one("0"),
        // Headers of an answer: there is none yet when the request is sent.
        _ if name.starts_with("sent_http_") || name.starts_with("upstream_http_") => Values::one(""),
        // A header that nothing sends, one slip away from the one that was meant.
        _ if is_near_miss(name) => Values::one(""),
        _ if is_builtin_variable(name) => Values::unknown(),
        _ => return None,
    })
}

/// Whether another program fills a value in before nginx reads it: `{{ x }}`, `<%= x %>`, `%X%`, `@X@`, `__X__`. `${x}` is
/// left out, for nginx itself has it.
pub fn is_placeholder(value: &str) -> bool {
    if !value.bytes().any(|byte| matches!(byte, b'%' | b'@' | b'_' | b'{')) {
        return false;
    }
    let framed =
        ["%", "@", "__"].iter().any(|mark| value.len() > 2 && value.starts_with(mark) && value.ends_with(mark));
    framed || value.as_bytes().windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"<%"))
}

/// Whether a variable stands where `$http_upgrade` or `$http_connection` was meant; see [`meant_header`].
pub fn is_near_miss(variable: &str) -> bool {
    meant_header(variable).is_some()
}

/// The header, `upgrade` or `connection`, that a variable (in lower case) was meant to hold and does not: with a slip of the
/// pen (`$http_upgarde`), its name put together otherwise (`$http_connection_upgrade`), or taken from the answer, which is
/// not there yet (`$upstream_http_upgrade`). nginx accepts any such name, and it is empty (NGINX facts part F).
pub fn meant_header(variable: &str) -> Option<&'static str> {
    const MEANT: [&str; 2] = ["upgrade", "connection"];
    let answer = ["sent_http_", "upstream_http_"].iter().find_map(|family| variable.strip_prefix(family));
    if let Some(header) = answer {
        return MEANT.into_iter().find(|meant| header == *meant);
    }
    let header = variable.strip_prefix("http_")?;
    let slip = |meant: &&str| {
        header != *meant
            && header.len().abs_diff(meant.len()) <= 1
            && header.bytes().next() == meant.bytes().next()
            && slips(header.as_bytes(), meant.as_bytes()) <= 2
    };
    MEANT.into_iter().find(slip).or_else(|| {
        let words = || header.split('_');
        let of_handshake = |word| MEANT.contains(&word) || matches!(word, "http" | "header" | "websocket" | "ws");
        (words().count() > 1 && words().all(of_handshake))
            .then(|| MEANT.into_iter().find(|meant| words().any(|word| word == *meant)))
            .flatten()
    })
}

/// Edit distance with transpositions counted once; the words are short.
fn slips(left: &[u8], right: &[u8]) -> usize {
    let mut rows = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let swap = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + swap);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}
