//! From text to AST.

use super::ast::Ast;
use super::byte_order_mark;
use super::reader::{Mode, Read, Reader};
use super::source::Source;
use super::template::mask::{self, Masked};
use super::template::placeholder;
use crate::parallel;

/// Bytes of a text that is searched for signs of templates by two threads.
const LARGE: usize = 1 << 20;

/// Parses one file, in time and memory linear in its size, whatever its text.
///
/// What nginx would refuse is in [`Ast::errors`], each mistake once, and the rest of the file is parsed as far as it
/// is certain. A text that is still a template has an [`Ast::template`]; then the errors that may come of the template
/// are left out.
pub fn parse(source: &Source) -> Ast {
    let (mark, text) = byte_order_mark::hidden(source);
    let read = read(source, &text);
    let mut ast = read.ast;
    let evidence = || mask::evidence(source, &ast);
    let (evidence, found) = parallel::both(text.len() > LARGE, evidence, || placeholder::find(source, &ast));
    if let Some(template) = evidence {
        let masked = Masked::new(&text);
        ast = self::read(source, &masked.text).ast;
        let errors = std::mem::take(&mut ast.errors);
        ast.errors = errors.into_iter().filter(|error| !masked.explains(&ast, error)).collect();
        ast.template = Some(template);
        ast.gaps.extend(masked.gaps());
        ast.gaps.sort_unstable();
    } else {
        ast.template = [read.placeholder, found].into_iter().flatten().min_by_key(|found| found.span);
    }
    ast.errors.splice(0..0, mark);
    ast
}

/// Reads a text to its end. Where the indentation shows which brace is one too many, or where one is missing, it is read
/// again as it was meant, so that what stands behind the mistake is where it belongs.
fn read(source: &Source, text: &str) -> Read {
    let mut read = Reader::new(source, text, Mode::Lenient).run();
    let Some((mend, mut error, block)) = read.mend.take() else { return read };
    let mut again = Reader::new(source, text, Mode::Lenient).mended(mend).run();
    let others = || read.ast.errors.iter().filter(|other| other.offset != error.offset);
    // The only thing that may have changed is that this error is gone.
    if !others().map(|other| other.offset).eq(again.ast.errors.iter().map(|other| other.offset)) {
        return read;
    }
    let behind = if (block.0 as usize) < again.ast.nodes.len() { again.ast.behind(block) } else { block };
    error.doubtful = block.0.min(behind.0)..behind.0;
    let at = again.ast.errors.partition_point(|other| other.offset < error.offset);
    again.ast.errors.insert(at, error);
    again.mend = None;
    again
}
