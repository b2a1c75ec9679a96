//! The segments of a location's path, read from its argument: plain text or a regular expression.
//!
//! A regular expression is read only as far as its text is certain. Every part that can stand in several ways (an
//! alternation, an optional part) gives several [`Way`]s; a part that can be anything gives [`Segment::Any`].

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

/// Groups nested deeper than this make the whole expression unknown.
const MAX_DEPTH: usize = 32;

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
    let mut reader = Reader { rest: pattern.chars().collect(), at: 0 };
    let Some(sequences) = reader.alternation(0) else { return Segments::default() };
    let mut ways: Vec<Way> = Vec::new();
    for way in sequences.iter().map(|sequence| way(sequence)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Segments { ways }
}

/// What one piece of a regular expression matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Char(char),
    /// Anything; `empty`: also nothing.
    Any {
        empty: bool,
    },
    Start,
    End,
}

type Sequence = Vec<Item>;

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

/// Reads the parts of a PCRE pattern that decide about its plain text.
struct Reader {
    rest: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Branches up to the closing parenthesis or the end; none if the groups nest too deep.
    fn alternation(&mut self, depth: usize) -> Option<Vec<Sequence>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut branches = self.branch(depth)?;
        while self.eat('|') {
            branches.extend(self.branch(depth)?);
        }
        Some(bounded(branches))
    }

    fn branch(&mut self, depth: usize) -> Option<Vec<Sequence>> {
        let mut sequences = vec![Sequence::new()];
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom(depth)?;
            let atom = self.quantified(atom);
            extend(&mut sequences, &bounded(atom));
        }
        Some(sequences)
    }

    fn atom(&mut self, depth: usize) -> Option<Vec<Sequence>> {
        let item = match self.next()? {
            '(' => return self.group(depth),
            '[' => self.class(),
            '\\' => return Some(vec![self.escape().into_iter().collect()]),
            '^' => Item::Start,
            '$' => Item::End,
            // Mostly a dot that nobody escaped (`/socket.io/`); as a repeated one, `quantified` makes it unknown.
            '.' => Item::Char('.'),
            c => Item::Char(c),
        };
        Some(vec![vec![item]])
    }

    /// What follows an opening parenthesis. Assertions match no text.
    fn group(&mut self, depth: usize) -> Option<Vec<Sequence>> {
        let mut assertion = false;
        if self.eat('?') {
            match self.next() {
                Some('=' | '!') => assertion = true,
                Some('<') if matches!(self.peek(), Some('=' | '!')) => assertion = true,
                Some('<' | 'P' | '\'') => self.name(),
                // `(?:`, `(?i)`, `(?i:`, `(?>`, `(?#`
                Some(':' | '>') => {}
                Some('#') => assertion = true,
                _ => {
                    while self.peek().is_some_and(|c| c != ':' && c != ')') {
                        self.at += 1;
                    }
                    self.eat(':');
                }
            }
        }
        let branches = self.alternation(depth + 1)?;
        self.eat(')');
        Some(if assertion { vec![Sequence::new()] } else { branches })
    }

    /// Skips the name of a group, or of one that is called (`(?P=name)`).
    fn name(&mut self) {
        self.eat('<');
        while self.peek().is_some_and(|c| c != '>' && c != '\'' && c != ')') {
            self.at += 1;
        }
        if self.peek() != Some(')') {
            self.at += 1;
        }
    }

    /// One character for a class that has no other (`[.]`, `[Ww]`), else anything.
    fn class(&mut self) -> Item {
        let negated = self.eat('^');
        let mut only: Option<char> = None;
        let mut many = negated;
        let mut first = true;
        while let Some(c) = self.next() {
            let c = match c {
                ']' if !first => break,
                '\\' => match self.escape() {
                    Some(Item::Char(c)) => c,
                    _ => {
                        many = true;
                        continue;
                    }
                },
                '[' if self.peek() == Some(':') => {
                    while self.next().is_some_and(|c| c != ']') {}
                    many = true;
                    continue;
                }
                c => c,
            };
            first = false;
            let c = c.to_lowercase().next().unwrap_or(c);
            many |= only.is_some_and(|o| o != c);
            only = Some(c);
        }
        match only {
            Some(c) if !many => Item::Char(c),
            _ => Item::Any { empty: false },
        }
    }

    /// What follows a backslash; none if it matches no text (`\b`).
    fn escape(&mut self) -> Option<Item> {
        match self.next()? {
            'A' => Some(Item::Start),
            'z' | 'Z' => Some(Item::End),
            'b' | 'B' | 'G' | 'K' => None,
            // A class (`\d`, `\w`, `\x2f`), a back reference, or quoted text that is not worth reading.
            c if c.is_ascii_alphanumeric() => Some(Item::Any { empty: false }),
            c => Some(Item::Char(c)),
        }
    }

    /// Applies the quantifier that follows, if any, to an atom.
    fn quantified(&mut self, atom: Vec<Sequence>) -> Vec<Sequence> {
        let (least, most_is_one) = match self.peek() {
            Some('?') => (0, true),
            Some('*') => (0, false),
            Some('+') => (1, false),
            Some('{') => match self.counts() {
                Some(counts) => counts,
                None => return atom,
            },
            _ => return atom,
        };
        self.at += 1;
        // Lazy or possessive.
        if matches!(self.peek(), Some('?' | '+')) {
            self.at += 1;
        }
        let slash = atom == [[Item::Char('/')]];
        let mut sequences = match (least, most_is_one || slash) {
            (_, true) => atom,
            (0, false) => return vec![vec![Item::Any { empty: true }]],
            (_, false) => match atom.as_slice() {
                // `s+` is an `s` and perhaps more of them.
                [one] if matches!(one.as_slice(), [Item::Char(c)] if *c != '.') => {
                    vec![one.iter().copied().chain([Item::Any { empty: true }]).collect()]
                }
                _ => return vec![vec![Item::Any { empty: false }]],
            },
        };
        if least == 0 {
            sequences.push(Sequence::new());
        }
        sequences
    }

    /// Reads `{n}`, `{n,}` or `{n,m}` up to its closing brace, which is left; none if it is plain text.
    fn counts(&mut self) -> Option<(u32, bool)> {
        let length = self.rest.get(self.at..)?.iter().position(|c| *c == '}')?;
        let text: String = self.rest.get(self.at + 1..self.at + length)?.iter().collect();
        let (least, most) = text.split_once(',').map_or((text.as_str(), Some(text.as_str())), |(l, m)| (l, Some(m)));
        let least = least.parse().ok()?;
        self.at += length;
        Some((least, most == Some("1")))
    }
}

/// Follows every sequence by every one of `next`, or by something unknown where that is too many.
fn extend(sequences: &mut Vec<Sequence>, next: &[Sequence]) {
    let many = sequences.len() * next.len() > MAX_WAYS;
    match next {
        _ if many => sequences.iter_mut().for_each(|s| s.push(Item::Any { empty: true })),
        // Nearly all pieces are of one kind; they must not copy what was read before them.
        [one] => sequences.iter_mut().for_each(|s| s.extend(one)),
        _ => {
            let joined = |l: &Sequence, r: &Sequence| l.iter().chain(r).copied().collect();
            *sequences = sequences.iter().flat_map(|l| next.iter().map(move |r| joined(l, r))).collect();
        }
    }
}

/// The sequences, or something unknown where they are too many.
fn bounded(sequences: Vec<Sequence>) -> Vec<Sequence> {
    if sequences.len() > MAX_WAYS { vec![vec![Item::Any { empty: true }]] } else { sequences }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ways of an argument, written as paths: `*` is any segment, `~x` one that ends with `x`.
    fn ways(argument: &str, regex: bool) -> Vec<String> {
        let show = |segment: &Segment| match segment {
            Segment::Whole(text) => text.clone(),
            Segment::Tail(text) => format!("~{text}"),
            Segment::Any => "*".to_owned(),
        };
        let path = |way: &Way| {
            let path: Vec<_> = way.segments.iter().map(show).collect();
            format!("{}{}", if way.from_root { "/" } else { "" }, path.join("/"))
        };
        segments(argument, regex).ways.iter().map(path).collect()
    }

    #[test]
    fn a_plain_path_is_cut_at_slashes() {
        assert_eq!(ways("/WS/", false), ["/ws"]);
        assert_eq!(ways("/api//v4/websocket?x=/y", false), ["/api/v4/websocket"]);
        assert_eq!(ways("/", false), ["/"]);
    }

    #[test]
    fn anchors_groups_and_escapes_fall_away() {
        assert_eq!(ways(r"^/(ws|wss)/(.*)$", true), ["/ws", "/wss"]);
        assert_eq!(ways(r"^\/socket\.io\/", true), ["/socket.io"]);
        assert_eq!(ways("/socket.io/", true), ["socket.io"]);
        assert_eq!(ways("^/(?<name>ws)(?:/|$)", true), ["/ws"]);
        assert_eq!(ways("(?i)^/[Ww]s$", true), ["/ws"]);
        assert_eq!(ways("/plugins/focalboard/ws/*", true), ["plugins/focalboard/ws"]);
    }

    #[test]
    fn optional_parts_give_both_ways() {
        let both = ["api/*/users/websocket", "api/*/websocket"];
        assert_eq!(ways("/api/v[0-9]+/(users/)?websocket$", true), both);
        assert_eq!(ways("/api/v[0-9]{1,2}/(users/){0,1}websocket$", true), both);
        assert_eq!(ways("^/(c|l)ool/(.*)/ws$", true), ["/cool/*/ws", "/lool/*/ws"]);
        let kernels = ["api/kernels/*/channels", "api/kernels/*/stdin", "terminals/websocket"];
        assert_eq!(ways("/(api/kernels/[^/]+/(channels|stdin)|terminals/websocket)/?", true), kernels);
    }

    #[test]
    fn an_open_end_is_a_prefix() {
        for pattern in ["^/ws", "^/ws.*", "^/ws(.*)$", "^/ws(/.*)?$", "^/ws/?", r"^/ws\d*"] {
            let found = ways(pattern, true);
            assert!(found.contains(&"/ws".to_owned()), "{pattern}: {found:?}");
        }
    }

    #[test]
    fn an_open_start_is_only_a_tail() {
        assert_eq!(ways("websocket$", true), ["~websocket"]);
        assert_eq!(ways("/(.*)socket.io", true), ["~socket.io"]);
        assert_eq!(ways("^/(.*)/ws$", true), ["/*/ws"]);
        assert_eq!(ways(r"\.(js|io)$", true), ["~.js", "~.io"]);
    }

    #[test]
    fn what_can_be_anything_is_no_text() {
        assert_eq!(ways(r"^/ws\d+$", true), ["/*"]);
        assert_eq!(ways("^/ws.+", true), ["/*"]);
        assert_eq!(ways("^/(?!ws)", true), ["/"]);
        assert_eq!(ways("^/ws.*foo/x", true), ["/*/x"]);
        assert_eq!(ways("^/[^ws]/", true), ["/*"]);
    }

    #[test]
    fn hostile_expressions_stay_small() {
        assert!(segments(&"(a|b)".repeat(1000), true).ways.len() <= MAX_WAYS);
        assert!(segments(&"(".repeat(100_000), true).ways.is_empty());
        assert!(segments(&"a|".repeat(100_000), true).ways.len() <= MAX_WAYS);
        for broken in ["[", "(", "\\", "(?<", "{", "a{", "a{2", "[\\", "(?P<", "[[:al", "*", ")", "|", "$", "a)b"] {
            segments(broken, true);
        }
    }
}
