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
    /// The enclosing block; [`NodeId::NONE`] at the top of the file.
    pub(super) around: NodeId,
    /// Where its words begin among those of the AST; they end where those of the next node begin.
    pub(super) first_word: u32,
    /// Offset of the `{`; 0, where no block can begin, for a statement without one.
    pub(super) open: u32,
    /// Whether its `}` was read, which then is the last byte of the span.
    pub(super) closed: bool,
    /// Whether its body is Lua.
    pub(super) lua: bool,
    /// Whether its `;` or `{` was read; false for what an error cut off.
    pub(super) ended: bool,
}

// Of what a large file takes in memory nodes are the most.
const _: () = assert!(size_of::<Node>() == 24);

impl NodeId {
    /// No node: a text of 4 GiB, the largest there may be, has fewer.
    pub(super) const NONE: Self = Self(u32::MAX);
}

impl Node {
    /// The enclosing block; none at the top of the file.
    pub fn parent(&self) -> Option<NodeId> {
        (self.around != NodeId::NONE).then_some(self.around)
    }

    /// Whether it is a block.
    pub fn is_block(&self) -> bool {
        self.open > 0
    }

    /// What stands between the braces of a block.
    pub fn body(&self) -> Option<Body> {
        let close = self.closed.then(|| self.span.end - 1);
        self.is_block().then_some(Body { open: self.open, close, lua: self.lua })
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
        let end = next.map_or(self.words.len(), |next| next.first_word as usize);
        &self.words[self.node(id).first_word as usize..end]
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
