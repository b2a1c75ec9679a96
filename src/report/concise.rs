//! One line a finding, for editors and for grep.

use std::io::{self, Write};

use super::escape::{leading_path, visible};
use super::model::Report;
use super::positions::Point;
use super::style::{Ink, Style};
use crate::rules::Severity;

/// Writes `path:line:col: severity[rule] message` lines, problems first.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let colon = style.paint(Ink::Hint, ":");
    let place = |file: &str, start: Option<Point>| {
        let file = style.paint(Ink::Strong, &leading_path(file));
        let at = start.map_or_else(String::new, |start| format!("{colon}{}{colon}{}", start.line, start.column));
        format!("{file}{at}{colon}")
    };
    let name = |severity: Severity, rule: &str| {
        style.paint(Ink::Severity(severity), &format!("{}[{}]", severity.name(), visible(rule)))
    };
    for problem in &report.problems {
        let place = place(&problem.file, problem.place.map(|(start, _)| start));
        writeln!(out, "{place} {} {}", name(Severity::Error, problem.kind()), visible(&problem.message))?;
    }
    for one in &report.diagnostics {
        let name = style.link(one.url.as_deref(), &name(one.severity, &one.rule));
        writeln!(out, "{} {name} {}", place(&one.file, Some(one.start)), visible(&one.message))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Style, sample};

    #[test]
    fn a_line_each_and_nothing_hidden_in_it() {
        let mut report = sample::report();
        report.diagnostics[0].message.push_str("\n\x1b[2J");
        report.diagnostics[1].file = "::error::x".into();
        let mut out = Vec::new();
        super::write(&report, &Style::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "broken.conf:3:1: error[syntax-error] unexpected \"}\"");
        assert_eq!(lines[1], "gone.conf: error[unreadable] cannot be read: permission denied");
        assert!(lines[3].starts_with("./::error::x:7:5: warning["), "{text}");
        assert_eq!(lines[2], "site.conf:4:5: error[lost-headers] this line discards `Upgrade`\\n\\x1b[2J");
    }
}
