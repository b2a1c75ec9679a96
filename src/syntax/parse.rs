//! From text to AST.

use super::ast::Ast;
use super::reader::{Mode, Reader};
use super::source::Source;
use super::template::mask::{self, Masked};
use super::template::placeholder;

/// Parses one file, in time and memory linear in its size, whatever its text.
///
/// What nginx would refuse is in [`Ast::errors`], each mistake once, and the rest of the file is parsed as far as it
/// is certain. A text that is still a template has an [`Ast::template`]; then the errors that may come of the template
/// are left out.
pub fn parse(source: &Source) -> Ast {
    let read = Reader::new(source, source.text(), Mode::Lenient).run();
    let mut ast = read.ast;
    if let Some(template) = mask::evidence(source, &ast) {
        let masked = Masked::new(source.text());
        ast = Reader::new(source, &masked.text, Mode::Lenient).run().ast;
        let errors = std::mem::take(&mut ast.errors);
        ast.errors = errors.into_iter().filter(|error| !masked.explains(&ast, error)).collect();
        ast.template = Some(template);
    } else {
        ast.template =
            [read.placeholder, placeholder::find(source, &ast)].into_iter().flatten().min_by_key(|found| found.span);
    }
    ast
}
