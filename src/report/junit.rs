//! JUnit's XML: a test case for each file, which fails where something is wrong with it.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use super::escape::{leading_path, visible};
use super::model::{Diagnostic, Problem, Report};
use super::summary::count;
use crate::rules::Severity;

/// Writes one suite. A file that could not be understood is an error, one with errors or warnings a failure; infos let it
/// pass and stand in its output.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new(env!("CARGO_PKG_NAME"));
    let mut names: Vec<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
    for name in report.diagnostics.iter().map(|one| one.file.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    suite.add_test_cases(names.into_iter().map(|name| case(report, name)));
    let mut xml = Xml::new(env!("CARGO_PKG_NAME"));
    xml.add_test_suite(suite);
    xml.serialize(&mut *out).map_err(io::Error::other)
}

fn case(report: &Report, file: &str) -> TestCase {
    let problems: Vec<&Problem> = report.problems.iter().filter(|problem| problem.file == file).collect();
    let (bad, infos): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        report.diagnostics.iter().filter(|one| one.file == file).partition(|one| one.severity > Severity::Info);
    let details: Vec<String> =
        problems.iter().map(|problem| of_problem(problem)).chain(bad.iter().map(|one| of_finding(one))).collect();
    let (kind, message) = match (&problems[..], &bad[..]) {
        ([], []) => (None, String::new()),
        ([], bad) => (Some(NonSuccessKind::Failure), counts(bad)),
        ([first, ..], _) => (Some(NonSuccessKind::Error), visible(&first.message).into_owned()),
    };
    let status = kind.map_or_else(TestCaseStatus::success, |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        let worst = problems.first().map(|problem| problem.kind()).or(bad.first().map(|one| one.rule.as_str()));
        status.set_message(message).set_type(worst.unwrap_or_default()).set_description(details.join("\n\n"));
        status
    });
    let mut case = TestCase::new(visible(file).into_owned(), status);
    case.set_classname(env!("CARGO_PKG_NAME"));
    if !infos.is_empty() {
        case.set_system_out(infos.iter().map(|one| of_finding(one)).collect::<Vec<_>>().join("\n\n"));
    }
    case
}

fn counts(bad: &[&Diagnostic]) -> String {
    let of = |severity: Severity| bad.iter().filter(|one| one.severity == severity).count();
    let counts = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")];
    let some = counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what));
    some.collect::<Vec<_>>().join(", ")
}

fn of_finding(one: &Diagnostic) -> String {
    let place = format!("{}:{}:{}", leading_path(&one.file), one.start.line, one.start.column);
    let mut text = format!("{place}: {}[{}] {}\n{}", one.severity.name(), one.rule, visible(&one.message), one.why);
    if let Some(help) = &one.help {
        text.push_str(&format!("\nfix: {}", visible(help)));
    }
    text
}

fn of_problem(problem: &Problem) -> String {
    let place = problem.place.map_or_else(String::new, |(start, _)| format!(":{}:{}", start.line, start.column));
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!("\n{}", visible(help)));
    format!("{}{place}: {}{help}", leading_path(&problem.file), visible(&problem.message))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn written(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_file_is_a_case_that_passes_fails_or_errs() {
        let text = written(&sample::report());
        assert!(
            text.contains(r#"<testsuite name="nginx-wslint" tests="4" disabled="0" errors="2" failures="1">"#),
            "{text}"
        );
        assert!(text.contains(r#"<testcase name="site.conf.j2" classname="nginx-wslint">"#), "{text}");
        assert!(text.contains(r#"<failure message="1 error, 1 warning" type="lost-headers">"#), "{text}");
        assert!(text.contains(r#"<error message="unexpected &quot;}&quot;" type="syntax-error">"#), "{text}");
    }

    #[test]
    fn an_info_lets_its_file_pass() {
        let mut report = sample::report();
        report.problems.clear();
        report.diagnostics.iter_mut().for_each(|one| one.severity = Severity::Info);
        let text = written(&report);
        assert!(!text.contains("<failure") && text.contains("<system-out>site.conf:4:5: info[lost-headers]"), "{text}");
    }

    #[test]
    fn nothing_in_a_configuration_is_markup() {
        let mut report = sample::report();
        report.diagnostics[0].message = "]]></failure><script>&\x1b[2J\0\u{fffe}\"".into();
        report.files[0].path = "a\"<b>.conf".into();
        let text = written(&report);
        assert!(!text.contains("<script>") && !text.contains(['\x1b', '\0', '\u{fffe}']), "{text}");
        assert!(text.contains("a&quot;&lt;b&gt;.conf"), "{text}");
    }
}
