//! What the program itself says, as opposed to what it reports.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use nginx_wslint::report::Style;

use super::args::Color;

/// One of the two streams that the program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Writes to a stream; a reader that has gone away is no error.
pub(super) fn write(to: Stream, bytes: &[u8]) {
    let _ = match to {
        Stream::Out => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        }
        Stream::Error => io::stderr().lock().write_all(bytes),
    };
}

/// Writes to standard output.
pub(super) fn print(bytes: &[u8]) {
    write(Stream::Out, bytes);
}

/// Writes to standard error.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error of the program, on standard error.
pub(super) fn error(message: &str) {
    note(&format!("error: {message}"));
}

/// How text for people is written to a stream: in the columns of its terminal, or 80 where it is none.
pub(super) fn style(color: Color, to: Stream) -> Style {
    let width = width().unwrap_or(80).clamp(40, 120);
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
    if !io::stdout().is_terminal() {
        return None;
    }
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
    said.or_else(|| terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0)))
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
        &text[start..end],
        "",
        " ".repeat(before),
        "^".repeat(under)
    )
}
