//! `parse`: what nginx's reader makes of files, as JSON lines.

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Disk, Problem, Tree, TreeOptions};
use nginx_wslint::rules::RuleSet;
use nginx_wslint::syntax::{Encoding, NodeId, Source, Statement, statements};
use serde::Serialize;

use super::settings::Settings;
use super::{CLEAN, FAILED, Failure, output};

/// What is read in one file.
#[derive(Serialize)]
struct FileLine<'a> {
    file: &'a str,
    encoding: &'static str,
    statements: &'a [Statement],
    error: Option<ErrorAt<'a>>,
}

/// The first error: line and column count from 1, the column in characters; the words are nginx's.
#[derive(Serialize)]
struct ErrorAt<'a> {
    line: u32,
    column: u32,
    message: &'a str,
}

/// An `include` that finds no file, and where it stands.
#[derive(Serialize)]
struct AbsentLine<'a> {
    not_found: &'a str,
    file: &'a str,
    line: u32,
}

/// Prints what nginx reads in each file. The exit code is 2 when one cannot be read or nginx would refuse it.
pub(super) fn files(paths: &[PathBuf]) -> Result<u8, Failure> {
    printed(|out| {
        let mut all_read = true;
        for path in paths {
            match bytes(path) {
                Ok(bytes) => all_read &= write_file(out, &Source::new(path, bytes))?,
                Err(error) => {
                    out.flush()?;
                    output::error(&output::cannot_read(path, &error).0);
                    all_read = false;
                }
            }
        }
        Ok(all_read)
    })
}

/// Prints what nginx reads in every file that the includes of `root` reach, each once, in nginx's order, and behind
/// them the includes that find no file. The exit code is 2 when a file that is there cannot be read or nginx would
/// refuse it.
pub(super) fn tree(root: &Path) -> Result<u8, Failure> {
    let settings = Settings::nearest(root, &mut RuleSet::builtin(), &[])?;
    let options = TreeOptions { include_map: settings.include_map, ..TreeOptions::default() };
    let tree = Tree::read(root, &Disk, &options);
    printed(|out| {
        let mut all_read = true;
        for &id in tree.reading_order() {
            all_read &= write_file(out, &tree.file(id).source)?;
        }
        for &include in tree.absent() {
            let source = tree.source(include);
            let line = AbsentLine {
                not_found: &tree.arg(include, 1).unwrap_or_default(),
                file: &source.path().to_string_lossy(),
                line: source.line(tree.head(include).start),
            };
            write_json(out, &line)?;
        }
        out.flush()?;
        for problem in tree.problems().iter().filter(|problem| is_about_files(&tree, problem)) {
            output::error(&format!("{}: {}", problem.path.display(), problem.message));
            all_read = false;
        }
        Ok(all_read)
    })
}

/// Whether a problem keeps a file from being read at all, or is about an `include`; syntax errors stand in the line of
/// their file, and what else nginx would refuse arises behind its reader.
fn is_about_files(tree: &Tree, problem: &Problem) -> bool {
    let Some((file, span)) = problem.place else { return true };
    let ast = &tree.file(file).ast;
    let source = &tree.file(file).source;
    let is_include = |id| ast.words(id).first().is_some_and(|word| word.value(source) == "include");
    let node = (0..).map(NodeId).take(ast.nodes().len()).take_while(|&id| ast.node(id).span.start <= span.start).last();
    ast.errors().iter().all(|error| error.span != span) && node.is_some_and(is_include)
}

/// Runs `write` on standard output; it says whether all was read.
fn printed(write: impl FnOnce(&mut dyn Write) -> io::Result<bool>) -> Result<u8, Failure> {
    let mut out = BufWriter::new(output::Out);
    let all_read = write(&mut out).and_then(|all_read| out.flush().map(|()| all_read));
    match all_read {
        Ok(true) => Ok(CLEAN),
        Ok(false) => Ok(FAILED),
        // Whether that is an error is told at the end.
        Err(_) if output::is_lost() => Ok(CLEAN),
        Err(error) => Err(error.into()),
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}

/// Writes the line of one file; says whether nginx reads it to its end.
fn write_file(out: &mut dyn Write, source: &Source) -> io::Result<bool> {
    let reading = statements(source);
    let line = FileLine {
        file: &source.path().to_string_lossy(),
        encoding: match reading.encoding {
            Encoding::Utf8 => "utf-8",
            Encoding::Latin1 => "latin-1",
        },
        statements: &reading.statements,
        error: reading.error.as_ref().map(|(line, column, message)| ErrorAt { line: *line, column: *column, message }),
    };
    write_json(out, &line)?;
    Ok(reading.error.is_none())
}

fn write_json(out: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
