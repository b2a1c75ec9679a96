//! What nginx refuses, said once for each mistake, and how the reader finds its feet again behind it.

use std::ops::Range;

use super::ast::{Node, NodeId, SyntaxError};
use super::lua::Unclosed;
use super::reader::{Frame, Mend, Mode, Reader, offset};
use super::source::Span;
use super::tokens::Token;

/// Errors remembered at most: whoever makes more has not written a configuration.
const MOST: usize = 1000;

/// What is known about the mistakes so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// A quote was lost: until so few blocks are open, every error may follow from it.
    quiet: Option<usize>,
    /// A quote was lost somewhere, so braces need not match any more.
    unbalanced: bool,
    /// Offset behind the last superfluous `;`: the next one right there is the same mistake.
    superfluous: Option<usize>,
    /// How many quotes were lost.
    quotes: usize,
    /// Whether a stray `}` has been looked into.
    stray: bool,
}

impl Reader<'_> {
    /// `;` without words. A row of them is one mistake.
    pub(super) fn empty_statement(&mut self, token: Token) {
        if self.faults.superfluous.replace(token.end) != Some(token.start) {
            let help = "there is no statement for this `;` to end: remove it".to_owned();
            self.fault_at_token(token, "unexpected \";\"", help);
        }
    }

    /// `{` without words. Its block is read, so that its `}` is no second mistake.
    pub(super) fn unnamed_block(&mut self, token: Token) {
        let help = "a block needs its directive before the `{`, without a `;` between them".to_owned();
        self.fault_at_token(token, "unexpected \"{\"", help);
        let node = self.open.last().and_then(|frame| frame.node);
        self.open.push(Frame { node, named: false });
    }

    /// `{` among the lines of a `map` or its like. Where indentation tells that the `map` was meant to end before the
    /// statement at hand, it ends there; else the block is read, so that its `}` is no second mistake. Returns whether
    /// the `{` is no block at all, but part of a regular expression.
    pub(super) fn block_among_parameters(&mut self, token: Token, outer: NodeId) -> bool {
        let node = *self.read.ast.node(outer);
        let start = self.read.ast.words[self.first_word].span.start;
        let quantifier = self.is_quantifier(token.start);
        let depths = (self.indentation(start), self.indentation(node.span.start));
        let unclosed = !quantifier && matches!(depths, (Some(inner), Some(outer)) if inner <= outer);
        let help = if quantifier {
            "this `{` opens a block: a regular expression with braces needs quotes".to_owned()
        } else if unclosed {
            format!("{} lacks its `}}`", self.told(&node))
        } else {
            format!("{} takes lines that end with `;`, no blocks", self.told(&node))
        };
        let doubtful = outer.0..self.next_node() + u32::from(!unclosed);
        let span = Span::new(token.start..token.end);
        self.fault(span, token.start, "unexpected \"{\"".to_owned(), help, doubtful);
        if unclosed {
            self.close_frame(false, start as usize);
        }
        quantifier && self.mode == Mode::Lenient
    }

    /// `}` in the middle of a statement: its `;` is missing. The statement is kept.
    pub(super) fn cut_off_by_brace(&mut self, token: Token) {
        let help = self.unended_help();
        self.fault_at_token(token, "unexpected \"}\"", help);
        self.keep_unended();
    }

    /// The text ends in the middle of a statement.
    pub(super) fn cut_off_by_end(&mut self) {
        let words = &self.read.ast.words[self.first_word..];
        let start = words.first().map_or(0, |word| word.span.start);
        let end = words.last().map_or(start, |word| word.span.end);
        let help = self.unended_help();
        self.end_fault(Span { start, end }, "unexpected end of file, expecting \";\" or \"}\"", help);
        self.keep_unended();
    }

    /// `}` without a block. Indentation may tell which block was closed too early.
    pub(super) fn stray_brace(&mut self, token: Token) {
        if self.faults.unbalanced {
            return;
        }
        let first = !std::mem::replace(&mut self.faults.stray, true);
        let early = first.then(|| self.misplaced_close(|open, close| close > open)).flatten();
        let help = early.as_ref().map_or_else(
            || "no block is open here: a `{` is missing above, or this `}` is one too many".to_owned(),
            |node| {
                let close = node.body().and_then(|body| body.close).unwrap_or(node.span.end);
                format!(
                    "no block is open here: the `}}` on line {} already closed {}",
                    self.source.line(close),
                    self.told(node)
                )
            },
        );
        let behind = |node: Node| self.read.ast.nodes.partition_point(|other| other.span.start < node.span.end);
        let doubtful = early.map_or(self.next_node(), |node| offset(behind(node)))..self.next_node();
        self.fault(Span::new(token.start..token.end), token.start, "unexpected \"}\"".to_owned(), help, doubtful);
        if let Some(close) = early.as_ref().and_then(|node| node.body()?.close) {
            self.suggest(Mend::Ignore(close as usize), early.as_ref());
        }
    }

    /// The text ends inside a block. Indentation may tell which one took another's `}`.
    pub(super) fn blocks_left_open(&mut self) {
        if self.faults.unbalanced {
            return;
        }
        let innermost = self.open.last().and_then(|frame| frame.node).map(|id| *self.read.ast.node(id));
        let quantifier = self.read.ast.nodes.iter().find(|node| self.opens_with_quantifier(node)).copied();
        let misplaced = || self.misplaced_close(|open, close| close < open);
        let Some(node) = quantifier.or_else(misplaced).or(innermost) else { return };
        let help = match node.body().and_then(|body| body.close) {
            _ if quantifier.is_some() => {
                format!("the `{{` in {} opens a block: a regular expression with braces needs quotes", self.told(&node))
            }
            Some(close) => format!(
                "{} lacks its `}}`: the one on line {} is indented like that of an outer block",
                self.told(&node),
                self.source.line(close)
            ),
            None => format!("{} lacks its `}}`", self.told(&node)),
        };
        let open = node.body().map_or(node.span.start, |body| body.open);
        let first = self.read.ast.nodes.partition_point(|other| other.span.start < node.span.start);
        let last = if self.lacks_only_its_own_end(&node) { offset(first + 1) } else { self.next_node() };
        let message = "unexpected end of file, expecting \"}\"".to_owned();
        let span = Span { start: open, end: open + 1 };
        self.fault(span, self.text.len(), message, help, offset(first)..last);
        let end = if quantifier.is_some() { self.end_of_first_child(&node) } else { self.meant_end(&node) };
        if let Some(end) = end {
            self.suggest(Mend::Close(end), Some(&node));
        }
    }

    /// Remembers how the braces of the last error may be read.
    fn suggest(&mut self, mend: Mend, node: Option<&Node>) {
        let at = node.map(|node| self.read.ast.nodes.partition_point(|other| other.span.start < node.span.start));
        if let (Some(error), Some(at)) = (self.read.ast.errors.last(), at) {
            self.read.mend.get_or_insert_with(|| (mend, error.clone(), NodeId(offset(at))));
        }
    }

    /// A token right behind a closing quote. Returns whether the token is done with.
    pub(super) fn glued_to_quote(&mut self, token: Token) -> bool {
        let Some(word) = self.read.ast.words.last().copied() else { return false };
        let found = char::from(self.source.text().as_bytes()[token.start]);
        // nginx names one byte; in a Latin-1 file that is the whole character.
        let found = match self.source.encoding() {
            super::Encoding::Utf8 => found,
            super::Encoding::Latin1 => self.text[token.start..].chars().next().unwrap_or(found),
        };
        let message = format!("unexpected \"{found}\"");
        if self.source.slice(word.span).contains('\n') {
            let line = self.source.line(offset(token.start));
            let help =
                format!("this quote runs on to line {line}, where text follows it: is it closed where it should be?");
            self.quote_lost(word.span.start as usize, token.start, message, help);
            return true;
        }
        let help = "only a blank, `;`, `{` or `)` may follow a closing quote".to_owned();
        self.fault_at_token(Token { end: token.start + self.width_at(token.start), ..token }, &message, help);
        false
    }

    /// A quote that the text never closes.
    pub(super) fn quote_unclosed(&mut self, token: Token) {
        let message = "unexpected end of file, expecting \";\" or \"}\"".to_owned();
        let help = "this quote is never closed".to_owned();
        self.quote_lost(token.start, self.text.len(), message, help);
    }

    /// A token longer than nginx's window. Returns whether the token is done with.
    pub(super) fn too_long(&mut self, token: Token, message: String) -> bool {
        let quoted = matches!(self.text.as_bytes()[token.start], b'"' | b'\'');
        if token.unclosed || (quoted && self.text[token.start..token.end].contains('\n')) {
            let help =
                "nginx reads at most 4094 bytes between quotes: is this one closed where it should be?".to_owned();
            self.quote_lost(token.start, token.start, message, help);
            return true;
        }
        let help = match self.text.as_bytes()[token.start] {
            b'#' => "nginx reads at most 4095 bytes of a comment: break it in two".to_owned(),
            _ => "nginx reads at most 4095 bytes of a word, and 4094 between quotes".to_owned(),
        };
        let doubtful = self.next_node()..self.next_node() + 1;
        let span = Span::new(token.start..token.start + self.width_at(token.start));
        self.fault(span, token.start, message, help, doubtful);
        false
    }

    /// A Lua body without an end.
    pub(super) fn lua_fault(&mut self, unclosed: Unclosed) {
        let (at, message) = match unclosed {
            Unclosed::Brace(at) => {
                (at, "unexpected end of file, expecting terminating characters for lua code block".to_owned())
            }
            Unclosed::LongBracket(at, level) => {
                let closing = format!("]{}]", "=".repeat(level));
                (
                    at,
                    format!(
                        "Lua code block missing the closing long bracket \"{closing}\", the inlined Lua code may be too long"
                    ),
                )
            }
        };
        let last = self.next_node();
        let help = self.read.ast.nodes.last().map(|node| format!("the Lua block is {}", self.told(node)));
        self.fault(Span::new(at..at + 1), at, message, help.unwrap_or_default(), last.saturating_sub(1)..last);
        self.faults.unbalanced = true;
    }

    /// A block was closed: below the depth at which a quote was lost, errors count again.
    pub(super) fn block_closed(&mut self) {
        if self.faults.quiet.is_some_and(|depth| self.open.len() < depth) {
            self.faults.quiet = None;
            self.end_doubts();
        }
    }

    /// Reports the quote at `quote`, drops the statement it stands in and goes on with the next line. What stood on
    /// the rest of its own line is only looked at for the braces at its end.
    fn quote_lost(&mut self, quote: usize, at: usize, message: String, help: String) {
        let doubtful = self.next_node()..u32::MAX;
        self.fault(Span::new(quote..quote + 1), at, message, help, doubtful);
        self.read.ast.words.truncate(self.first_word);
        let line_end = memchr::memchr(b'\n', &self.text.as_bytes()[quote..]).map_or(self.text.len(), |n| quote + n);
        let rest = self.text[quote + 1..line_end].trim_end();
        for _ in rest.bytes().rev().take_while(|byte| matches!(byte, b'}' | b' ')).filter(|&byte| byte == b'}') {
            self.close_frame(false, line_end);
        }
        if rest.ends_with('{') {
            let node = self.open.last().and_then(|frame| frame.node);
            self.open.push(Frame { node, named: false });
        }
        self.faults.unbalanced = true;
        self.faults.quiet = Some(self.open.len());
        self.faults.quotes += 1;
        // Each one costs a new start, and behind so many nothing is certain.
        self.tokens.seek(if self.faults.quotes < MOST { line_end } else { self.text.len() });
    }

    /// Makes a node of a statement that has no `;`.
    fn keep_unended(&mut self) {
        let end = self.read.ast.words.last().map_or(0, |word| word.span.end as usize);
        self.push_node(end, false);
    }

    fn fault_at_token(&mut self, token: Token, message: &str, help: String) {
        let next = self.next_node();
        let doubtful = next..next + u32::from(self.has_words());
        self.fault(Span::new(token.start..token.end), token.start, message.to_owned(), help, doubtful);
    }

    fn end_fault(&mut self, span: Span, message: &str, help: String) {
        if !self.faults.unbalanced {
            let next = self.next_node();
            self.fault(span, self.text.len(), message.to_owned(), help, next..next + 1);
        }
    }

    fn fault(&mut self, span: Span, at: usize, message: String, help: String, doubtful: Range<u32>) {
        if self.faults.quiet.is_some() || self.read.ast.errors.len() >= MOST {
            return;
        }
        let at = offset(at);
        if self.read.ast.errors.last().is_some_and(|error| error.offset == at) {
            return;
        }
        self.read.ast.errors.push(SyntaxError {
            span,
            offset: at,
            line: self.source.line(at),
            message,
            help: Some(help),
            doubtful,
        });
    }

    /// Ends the doubt that a lost quote began with the nodes read so far.
    pub(super) fn end_doubts(&mut self) {
        let next = self.next_node();
        for error in self.read.ast.errors.iter_mut().rev().take_while(|error| error.doubtful.end > next) {
            error.doubtful.end = next;
        }
    }

    fn width_at(&self, at: usize) -> usize {
        self.text[at..].chars().next().map_or(0, char::len_utf8)
    }
}
