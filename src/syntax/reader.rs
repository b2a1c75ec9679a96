//! From tokens to statements and blocks.
//!
//! The reader judges the order of tokens as nginx's `ngx_conf_read_token` and `ngx_conf_parse` do (NGINX facts part
//! N). It keeps the open blocks on a stack of its own, so depth costs memory and nothing else.

use std::ops::Range;

use super::ast::{Ast, Node, NodeId, SyntaxError, Word};
use super::faults::Faults;
use super::lua::{self, Unclosed};
use super::source::{Source, Span};
use super::template::{Template, placeholder};
use super::tokens::{Token, Tokens};
use super::window;

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As nginx does: up to the first error, and nothing is a template.
    Strict,
    /// To the end: mistakes are stepped over and lines that only hold a place are skipped.
    Lenient,
}

/// How braces that do not match are to be read after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mend {
    /// The `}` at this offset closes nothing.
    Ignore(usize),
    /// The innermost block ends at this offset, where there is no `}`.
    Close(usize),
}

/// Blocks that hold lines of parameters instead of directives, and which of their arguments are variables. nginx gives
/// such lines to a `cf->handler` (`ngx_conf_parse`; `ngx_http_map_block` and its like), and refuses a `{` among them
/// itself. A block of other arguments is not one that nginx would open.
const PARAMETERS_BLOCKS: [(&str, &[bool]); 6] = [
    ("map", &[true, true]),
    ("types", &[]),
    ("geo", &[true]),
    ("geo", &[true, true]),
    ("split_clients", &[true, true]),
    ("charset_map", &[false, false]),
];

/// What was read, beside the AST.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) ast: Ast,
    /// What would set the braces right, the error that it is about, and the block that the mistake is in.
    pub(super) mend: Option<(Mend, SyntaxError, NodeId)>,
    /// The first line that only holds a place.
    pub(super) placeholder: Option<Template>,
    /// The `}` that no block is open for, when that is the first error.
    pub(super) stray_brace: Option<u32>,
}

/// An open block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The block itself, or around it the nearest one that has a node.
    pub(super) node: Option<NodeId>,
    /// False for a `{` that had no words before it, which is an error but has a `}` of its own.
    pub(super) named: bool,
}

pub(super) struct Reader<'t> {
    pub(super) source: &'t Source,
    /// The text to read: that of `source`, or as many bytes in which templates are masked.
    pub(super) text: &'t str,
    pub(super) mode: Mode,
    pub(super) tokens: Tokens<'t>,
    pub(super) read: Read,
    pub(super) open: Vec<Frame>,
    /// Where the words of the statement at hand begin in the AST's list.
    pub(super) first_word: usize,
    /// Offset behind the last closing quote: there only a blank, `;`, `{` or `)` may follow.
    closing_quote: Option<usize>,
    mend: Option<Mend>,
    pub(super) faults: Faults,
}

impl<'t> Reader<'t> {
    pub(super) fn new(source: &'t Source, text: &'t str, mode: Mode) -> Self {
        Self {
            source,
            text,
            mode,
            tokens: Tokens::new(text),
            read: Read { ast: Ast::for_text(text.len()), ..Read::default() },
            open: Vec::new(),
            first_word: 0,
            closing_quote: None,
            mend: None,
            faults: Faults::default(),
        }
    }

    /// The same, with braces that are known not to match read as they were meant.
    pub(super) fn mended(self, mend: Mend) -> Self {
        Self { mend: Some(mend), ..self }
    }

    /// Reads the whole text, or up to the first error in strict mode.
    pub(super) fn run(mut self) -> Read {
        let mut refused = false;
        while !refused && let Some(token) = self.tokens.next() {
            self.take(token);
            refused = self.mode == Mode::Strict && !self.read.ast.errors.is_empty();
        }
        if !refused {
            self.finish();
        }
        while !self.open.is_empty() {
            self.close_frame(false, self.text.len());
        }
        self.end_doubts();
        // The words of a statement that was refused are those of no node.
        self.read.ast.words.truncate(self.first_word);
        self.read.ast.shrink();
        self.read
    }

    fn take(&mut self, token: Token) {
        let first = self.text.as_bytes()[token.start];
        if self.closing_quote == Some(token.start) && !matches!(first, b';' | b'{' | b')') && self.glued_to_quote(token)
        {
            return;
        }
        if let Some(message) = window::refusal(self.text, self.source.encoding(), token) {
            if self.too_long(token, message) {
                return;
            }
        } else if token.unclosed {
            return self.quote_unclosed(token);
        }
        if let Some(Mend::Close(at)) = self.mend
            && token.start >= at
        {
            self.mend = None;
            // In the middle of a statement, or of a Lua block, no block can end.
            if !self.has_words() && self.read.ast.nodes.last().is_none_or(|node| node.span.end as usize <= at) {
                self.close_frame(false, at);
            }
        }
        match first {
            b';' => self.end_statement(token),
            b'{' => self.open_block(token),
            b'}' => self.close_block(token),
            b'#' => self.comment(token),
            _ => self.word(token, first),
        }
    }

    fn comment(&mut self, token: Token) {
        let text = &self.text[token.start..token.end];
        let end = token.end - usize::from(text.ends_with('\r'));
        self.read.ast.comments.push(Span::new(token.start..end));
    }

    fn word(&mut self, token: Token, first: u8) {
        if matches!(first, b'"' | b'\'') {
            self.closing_quote = Some(token.end);
        } else if self.mode == Mode::Lenient
            && !self.has_words()
            && let Some((language, end)) = placeholder::line(self.text, token.start)
        {
            self.placeholder(language, token.start..end);
            if end > token.end {
                self.tokens.seek(end);
            }
            return;
        }
        self.read.ast.words.push(Word { span: Span::new(token.start..token.end) });
    }

    fn end_statement(&mut self, token: Token) {
        if self.has_words() {
            self.push_node(token.end, true);
        } else {
            self.empty_statement(token);
        }
    }

    fn open_block(&mut self, token: Token) {
        if !self.has_words() {
            return self.unnamed_block(token);
        }
        if let Some(outer) = self.parameters_block()
            && self.block_among_parameters(token, outer)
        {
            return;
        }
        let lua = self.first_word_is_lua();
        let id = self.push_node(token.end, true);
        let node = &mut self.read.ast.nodes[id.0 as usize];
        node.open(token.start, lua);
        self.open.push(Frame { node: Some(id), named: true });
        if lua {
            match lua::body_end(self.text.as_bytes(), token.start) {
                Ok(close) => {
                    self.close_frame(true, close + 1);
                    self.tokens.seek(close + 1);
                }
                Err(unclosed) => self.lua_unclosed(unclosed),
            }
        }
    }

    fn close_block(&mut self, token: Token) {
        if self.mend == Some(Mend::Ignore(token.start)) {
            return;
        }
        if self.has_words() && !self.only_placeholder() {
            self.cut_off_by_brace(token);
        }
        if self.open.is_empty() {
            if self.read.ast.errors.is_empty() {
                self.read.stray_brace = Some(offset(token.start));
            }
            self.stray_brace(token);
        } else {
            self.close_frame(true, token.end);
        }
    }

    fn finish(&mut self) {
        if self.has_words() {
            self.cut_off_by_end();
        } else if self.open.iter().any(|frame| frame.named) {
            self.blocks_left_open();
        }
    }

    /// Whether the statement at hand is but a word that holds a place, as in `{ ... }`; then it is forgotten.
    fn only_placeholder(&mut self) -> bool {
        let [word] = self.read.ast.words[self.first_word..] else { return false };
        let language = placeholder::shape(self.source.slice(word.span));
        if let Some(language) = language.filter(|_| self.mode == Mode::Lenient) {
            self.placeholder(language, word.span.range());
            self.read.ast.words.truncate(self.first_word);
        }
        !self.has_words()
    }

    fn placeholder(&mut self, language: &'static str, range: Range<usize>) {
        self.read.ast.gaps.push(offset(range.start));
        self.read.placeholder.get_or_insert(Template { language, span: Span::new(range) });
    }

    /// Whether a statement has been begun.
    pub(super) fn has_words(&self) -> bool {
        self.first_word < self.read.ast.words.len()
    }

    /// The number that the next node will have.
    pub(super) fn next_node(&self) -> u32 {
        offset(self.read.ast.nodes.len())
    }

    /// Makes a node of the words at hand, which must not be none.
    pub(super) fn push_node(&mut self, end: usize, ended: bool) -> NodeId {
        let id = NodeId(self.next_node());
        let span = Span { start: self.read.ast.words[self.first_word].span.start, end: offset(end) };
        let around = self.open.last().and_then(|frame| frame.node);
        self.read.ast.nodes.push(Node::statement(span, around, self.first_word, ended));
        self.first_word = self.read.ast.words.len();
        id
    }

    /// Closes the innermost block, which ends behind its `}`, at `end`, or there without one.
    pub(super) fn close_frame(&mut self, closed: bool, end: usize) {
        let Some(frame) = self.open.pop() else { return };
        if frame.named
            && let Some(id) = frame.node
        {
            self.read.ast.nodes[id.0 as usize].close(end, closed);
        }
        self.block_closed();
    }

    /// The innermost open block, when nginx hands its statements to a handler that takes no blocks.
    fn parameters_block(&self) -> Option<NodeId> {
        let id = self.open.last().filter(|frame| frame.named)?.node?;
        // Behind those of the last node stand the words of the statement that has been begun.
        let words = self.read.ast.words(id);
        let begun = if id.0 + 1 == self.next_node() { self.read.ast.words.len() - self.first_word } else { 0 };
        let (name, arguments) = words[..words.len() - begun].split_first()?;
        let name = name.value(self.source);
        let fits = |word: &Word, variable: bool| !variable || word.value(self.source).contains('$');
        let opens = |variables: &[bool]| {
            arguments.len() == variables.len() && arguments.iter().zip(variables).all(|(word, &is)| fits(word, is))
        };
        PARAMETERS_BLOCKS.iter().any(|&(block, variables)| block == name && opens(variables)).then_some(id)
    }

    fn first_word_is_lua(&self) -> bool {
        let word = self.read.ast.words[self.first_word];
        self.source.slice(word.span).contains("_by_lua_block") && word.value(self.source).ends_with("_by_lua_block")
    }

    /// An unclosed Lua body takes the rest of the text.
    fn lua_unclosed(&mut self, unclosed: Unclosed) {
        self.lua_fault(unclosed);
        self.tokens.seek(self.text.len());
    }
}

/// An offset or a count in the 32 bits of the AST; a [`Source`] is never larger.
pub(super) fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
