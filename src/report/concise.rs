//! One line a finding, for editors and for grep.

use std::io::{self, Write};

use super::escape::visible;
use super::model::Report;

/// Writes `path:line:col: severity[rule] message` lines, problems first.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for problem in &report.problems {
        let place = problem.place.map_or_else(String::new, |(start, _)| format!(":{}:{}", start.line, start.column));
        writeln!(out, "{}{place}: error[{}] {}", visible(&problem.file), problem.kind(), visible(&problem.message))?;
    }
    for one in &report.diagnostics {
        let (file, message) = (visible(&one.file), visible(&one.message));
        let severity = one.severity.name();
        writeln!(out, "{file}:{}:{}: {severity}[{}] {message}", one.start.line, one.start.column, one.rule)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn a_line_each_and_nothing_hidden_in_it() {
        let mut report = sample::report();
        report.diagnostics[0].message.push_str("\n\x1b[2J");
        let mut out = Vec::new();
        super::write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "broken.conf:3:1: error[syntax-error] unexpected \"}\"");
        assert_eq!(lines[1], "gone.conf: error[unreadable] cannot be read: permission denied");
        assert_eq!(lines[2], "site.conf:4:5: error[lost-headers] this line discards `Upgrade`\\n\\x1b[2J");
    }
}
