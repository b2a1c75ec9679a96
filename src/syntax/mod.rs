//! Text and spans: what stands in one file, without any meaning.
//!
//! [`Source`] holds the text of one file, [`parse`] turns it into an [`Ast`] of byte spans into that text, and
//! [`edit`] changes text by span. Nothing here knows a directive by name, except the Lua blocks whose text nginx
//! itself does not read.

mod ast;
mod byte_order_mark;
mod comment;
pub mod edit;
mod faults;
mod hints;
mod lua;
mod parse;
mod reader;
mod reading;
mod source;
mod template;
mod tokens;
mod window;

pub use ast::{Ast, Body, Node, NodeId, SyntaxError, Word};
pub use comment::{comments_at, comments_of};
pub use parse::parse;
pub use reading::{Reading, Statement, statements};
pub use source::{Encoding, LineColumn, Source, Span};
pub use template::Template;
