//! Changes to a text, by byte span.

use super::source::Span;

/// Replaces the text of `span` by `text`; an insertion has an empty span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced, in bytes of the text.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// Applies `edits` to `text`. They must be sorted by span and must not overlap; two insertions at one place keep
/// their order. Returns nothing when they overlap or lie outside the text.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start)?);
        text.get(range.clone())?;
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Where an offset of the old text lies after `edits`: text inserted exactly at the offset pushes it along, so that
/// the offset goes on pointing at the same character.
pub fn moved(offset: u32, edits: &[Edit]) -> u32 {
    let mut shift: i64 = 0;
    for edit in edits {
        if edit.span.start > offset || (edit.span.start == offset && edit.span.end > offset) {
            break;
        }
        shift += edit.text.len() as i64 - i64::from(edit.span.end - edit.span.start);
    }
    u32::try_from(i64::from(offset) + shift).unwrap_or(0)
}
