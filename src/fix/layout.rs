//! Where new lines go and how they are indented, so that they look as if the author had written them.

use crate::config::{DirectiveId, FileId, ROOT, Tree};
use crate::syntax::edit::Edit;
use crate::syntax::{NodeId, Source, Span, Word};

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
            let around = node.parent().and_then(|parent| self.indent_at(ast.node(parent).span.start));
            if let Some(step) = around.and_then(|around| indent.strip_prefix(around)).filter(|step| !step.is_empty()) {
                return step.to_owned();
            }
        }
        "    ".to_owned()
    }

    /// The blanks in front of `offset`, when nothing else stands before it on its line.
    fn indent_at(&self, offset: u32) -> Option<&'t str> {
        let start = self.source().line_start(offset).1;
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
            (NodeId(own.0 + 1), ast.behind(own))
        };
        std::iter::from_fn(move || {
            let next = (node < end).then_some(node)?;
            node = ast.behind(next);
            Some(next)
        })
    }

    /// The nodes in the block of a node, itself among them.
    fn siblings(&self, node: NodeId) -> Vec<NodeId> {
        let ast = &self.tree.file(self.file).ast;
        let (mut next, end) = match ast.node(node).parent() {
            Some(parent) => (NodeId(parent.0 + 1), ast.behind(parent)),
            None => (NodeId(0), NodeId(ast.nodes().len() as u32)),
        };
        let mut nodes = Vec::new();
        while next < end {
            nodes.push(next);
            next = ast.behind(next);
        }
        nodes
    }

    /// New statements behind one that stands in the same block.
    pub(super) fn after(&self, directive: DirectiveId, statements: &[String]) -> Edit {
        let ast = &self.tree.file(self.file).ast;
        let node = self.tree.directive(directive).node;
        let siblings = self.siblings(node);
        let span = ast.node(node).span;
        let own_line = |&sibling: &NodeId| self.indent_at(ast.node(sibling).span.start);
        let indent = self.indent_at(span.start).or_else(|| siblings.iter().find_map(own_line));
        // Statements that share its line stay with it.
        let line = self.source().line_span(span.end);
        let mut same_line = siblings.iter().map(|&sibling| ast.node(sibling).span);
        let last = same_line.rfind(|other| other.start >= span.end && other.start < line.end);
        let ends_line = |last: &Span| {
            let rest = (last.end <= line.end).then(|| self.source().slice(Span { start: last.end, end: line.end }));
            rest.is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
        };
        let end = last.filter(ends_line).map_or(span.end, |last| last.end);
        self.behind(end, indent.map(str::to_owned), &siblings, statements)
    }

    /// New statements as the first of a block (or of the file, for [`ROOT`]).
    pub(super) fn first_in(&self, block: DirectiveId, statements: &[String]) -> Edit {
        match self.tree.node_body(block) {
            Some(body) => {
                let is_empty = self.source().text()[body.open as usize + 1..].trim_start().starts_with('}');
                let indent = (!is_empty).then(|| self.inner_indent(block));
                self.behind(body.open + 1, indent, &self.child_nodes(block).collect::<Vec<_>>(), statements)
            }
            None => {
                let text = statements.iter().map(|line| format!("{line}{}", self.line_end())).collect();
                Edit { span: Span::at(0), text }
            }
        }
    }

    /// New statements behind `offset`, among those of a block: on lines of their own when nothing but a comment or the end
    /// of the block follows on its line, else on the same line.
    fn behind(&self, offset: u32, indent: Option<String>, siblings: &[NodeId], statements: &[String]) -> Edit {
        let line = self.source().line_span(offset);
        let rest = self.source().slice(Span { start: offset, end: line.end }).trim_start();
        let habits = Habits::of(self, siblings);
        match indent {
            Some(indent) if rest.is_empty() || rest.starts_with(['#', '}']) => {
                // The line end that follows closes the last new line; the ones before it are to be like it.
                let behind = self.source().text().get(line.end as usize..).unwrap_or_default();
                let line_end = match () {
                    () if behind.starts_with("\r\n") => "\r\n",
                    () if behind.starts_with('\n') => "\n",
                    () => self.line_end(),
                };
                let gap = if habits.is_spaced { line_end } else { "" };
                let one = |statement: &String| format!("{gap}{line_end}{indent}{}", habits.aligned(statement));
                let at = if rest.starts_with('}') { offset } else { line.end };
                Edit { span: Span::at(at), text: statements.iter().map(one).collect() }
            }
            _ => Edit { span: Span::at(offset), text: statements.iter().map(|line| format!(" {line}")).collect() },
        }
    }

    /// A block of lines in front of a statement and of the comment lines that belong to it, with empty lines around it.
    pub(super) fn before(&self, directive: DirectiveId, lines: &[String]) -> Vec<Edit> {
        let ast = &self.tree.file(self.file).ast;
        let start = self.tree.node(directive).span.start;
        let Some(indent) = self.indent_at(start) else {
            // On one line nothing is set out in columns.
            let words = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ") + " ";
            return vec![Edit { span: Span::at(start), text: lines.iter().map(words).collect() }];
        };
        let comments = crate::syntax::comments_at(ast, self.source(), self.tree.directive(directive).node);
        let top = comments.first().map_or(start, |(span, _)| span.start.min(start));
        // A comment that opens the file speaks of the file.
        let opens_file = top < start && self.source().line_span(top).start == 0;
        let top = if opens_file { start } else { top };
        let at = self.source().line_span(top).start;
        let above = self.source().text()[..at as usize].lines().next_back().unwrap_or_default().trim();
        let text: String = lines.iter().map(|line| format!("{indent}{line}{}", self.line_end())).collect();
        let block = Edit { span: Span::at(at), text: format!("{text}{}", self.line_end()) };
        if above.is_empty() || above.ends_with('{') {
            return vec![block];
        }
        // An edit of its own: of several blocks that come in here, only the first needs it.
        vec![Edit { span: Span::at(at), text: self.line_end().to_owned() }, block]
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

    /// Whether nothing but a comment is left of its line when a directive goes.
    pub(super) fn strands_comment(&self, directive: DirectiveId) -> bool {
        let span = self.tree.node(directive).span;
        let behind = Span { start: span.end, end: self.source().line_span(span.end).end };
        self.indent_at(span.start).is_some() && self.source().slice(behind).trim_start().starts_with('#')
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

/// How the statements of a block are set out.
struct Habits {
    /// An empty line stands between any two of them.
    is_spaced: bool,
    /// The column in which the first arguments stand one below the other, counted from the name.
    arguments: Option<usize>,
    /// The same for the values of header lines.
    values: Option<usize>,
}

impl Habits {
    fn of(layout: &Layout<'_>, nodes: &[NodeId]) -> Self {
        let ast = &layout.tree.file(layout.file).ast;
        let gaps: Vec<usize> = nodes
            .windows(2)
            .map(|pair| Span { start: ast.node(pair[0]).span.end, end: ast.node(pair[1]).span.start })
            .map(|gap| layout.source().slice(gap).matches('\n').count())
            .collect();
        let lines = || {
            let plain = nodes.iter().filter(|&&node| !ast.node(node).is_block());
            plain.filter(|&&node| layout.indent_at(ast.node(node).span.start).is_some())
        };
        let header = |node: &&NodeId| {
            ast.words(**node).first().is_some_and(|word| layout.source().slice(word.span) == "proxy_set_header")
        };
        Self {
            is_spaced: gaps.len() > 1 && gaps.iter().all(|&gap| gap > 1),
            arguments: column(lines().filter_map(|&node| place(ast.words(node), 1))),
            values: column(lines().filter(header).filter_map(|&node| place(ast.words(node), 2))),
        }
    }

    /// A statement with its words in the columns of the others.
    fn aligned(&self, statement: &str) -> String {
        let Some((name, rest)) = statement.split_once(' ') else { return statement.to_owned() };
        let pad = |text: &str, column: Option<usize>| match column {
            Some(column) if text.len() < column => format!("{text:column$}"),
            _ => format!("{text} "),
        };
        let line = pad(name, self.arguments);
        match rest.split_once(' ') {
            Some((header, value)) if name == "proxy_set_header" => pad(&(line + header), self.values) + value,
            _ => line + rest,
        }
    }
}

/// Where a word starts, counted from the first one, and how many blanks stand in front of it.
fn place(words: &[Word], index: usize) -> Option<(usize, usize)> {
    let (first, before, word) = (words.first()?, words.get(index.checked_sub(1)?)?, words.get(index)?);
    let from = |start: u32, end: u32| (end - start) as usize;
    Some((from(first.span.start, word.span.start), from(before.span.end, word.span.start)))
}

/// The column that words share, if somebody took the trouble to put them there.
fn column(places: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
    let places: Vec<(usize, usize)> = places.collect();
    let (first, _) = *places.first()?;
    let is_meant = places.len() > 1 && places.iter().any(|&(_, blanks)| blanks > 1);
    (is_meant && places.iter().all(|&(column, _)| column == first)).then_some(first)
}
