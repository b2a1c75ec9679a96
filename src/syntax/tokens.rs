//! The tokens of a text, in order, found by the pest grammar a chunk at a time.

use pest::Parser;
use pest::iterators::Pairs;
use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "../grammar/nginx.pest"]
struct Grammar;

/// The size of a chunk in bytes: large enough to be worth the call, small enough that pest's own list of tokens stays
/// in the processor's cache and memory is the AST alone.
const CHUNK: usize = 32 * 1024;

/// The size of the first chunk behind a [`Tokens::seek`]. It doubles from there, so that a file of many seeks (each
/// Lua block needs one) stays linear.
const FIRST_CHUNK: usize = 128;

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

/// The tokens of a text from some offset on.
pub(super) struct Tokens<'t> {
    text: &'t str,
    pairs: Option<Pairs<'t, Rule>>,
    chunk: std::ops::Range<usize>,
    size: usize,
}

impl<'t> Tokens<'t> {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, pairs: None, chunk: 0..0, size: CHUNK }
    }

    /// Goes on at `offset`, which must lie between characters; what was read ahead is forgotten.
    pub(super) fn seek(&mut self, offset: usize) {
        self.size = FIRST_CHUNK;
        self.chunk = offset..offset;
        self.pairs = None;
    }

    /// The next token; none at the end of the text.
    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            let Some(pair) = self.pairs.as_mut().and_then(Iterator::next) else {
                if self.chunk.end == self.text.len() {
                    return None;
                }
                self.load(self.chunk.end);
                continue;
            };
            let span = pair.as_span();
            let (start, end) = (self.chunk.start + span.start(), self.chunk.start + span.end());
            if end == self.chunk.end && end < self.text.len() {
                // The chunk may have cut it: read it again whole.
                if start == self.chunk.start {
                    self.size *= 2;
                }
                self.load(start);
                continue;
            }
            return Some(Token { start, end, unclosed: pair.as_rule() == Rule::unclosed });
        }
    }

    /// Reads the chunk at `start`; it is as large as the one before, or twice that, up to [`CHUNK`]. A chunk that
    /// starts where the last one did keeps its size: its first token did not fit and needs it.
    fn load(&mut self, start: usize) {
        if start != self.chunk.start {
            self.size = (self.size * 2).min(CHUNK);
        }
        let mut end = (start + self.size).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.chunk = start..end;
        self.pairs = Grammar::parse(Rule::tokens, &self.text[start..end]).ok();
    }
}
