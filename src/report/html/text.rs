//! Text as the page shows it.

use maud::{Markup, html};

use super::super::escape::visible;

/// Text with hidden characters spelt out.
pub(super) fn plain(text: &str) -> Markup {
    html! { (visible(text)) }
}

/// Text with code between backquotes.
pub(super) fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @for (index, part) in parts.iter().enumerate() {
            @if index % 2 == 1 && index + 1 < parts.len() {
                code { (plain(part)) }
            } @else {
                @if index % 2 == 1 { "`" }
                (plain(part))
            }
        }
    }
}

/// A line of a file, with blanks for tabs.
pub(super) fn line(text: &str) -> Markup {
    plain(&text.replace('\t', "    "))
}

/// The bytes of the indentation that all lines with text share.
pub(super) fn indent<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    let blanks = |line: &'a str| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let shared = |left: &'a str, right: &'a str| {
        let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
        &left[..same]
    };
    lines.filter(|line| !line.trim().is_empty()).map(blanks).reduce(shared).map_or(0, str::len)
}

/// Words that may stand in an `id`: those of rules and fingerprints as they are.
pub(super) fn id(kind: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    format!("{kind}-{}", name.chars().map(plain).collect::<String>())
}

/// Whether an address may become a link: one of the web, never `javascript:`.
pub(super) fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_indentation_is_measured_over_lines_with_text() {
        assert_eq!(indent(["  a", "", "    b"].into_iter()), 2);
        assert_eq!(indent(["\ta", "\t b"].into_iter()), 1);
        assert_eq!(indent(["\ta", "  b"].into_iter()), 0);
        assert_eq!(indent(["ä", "  b"].into_iter()), 0);
    }
}
