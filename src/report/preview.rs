//! The lines that a fix would change.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::excerpt::clip;
use super::model::{PreviewKind, PreviewLine};
use super::positions::Positions;
use crate::syntax::Span;
use crate::syntax::edit::{Edit, apply};

/// Lines kept before and behind a change, to show where it is.
const CONTEXT: usize = 1;

/// The lines of one file around sorted edits, before and after.
pub(super) fn preview(positions: &Positions<'_>, edits: &[Edit]) -> Vec<PreviewLine> {
    let mut lines = Vec::new();
    let mut rest = edits;
    while let Some(first) = rest.first() {
        let source = positions.source();
        let mut region = around(positions, first.span);
        let mut count = 1;
        while let Some(next) = rest.get(count).map(|edit| around(positions, edit.span)) {
            if next.start > region.end + 1 {
                break;
            }
            region.end = region.end.max(next.end);
            count += 1;
        }
        let (group, behind) = rest.split_at(count);
        rest = behind;
        let moved: Vec<Edit> = group
            .iter()
            .map(|edit| Edit {
                span: Span { start: edit.span.start - region.start, end: edit.span.end - region.start },
                text: edit.text.clone(),
            })
            .collect();
        let old = source.slice(region);
        if let Some(new) = apply(old, &moved) {
            compare(positions, region.start, old, &new, &mut lines);
        }
    }
    lines
}

/// The whole lines of a span; of very long ones as much as is shown anyway.
fn around(positions: &Positions<'_>, span: Span) -> Span {
    let source = positions.source();
    let first = clip(source, source.line_span(span.start), span);
    let last = clip(source, source.line_span(span.end), Span::at(span.end));
    Span { start: first.start.min(span.start), end: last.end.max(span.end) }
}

fn compare(positions: &Positions<'_>, start: u32, old: &str, new: &str, out: &mut Vec<PreviewLine>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let file = positions.source().path().display().to_string();
    let first = positions.at(start).line;
    let mut push = |kind, line: Option<usize>, text: &str| {
        let line = line.map(|index| first + u32::try_from(index).unwrap_or(0));
        out.push(PreviewLine { file: file.clone(), kind, line, text: text.to_owned() });
    };
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    for (number, op) in ops.iter().enumerate() {
        if let DiffOp::Equal { old_index, len, .. } = *op {
            let head = if number == 0 { 0 } else { CONTEXT.min(len) };
            let tail = if number + 1 == ops.len() { 0 } else { CONTEXT.min(len - head) };
            for index in (0..head).chain(len - tail..len).map(|index| old_index + index) {
                push(PreviewKind::Kept, Some(index), old[index]);
            }
            continue;
        }
        op.old_range().for_each(|index| push(PreviewKind::Removed, Some(index), old[index]));
        op.new_range().for_each(|index| push(PreviewKind::Added, None, new[index]));
    }
}

/// Lines without their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Source;

    fn shown(text: &str, edits: &[(std::ops::Range<usize>, &str)]) -> Vec<String> {
        let source = Source::new("a.conf", text.as_bytes().to_vec());
        let edits: Vec<Edit> =
            edits.iter().map(|(span, text)| Edit { span: Span::new(span.clone()), text: (*text).to_owned() }).collect();
        let mark = |kind| match kind {
            PreviewKind::Kept => ' ',
            PreviewKind::Removed => '-',
            PreviewKind::Added => '+',
        };
        let line = |line: PreviewLine| format!("{}{} {}", mark(line.kind), line.line.unwrap_or(0), line.text);
        preview(&Positions::new(&source), &edits).into_iter().map(line).collect()
    }

    #[test]
    fn an_insertion_shows_the_line_it_follows() {
        assert_eq!(shown("a;\r\n  b;\r\nc;\r\n", &[(8..8, "\r\n  new;")]), [" 2   b;", "+0   new;"]);
    }

    #[test]
    fn changes_far_apart_are_shown_apart() {
        let text = "a;\nb;\nc;\nd;\ne;\n";
        assert_eq!(shown(text, &[(0..1, "x"), (12..13, "y")]), ["-1 a;", "+0 x;", "-5 e;", "+0 y;"]);
    }

    #[test]
    fn a_line_that_goes_leaves_nothing_behind() {
        assert_eq!(shown("a;\nb;\nc;\n", &[(3..6, "")])[0], "-2 b;");
    }
}
