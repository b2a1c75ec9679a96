//! The lines that a fix changes, fitted to the terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::escape::visible;
use super::full::INDENT;
use super::model::{PreviewKind, PreviewLine};
use super::style::{Ink, Style, columns_of};
use super::summary;

/// The most lines of a fix that are shown.
const MOST: usize = 16;

/// Writes the lines before and after, each with its number where it has one. Of lines that are too long the part is shown
/// that changes.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(lines: &[PreviewLine], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let width = lines.iter().filter_map(|line| line.line).max().unwrap_or(1).to_string().len();
    let room = style.columns() - INDENT - width - 3;
    let several = lines.windows(2).any(|pair| pair[0].file != pair[1].file);
    let dim = |text: &str| style.paint(Ink::Dim, text);
    let mut file = None;
    let mut before: Option<u32> = None;
    for (line, text) in lines.iter().zip(fitted(lines, room, style)).take(MOST) {
        if several && file != Some(&line.file) {
            writeln!(out, "{:INDENT$}{}", "", dim(&visible(&line.file)))?;
            (file, before) = (Some(&line.file), None);
        }
        if before.zip(line.line).is_some_and(|(before, this)| this > before + 1) {
            let gap = if style.unicode { "⋮" } else { ":" };
            writeln!(out, "{:INDENT$}{}", "", dim(&format!("{gap:>width$}")))?;
        }
        before = line.line.or(before);
        let (mark, ink) = match line.kind {
            PreviewKind::Kept => (' ', Ink::Dim),
            PreviewKind::Removed => ('-', Ink::Removed),
            PreviewKind::Added => ('+', Ink::Added),
        };
        let number = line.line.map_or_else(String::new, |number| number.to_string());
        let change = format!("{mark} {text}");
        writeln!(out, "{:INDENT$}{} {}", "", dim(&format!("{number:>width$}")), style.paint(ink, change.trim_end()))?;
    }
    if let Some(more) = lines.len().checked_sub(MOST + 1) {
        let text = format!("and {}", summary::count(more + 1, "more line"));
        writeln!(out, "{:INDENT$}{}", "", dim(&text))?;
    }
    Ok(())
}

/// The texts of the lines, without the blanks that all of them begin with, and none wider than `room`.
fn fitted(lines: &[PreviewLine], room: usize, style: &Style) -> Vec<String> {
    let expanded: Vec<String> = lines.iter().map(|line| line.text.replace('\t', "    ")).collect();
    let written = expanded.iter().take(MOST).filter(|text| !text.trim().is_empty());
    let indent = written.map(|text| text.len() - text.trim_start_matches(' ').len()).min().unwrap_or(0);
    let texts: Vec<String> =
        expanded.iter().map(|text| visible(text.get(indent..).unwrap_or_default()).into_owned()).collect();
    let partners = partners(lines);
    let fit = |(index, text): (usize, &String)| {
        let partner = partners[index].map(|partner| &texts[partner]);
        let fits = |text: &&String| text.width() <= room;
        if fits(&text) && partner.as_ref().is_none_or(fits) {
            return text.clone();
        }
        let same = |partner: &String| text.chars().zip(partner.chars()).take_while(|(one, other)| one == other).count();
        cut(text, partner.map_or(0, same), room, style)
    };
    texts.iter().enumerate().map(fit).collect()
}

/// For each line that goes the one that comes for it, and the other way round: the first of a change for the first.
fn partners(lines: &[PreviewLine]) -> Vec<Option<usize>> {
    let mut partners = vec![None; lines.len()];
    let run = |from: usize, kind: PreviewKind| lines[from..].iter().take_while(|line| line.kind == kind).count();
    let mut at = 0;
    while at < lines.len() {
        let removed = run(at, PreviewKind::Removed);
        let added = run(at + removed, PreviewKind::Added);
        for index in 0..removed.min(added) {
            partners[at + index] = Some(at + removed + index);
            partners[at + removed + index] = Some(at + index);
        }
        at += (removed + added).max(1);
    }
    partners
}

/// As much of a line as there is room for, so that its characters from `point` on are in sight.
fn cut(text: &str, point: usize, room: usize, style: &Style) -> String {
    let gap = if style.unicode { "…" } else { "..." };
    let chars: Vec<char> = text.chars().collect();
    let width = |range: &[char]| range.iter().copied().map(columns_of).sum::<usize>();
    let mut first = 0;
    // Where enough behind the point is seen anyway, a line begins with its beginning.
    if width(&chars[..point]) + room / 4 > room {
        let mut back = 0;
        first = point;
        while first > 0 && back + columns_of(chars[first - 1]) <= room / 3 {
            first -= 1;
            back += columns_of(chars[first]);
        }
        // A word is shown from its first letter on, unless it is a long one.
        let blank = chars[..first].iter().rposition(|&c| c == ' ').map_or(0, |blank| blank + 1);
        if width(&chars[blank..point]) <= room / 2 {
            first = blank;
        }
    }
    let mut out = String::from(if first > 0 { gap } else { "" });
    let rest = &chars[first..];
    let mut left = room.saturating_sub(out.width());
    let fits = width(rest) <= left;
    if !fits {
        left = left.saturating_sub(gap.width());
    }
    let within = |c: &&char| {
        let columns = columns_of(**c);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    };
    out.extend(rest.iter().take_while(within));
    if !fits {
        out.push_str(gap);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[(PreviewKind, &str)], width: usize) -> Vec<String> {
        let line = |(number, (kind, text)): (usize, &(PreviewKind, &str))| PreviewLine {
            file: "a.conf".into(),
            kind: *kind,
            line: (*kind != PreviewKind::Added).then_some(u32::try_from(number).unwrap() + 1),
            text: (*text).into(),
        };
        let lines: Vec<PreviewLine> = lines.iter().enumerate().map(line).collect();
        let mut out = Vec::new();
        write(&lines, &Style { width, ..Style::default() }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.width() <= width), "{text}");
        text.lines().map(|line| line[INDENT..].to_owned()).collect()
    }

    const BLOCK: &str = "location /ws { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; ";

    #[test]
    fn of_a_long_line_the_part_that_changes_is_shown() {
        let lines = [
            (PreviewKind::Removed, format!("    {BLOCK}proxy_read_timeout 10s; }}")),
            (PreviewKind::Added, format!("    {BLOCK}proxy_read_timeout 1h; }}")),
        ];
        let lines = [(lines[0].0, lines[0].1.as_str()), (lines[1].0, lines[1].1.as_str())];
        assert_eq!(
            shown(&lines, 80),
            ["1 - …$host; proxy_read_timeout 10s; }", "  + …$host; proxy_read_timeout 1h; }"]
        );
        assert_eq!(shown(&lines, 120)[1], format!("  + {BLOCK}proxy_read_timeout 1h; }}"));
    }

    #[test]
    fn both_lines_begin_alike_although_one_would_fit() {
        let before = format!("{BLOCK}}}");
        let after = format!("{BLOCK}proxy_set_header Upgrade $http_upgrade; proxy_http_version 1.1; }}");
        let lines = shown(&[(PreviewKind::Removed, &before), (PreviewKind::Added, &after)], 100);
        assert_eq!(lines[0], "1 - …proxy_set_header Host $host; }");
        assert!(lines[1].starts_with("  + …proxy_set_header Host $host; proxy_set_header Upgrade"), "{lines:?}");
        assert!(lines[1].ends_with('…'), "{lines:?}");
    }

    #[test]
    fn a_change_at_the_beginning_is_shown_from_there() {
        let (before, after) = (format!("a {BLOCK}{BLOCK}"), format!("b {BLOCK}{BLOCK}"));
        let lines =
            shown(&[(PreviewKind::Kept, "x;"), (PreviewKind::Removed, &before), (PreviewKind::Added, &after)], 60);
        assert!(lines[1].starts_with("2 - a location") && lines[2].starts_with("  + b location"), "{lines:?}");
    }

    #[test]
    fn wide_and_hidden_characters_take_the_room_they_need() {
        for text in ["語".repeat(90), "\x1b[2J".repeat(40), format!("{}\t\u{202e};", "é".repeat(80))] {
            for width in [40, 61, 80] {
                let after = format!("{text}x");
                let lines = shown(&[(PreviewKind::Removed, &text), (PreviewKind::Added, &after)], width);
                assert!(!lines.concat().contains(['\x1b', '\u{202e}']), "{lines:?}");
                assert!(lines[1].ends_with('x'), "{lines:?}");
            }
        }
    }
}
