//! What a terminal can show, and text laid out for it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::rules::Severity;

/// How text for people is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// In so many columns.
    pub width: usize,
    /// With lines drawn in Unicode.
    pub unicode: bool,
    /// With the names of rules as links to their pages (OSC 8).
    pub links: bool,
    /// Findings alone: no notes, no summary.
    pub quiet: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 80, unicode: true, links: false, quiet: false }
    }
}

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Severity(Severity),
    Strong,
    Dim,
    Hint,
    Added,
    Removed,
}

impl Style {
    /// `text` in a colour. The text itself must be [visible](super::escape::visible).
    pub(crate) fn paint(&self, ink: Ink, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Severity(Severity::Error) => "1;31",
            Ink::Severity(Severity::Warning) => "1;33",
            Ink::Severity(Severity::Info) => "1;36",
            Ink::Strong => "1",
            Ink::Dim => "2",
            Ink::Hint => "36",
            Ink::Added => "32",
            Ink::Removed => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// `text` as a link, where links are shown and the address is plain enough to be handed to a terminal.
    pub(super) fn link(&self, address: Option<&str>, text: &str) -> String {
        let plain = |address: &&str| {
            let on_the_web = address.starts_with("https://") || address.starts_with("http://");
            on_the_web && address.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match address.filter(|_| self.links).filter(plain) {
            Some(address) => format!("\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"),
            None => text.to_owned(),
        }
    }

    /// The columns to fill; below this, words are longer than lines.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }
}

/// `text` in lines of so many columns, broken at blanks; `taken` columns of the first are in use already. Code between
/// backquotes is kept together where a line can hold it.
pub(crate) fn wrap(text: &str, columns: usize, taken: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = taken;
    for word in words(text) {
        let width = word.width();
        let line = lines.len() - 1;
        let blank = usize::from(!lines[line].is_empty());
        if used + blank + width > columns && (blank > 0 || used > 0) {
            lines.push(word.to_owned());
            used = width;
            continue;
        }
        if blank > 0 {
            lines[line].push(' ');
        }
        lines[line].push_str(word);
        used += blank + width;
    }
    lines
}

/// Splits at blanks outside of backquotes; a quotation longer than half a line is split as well.
fn words(text: &str) -> Vec<&str> {
    const LONG: usize = 36;
    let mut all = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let joined = all.last().copied().and_then(|last: &str| {
            let start = last.as_ptr() as usize - text.as_ptr() as usize;
            let end = word.as_ptr() as usize - text.as_ptr() as usize + word.len();
            let open = last.matches('`').count() % 2 == 1;
            text.get(start..end).filter(|joined| open && joined.width() <= LONG)
        });
        match joined {
            Some(joined) => {
                all.pop();
                all.push(joined);
            }
            None => all.push(word),
        }
    }
    all
}

/// The columns a character takes.
pub(super) fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_and_code_is_kept_together() {
        assert_eq!(wrap("one two three", 9, 0), ["one two", "three"]);
        assert_eq!(wrap("one two", 9, 7), ["", "one two"].map(str::to_owned));
        assert_eq!(wrap("set `proxy_read_timeout 1h;` here", 27, 0), ["set", "`proxy_read_timeout 1h;`", "here"]);
        assert_eq!(wrap("averyveryverylongword", 5, 0), ["averyveryverylongword"]);
        assert_eq!(wrap("ウェブ ウェブ", 8, 0), ["ウェブ", "ウェブ"]);
    }

    #[test]
    fn without_colours_text_is_text() {
        assert_eq!(Style::default().paint(Ink::Added, "x"), "x");
        assert_eq!(Style::default().link(Some("https://a.example/"), "x"), "x");
        let style = Style { color: true, ..Style::default() };
        assert_eq!(style.paint(Ink::Added, "x"), "\x1b[32mx\x1b[0m");
    }
    #[test]
    fn only_a_plain_address_becomes_a_link() {
        let style = Style { links: true, ..Style::default() };
        let link = "\x1b]8;;https://a.example/#x\x1b\\name\x1b]8;;\x1b\\";
        assert_eq!(style.link(Some("https://a.example/#x"), "name"), link);
        for address in
            ["https://a.example/\x1b]0;x\x07", "https://a.example/ b", "file:///etc/passwd", "rules/README.md"]
        {
            assert_eq!(style.link(Some(address), "name"), "name", "{address:?}");
        }
        assert_eq!(style.link(None, "name"), "name");
    }
}
