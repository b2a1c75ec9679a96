//! Where a mistake was probably made, which may be far from where nginx notices it.

use super::ast::Node;
use super::reader::Reader;

impl Reader<'_> {
    /// What the statement at hand lacks.
    pub(super) fn unended_help(&self) -> String {
        let Some(word) = self.read.ast.words.get(self.first_word) else { return String::new() };
        let name = self.source.slice(word.span);
        let mark = if name.starts_with('\u{feff}') { " (nginx takes the byte order mark as part of it)" } else { "" };
        format!("`{}`{mark} on line {} lacks its `;`", shown(name), self.source.line(word.span.start))
    }

    /// A node as a person would name it.
    pub(super) fn told(&self, node: &Node) -> String {
        let word = self.read.ast.words[node.first_word()];
        format!("`{}` of line {}", shown(self.source.slice(word.span)), self.source.line(node.span.start))
    }

    /// The first block whose `}` stands at an indentation that `wrong(that of its first word, that of its brace)`
    /// tells to be another block's.
    pub(super) fn misplaced_close(&self, wrong: impl Fn(usize, usize) -> bool) -> Option<Node> {
        let closed = |node: &&Node| {
            let close = node.body().and_then(|body| body.close)?;
            wrong(self.indentation(node.span.start)?, self.indentation(close)?).then_some(close)
        };
        self.read.ast.nodes.iter().filter(|node| closed(node).is_some()).min_by_key(|node| closed(node)).copied()
    }

    /// Where a block was meant to end that ends with the `}` of an outer one: before the first statement in it that is not
    /// indented deeper than the block itself, or before that `}`.
    pub(super) fn meant_end(&self, node: &Node) -> Option<usize> {
        let close = node.body()?.close?;
        let depth = self.indentation(node.span.start)?;
        let inside = |other: &&Node| other.span.start > node.span.start && other.span.start < close;
        let outer = |other: &&Node| self.indentation(other.span.start).is_some_and(|indent| indent <= depth);
        let first = self.read.ast.nodes.iter().filter(inside).find(outer).map_or(close, |other| other.span.start);
        Some(first as usize)
    }

    /// Where the first block in a block ends.
    pub(super) fn end_of_first_child(&self, node: &Node) -> Option<usize> {
        let child = self.read.ast.nodes.iter().find(|other| other.span.start > node.span.start)?;
        child.body()?.close.map(|close| close as usize + 1)
    }

    /// Whether the indentation of a whole text says that all blocks are as they were meant and that a block lacks nothing
    /// but the `}` at the end of the text.
    pub(super) fn lacks_only_its_own_end(&self, node: &Node) -> bool {
        let Some(depth) = self.indentation(node.span.start) else { return false };
        let deeper = |other: &Node| self.indentation(other.span.start).is_none_or(|indent| indent > depth);
        let inside = self.read.ast.nodes.iter().filter(|other| other.span.start > node.span.start);
        let has_line = |other: &Node| self.indentation(other.span.start).is_some();
        let mut inside = inside.peekable();
        inside.peek().is_some_and(|first| has_line(first))
            && inside.all(deeper)
            && self.misplaced_close(|open, close| open != close).is_none()
    }

    /// Whether the `{` of a block is that of a regular expression without quotes, as in `[0-9]{4}`.
    pub(super) fn opens_with_quantifier(&self, node: &Node) -> bool {
        node.body().is_some_and(|body| self.is_quantifier(body.open as usize))
    }

    /// Whether a `{` begins the braces of a quantifier, as in `[0-9]{4}`.
    pub(super) fn is_quantifier(&self, open: usize) -> bool {
        let inner = &self.text.as_bytes()[open + 1..];
        let length = inner.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b',').count();
        length > 0 && inner.get(length) == Some(&b'}')
    }

    /// How far the first thing on a line is indented, in bytes; none when something stands before it.
    pub(super) fn indentation(&self, at: u32) -> Option<usize> {
        let before = &self.text.as_bytes()[..at as usize];
        let blank = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let starts_line = before.len() == blank || before[before.len() - blank - 1] == b'\n';
        starts_line.then_some(blank)
    }
}

/// A name as it may be shown in a message: of reasonable length.
fn shown(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.trim_start_matches('\u{feff}').to_owned(),
    }
}
