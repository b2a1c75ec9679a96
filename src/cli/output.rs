//! What the program itself says, as opposed to what it reports.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::args::Color;

/// Writes to standard output; a reader that has gone away is no error.
pub(super) fn print(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error of the program, on standard error.
pub(super) fn error(message: &str) {
    note(&format!("error: {message}"));
}

/// Whether to write colours to standard output.
pub(super) fn colored(color: Color) -> bool {
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
                io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
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
