//! Text of a configuration made fit to be shown.

use std::borrow::Cow;

/// Whether a terminal, or a reader, could be misled by the character: controls, which move the cursor and change colours;
/// bidirectional controls, which reorder what is read; characters that are not seen at all.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Appends a character as it may be shown: itself, or its number (`\x1b`, `\u{202e}`).
pub fn push_visible(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if !is_hidden(c) => out.push(c),
        c if c.is_ascii() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
    }
}

/// `text` without anything hidden, line ends and tabs included.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push_visible(&mut out, c));
    Cow::Owned(out)
}

/// A path at the start of a line: two colons there would be a command to the runner of a workflow.
pub(super) fn leading_path(file: &str) -> Cow<'_, str> {
    let file = visible(file);
    if file.starts_with(':') { Cow::Owned(format!("./{file}")) } else { file }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelt_out() {
        assert_eq!(visible("a\x1b[31mb\x07"), "a\\x1b[31mb\\x07");
        assert_eq!(visible("line\r\n\ttab"), "line\\r\\n\\ttab");
        assert_eq!(visible("\u{9b}31m\u{202e}x\u{200b}\u{feff}"), "\\u{9b}31m\\u{202e}x\\u{200b}\\u{feff}");
    }

    #[test]
    fn a_path_is_no_command() {
        assert_eq!(leading_path("::stop-commands::x"), "./::stop-commands::x");
        assert_eq!(leading_path("a::b.conf"), "a::b.conf");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert!(matches!(visible("/größe/ウェブ $http_upgrade"), Cow::Borrowed(_)));
    }
}
