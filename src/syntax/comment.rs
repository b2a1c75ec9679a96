//! Which comments belong to which statement.

use super::ast::{Ast, NodeId};
use super::source::{Source, Span};

/// The comments that speak of a statement: the run of comment lines directly above it, the one behind it on its last
/// line, and for a block those in its body that do not belong to a statement inside.
pub fn comments_of<'s>(ast: &Ast, source: &'s Source, node: NodeId) -> Vec<(Span, &'s str)> {
    if ast.comments().is_empty() {
        return Vec::new();
    }
    let mut spans = above(ast, source, ast.node(node).span.start);
    if let Some(body) = ast.node(node).body().filter(|body| !body.lua) {
        let end = body.close.unwrap_or(ast.node(node).span.end);
        let mut from = body.open;
        let mut child = NodeId(node.0 + 1);
        let last = ast.behind(node);
        while child < last {
            let inner = ast.node(child);
            let own = between(ast, from, inner.span.start);
            let taken = if inner.is_block() { above(ast, source, inner.span.start).len() } else { 0 };
            spans.extend(&own[..own.len().saturating_sub(taken)]);
            from = inner.span.end;
            child = ast.behind(child);
        }
        spans.extend(between(ast, from, end));
    }
    spans.extend(behind(ast, source, ast.node(node).span.end));
    spans.into_iter().map(|span| (span, source.slice(span))).collect()
}

/// Comments that start in `start..end`.
fn between(ast: &Ast, start: u32, end: u32) -> &[Span] {
    let comments = ast.comments();
    let first = comments.partition_point(|span| span.start < start);
    let count = comments[first..].partition_point(|span| span.start < end);
    &comments[first..first + count]
}

/// The comment lines that stand directly above `offset`, without an empty line or a statement between.
fn above(ast: &Ast, source: &Source, offset: u32) -> Vec<Span> {
    let comments = ast.comments();
    let mut index = comments.partition_point(|span| span.start < offset);
    let mut below = source.line_span(offset).start;
    if !source.slice(Span { start: below, end: offset }).trim().is_empty() {
        return Vec::new();
    }
    let mut run = Vec::new();
    while index > 0 {
        let span = comments[index - 1];
        let line = source.line_span(span.start);
        let alone = source.slice(Span { start: line.start, end: span.start }).trim().is_empty();
        let adjacent = source.text().as_bytes().get(line.end as usize..below as usize);
        if !alone || adjacent.is_none_or(|gap| !matches!(gap, b"\n" | b"\r\n")) {
            break;
        }
        run.push(span);
        below = line.start;
        index -= 1;
    }
    run.reverse();
    run
}

/// The comment behind `offset` on the same line.
fn behind(ast: &Ast, source: &Source, offset: u32) -> Option<Span> {
    let line = source.line_span(offset);
    let span = *between(ast, offset, line.end).first()?;
    source.slice(Span { start: offset, end: span.start }).trim().is_empty().then_some(span)
}

/// The comments that stand on lines of their own directly above a statement, or behind it on its line.
pub fn comments_at<'s>(ast: &Ast, source: &'s Source, node: NodeId) -> Vec<(Span, &'s str)> {
    if ast.comments().is_empty() {
        return Vec::new();
    }
    let here = ast.node(node);
    let mut spans = above(ast, source, here.span.start);
    spans.extend(here.body().and_then(|body| behind(ast, source, body.open + 1)));
    spans.extend(behind(ast, source, here.span.end));
    spans.into_iter().map(|span| (span, source.slice(span))).collect()
}
