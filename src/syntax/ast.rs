//! The statements of one file, as a flat list that knows its nesting.

use std::borrow::Cow;
use std::ops::Range;

use super::source::{Source, Span, clip};
use super::template::Template;

/// The number of a [`Node`] in its [`Ast`], in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// One word of a statement as it is written, quotes and backslashes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Word {
    /// The value nginx reads: quotes removed, and `\"` `\'` `\\` `\t` `\r` `\n` resolved; every other backslash stays
    /// (`ngx_conf_read_token`, NGINX facts part N, 1.22.1 to 1.31.5).
    pub fn value<'s>(self, source: &'s Source) -> Cow<'s, str> {
        let raw = source.slice(self.span);
        let inner = match raw.as_bytes() {
            [b'"', .., b'"'] | [b'\'', .., b'\''] if raw.len() >= 2 => &raw[1..raw.len() - 1],
            _ => raw,
        };
        if !source.escapes_in(inner) {
            return Cow::Borrowed(inner);
        }
        let mut value = String::with_capacity(inner.len());
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                value.push(c);
                continue;
            }
            match chars.next() {
                Some(quoted @ ('"' | '\'' | '\\')) => value.push(quoted),
                Some('t') => value.push('\t'),
                Some('r') => value.push('\r'),
                Some('n') => value.push('\n'),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            }
        }
        Cow::Owned(value)
    }
}

/// What stands between the `{` and `}` of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// Offset of the `{`.
    pub open: u32,
    /// Offset of the `}`; none where the file ends first or the parser had to resynchronise.
    pub close: Option<u32>,
    /// Whether the body is Lua text (`*_by_lua_block`), which has no child nodes.
    pub lua: bool,
}

/// One statement: a directive that ends in `;` or a block.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// From the first byte of its first word to behind its `;`, or its `}`.
    pub span: Span,
    /// The enclosing block, [`NONE`] at the top of the file; with [`FLAG`] where its own `}` was read, which then is the
    /// last byte of the span.
    around: u32,
    /// Where its words begin among those of the AST; they end where those of the next node begin. With [`FLAG`] where its
    /// body is Lua.
    words: u32,
    /// Offset of the `{`; for a statement without one 0, where no block can begin, or [`CUT_OFF`].
    open: u32,
}

// Of what a large file takes in memory nodes are the most.
const _: () = assert!(size_of::<Node>() == 20);

/// A bit that no number of a node or a word needs: each takes two bytes of a text of 4 GiB at most.
const FLAG: u32 = 1 << 31;

/// No node.
const NONE: u32 = FLAG - 1;

/// For a statement of which an error cut off the `;` or the `{`.
const CUT_OFF: u32 = u32::MAX;

impl Node {
    /// A statement that ends in `;`, unless an error cut it off. `first_word` is the number of its first word.
    pub(super) fn statement(span: Span, around: Option<NodeId>, first_word: usize, ended: bool) -> Self {
        let around = around.map_or(NONE, |block| block.0);
        Self { span, around, words: clip(first_word), open: if ended { 0 } else { CUT_OFF } }
    }

    /// Makes it the head of a block, whose `{` stands at `open`.
    pub(super) fn open(&mut self, open: usize, lua: bool) {
        self.open = clip(open);
        self.words |= if lua { FLAG } else { 0 };
    }

    /// Ends a block, behind its `}` where that was read.
    pub(super) fn close(&mut self, end: usize, closed: bool) {
        self.span.end = clip(end);
        self.around |= if closed { FLAG } else { 0 };
    }

    /// The enclosing block; none at the top of the file.
    pub fn parent(&self) -> Option<NodeId> {
        let around = self.around & !FLAG;
        (around != NONE).then_some(NodeId(around))
    }

    /// Whether it is a block.
    pub fn is_block(&self) -> bool {
        self.open > 0 && self.open != CUT_OFF
    }

    /// Whether its `;` or `{` was read; false for what an error cut off.
    pub(super) fn is_ended(&self) -> bool {
        self.open != CUT_OFF
    }

    /// The number of its first word.
    pub(super) fn first_word(&self) -> usize {
        (self.words & !FLAG) as usize
    }

    /// What stands between the braces of a block.
    pub fn body(&self) -> Option<Body> {
        let close = (self.around & FLAG != 0).then(|| self.span.end - 1);
        self.is_block().then_some(Body { open: self.open, close, lua: self.words & FLAG != 0 })
    }
}

/// Something nginx would refuse to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The text to point at: the offending byte, or the quote or block that was never closed.
    pub span: Span,
    /// Where nginx's reader gave up: the byte it names, or the end of the text.
    pub offset: u32,
    /// The line nginx names in its own message (1-based); it is the line of `offset`.
    pub line: u32,
    /// nginx's own words, such as `unexpected "}"`.
    pub message: String,
    /// What was expected, or where the thing was opened.
    pub help: Option<String>,
    /// The numbers of the nodes that may be an artefact of this error: wrongly nested, cut off or glued together.
    pub doubtful: Range<u32>,
}

/// A parsed file. It holds spans only; [`Source`] has the text.
#[derive(Clone, Debug, Default)]
pub struct Ast {
    pub(super) nodes: Vec<Node>,
    pub(super) words: Vec<Word>,
    pub(super) comments: Vec<Span>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) template: Option<Template>,
    pub(super) gaps: Vec<u32>,
}

/// Bytes of text for each node, and for each word, of which few texts have less.
const LEAST_NODE: usize = 20;
const LEAST_WORD: usize = 10;

impl Ast {
    /// An empty one with room for what a text of so many bytes usually has: to grow would be to copy.
    pub(super) fn for_text(bytes: usize) -> Self {
        let nodes = Vec::with_capacity(bytes / LEAST_NODE);
        Self { nodes, words: Vec::with_capacity(bytes / LEAST_WORD), ..Self::default() }
    }

    /// Gives back the room that was not needed.
    pub(super) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.words.shrink_to_fit();
    }

    /// All nodes in the order of the text.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of a number that this AST gave out.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Behind the last node inside a node: those between its own number and this one are its descendants.
    pub fn behind(&self, id: NodeId) -> NodeId {
        let first = id.0 as usize + 1;
        let (node, rest) = (self.node(id), self.nodes.get(first..).unwrap_or_default());
        let inside = |other: &Node| node.is_block() && other.span.start < node.span.end;
        // Most blocks are small: the search begins with their first nodes.
        let mut most = 1;
        while rest.get(most - 1).is_some_and(inside) {
            most *= 2;
        }
        let least = most / 2;
        NodeId(clip(first + least + rest[least..most.min(rest.len())].partition_point(inside)))
    }

    /// The words of a node, its name first.
    pub fn words(&self, id: NodeId) -> &[Word] {
        let next = self.nodes.get(id.0 as usize + 1);
        let end = next.map_or(self.words.len(), Node::first_word);
        &self.words[self.node(id).first_word()..end]
    }

    /// Comments in the order of the text, each from its `#` to before the line end.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// What nginx would refuse, in the order of the text; the first is the one nginx itself would name.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The template language that the text is still written in, when it is not finished configuration.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The places of a template, in the order of the text, at which whole directives may come in: nobody can say which.
    pub fn gaps(&self) -> &[u32] {
        &self.gaps
    }

    /// The innermost block around an offset; none at the top of the file.
    pub fn block_at(&self, offset: u32) -> Option<NodeId> {
        let behind = self.nodes.partition_point(|node| node.span.start <= offset);
        let mut next = behind.checked_sub(1).map(|last| NodeId(clip(last)));
        while let Some(id) = next {
            let node = self.node(id);
            if node.span.end > offset && node.is_block() && node.open < offset {
                return next;
            }
            next = node.parent();
        }
        None
    }
}
