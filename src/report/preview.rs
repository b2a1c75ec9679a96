//! The lines that a fix would change.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::excerpt::clip;
use super::model::{LineBlock, PreviewKind, PreviewLine};
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
        let old = source.slice(region);
        if let Some(new) = apply(old, &within(region, group)) {
            compare(positions, region.start, old, &new, &mut lines);
        }
    }
    lines
}

/// Edits as they are for the text of a region alone.
fn within(region: Span, edits: &[Edit]) -> Vec<Edit> {
    let moved = |span: Span| Span { start: span.start - region.start, end: span.end - region.start };
    edits.iter().map(|edit| Edit { span: moved(edit.span), text: edit.text.clone() }).collect()
}

/// The most that a [`LineBlock`] replaces, in bytes.
const MOST_REPLACED: u32 = 4096;

/// Sorted edits of one file as one piece of whole lines; none where that would be too much to be looked through.
pub(super) fn block(positions: &Positions<'_>, edits: &[Edit]) -> Option<LineBlock> {
    let source = positions.source();
    let (start, end) = (edits.first()?.span.start, edits.iter().map(|edit| edit.span.end).max()?);
    let (first, last) = (source.line_span(start), source.line_span(end));
    let region = Span { start: first.start, end: last.end };
    // Behind the last line end there is no line that could be replaced.
    let behind = last.start == last.end && last.end as usize == source.text().len();
    if region.end - region.start > MOST_REPLACED || behind {
        return None;
    }
    let text = apply(source.slice(region), &within(region, edits))?;
    Some(LineBlock {
        file: source.path().display().to_string(),
        first: positions.at(first.start).line,
        last: positions.at(last.start).line,
        text,
    })
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
    fn edits_near_each_other_are_one_piece_of_whole_lines() {
        let of = |text: &str, edits: &[(std::ops::Range<usize>, &str)]| {
            let source = Source::new("a.conf", text.as_bytes().to_vec());
            let edit = |(span, text): &(std::ops::Range<usize>, &str)| Edit {
                span: Span::new(span.clone()),
                text: (*text).to_owned(),
            };
            let edits: Vec<Edit> = edits.iter().map(edit).collect();
            block(&Positions::new(&source), &edits).map(|block| (block.first, block.last, block.text))
        };
        let text = "a;\r\n  ä b;\r\nc;\n";
        assert_eq!(of(text, &[(11..11, "\r\n  new;")]), Some((2, 2, "  ä b;\r\n  new;".into())));
        assert_eq!(of(text, &[(0..1, "x"), (13..14, "y")]), Some((1, 3, "x;\r\n  ä b;\r\ny;".into())));
        assert_eq!(of(text, &[(0..4, "")]), Some((1, 2, "  ä b;".into())));
        assert_eq!(of(text, &[(16..16, "d;\n")]), None);
        let long = format!("{}b;\n", "a;\n".repeat(3000));
        assert_eq!(of(&long, &[(0..1, "x"), (9000..9001, "y")]), None);
    }

    #[test]
    fn a_line_that_goes_leaves_nothing_behind() {
        assert_eq!(shown("a;\nb;\nc;\n", &[(3..6, "")])[0], "-2 b;");
    }
}
