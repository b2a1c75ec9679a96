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
    let Summary { files, errors, warnings, infos, fixable, fixable_unsafe, ignored, known } = report.summary();
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
    let silenced = match (ignored, known) {
        (0, 0) => String::new(),
        (ignored, 0) => format!("; {ignored} silenced by comments"),
        (0, known) => format!("; {known} known from the baseline"),
        (ignored, known) => format!("; {ignored} silenced by comments, {known} known from the baseline"),
    };
    format!("{found} in {}{fixes}{silenced}", count(files, "file"))
}

/// The same, with what can be fixed on a line of its own where one is too short for both.
pub(super) fn wrapped(report: &Report, style: &Style) -> String {
    let line = line(report);
    if line.len() <= style.columns() {
        return line;
    }
    let parts = line.split("; ").map(|part| wrap(part, style.columns() - 2, 0).join("\n  "));
    parts.collect::<Vec<_>>().join("\n")
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
    lines.extend(gone(report));
    lines
}

/// What an earlier report knew and is found no longer.
pub fn gone(report: &Report) -> Vec<String> {
    let gone = report.baseline.iter().flat_map(|compared| &compared.gone).map(|known| {
        let (file, rule) = (visible(&known.file), visible(&known.rule));
        format!("no longer found: {rule} of the baseline, {file}:{}", known.line)
    });
    some(gone.collect(), "of the baseline that are no longer found")
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
        report.ignored = 2;
        assert_eq!(line(&report), "nothing found in 4 files; 2 silenced by comments");
        report.baseline = Some(super::super::baseline::Compared { known: 3, gone: Vec::new() });
        assert!(line(&report).ends_with("; 2 silenced by comments, 3 known from the baseline"));
    }

    #[test]
    fn a_line_that_is_too_long_is_broken_between_its_parts() {
        let mut report = sample::report();
        report.ignored = 2;
        let expected = "1 error, 1 warning, 1 syntax error, 1\n  unreadable file in 4 files\n1 fixable with --fix\n2 silenced by comments";
        assert_eq!(wrapped(&report, &Style { width: 40, ..Style::default() }), expected);
        assert!(!wrapped(&report, &Style { width: 120, ..Style::default() }).contains('\n'));
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
