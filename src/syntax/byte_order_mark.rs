//! The mark that some editors put at the start of a file, and that nginx takes for a part of the first word.

use std::borrow::Cow;

use super::ast::SyntaxError;
use super::source::{Encoding, Source, Span};

/// The error that nginx stops with, and the text with blanks for the mark, so that the rest is read as it was meant. nginx
/// 1.22.1: `unknown directive "\u{feff}events" in nginx.conf:1`; the same in an included file.
pub(super) fn hidden(source: &Source) -> (Option<SyntaxError>, Cow<'_, str>) {
    let text = source.text();
    let mark = match source.encoding() {
        Encoding::Utf8 => "\u{feff}",
        Encoding::Latin1 => "\u{ef}\u{bb}\u{bf}",
    };
    let Some(rest) = text.strip_prefix(mark).filter(|rest| !rest.is_empty()) else {
        return (None, Cow::Borrowed(text));
    };
    let word = rest.split(|c: char| c.is_ascii_whitespace() || matches!(c, ';' | '{')).next().unwrap_or_default();
    let error = SyntaxError {
        span: Span { start: 0, end: (mark.len() + word.len()) as u32 },
        offset: 0,
        line: 1,
        message: format!("unknown directive \"<byte order mark>{word}\""),
        help: Some("the file begins with a byte order mark, which nginx takes for a part of the first word: save it as UTF-8 without one".to_owned()),
        doubtful: 0..0,
    };
    (Some(error), Cow::Owned(format!("{}{rest}", " ".repeat(mark.len()))))
}
