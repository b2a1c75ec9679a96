//! Where new lines go and how they are indented, so that they look as if the author had written them.

use crate::config::{DirectiveId, FileId, ROOT, Tree};
use crate::syntax::edit::Edit;
use crate::syntax::{NodeId, Source, Span};

/// Where so many statements show no indentation, the file has none.
const MOST_STATEMENTS: usize = 1000;

/// The text habits of one file.
pub(super) struct Layout<'t> {
    tree: &'t Tree,
    file: FileId,
}

impl<'t> Layout<'t> {
    pub(super) fn new(tree: &'t Tree, file: FileId) -> Self {
        Self { tree, file }
    }

    fn source(&self) -> &'t Source {
        &self.tree.file(self.file).source
    }

    /// The line end of the file: that of its first line.
    pub(super) fn line_end(&self) -> &'static str {
        let first = self.source().line_span(0).end as usize;
        let behind = self.source().text().get(first..).unwrap_or_default();
        if behind.starts_with('\r') { "\r\n" } else { "\n" }
    }

    /// One step of indentation: what the first statement that stands deeper than its block has more than it.
    pub(super) fn unit(&self) -> String {
        let ast = &self.tree.file(self.file).ast;
        for node in ast.nodes().iter().take(MOST_STATEMENTS) {
            let Some(indent) = self.indent_at(node.span.start) else { continue };
            let around = node.parent.and_then(|parent| self.indent_at(ast.node(parent).span.start));
            if let Some(step) = around.and_then(|around| indent.strip_prefix(around)).filter(|step| !step.is_empty()) {
                return step.to_owned();
            }
        }
        "    ".to_owned()
    }

    /// The blanks in front of `offset`, when nothing else stands before it on its line.
    fn indent_at(&self, offset: u32) -> Option<&'t str> {
        let start = self.source().line_span(offset).start;
        let before = self.source().slice(Span { start, end: offset });
        before.chars().all(|c| c == ' ' || c == '\t').then_some(before)
    }

    /// The indentation of the statements inside a block of this file.
    fn inner_indent(&self, block: DirectiveId) -> String {
        let ast = &self.tree.file(self.file).ast;
        let mut children = self.child_nodes(block).take(MOST_STATEMENTS);
        if let Some(indent) = children.find_map(|child| self.indent_at(ast.node(child).span.start)) {
            return indent.to_owned();
        }
        if block == ROOT || self.tree.directive(block).file != self.file {
            return String::new();
        }
        let own = self.source().line_span(self.tree.node(block).span.start);
        let line = self.source().slice(own);
        let indent: String = line.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
        indent + &self.unit()
    }

    /// The nodes directly in a block, of those that this file itself holds.
    fn child_nodes(&self, block: DirectiveId) -> impl Iterator<Item = NodeId> + 't {
        let ast = &self.tree.file(self.file).ast;
        let (mut node, end) = if block == ROOT || self.tree.directive(block).file != self.file {
            (NodeId(0), NodeId(ast.nodes().len() as u32))
        } else {
            let own = self.tree.directive(block).node;
            (NodeId(own.0 + 1), ast.node(own).end)
        };
        std::iter::from_fn(move || {
            let next = (node < end).then_some(node)?;
            node = ast.node(next).end;
            Some(next)
        })
    }

    /// New statements behind one that stands in the same block.
    pub(super) fn after(&self, directive: DirectiveId, statements: &[String]) -> Edit {
        let end = self.tree.node(directive).span.end;
        let indent = self.indent_at(self.tree.node(directive).span.start);
        self.behind(end, indent.map(str::to_owned), statements)
    }

    /// New statements as the first of a block (or of the file, for [`ROOT`]).
    pub(super) fn first_in(&self, block: DirectiveId, statements: &[String]) -> Edit {
        match self.tree.node_body(block) {
            Some(body) => self.behind(body.open + 1, Some(self.inner_indent(block)), statements),
            None => {
                let text = statements.iter().map(|line| format!("{line}{}", self.line_end())).collect();
                Edit { span: Span::at(0), text }
            }
        }
    }

    /// New statements behind `offset`: on lines of their own when nothing but a comment follows on its line, else on
    /// the same line.
    fn behind(&self, offset: u32, indent: Option<String>, statements: &[String]) -> Edit {
        let line = self.source().line_span(offset);
        let rest = self.source().slice(Span { start: offset, end: line.end }).trim_start();
        match indent {
            Some(indent) if rest.is_empty() || rest.starts_with('#') => {
                // The line end that follows closes the last new line; the ones before it are to be like it.
                let behind = self.source().text().get(line.end as usize..).unwrap_or_default();
                let line_end = match () {
                    () if behind.starts_with("\r\n") => "\r\n",
                    () if behind.starts_with('\n') => "\n",
                    () => self.line_end(),
                };
                let text = statements.iter().map(|line| format!("{line_end}{indent}{line}")).collect();
                Edit { span: Span::at(line.end), text }
            }
            _ => Edit { span: Span::at(offset), text: statements.iter().map(|line| format!(" {line}")).collect() },
        }
    }

    /// A block of lines in front of a statement and of the comment lines that belong to it, with an empty line between.
    pub(super) fn before(&self, directive: DirectiveId, lines: &[String]) -> Edit {
        let ast = &self.tree.file(self.file).ast;
        let start = self.tree.node(directive).span.start;
        let Some(indent) = self.indent_at(start) else {
            return Edit {
                span: Span::at(start),
                text: lines.iter().map(|line| format!("{} ", line.trim())).collect(),
            };
        };
        let comments = crate::syntax::comments_at(ast, self.source(), self.tree.directive(directive).node);
        let top = comments.first().map_or(start, |(span, _)| span.start.min(start));
        // A comment that opens the file speaks of the file.
        let opens_file = top < start && self.source().line_span(top).start == 0;
        let top = if opens_file { start } else { top };
        let at = self.source().line_span(top).start;
        let text: String = lines.iter().map(|line| format!("{indent}{line}{}", self.line_end())).collect();
        let gap = if opens_file { self.line_end() } else { "" };
        Edit { span: Span::at(at), text: format!("{gap}{text}{}", self.line_end()) }
    }

    /// The lines of a statement and of the comments above it, if nothing else stands on them.
    pub(super) fn whole_lines(&self, directive: DirectiveId) -> Option<Span> {
        let span = self.tree.node(directive).span;
        let last = self.source().line_span(span.end);
        self.indent_at(span.start)?;
        if !self.source().slice(Span { start: span.end, end: last.end }).trim().is_empty() {
            return None;
        }
        let ast = &self.tree.file(self.file).ast;
        let comments = crate::syntax::comments_at(ast, self.source(), self.tree.directive(directive).node);
        let top = comments.first().map_or(span.start, |(first, _)| first.start.min(span.start));
        Some(Span { start: self.source().line_span(top).start, end: last.end })
    }

    /// Takes a statement away, with its line when nothing else stands on it.
    pub(super) fn without(&self, directive: DirectiveId) -> Edit {
        let span = self.tree.node(directive).span;
        let text = self.source().text();
        let first = self.source().line_span(span.start);
        let last = self.source().line_span(span.end);
        let alone = self.indent_at(span.start).is_some()
            && self.source().slice(Span { start: span.end, end: last.end }).trim().is_empty();
        if alone {
            return self.without_lines(Span { start: first.start, end: last.end });
        }
        let before = text[..span.start as usize].trim_end_matches([' ', '\t']).len() as u32;
        let start = if before > first.start { before } else { span.start };
        Edit { span: Span { start, end: span.end }, text: String::new() }
    }

    /// Takes whole lines away, and of the empty lines in front of them and behind them one, so that no gap is left.
    pub(super) fn without_lines(&self, lines: Span) -> Edit {
        let text = self.source().text();
        let (before, behind) = (&text[..lines.start as usize], &text[lines.end as usize..]);
        let line_end = |text: &str| if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with('\n')) };
        let end = lines.end + line_end(behind) as u32;
        let next = behind[line_end(behind)..].lines().next().unwrap_or_default().trim();
        let above = before.strip_suffix('\n').map_or("", |before| before.rsplit('\n').next().unwrap_or_default());
        let empty_above = before.ends_with('\n') && above.trim().is_empty() && before.len() > above.len() + 1;
        let closes = next.is_empty() || next.starts_with('}');
        let gap = if empty_above && closes { above.len() as u32 + 1 } else { 0 };
        Edit { span: Span { start: lines.start - gap, end }, text: String::new() }
    }
}
