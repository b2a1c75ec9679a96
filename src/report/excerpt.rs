//! Small pieces of a file around what is to be shown of it, so that showing costs the same in a file of any size.

use std::ops::Range;

use super::positions::{Point, Positions};
use crate::syntax::{Source, Span};

/// Bytes of a long line that are kept on either side of what is pointed at. More than a terminal is wide.
const REACH: usize = 240;

/// Lines that may lie between two places shown together.
const GAP: u32 = 3;

/// A few lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The file.
    pub file: String,
    /// The lines, one after the other.
    pub lines: Vec<Line>,
    /// What to point at.
    pub labels: Vec<Label>,
}

/// A line of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u32,
    /// Its text, as much of it as is kept, without line end.
    pub text: String,
    /// Whether text before it was left out.
    pub cut_before: bool,
    /// Whether text behind it was left out.
    pub cut_after: bool,
}

/// Something to point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Which of the window's lines.
    pub line: usize,
    /// Which bytes of that line's text.
    pub range: Range<usize>,
    /// The column in the file.
    pub column: u32,
    /// What to say there.
    pub message: Option<String>,
    /// Whether it is the finding's own place.
    pub primary: bool,
}

/// A place that is to be shown.
pub(super) struct Mark {
    /// Its bytes in the text; only the first line is pointed at.
    pub(super) span: Span,
    /// What to say there.
    pub(super) message: Option<String>,
    /// Whether it is the finding's own place.
    pub(super) primary: bool,
}

/// Windows of one file around the marks, each with a line before and behind. Marks near each other share one.
pub(super) fn windows(positions: &Positions<'_>, mut marks: Vec<Mark>) -> Vec<Window> {
    marks.sort_by_key(|mark| mark.span);
    let mut all: Vec<Vec<(Point, Mark)>> = Vec::new();
    for mark in marks {
        let point = positions.at(mark.span.start);
        match all.last_mut() {
            Some(group) if group.last().is_some_and(|(last, _)| point.line - last.line <= GAP + 1) => {
                group.push((point, mark));
            }
            _ => all.push(vec![(point, mark)]),
        }
    }
    all.iter().map(|group| window(positions.source(), group)).collect()
}

fn window(source: &Source, group: &[(Point, Mark)]) -> Window {
    let mut window = Window { file: source.path().display().to_string(), ..Window::default() };
    let Some((first, mark)) = group.first() else { return window };
    let mut at = source.line_span(mark.span.start);
    let mut number = first.line;
    if let Some(before) = at.start.checked_sub(1) {
        at = source.line_span(before);
        number -= 1;
    }
    let last = group.last().map_or(number, |(point, _)| point.line) + 1;
    let end = source.text().len();
    loop {
        let here: Vec<&(Point, Mark)> = group.iter().filter(|(point, _)| point.line == number).collect();
        let points = here
            .iter()
            .map(|(_, mark)| mark.span)
            .reduce(|left, right| Span { start: left.start.min(right.start), end: left.end.max(right.end) });
        let kept = clip(source, at, points.unwrap_or(Span::at(at.start)));
        for (point, mark) in here {
            let inside = |offset: u32| offset.clamp(kept.start, kept.end) - kept.start;
            window.labels.push(Label {
                line: window.lines.len(),
                range: inside(mark.span.start) as usize..inside(mark.span.end) as usize,
                column: point.column,
                message: mark.message.clone(),
                primary: mark.primary,
            });
        }
        window.lines.push(Line {
            number,
            text: source.slice(kept).to_owned(),
            cut_before: kept.start > at.start,
            cut_after: kept.end < at.end,
        });
        let next = next_line(source, at);
        if number >= last || next as usize >= end {
            break;
        }
        at = source.line_span(next);
        number += 1;
    }
    trim(&mut window);
    window
}

/// Blank lines at the edge show nothing.
fn trim(window: &mut Window) {
    let blank = |line: &Line| line.text.trim().is_empty();
    let last = window.labels.iter().map(|label| label.line).max().unwrap_or(0);
    if window.lines.len() > last + 1 && window.lines.last().is_some_and(blank) {
        window.lines.pop();
    }
    let first = window.labels.iter().map(|label| label.line).min().unwrap_or(0);
    if first > 0 && window.lines.first().is_some_and(blank) {
        window.lines.remove(0);
        window.labels.iter_mut().for_each(|label| label.line -= 1);
    }
}

/// Where the line behind the line `at` begins.
pub(super) fn next_line(source: &Source, at: Span) -> u32 {
    let rest = &source.text().as_bytes()[at.end as usize..];
    let line_end = rest.iter().take_while(|&&byte| byte == b'\r').count();
    at.end + u32::try_from(line_end + 1).unwrap_or(1)
}

/// The part of `line` that lies within [`REACH`] of `around`, cut between characters.
pub(super) fn clip(source: &Source, line: Span, around: Span) -> Span {
    let text = source.text();
    let mut start = (around.start as usize).saturating_sub(REACH).max(line.start as usize);
    let stop = (around.end as usize).min(around.start as usize + REACH) + REACH;
    let mut end = stop.min(line.end as usize).max(start);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Span::new(start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, spans: &[(usize, usize)]) -> Vec<Window> {
        let source = Source::new("a.conf", text.as_bytes().to_vec());
        let marks =
            spans.iter().map(|span| Mark { span: Span::new(span.0..span.1), message: None, primary: true }).collect();
        windows(&Positions::new(&source), marks)
    }

    #[test]
    fn near_places_share_a_window_and_far_ones_do_not() {
        let text = "a;\nb;\nc;\nd;\ne;\nf;\ng;\nh;\n";
        assert_eq!(of(text, &[(0, 2), (6, 8)]).len(), 1);
        let far = of(text, &[(0, 2), (21, 23)]);
        assert_eq!(far.len(), 2);
        assert_eq!(far[1].lines.iter().map(|line| line.number).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(far[1].labels[0].line, 1);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}ä x;{}", "ö".repeat(600_000), "ü".repeat(70_000));
        let at = text.find('x').unwrap();
        let windows = of(&text, &[(at, at + 2)]);
        let [line] = &windows[0].lines[..] else { panic!("one line") };
        assert!(line.text.len() < 1000 && line.cut_before && line.cut_after);
        let label = &windows[0].labels[0];
        assert_eq!(&line.text[label.range.clone()], "x;");
        assert_eq!(label.column, 600_003);
    }

    #[test]
    fn a_place_over_several_lines_is_pointed_at_in_its_first() {
        let text = "  a\n    b\n    c;\n";
        let windows = of(text, &[(2, 15)]);
        assert_eq!(windows[0].labels[0].range, 2..3);
    }

    #[test]
    fn the_end_of_a_file_can_be_shown() {
        for text in ["", "server {", "server {\r\n", "a;\n\n"] {
            assert_eq!(of(text, &[(text.len(), text.len())]).len(), 1, "{text:?}");
        }
    }
}
