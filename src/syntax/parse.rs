//! From text to AST. (being written)

use super::ast::Ast;
use super::source::Source;

/// Parses a file.
pub fn parse(_source: &Source) -> Ast {
    Ast::default()
}
