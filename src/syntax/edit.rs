//! Changes to a text, by byte span.

use super::source::Span;

/// Replaces the text of `span` by `text`; an insertion has an empty span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, in bytes of the text.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// By place; of several at one place, empty lines come before text, however it is indented.
impl Ord for Edit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let has_text = |edit: &Self| !edit.text.trim().is_empty();
        let at_one_place = || has_text(self).cmp(&has_text(other)).then_with(|| self.text.cmp(&other.text));
        self.span.cmp(&other.span).then_with(at_one_place)
    }
}

impl PartialOrd for Edit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
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

/// Where offsets of the old text lie after edits, which must be sorted.
#[derive(Debug)]
pub struct Moves<'e> {
    edits: &'e [Edit],
    /// How far what lies behind the first so many edits is moved by them.
    shifts: Vec<i64>,
}

impl<'e> Moves<'e> {
    /// Adds the lengths of the edits up, once for all offsets.
    pub fn new(edits: &'e [Edit]) -> Self {
        let mut shift = 0;
        let grown = edits.iter().map(|edit| {
            shift += edit.text.len() as i64 - i64::from(edit.span.end - edit.span.start);
            shift
        });
        Self { edits, shifts: std::iter::once(0).chain(grown).collect() }
    }

    /// Where an offset lies: text inserted exactly at the offset pushes it along, so that the offset goes on pointing at
    /// the same character.
    pub fn of(&self, offset: u32) -> u32 {
        let is_before =
            |edit: &Edit| edit.span.start < offset || (edit.span.start == offset && edit.span.end == offset);
        let shift = self.shifts[self.edits.partition_point(is_before)];
        u32::try_from(i64::from(offset) + shift).unwrap_or(0)
    }
}

/// Where one offset of the old text lies after `edits`: see [`Moves::of`].
pub fn moved(offset: u32, edits: &[Edit]) -> u32 {
    Moves::new(edits).of(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_an_edit_moves_with_it() {
        let edit = |start, end, text: &str| Edit { span: Span { start, end }, text: text.to_owned() };
        let edits = [edit(2, 2, "xx"), edit(2, 5, ""), edit(5, 5, "y"), edit(8, 9, "long")];
        let moves = Moves::new(&edits);
        let places: Vec<u32> = [0, 1, 2, 5, 7, 8, 9, 12].into_iter().map(|offset| moves.of(offset)).collect();
        // At 2 the insertion pushes what is there along; the text from there to 5 is gone, and a `y` comes before the rest.
        assert_eq!(places, [0, 1, 4, 5, 7, 8, 12, 15]);
        assert!([0, 2, 5, 9].into_iter().all(|offset| moved(offset, &edits) == moves.of(offset)));
        assert_eq!(apply("0123456789", &edits).as_deref(), Some("01xxy567long9"));
    }
}
