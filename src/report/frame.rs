//! A window of a file, drawn by miette.

use std::fmt;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};

use super::escape::{push_visible, visible};
use super::excerpt::{Line, Window};
use super::style::{Style, columns_of, wrap};
use crate::rules::Severity;

/// Columns between tab stops.
const TAB: usize = 4;

/// The least columns a label is given, even where that makes a line longer than the terminal.
const NARROWEST: usize = 24;

/// Draws a window: its lines, and under them what is pointed at.
pub(super) fn draw(window: &Window, severity: Severity, style: &Style) -> Result<String, fmt::Error> {
    let gutter = window.lines.last().map_or(1, |line| line.number.to_string().len()) + 4;
    let excerpt = Excerpt::new(window, style.columns().saturating_sub(gutter + 1), style);
    let mut out = String::new();
    handler(&excerpt, severity, style).render_report(&mut out, &excerpt)?;
    // miette begins with the message, which stands above all windows of a finding instead.
    Ok(out.split_once('\n').map_or(out.clone(), |(_, frame)| frame.to_owned()))
}

fn handler(excerpt: &Excerpt, severity: Severity, style: &Style) -> GraphicalReportHandler {
    let mut styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let own = match severity {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
        Severity::Info => styles.advice,
    };
    styles.highlights = excerpt.labels.iter().map(|label| if label.primary { own } else { styles.help }).collect();
    styles.link = ThemeStyles::none().link;
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.columns())
        .with_context_lines(CONTEXT)
        .without_cause_chain()
        .without_syntax_highlighting()
}

/// Any number but 0, by which miette asks for a label's own line instead of its surroundings.
const CONTEXT: usize = 1;

/// The text of a window as it is shown, with its labels: one source of miette.
#[derive(Debug)]
struct Excerpt {
    name: String,
    first_line: usize,
    text: String,
    labels: Vec<Shown>,
}

#[derive(Debug)]
struct Shown {
    span: Range<usize>,
    line: usize,
    column: usize,
    text: Option<String>,
    primary: bool,
}

impl Excerpt {
    fn new(window: &Window, columns: usize, style: &Style) -> Self {
        let mut text = String::new();
        let mut labels = Vec::new();
        for (index, line) in window.lines.iter().enumerate() {
            let here: Vec<_> = window.labels.iter().filter(|label| label.line == index).collect();
            let point = here.iter().find(|label| label.primary).or(here.first()).map(|label| label.range.clone());
            let fitted = Fitted::new(line, columns, &point.unwrap_or_default(), style);
            for label in here {
                let (start, left) = fitted.place(label.range.start);
                let (end, right) = fitted.place(label.range.end);
                let room = columns.saturating_sub((left + right) / 2 + 5).max(NARROWEST);
                let message = label.message.as_ref().map(|message| wrap(&visible(message), room, 0).join("\n"));
                labels.push(Shown {
                    span: text.len() + start..text.len() + end,
                    line: line.number as usize,
                    column: label.column as usize,
                    text: message,
                    primary: label.primary,
                });
            }
            text.push_str(&fitted.text);
            text.push('\n');
        }
        // In the order in which miette gives them their colours.
        labels.sort_by_key(|label| label.span.start);
        let first_line = window.lines.first().map_or(1, |line| line.number as usize);
        Self { name: visible(&window.file).into_owned(), first_line, text, labels }
    }
}

/// A line as it is shown: nothing hidden in it, and no longer than there is room.
struct Fitted {
    text: String,
    /// For each character of the line, and its end: its byte, where it is in `text`, and in which column.
    places: Vec<(usize, usize, usize)>,
}

impl Fitted {
    fn new(line: &Line, columns: usize, point: &Range<usize>, style: &Style) -> Self {
        let gap = if style.unicode { "…" } else { "..." };
        let room = columns.saturating_sub(2 * gap.len()).max(NARROWEST);
        let cells = cells(&line.text);
        let width = |range: &[(usize, String, usize)]| range.iter().map(|cell| cell.2).sum::<usize>();
        let fits = !line.cut_before && !line.cut_after && width(&cells) <= columns;
        let at = cells.partition_point(|cell| cell.0 < point.start);
        // What is pointed at begins in the first quarter of a line that is cut before it.
        let mut first = if line.cut_before { 1 } else { 0 };
        if !fits && (line.cut_before || width(&cells[..at]) + 12 > room) {
            let mut back = 0;
            first = at;
            while first > 0 && back + cells[first - 1].2 <= room / 4 {
                first -= 1;
                back += cells[first].2;
            }
        }
        let mut text = String::new();
        let mut column = 0;
        let is_cut = first > 0 || line.cut_before;
        if is_cut && !fits {
            text.push_str(gap);
            column += gap.chars().count();
        }
        let begin = (text.len(), column);
        let mut places: Vec<(usize, usize, usize)> =
            cells[..first].iter().map(|cell| (cell.0, begin.0, begin.1)).collect();
        let mut rest = cells[first..].iter();
        for cell in rest.by_ref() {
            if !fits && column + cell.2 > room {
                break;
            }
            places.push((cell.0, text.len(), column));
            text.push_str(&cell.1);
            column += cell.2;
        }
        let is_cut = places.len() < cells.len() || line.cut_after;
        places.push((line.text.len(), text.len(), column));
        if is_cut && !fits {
            text.push_str(gap);
        }
        Self { text, places }
    }

    /// Where a byte of the line is shown, and in which column.
    fn place(&self, byte: usize) -> (usize, usize) {
        let index = self.places.partition_point(|place| place.0 < byte).min(self.places.len().saturating_sub(1));
        self.places.get(index).map_or((0, 0), |place| (place.1, place.2))
    }
}

/// The characters of a line: the byte, what is shown for it, and how wide that is. Tabs become blanks.
fn cells(text: &str) -> Vec<(usize, String, usize)> {
    let mut column = 0;
    let cell = |(at, c): (usize, char)| {
        let mut shown = String::new();
        match c {
            '\t' => shown.push_str(&" ".repeat(TAB - column % TAB)),
            c => push_visible(&mut shown, c),
        }
        let width = shown.chars().map(columns_of).sum();
        column += width;
        (at, shown, width)
    };
    text.char_indices().map(cell).collect()
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().map(|label| {
            let span = (label.span.start, label.span.len());
            if label.primary {
                LabeledSpan::new_primary_with_span(label.text.clone(), span)
            } else {
                LabeledSpan::new_with_span(label.text.clone(), span)
            }
        })))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Asked without context, miette wants to know where a label is, and puts that in the heading.
        let own = self.labels.iter().find(|label| before == 0 && label.span.start == span.offset());
        let (line, column) = own.map_or((self.first_line, 1), |label| (label.line, label.column));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            (0, self.text.len()).into(),
            line - 1,
            column - 1,
            self.text.matches('\n').count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::excerpt::Label;
    use super::*;

    fn window(text: &str, range: Range<usize>) -> Window {
        let line = Line { number: 12, text: text.into(), cut_before: false, cut_after: false };
        let label = Label { line: 0, range, column: 3, message: Some("here".into()), primary: true };
        Window { file: "a.conf".into(), lines: vec![line], labels: vec![label] }
    }

    fn drawn(window: &Window) -> String {
        draw(window, Severity::Error, &Style::default()).unwrap()
    }

    #[test]
    fn the_heading_names_the_place_and_the_label_stands_under_its_text() {
        assert_eq!(
            drawn(&window("\tproxy_pass x;", 1..11)),
            "    ╭─[a.conf:12:3]\n 12 │     proxy_pass x;\n    ·     ─────┬────\n    ·          ╰── here\n    ╰────\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_the_place_is_in_sight() {
        let long = format!("{} target; {}", "ö".repeat(200), "ü".repeat(200));
        let at = long.find("target").unwrap();
        let text = drawn(&window(&long, at..at + 6));
        assert!(text.contains("target;"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_pointed_at() {
        let text = drawn(&window("a \x1b[2J\u{202e} b;", 2..6));
        assert!(text.contains("a \\x1b[2J\\u{202e} b;"), "{text}");
        assert!(text.contains(" ·   ───┬───\n"), "{text}");
    }

    #[test]
    fn any_place_in_any_line_can_be_drawn() {
        for text in ["", "a", "日本語", "\u{301}e", "\t\t\t", "a\rb", &"x".repeat(5000), &"語\t\x00".repeat(300)] {
            let ends: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).step_by(7).collect();
            for &start in &ends {
                for &end in ends.iter().filter(|&&end| end >= start) {
                    for width in [0, 40, 80] {
                        let style = Style { width, unicode: width == 0, color: width == 80, ..Style::default() };
                        assert!(!draw(&window(text, start..end), Severity::Info, &style).unwrap().is_empty());
                    }
                    if end > start + 21 {
                        break;
                    }
                }
            }
        }
    }
}
