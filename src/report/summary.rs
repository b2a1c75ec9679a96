//! The end of a report for people: one line of numbers, and what limits them.

use super::escape::visible;
use super::model::{Report, Status, Summary};
use super::style::{Style, wrap};

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The numbers in one line.
pub fn line(report: &Report) -> String {
    let Summary { files, errors, warnings, infos, fixable, fixable_unsafe } = report.summary();
    let found: Vec<String> = [
        (errors, "error"),
        (warnings, "warning"),
        (infos, "info"),
        (problems(report, Status::SyntaxError), "syntax error"),
        (problems(report, Status::Unreadable), "unreadable file"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| count(number, what))
    .collect();
    let found = if found.is_empty() { "nothing found".into() } else { found.join(", ") };
    let fixes = match (fixable, fixable_unsafe) {
        (0, 0) => String::new(),
        (safe, 0) => format!("; {safe} fixable with --fix"),
        (0, more) => format!("; {more} fixable with --fix --unsafe-fixes"),
        (safe, more) => format!("; {safe} fixable with --fix, {more} more with --unsafe-fixes"),
    };
    format!("{found} in {}{fixes}", count(files, "file"))
}

/// The same, in as many lines as a terminal needs for it.
pub(super) fn wrapped(report: &Report, style: &Style) -> String {
    wrap(&line(report), style.columns(), 0).join("\n  ")
}

fn problems(report: &Report, status: Status) -> usize {
    report.problems.iter().filter(|problem| problem.kind() == status.name()).count()
}

/// The most lines of one sort that are written out.
const MOST: usize = 5;

/// What was not fully understood without being an error: templates, and includes that are not here.
pub(super) fn limits(report: &Report) -> Vec<String> {
    let partial = report.files.iter().filter(|file| file.status == Status::Partial).map(|file| {
        let language = file.template.unwrap_or("unknown");
        format!(
            "partial: {} is a template ({language}): checked where its text is certain, never fixed",
            visible(&file.path)
        )
    });
    let unread = report.unread.iter().map(|unread| {
        format!("not read: `{}`, included at {}:{}", visible(&unread.pattern), visible(&unread.file), unread.line)
    });
    let mut lines = some(partial.collect(), "templates");
    lines.extend(some(unread.collect(), "includes that are not here"));
    lines
}

/// The first few lines, and how many more there are.
fn some(mut lines: Vec<String>, what: &str) -> Vec<String> {
    if lines.len() > MOST + 1 {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("and {more} more {what}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn one_line_says_it_all() {
        let mut report = sample::report();
        let all = "1 error, 1 warning, 1 syntax error, 1 unreadable file in 4 files; 1 fixable with --fix";
        assert_eq!(line(&report), all);
        report.problems.clear();
        report.diagnostics.clear();
        assert_eq!(line(&report), "nothing found in 4 files");
    }

    #[test]
    fn what_is_not_known_is_named_up_to_a_few() {
        let mut report = sample::report();
        let lines = limits(&report);
        assert_eq!(
            lines[0],
            "partial: site.conf.j2 is a template (Jinja): checked where its text is certain, never fixed"
        );
        assert_eq!(lines[1], "not read: `/srv/extra.conf`, included at site.conf:9");
        report.unread = vec![report.unread[0].clone(); 9];
        assert_eq!(limits(&report).last().map(String::as_str), Some("and 4 more includes that are not here"));
    }
}
