//! The AST: its shape, its spans, and what is left of a text with mistakes or of a template.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod recovery;
mod shape;
mod templates;

use nginx_wslint::syntax::{Ast, NodeId, Source, Span};

pub(crate) fn source(text: &str) -> Source {
    Source::new("nginx.conf", text.as_bytes().to_vec())
}

/// The statements, a line each, indented by depth, as they are read and not as they are written.
pub(crate) fn outline(source: &Source, ast: &Ast) -> String {
    let mut depths: Vec<usize> = Vec::new();
    let mut lines = String::new();
    for (index, node) in ast.nodes().iter().enumerate() {
        let depth = node.parent().map_or(0, |parent| depths[parent.0 as usize] + 1);
        depths.push(depth);
        let id = NodeId(u32::try_from(index).expect("few nodes"));
        let words: Vec<_> = ast.words(id).iter().map(|word| word.value(source)).collect();
        let end = if node.is_block() { " {" } else { "" };
        lines.push_str(&format!("{}{}{end}\n", "  ".repeat(depth), words.join(" ")));
    }
    lines
}

/// Each error: its line, nginx's words, the text it points at, and the words of the nodes in doubt.
pub(crate) fn errors(source: &Source, ast: &Ast) -> Vec<String> {
    let told = |error: &nginx_wslint::syntax::SyntaxError| {
        let doubtful: Vec<&str> =
            error.doubtful.clone().map(|node| source.slice(ast.words(NodeId(node))[0].span)).collect();
        format!("{}: {} at `{}` doubts {doubtful:?}", error.line, error.message, source.slice(error.span))
    };
    ast.errors().iter().map(told).collect()
}

/// What must hold for every text: spans lie in order and inside each other, and nothing but blanks is lost.
pub(crate) fn check_shape(source: &Source, ast: &Ast) {
    let count = u32::try_from(ast.nodes().len()).expect("few nodes");
    let mut last_start = 0;
    for (index, node) in (0..count).zip(ast.nodes()) {
        assert!(node.span.start >= last_start, "nodes in the order of the text");
        last_start = node.span.start;
        let behind = ast.behind(NodeId(index));
        assert!(behind.0 > index && behind.0 <= count);
        assert!(!ast.words(NodeId(index)).is_empty());
        for word in ast.words(NodeId(index)) {
            assert!(node.span.contains(word.span), "a word inside its statement");
            assert!(!source.slice(word.span).is_empty());
        }
        if let Some(body) = node.body() {
            assert_eq!(source.slice(Span { start: body.open, end: body.open + 1 }), "{");
            assert!(body.close.is_none_or(|close| close + 1 == node.span.end));
        }
        if let Some(parent) = node.parent() {
            let outer = ast.node(parent);
            assert!(parent.0 < index && behind <= ast.behind(parent) && outer.span.contains(node.span));
        }
    }
    for error in ast.errors() {
        assert_eq!(error.line, source.line(error.offset));
        assert!(error.doubtful.start <= error.doubtful.end && error.doubtful.end <= count);
        assert!(error.span.end as usize <= source.text().len() && error.span.start <= error.span.end);
    }
}
