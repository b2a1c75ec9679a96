//! One line a finding, for editors and for grep.

use std::io::{self, Write};

use super::escape::{leading_path, visible};
use super::model::Report;
use super::style::Style;

/// Writes `path:line:col: severity[rule] message` lines, problems first.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for problem in &report.problems {
        let place = problem.place.map_or_else(String::new, |(start, _)| format!(":{}:{}", start.line, start.column));
        writeln!(
            out,
            "{}{place}: error[{}] {}",
            leading_path(&problem.file),
            problem.kind(),
            visible(&problem.message)
        )?;
    }
    for one in &report.diagnostics {
        let (file, message) = (leading_path(&one.file), visible(&one.message));
        let name = style.link(one.url.as_deref(), &format!("{}[{}]", one.severity.name(), one.rule));
        writeln!(out, "{file}:{}:{}: {name} {message}", one.start.line, one.start.column)?;
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
