//! The segments of a location's path, read from its argument: plain text or a regular expression.
//!
//! A regular expression is read only as far as its text is certain. Every part that can stand in several ways (an
//! alternation, an optional part) gives several [`Way`]s; a part that can be anything gives [`Segment::Any`].

mod pattern;

use pattern::Item;

/// One segment of a path: the text between two slashes, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The whole segment is this text.
    Whole(String),
    /// The segment ends with this text; what stands before it is not known (`~ websocket$`).
    Tail(String),
    /// The segment, or several, can be anything.
    Any,
}

impl Segment {
    /// The text of a segment that is wholly known.
    pub fn whole(&self) -> Option<&str> {
        match self {
            Segment::Whole(text) => Some(text),
            Segment::Tail(_) | Segment::Any => None,
        }
    }
}

/// One way in which a path can match a location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Way {
    /// The segments, from left to right.
    pub segments: Vec<Segment>,
    /// The first segment is the first of the path.
    pub from_root: bool,
}

/// All ways in which a path can match a location.
///
/// Empty if nothing of the argument is certain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// The ways, at most [`MAX_WAYS`].
    pub ways: Vec<Way>,
}

/// A regular expression that stands for more ways than this is read with its alternations as unknown text.
pub const MAX_WAYS: usize = 64;

/// Reads the argument of a location: the path of a prefix or exact location, or a regular expression (`~`, `~*`).
///
/// The text is compared without case from here on: a prefix location is case-sensitive, but what it is named for
/// is not.
pub fn segments(argument: &str, regex: bool) -> Segments {
    if regex { regex_segments(argument) } else { Segments { ways: vec![plain_way(argument)] } }
}

/// The segments of a plain path; a query string is not part of it.
fn plain_way(path: &str) -> Way {
    let path = path.split('?').next().unwrap_or_default();
    let segments = path.split('/').filter(|s| !s.is_empty()).map(|s| Segment::Whole(s.to_lowercase())).collect();
    Way { segments, from_root: path.starts_with('/') }
}

fn regex_segments(pattern: &str) -> Segments {
    let Some(sequences) = pattern::sequences(pattern) else { return Segments::default() };
    let mut ways: Vec<Way> = Vec::new();
    for way in sequences.iter().map(|sequence| way(sequence)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Segments { ways }
}

/// What stands before the text of the segment that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// A slash, or the start of the path.
    Boundary,
    /// The start of an expression that is not anchored.
    Unanchored,
    /// Text that may be anything, or nothing.
    Any,
}

/// Cuts one sequence of items at its slashes.
fn way(sequence: &[Item]) -> Way {
    let mut way = Way { segments: Vec::new(), from_root: sequence.first() == Some(&Item::Start) };
    let mut left = Left::Unanchored;
    let mut text = String::new();
    let mut known = true;
    let mut open = false;
    let mut close = |left: Left, text: &mut String, known: bool| {
        let text = std::mem::take(text);
        match (left, text.is_empty(), known) {
            (_, _, false) | (Left::Any, true, true) => way.segments.push(Segment::Any),
            (_, true, true) => {}
            (Left::Boundary, false, true) => way.segments.push(Segment::Whole(text)),
            (Left::Unanchored | Left::Any, false, true) => way.segments.push(Segment::Tail(text)),
        }
    };
    for item in sequence {
        match *item {
            Item::Start => left = Left::Boundary,
            Item::End => break,
            Item::Char('/') => {
                close(left, &mut text, known);
                (left, known, open) = (Left::Boundary, true, false);
            }
            Item::Char(c) => {
                // `ws.*foo`: text, a gap, text. No segment of that is certain.
                known &= !open;
                text.extend(c.to_lowercase());
            }
            Item::Any { empty: true } if !text.is_empty() => open = true,
            Item::Any { empty: true } => left = Left::Any,
            Item::Any { empty: false } => known = false,
        }
    }
    // An open end (`/ws.*`) says no more and no less than the prefix `/ws`; an open start of a last segment
    // (`^/api/.*`) is no segment at all.
    if !(text.is_empty() && known) {
        close(left, &mut text, known);
    }
    way
}

#[cfg(test)]
mod tests;
