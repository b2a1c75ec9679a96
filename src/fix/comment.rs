//! Comments that go.

use crate::syntax::edit::Edit;
use crate::syntax::{Source, Span};

/// Takes a comment away, with its line when nothing else stands on it, and else with the blanks before it.
pub(super) fn without(source: &Source, comment: Span) -> Edit {
    let line = source.line_span(comment.start);
    let before = source.slice(Span { start: line.start, end: comment.start });
    let kept = before.trim_end().len() as u32;
    if kept > 0 {
        return Edit { span: Span { start: line.start + kept, end: line.end }, text: String::new() };
    }
    let behind = source.text().as_bytes().get(line.end as usize..).unwrap_or_default();
    let line_end = if behind.starts_with(b"\r\n") { 2 } else { u32::from(behind.starts_with(b"\n")) };
    Edit { span: Span { start: line.start, end: line.end + line_end }, text: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::edit::apply;

    fn without_comment(text: &str) -> String {
        let source = Source::new("a.conf", text.into());
        let at = text.rfind('#').unwrap() as u32;
        apply(text, &[without(&source, Span { start: at, end: source.line_span(at).end })]).unwrap()
    }

    #[test]
    fn a_line_that_is_a_comment_goes() {
        assert_eq!(without_comment("a;\r\n\t# x\r\nb;\r\n"), "a;\r\nb;\r\n");
        assert_eq!(without_comment("a;\n# x"), "a;\n");
    }

    #[test]
    fn what_stands_before_a_comment_stays() {
        assert_eq!(without_comment("a; \t# x\r\nb;"), "a;\r\nb;");
        assert_eq!(without_comment("a; # why # x\n"), "a; # why\n");
    }
}
