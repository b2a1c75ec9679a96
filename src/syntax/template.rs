//! Templates: text that becomes a configuration only after another program has filled it in.
//!
//! Two kinds are told apart. A template *language* (`{{ }}`, `{% %}`, `<% %>`) has marks of its own that nginx would
//! misread; they are masked before the text is read ([`mask`]). *Placeholders* (`${DOMAIN}`, `@HOST@`, `...`) are words
//! to nginx too, and are only noticed ([`placeholder`]).

pub(super) mod mask;
pub(super) mod placeholder;

use super::ast::{Ast, Node};
use super::source::{Source, Span};

/// A template language seen in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it looks like, for the report: `Jinja`, `ERB`, `envsubst`, …
    pub language: &'static str,
    /// The first place that shows it.
    pub span: Span,
}

/// Directives whose arguments are text for people, programs or browsers, where marks of a template need not be any.
const TEXT: [&str; 11] = [
    "add_header",
    "add_trailer",
    "auth_basic",
    "echo",
    "log_format",
    "more_set_headers",
    "proxy_set_body",
    "return",
    "sub_filter",
    "subs_filter",
    "xslt_string_param",
];

/// The index of the word in which `at` lies; none in comments, blanks, Lua and around `;` `{` `}`.
fn word_at(ast: &Ast, at: u32) -> Option<usize> {
    let index = ast.words.partition_point(|word| word.span.end <= at);
    ast.words.get(index).filter(|word| word.span.start <= at).map(|_| index)
}

/// The statement to which the word of an index belongs.
fn statement_of(ast: &Ast, word: usize) -> Option<&Node> {
    let behind = ast.nodes.partition_point(|node| node.first_word() <= word);
    ast.nodes.get(behind.checked_sub(1)?)
}

/// The directive to which the word of an index belongs, as it is written.
fn directive_of<'s>(source: &'s Source, ast: &Ast, word: usize) -> &'s str {
    statement_of(ast, word).map_or("", |node| source.slice(ast.words[node.first_word()].span))
}
