//! What the program itself says, as opposed to what it reports.

mod out;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use nginx_wslint::report::Style;
use nginx_wslint::report::escape::visible;
use unicode_width::UnicodeWidthStr;

use super::Failure;
use super::args::Color;
pub(super) use out::{Out, finish, is_lost};

/// One of the two streams that the program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Writes to a stream. What standard output does not take is told by [`finish`]; nobody could be told of the other.
pub(super) fn write(to: Stream, bytes: &[u8]) {
    let _ = match to {
        Stream::Out => Out.write_all(bytes).and_then(|()| Out.flush()),
        Stream::Error => io::stderr().lock().write_all(bytes),
    };
}

/// Writes to standard output.
pub(super) fn print(bytes: &[u8]) {
    write(Stream::Out, bytes);
}

/// Writes to standard error, in the columns of its terminal.
pub(super) fn note(text: &str) {
    let text = columns_of(Stream::Error).map_or_else(|| text.to_owned(), |columns| wrapped(text, columns));
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error of the program, on standard error. What stands in it may come from a file, and is shown without anything that
/// a terminal would obey.
pub(super) fn error(message: &str) {
    let lines: Vec<_> = message.lines().map(visible).collect();
    note(&format!("error: {}", lines.join("\n")));
}

/// What is wrong with the arguments, or the help that was asked for, as it comes from the parser.
pub(super) fn usage(error: &clap::Error) {
    let to = if error.use_stderr() { Stream::Error } else { Stream::Out };
    let text = error.render();
    let text = if colored_on(Color::Auto, to) { text.ansi().to_string() } else { text.to_string() };
    match to {
        Stream::Out => print(text.as_bytes()),
        Stream::Error => note(text.trim_end()),
    }
}

/// Each line in so many columns, broken at blanks, its rest indented by two columns more. Colours take no room. What is
/// set out in columns, as an excerpt is, stays.
fn wrapped(text: &str, columns: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let is_set_out = line.contains(" | ") || line.ends_with(" |") || line.trim_start().starts_with("--> ");
        if is_set_out || shown_width(line) <= columns {
            out.push(line.to_owned());
            continue;
        }
        let mut row = " ".repeat(blanks);
        let mut is_empty = true;
        for word in words(line, columns / 2) {
            if !is_empty && shown_width(&row) + 1 + shown_width(&word) > columns {
                out.push(std::mem::replace(&mut row, " ".repeat(blanks + 2)));
                is_empty = true;
            }
            if !is_empty {
                row.push(' ');
            }
            row.push_str(&word);
            is_empty = false;
        }
        out.push(row);
    }
    out.join("\n")
}

/// The words of a line; code between backquotes is one of them unless it is longer than `most` characters.
fn words(line: &str, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        match all.last_mut() {
            Some(last) if last.matches('`').count() % 2 == 1 && last.len() + 1 + word.len() <= most => {
                last.push(' ');
                last.push_str(word);
            }
            _ => all.push(word.to_owned()),
        }
    }
    all
}

/// The columns that a line takes, without what colours it.
fn shown_width(text: &str) -> usize {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().width();
    first + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.width())).sum::<usize>()
}

/// Makes sure that this is a folder.
pub(super) fn check_folder(folder: &Path) -> Result<(), Failure> {
    let why = match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "is no folder",
        Err(_) => "no such folder",
    };
    Err(Failure(format!("{}: {why}", folder.display())))
}

/// Why a file cannot be read, without the numbers of the system.
pub(super) fn cannot_read(file: &Path, error: &io::Error) -> Failure {
    Failure(format!("{}: cannot be read: {}", file.display(), reason(error)))
}

/// Why a file cannot be written, without the numbers of the system.
pub(super) fn cannot_write(file: &Path, error: &io::Error) -> Failure {
    Failure(format!("{}: cannot be written: {}", file.display(), reason(error)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound if error.raw_os_error().is_some() => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "something on the way to it is no folder".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        io::ErrorKind::AlreadyExists => "it is there already".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "no space is left on the disk".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

/// How text for people is written to a stream: in the columns of its terminal, or 80 where it is none.
pub(super) fn style(color: Color, to: Stream) -> Style {
    let width = columns_of(to).or_else(said_columns).unwrap_or(80).clamp(40, 120);
    let color = colored_on(color, to);
    let links = color && is_terminal(to) && supports_hyperlinks::supports_hyperlinks();
    Style { color, width, unicode: speaks_unicode(), links, quiet: false }
}

/// How text for people is written to a file: whoever reads it later may read it anywhere.
pub(super) fn plain_style() -> Style {
    Style { unicode: speaks_unicode(), ..Style::default() }
}

fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Out => io::stdout().is_terminal(),
        Stream::Error => io::stderr().is_terminal(),
    }
}

/// Whether the locale has more than ASCII; one that says nothing has.
fn speaks_unicode() -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    said.is_none_or(|locale| !matches!(locale.to_str(), Some("C" | "POSIX")))
}

/// Whether standard output is for eyes: a terminal, or in colours.
pub(super) fn is_looked_at(color: Color) -> bool {
    is_terminal(Stream::Out) || colored(color)
}

/// Whether to write colours to standard output.
pub(super) fn colored(color: Color) -> bool {
    colored_on(color, Stream::Out)
}

fn colored_on(color: Color, to: Stream) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            if set("NO_COLOR") {
                false
            } else if set("FORCE_COLOR") || set("CLICOLOR_FORCE") {
                true
            } else {
                is_terminal(to) && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// Columns of the terminal that standard output is; `COLUMNS` where it says a number.
pub(super) fn width() -> Option<usize> {
    columns_of(Stream::Out)
}

/// Columns of the terminal that a stream is; none where it is no terminal.
fn columns_of(stream: Stream) -> Option<usize> {
    if !is_terminal(stream) {
        return None;
    }
    let size = || match stream {
        Stream::Out => terminal_size::terminal_size_of(io::stdout()),
        Stream::Error => terminal_size::terminal_size_of(io::stderr()),
    };
    said_columns().or_else(|| size().map(|(columns, _)| usize::from(columns.0)))
}

/// What `COLUMNS` says.
fn said_columns() -> Option<usize> {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0)
}

/// A message with the line of a file that it is about and the word underlined.
pub(super) fn excerpt(file: &Path, text: &str, span: std::ops::Range<usize>, message: &str) -> String {
    let at = span.start.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    let line = text[..at].matches('\n').count() + 1;
    let before = text[start..at].chars().count();
    let under = text[at..span.end.clamp(at, end)].chars().count().max(1);
    let gutter = line.to_string().len();
    format!(
        "{message}\n{:gutter$}--> {}:{line}:{}\n{:gutter$} |\n{line} | {}\n{:gutter$} | {}{}",
        "",
        file.display(),
        before + 1,
        "",
        text[start..end].replace('\t', " "),
        "",
        " ".repeat(before),
        "^".repeat(under)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_wrapped_but_for_excerpts() {
        let text = "error: one two three four\n  [possible values: aa, bb]\n --> a.toml:1:1\n1 | a long line of a file";
        let expected = "error: one two\n  three four\n  [possible\n    values:\n    aa, bb]\n --> a.toml:1:1\n1 | a long line of a file";
        assert_eq!(wrapped(text, 14), expected);
        assert_eq!(wrapped("\x1b[1m\x1b[31merror:\x1b[0m one two", 14), "\x1b[1m\x1b[31merror:\x1b[0m one two");
        assert_eq!(wrapped("a-very-long-word and more", 8), "a-very-long-word\n  and\n  more");
    }

    #[test]
    fn no_number_of_the_system_is_shown() {
        let path = Path::new("a.conf");
        for number in 1..140 {
            let Failure(said) = cannot_read(path, &io::Error::from_raw_os_error(number));
            assert!(said.starts_with("a.conf: cannot be read: ") && !said.contains("os error"), "{said}");
        }
    }
}
