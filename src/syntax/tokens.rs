//! The tokens of a text, in order, found by the pest grammar a chunk at a time.

use std::collections::VecDeque;
use std::ops::Range;

use pest::Parser;
use pest_derive::Parser;

use super::source::Span;
use crate::parallel;

#[derive(Parser)]
#[grammar = "../grammar/nginx.pest"]
struct Grammar;

/// The size of a chunk in bytes: large enough to be worth the call, small enough that pest's own list of tokens stays
/// in the processor's cache and memory is the AST alone.
const CHUNK: usize = 32 * 1024;

/// The size of the first chunk behind a [`Tokens::seek`]. It doubles from there, so that a file of many seeks (each
/// Lua block needs one) stays linear.
const FIRST_CHUNK: usize = 128;

/// So many chunks have to be read one by one before others are read ahead, and at most so many are.
const TRUST: usize = 4;
const MOST_AHEAD: usize = 32;

/// One token: a comment, a word (quotes included), `;`, `{` or `}`. Its first byte tells which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset behind its last byte.
    pub(super) end: usize,
    /// Whether it is a quote that the text never closes.
    pub(super) unclosed: bool,
}

/// The tokens of a part of the text.
#[derive(Default)]
struct Chunk {
    range: Range<usize>,
    tokens: Vec<Span>,
    /// Whether the last of them is a quote that is never closed.
    unclosed: bool,
    /// Where to go on: behind it, or at its last token, which the end of the chunk may have cut.
    next: usize,
}

/// The tokens of a text from some offset on.
pub(super) struct Tokens<'t> {
    text: &'t str,
    chunk: Chunk,
    /// How many tokens of the chunk were taken.
    taken: usize,
    size: usize,
    /// Chunks that follow, read at the same time in the hope that a token starts where each of them does.
    ahead: VecDeque<Chunk>,
    /// How many chunks were read in a row that began where they were expected to.
    trust: usize,
}

impl<'t> Tokens<'t> {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, chunk: Chunk::default(), taken: 0, size: CHUNK, ahead: VecDeque::new(), trust: 0 }
    }

    /// Goes on at `offset`, which must lie between characters; what was read ahead is forgotten.
    pub(super) fn seek(&mut self, offset: usize) {
        self.size = FIRST_CHUNK;
        self.chunk = Chunk { range: offset..offset, next: offset, ..Chunk::default() };
        self.taken = 0;
        self.ahead.clear();
        self.trust = 0;
    }

    /// The next token; none at the end of the text.
    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            if let Some(span) = self.chunk.tokens.get(self.taken) {
                self.taken += 1;
                let unclosed = self.chunk.unclosed && self.taken == self.chunk.tokens.len();
                return Some(Token { start: span.start as usize, end: span.end as usize, unclosed });
            }
            if self.chunk.next == self.text.len() {
                return None;
            }
            self.load(self.chunk.next);
        }
    }

    /// Reads the chunk at `start`; it is as large as the one before, or twice that, up to [`CHUNK`]. A chunk that
    /// starts where the last one did needs to be larger: its first token did not fit.
    fn load(&mut self, start: usize) {
        self.taken = 0;
        if start == self.chunk.range.start && !self.chunk.range.is_empty() {
            self.size *= 2;
        } else {
            self.size = (self.size * 2).min(CHUNK);
        }
        self.trust = if start == self.chunk.range.end && self.size == CHUNK { self.trust + 1 } else { 0 };
        if self.trust >= TRUST && self.ahead.is_empty() {
            self.read_ahead(start);
        }
        self.chunk = match self.ahead.pop_front() {
            Some(chunk) if chunk.range.start == start => chunk,
            _ => {
                self.ahead.clear();
                read(self.text, start..self.cut(start + self.size))
            }
        };
    }

    /// The end of a chunk: behind the last line before `most`, or in the middle of a line that is too long.
    fn cut(&self, most: usize) -> usize {
        if most >= self.text.len() {
            return self.text.len();
        }
        let from = most - self.size / 2;
        if let Some(newline) = memchr::memrchr(b'\n', &self.text.as_bytes()[from..most]) {
            return from + newline + 1;
        }
        (most..).find(|&end| self.text.is_char_boundary(end)).unwrap_or(self.text.len())
    }

    fn read_ahead(&mut self, start: usize) {
        let mut ranges = Vec::new();
        let mut at = start;
        while at < self.text.len() && ranges.len() < self.trust.min(MOST_AHEAD) {
            let end = self.cut(at + self.size);
            ranges.push(at..end);
            at = end;
        }
        let chunks = parallel::in_ranges(ranges.len(), 1, |numbers| {
            ranges[numbers].iter().map(|range| read(self.text, range.clone())).collect()
        });
        self.ahead = chunks.into();
    }
}

/// Finds the tokens of a part of the text.
fn read(text: &str, range: Range<usize>) -> Chunk {
    // As many as most texts have, so that the list seldom grows.
    let mut tokens: Vec<Span> = Vec::with_capacity(range.len() / 8);
    let mut unclosed = false;
    let mut in_word = false;
    let mut start = range.start;
    // Beginnings and ends cost less than pairs, of which each would hold on to the whole list.
    for token in Grammar::parse(Rule::tokens, &text[range.clone()]).into_iter().flat_map(|all| all.tokens()) {
        let (rule, end) = match token {
            pest::Token::Start { pos, .. } => {
                start = range.start + pos.pos();
                continue;
            }
            pest::Token::End { rule, pos } => (rule, range.start + pos.pos()),
        };
        if rule == Rule::tokens || unclosed {
            break;
        }
        unclosed = rule == Rule::unclosed;
        let first = text.as_bytes()[start];
        let span = Span::new(start..end);
        match tokens.last_mut() {
            // The rest of a word, from its `$` or backslash on.
            Some(word) if in_word && word.end == span.start && matches!(first, b'$' | b'\\') => word.end = span.end,
            _ => tokens.push(span),
        }
        in_word = !matches!(first, b';' | b'{' | b'}' | b'#' | b'"' | b'\'');
    }
    let cut = tokens.pop_if(|last| last.end as usize == range.end && range.end < text.len());
    let next = cut.map_or(range.end, |token| token.start as usize);
    Chunk { range, tokens, unclosed: unclosed && cut.is_none(), next }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text of many chunks in which tokens cross lines, so that some of those read ahead begin in the middle of one.
    fn text() -> String {
        let mut text = String::new();
        for number in 0..4_000 {
            match number % 97 {
                0 => text.push_str("add_header X \"of\ntwo; } lines\" always;\n"),
                1 => text.push_str("return 200 'it\\'s $a{b}${c}\\ d';\n"),
                2 => text.push_str("set $x$y a\\ b\\;c${d}e\\\n f; # a \"comment\n"),
                3 if number > 2_000 => text.push_str(&format!("long \"{}\n\";\n", "word\n".repeat(10_000))),
                4 => text.push_str(&"x ".repeat(40_000)),
                _ => text.push_str("    location ~ ^/p(\\d+)$ { proxy_pass http://$host; }\n"),
            }
        }
        text
    }

    #[test]
    fn chunks_find_the_tokens_of_the_whole() {
        let text = text();
        let whole = read(&text, 0..text.len());
        let mut tokens = Tokens::new(&text);
        for expected in whole.tokens {
            let found = tokens.next().unwrap();
            assert_eq!((Span::new(found.start..found.end), found.unclosed), (expected, false));
        }
        assert!(tokens.next().is_none() && !whole.unclosed);
    }

    #[test]
    fn a_word_is_one_token_whatever_is_in_it() {
        let words = |text: &str| {
            let mut tokens = Tokens::new(text);
            std::iter::from_fn(|| tokens.next())
                .map(|token| text[token.start..token.end].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(words("a$b${c}d\\ e\"f #g;h"), ["a$b${c}d\\ e\"f", "#g;h"]);
        assert_eq!(words("\"a\"$b{$c}$d\\"), ["\"a\"", "$b", "{", "$c}$d\\"]);
        assert_eq!(words(";$a;\\;}$b{{"), [";", "$a", ";", "\\;}$b", "{", "{"]);
    }
}
