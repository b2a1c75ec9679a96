//! What a regular expression matches, as far as its plain text is certain.

use super::MAX_WAYS;

/// Groups nested deeper than this make the whole expression unknown.
const MAX_DEPTH: usize = 32;

/// What one piece of a regular expression matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// This character.
    Char(char),
    /// Anything; `empty`: also nothing.
    Any { empty: bool },
    /// The start of the path.
    Start,
    /// Its end.
    End,
}

/// Items that follow each other.
pub(super) type Sequence = Vec<Item>;

/// The sequences that a pattern stands for, at most [`MAX_WAYS`]; none if its groups nest too deep.
pub(super) fn sequences(pattern: &str) -> Option<Vec<Sequence>> {
    Reader { rest: pattern.chars().collect(), at: 0 }.alternation(0)
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
