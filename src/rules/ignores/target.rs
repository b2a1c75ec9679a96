//! Which statements of its file a comment means.

use crate::syntax::{Ast, NodeId, Source, Span};

/// What a comment means, by the statements of its own file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The statements, blocks with all that is in them.
    pub(super) nodes: Vec<NodeId>,
    /// A statement to name in its stead: one that it means, else one nearby. None in a file without statements.
    pub(super) anchor: Option<NodeId>,
    /// Whether it stands before the first statement of the file.
    pub(super) is_first: bool,
}

/// What the comment at `span` means: the statement in which it stands, else those that begin or end on its line before
/// it, else the next one of the block.
pub(super) fn of(ast: &Ast, source: &Source, span: Span) -> Target {
    let line = source.line_span(span.start);
    let block = ast.block_at(span.start);
    let before = |offset: u32| ast.nodes().partition_point(|node| node.span.start < offset);
    let behind = before(span.start);
    let at = |index: usize| (index < ast.nodes().len()).then_some(NodeId(index as u32));
    let next = || at(behind).filter(|&id| ast.node(id).parent() == block);
    let last = behind.checked_sub(1).and_then(at);
    let around = last.filter(|&id| !ast.node(id).is_block() && ast.node(id).span.contains(span));
    let is_alone = source.slice(Span { start: line.start, end: span.start }).trim().is_empty();
    let nodes: Vec<NodeId> = match around {
        Some(node) => vec![node],
        None if is_alone => next().into_iter().collect(),
        None => on_line(ast, line, span.start),
    };
    let anchor = nodes.first().copied().or_else(next).or(block).or(last);
    Target { nodes, anchor, is_first: behind == 0 }
}

/// The statements that begin or end between the start of a line and `end`.
fn on_line(ast: &Ast, line: Span, end: u32) -> Vec<NodeId> {
    let before = |offset: u32| ast.nodes().partition_point(|node| node.span.start < offset);
    let first = before(line.start);
    // Of those that began on lines above, only what still goes on can end here.
    let above = first.checked_sub(1).map(|last| NodeId(last as u32));
    let open = std::iter::successors(above, |&id| ast.node(id).parent()).filter(|&id| {
        let node = ast.node(id);
        let last = node.body().map_or(Some(node.span.end), |body| body.close.map(|close| close + 1));
        let head_ends_here = node.body().is_some_and(|body| line.start <= body.open && body.open < end);
        head_ends_here || last.is_some_and(|last| line.start < last && last <= end)
    });
    let mut nodes: Vec<NodeId> = open.chain((first..before(end)).map(|index| NodeId(index as u32))).collect();
    nodes.sort();
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    /// The names of the statements that the one comment of a text means.
    fn meant(text: &str) -> Vec<String> {
        let source = Source::new("a.conf", text.into());
        let ast = parse(&source);
        let target = of(&ast, &source, ast.comments()[0]);
        target.nodes.iter().map(|&node| ast.words(node)[0].value(&source).into_owned()).collect()
    }

    #[test]
    fn behind_statements_it_means_those_of_its_line() {
        assert_eq!(meant("a 1; # x\nb 2;"), ["a"]);
        assert_eq!(meant("a 1;\nb 2; c 3; # x\nd 4;"), ["b", "c"]);
        assert_eq!(meant("a 1\n  2; # x\nb 2;"), ["a"]);
        assert_eq!(meant("s { # x\n a 1;\n}"), ["s"]);
        assert_eq!(meant("s {\n a 1;\n} # x\nb 1;"), ["s"]);
        assert_eq!(meant("s {\n a 1; # x\n}"), ["a"]);
        assert_eq!(meant("s { a 1; } # x"), ["s", "a"]);
    }

    #[test]
    fn on_its_own_line_it_means_the_next_of_its_block() {
        assert_eq!(meant("# x\na 1; b 2;"), ["a"]);
        assert_eq!(meant("a 1;\n# x\n\n# more\ns { b 2; }"), ["s"]);
        assert_eq!(meant("s {\n a 1;\n # x\n}\nb 2;"), [""; 0]);
        assert_eq!(meant("a 1;\n# x\n"), [""; 0]);
    }

    #[test]
    fn inside_a_statement_it_means_that() {
        assert_eq!(meant("a 1\n  # x\n  2;\nb 1;"), ["a"]);
        assert_eq!(meant("a 1 # x\n  2;\nb 1;"), ["a"]);
    }
}
