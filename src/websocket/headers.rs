//! What a route sends in the two headers of the handshake.

use std::borrow::Cow;

use super::carried::{Shape, shape};
use crate::config::{DefinitionKind, DirectiveId, Effective, Part, Request, Tree, is_near_miss, meant_header, parts};

/// What the lines of a header come to, for a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No line sets it.
    Unset,
    /// Lines set it, and all of them to nothing.
    Empty,
    /// It carries what a backend waits for.
    Right,
    /// It carries something else.
    Wrong,
    /// It carries something else because of the `map` behind its variable.
    BrokenMap,
    /// Its variable is defined nowhere: nginx does not start.
    Undefined,
    /// Its variable is defined by nothing that is here; text that is not here may do so.
    Unseen,
    /// Backslashes or backticks of a shell or a web page are left in it.
    Escaped,
    /// A variable that only the running nginx knows.
    Unknown,
}

impl State {
    /// The name by which rules speak of the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Empty => "empty",
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::BrokenMap => "broken-map",
            Self::Undefined => "undefined",
            Self::Unseen => "unseen",
            Self::Escaped => "escaped",
            Self::Unknown => "unknown",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Unset,
        Self::Empty,
        Self::Right,
        Self::Wrong,
        Self::BrokenMap,
        Self::Undefined,
        Self::Unseen,
        Self::Escaped,
        Self::Unknown,
    ];

    /// Whether the header reaches the backend with any text at all, as far as can be known.
    pub fn sends(self) -> bool {
        !matches!(self, Self::Unset | Self::Empty)
    }
}

/// What the lines of a header come to, for a plain request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plain {
    /// Nothing of the handshake: what HTTP has there.
    Clean,
    /// The text of the handshake, because the line says it literally.
    Literal,
    /// The text of the handshake, because the `map` behind the variable yields it.
    Mapped,
    /// Nobody can know.
    Unknown,
}

impl Plain {
    /// The name by which rules speak of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Literal => "literal",
            Self::Mapped => "mapped",
            Self::Unknown => "unknown",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Clean, Self::Literal, Self::Mapped, Self::Unknown].into_iter().find(|plain| plain.name() == name)
    }
}

/// One of the two headers on a route.
#[derive(Clone, Debug)]
pub struct Header {
    /// The effective lines that set it, in nginx's order.
    pub lines: Vec<DirectiveId>,
    /// What a handshake carries.
    pub state: State,
    /// What a plain request carries.
    pub plain: Plain,
    /// The `map` behind the value of the last line, if there is one.
    pub map: Option<DirectiveId>,
    /// The variable, without its `$`, that keeps the state from being known because nothing here defines it.
    pub undefined: Option<String>,
}

/// The headers that nginx sends for a route on behalf of `proxy_set_header`.
#[derive(Clone, Debug)]
pub struct Headers {
    /// `Upgrade`.
    pub upgrade: Header,
    /// `Connection`.
    pub connection: Header,
}

/// The value of a `proxy_set_header` line.
pub fn value(tree: &Tree, line: DirectiveId) -> Cow<'_, str> {
    tree.arg(line, 2).unwrap_or_default()
}

/// Whether a `proxy_set_header` line sets `header` (nginx compares names without regard to case; NGINX facts part B).
pub fn is_for(tree: &Tree, line: DirectiveId, header: &str) -> bool {
    // Quotes and backslashes make a word longer than its value, never shorter.
    let word = tree.word(line, 1).filter(|word| word.span.range().len() >= header.len());
    word.is_some_and(|word| word.value(tree.source(line)).eq_ignore_ascii_case(header))
}

impl Headers {
    /// Reads the headers in effect in a block.
    pub fn of(tree: &Tree, block: DirectiveId) -> Self {
        let effective = tree.effective(block, "proxy_set_header");
        let upgrade = header(tree, block, effective, "Upgrade", None);
        // The map of the one header in the other is misused, whatever it yields.
        let connection = header(tree, block, effective, "Connection", upgrade.map);
        Self { upgrade, connection }
    }

    /// Whether no line sets either of them.
    pub(super) fn are_unset(&self) -> bool {
        self.upgrade.state == State::Unset && self.connection.state == State::Unset
    }

    /// The header of that name, if it is one of the two.
    pub fn get(&self, name: &str) -> Option<&Header> {
        if name.eq_ignore_ascii_case("Upgrade") {
            Some(&self.upgrade)
        } else if name.eq_ignore_ascii_case("Connection") {
            Some(&self.connection)
        } else {
            None
        }
    }
}

fn header(
    tree: &Tree,
    block: DirectiveId,
    effective: Option<Effective<'_>>,
    name: &'static str,
    other: Option<DirectiveId>,
) -> Header {
    let all = effective.map_or(&[][..], |effective| effective.lines);
    let mut lines = Vec::new();
    // `Upgrade:` is a header of another name, which the writer took for this one (NGINX facts part B).
    let mut misspelt = Vec::new();
    for &line in all {
        if is_for(tree, line, name) {
            lines.push(line);
        } else if name_without_colon(tree, line).is_some_and(|written| written.eq_ignore_ascii_case(name)) {
            misspelt.push(line);
        }
    }
    if lines.is_empty() && !misspelt.is_empty() {
        return Header { lines: misspelt, state: State::Wrong, plain: Plain::Clean, map: None, undefined: None };
    }
    let map = lines.last().and_then(|&line| map_behind(tree, &value(tree, line)));
    let (state, undefined) = handshake_state(tree, block, &lines, name, map.filter(|_| map != other));
    let plain = plain_state(tree, block, &lines, name);
    Header { lines, state, plain, map, undefined }
}

/// The name that a line was meant to have, where it is written with a colon at its end: nginx sends `Host:: a`, which a
/// backend reads as a second `Host` with the value `: a` (1.22.1; NGINX facts part B).
pub fn name_without_colon(tree: &Tree, line: DirectiveId) -> Option<String> {
    let name = tree.arg(line, 1)?;
    Some(name.strip_suffix(':')?.trim_end_matches(':').to_owned()).filter(|name| !name.is_empty())
}

/// Whether a text is what a backend of the handshake waits for in `Upgrade`.
pub fn is_websocket(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("websocket")
}

/// Whether a `Connection` value lists the token `upgrade` (any case, between commas; NGINX facts part B).
pub fn has_upgrade_token(text: &str) -> bool {
    text.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
}

/// What a handshake carries, and the variable that nothing defines. `map` is the one behind the value, unless it belongs
/// to the other header.
fn handshake_state(
    tree: &Tree,
    block: DirectiveId,
    lines: &[DirectiveId],
    name: &str,
    map: Option<DirectiveId>,
) -> (State, Option<String>) {
    let is_right = if name == "Upgrade" { is_websocket } else { has_upgrade_token };
    if lines.is_empty() {
        return (State::Unset, None);
    }
    if lines.iter().any(|&line| is_escaped(tree, line)) {
        return (State::Escaped, None);
    }
    // nginx refuses to start over such a line; what it was to say is not known.
    if lines.iter().any(|&line| tree.words(line).len() != 3) {
        return (State::Unknown, None);
    }
    let mut empty = true;
    let mut unknown = false;
    let mut meant_otherwise = false;
    let mut undefined = None;
    for &line in lines {
        let value = value(tree, line);
        let values = tree.evaluate(&value, Request::Handshake, block);
        if values.any(|text| is_right(text)) {
            return (State::Right, None);
        }
        let lacks = shape(tree, &value) == Shape::NoToken;
        meant_otherwise |= values.any(|text| has_upgrade_token(text));
        unknown |= values.open && !lacks;
        empty &= !lacks && !values.open && values.undefined.is_none() && !values.any(|text| !text.is_empty());
        undefined = undefined.or(values.undefined);
    }
    let on_purpose = || !lines.iter().any(|&line| is_to_hold_something(tree, &value(tree, line)));
    let state = match map {
        // Whatever defines the variable of that name, it is no `websocket`.
        None if name == "Upgrade" && undefined.as_deref() == Some("connection_upgrade") => return (State::Wrong, None),
        _ if undefined.is_some() && unknown => State::Unseen,
        _ if undefined.is_some() => State::Undefined,
        _ if unknown => State::Unknown,
        Some(map) if name == "Connection" && concerns_upgrade(tree, map) => State::BrokenMap,
        // The map that belongs into `Connection` is not broken where it stands in `Upgrade`; it is misused. Another one is
        // not needed at all there, unless its source alone is wrong.
        Some(map) if !meant_otherwise && concerns_upgrade(tree, map) && !has_right_source(tree, map) => {
            State::BrokenMap
        }
        _ if empty && on_purpose() => State::Empty,
        _ => State::Wrong,
    };
    (state, undefined)
}

/// Whether a value that turns out empty was meant to be something: it holds a variable that nothing can fill in time, or
/// that of a map which looks at the handshake.
fn is_to_hold_something(tree: &Tree, value: &str) -> bool {
    parts(value).iter().any(|part| match part {
        Part::Text(_) => false,
        Part::Variable(name) => looks_at_handshake(tree, &name.to_ascii_lowercase(), 8),
    })
}

fn looks_at_handshake(tree: &Tree, variable: &str, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    let maps = || tree.definitions(variable).iter().filter(|one| one.kind == DefinitionKind::Map);
    let by_map = |map: DirectiveId| {
        let source = tree.arg(map, 1).unwrap_or_default();
        let looks = |part: &Part<'_>| match part {
            Part::Text(_) => false,
            Part::Variable(name) => looks_at_handshake(tree, &name.to_ascii_lowercase(), depth - 1),
        };
        parts(&source).iter().any(looks)
    };
    let is_builtin = tree.definitions(variable).is_empty();
    (is_builtin && (matches!(variable, "http_upgrade" | "http_connection") || is_near_miss(variable)))
        || maps().any(|map| by_map(map.at))
}

fn plain_state(tree: &Tree, block: DirectiveId, lines: &[DirectiveId], name: &str) -> Plain {
    let mut plain = Plain::Clean;
    for &line in lines {
        let text = value(tree, line);
        let values = tree.evaluate(&text, Request::Plain, block);
        let carries = match name {
            "Upgrade" => values.any(|text| !text.is_empty()),
            _ => values.any(|text| has_upgrade_token(text)),
        };
        let only_that = values.known.len() == 1 && !values.open;
        if carries && only_that {
            let literal = !parts(&text).iter().any(|part| matches!(part, Part::Variable(_)));
            return if literal { Plain::Literal } else { Plain::Mapped };
        }
        if values.open || carries {
            plain = Plain::Unknown;
        }
    }
    plain
}

/// Whether a `$` of a Compose file, a Makefile or a Terraform template stands before a variable a second time: `$$host`.
pub fn has_doubled_dollar(word: &str) -> bool {
    word.match_indices("$$")
        .any(|(at, _)| word[at + 2..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '_' | '{')))
}

/// Whether a word still carries what belongs to a shell's heredoc, a web page or a template: `\$`, `\"`, a backtick, `$$`.
pub fn has_leftovers(raw: &str) -> bool {
    if memchr::memchr2(b'\\', b'`', raw.as_bytes()).is_none() {
        return has_doubled_dollar(raw);
    }
    let quotes_around = raw.len() >= 2 && raw.starts_with(['"', '\'']);
    let inner = if quotes_around { &raw[1..raw.len() - 1] } else { raw };
    inner.contains("\\$") || inner.contains("\\\"") || inner.contains('`') || has_doubled_dollar(inner)
}

fn is_escaped(tree: &Tree, line: DirectiveId) -> bool {
    tree.words(line).iter().skip(2).any(|word| has_leftovers(tree.source(line).slice(word.span)))
}

/// The `map` that defines the variable a value consists of.
pub(super) fn map_behind(tree: &Tree, value: &str) -> Option<DirectiveId> {
    let [Part::Variable(name)] = parts(value)[..] else { return None };
    let definitions = tree.definitions(&name.to_ascii_lowercase());
    match definitions.last()?.kind {
        DefinitionKind::Map => definitions.last().map(|definition| definition.at),
        _ => None,
    }
}

/// Whether a map is meant to look at the client's `Upgrade`: its source is `$http_upgrade`, what was written for it, or the
/// name without its `$`.
pub fn concerns_upgrade(tree: &Tree, map: DirectiveId) -> bool {
    let source = tree.arg(map, 1).unwrap_or_default().to_ascii_lowercase();
    let name = source.trim_start_matches(['\\', '$', '{']).trim_end_matches('}');
    name == "http_upgrade" || meant_header(name) == Some("upgrade")
}

/// Whether the source of a map is the client's `Upgrade` itself.
fn has_right_source(tree: &Tree, map: DirectiveId) -> bool {
    let source = tree.arg(map, 1).unwrap_or_default();
    matches!(parts(&source)[..], [Part::Variable(name)] if name.eq_ignore_ascii_case("http_upgrade"))
}
