//! The words of a configuration as they are written, with a piece more or less at their end.

use crate::config::Tree;

use super::super::finding::{Place, WordPart};

/// A word as it is written, quotes and escapes included.
pub(super) fn raw(tree: &Tree, place: Place) -> Option<&str> {
    let WordPart::Word(index) = place.part else { return None };
    Some(tree.source(place.directive).slice(tree.word(place.directive, index)?.span))
}

/// A written word without `end`, which stands before its closing quote if it has one. None when it does not end so.
pub(super) fn without_end(raw: &str, end: &str) -> Option<String> {
    let (inner, quote) = split_quote(raw);
    Some(format!("{}{quote}", inner.strip_suffix(end)?))
}

/// A written word with `end` behind it, before its closing quote if it has one.
pub(super) fn with_end(raw: &str, end: &str) -> String {
    let (inner, quote) = split_quote(raw);
    format!("{inner}{end}{quote}")
}

fn split_quote(raw: &str) -> (&str, &str) {
    let quoted = raw.len() >= 2 && raw.starts_with(['"', '\'']) && raw.as_bytes().first() == raw.as_bytes().last();
    raw.split_at(raw.len() - usize::from(quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_in_front_of_the_closing_quote() {
        assert_eq!(without_end("http://b/", "/").as_deref(), Some("http://b"));
        assert_eq!(without_end("\"http://b/\"", "/").as_deref(), Some("\"http://b\""));
        assert_eq!(without_end("http://b", "/"), None);
        assert_eq!(with_end("'/ws'", "/"), "'/ws/'");
        assert_eq!(with_end("'", "/"), "'/");
    }
}
