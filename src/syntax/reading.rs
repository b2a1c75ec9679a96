//! What nginx itself reads in a file, statement by statement.

use serde::Serialize;

use super::ast::NodeId;
use super::reader::{Mode, Reader};
use super::source::{Encoding, Source};

/// One statement as nginx's reader (`ngx_conf_read_token`) hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The line of its `;`, `{` or `}` (1-based).
    pub line: u32,
    /// What ends it: `;`, or `{` for the head of a block. A `}` is a statement of its own, without words.
    pub end: char,
    /// The values of its words, quotes removed and escapes resolved.
    pub args: Vec<String>,
}

/// What nginx reads in a file before it is done or gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How the bytes of the file became text.
    pub encoding: Encoding,
    /// In the order of the text. A statement that an error cuts off is not listed; a `}` too many and a `{` in a `map`
    /// are, for the reader itself does read them.
    pub statements: Vec<Statement>,
    /// Line and column (1-based, the column in characters) of the first error, and nginx's words for it.
    pub error: Option<(u32, u32, String)>,
}

/// Reads a file as nginx does, up to the first error. Only the reader speaks: whether a directive exists and takes
/// such arguments is not its matter, and a template is read like any other text. The body of a `*_by_lua_block` is not
/// listed, only its `}`.
pub fn statements(source: &Source) -> Reading {
    let read = Reader::new(source, source.text(), Mode::Strict).run();
    let ast = read.ast;
    let error = ast.errors.first();
    let limit = error.map_or(u32::MAX, |error| error.offset);
    let mut statements = Vec::with_capacity(ast.nodes.len());
    for (node, id) in ast.nodes.iter().zip((0..).map(NodeId)).filter(|(node, _)| node.is_ended()) {
        let args = ast.words(id).iter().map(|word| word.value(source).into_owned()).collect();
        match node.body() {
            None => statements.push((node.span.end - 1, ';', args)),
            Some(body) => {
                statements.push((body.open, '{', args));
                statements.extend(body.close.map(|close| (close, '}', Vec::new())));
            }
        }
    }
    statements.retain(|&(at, end, _)| at < limit || at == limit && end == '{');
    statements.extend(read.stray_brace.map(|at| (at, '}', Vec::new())));
    statements.sort_unstable_by_key(|&(at, ..)| at);
    Reading {
        encoding: source.encoding(),
        statements: statements
            .into_iter()
            .map(|(at, end, args)| Statement { line: source.line(at), end, args })
            .collect(),
        error: error.map(|error| (error.line, source.line_column(error.offset).column, error.message.clone())),
    }
}
