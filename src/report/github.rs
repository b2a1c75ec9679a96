//! Annotations for GitHub Actions, as workflow commands. [`super::step_summary`] has what they leave out.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::escape::visible;
use super::model::{Diagnostic, Problem, Report};
use super::paths::Base;
use super::positions::Point;
use crate::rules::Severity;

/// GitHub shows this many annotations of each kind a step and drops the rest.
const MOST: usize = 10;

/// Writes workflow commands, errors first. What GitHub would not show is counted in one last notice.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let all = annotations(report);
    let mut left_out = [0; 3];
    let mut shown = [0; 3];
    let of = |severity| all.iter().filter(|annotation| annotation.severity == severity).count();
    let overflow = [Severity::Error, Severity::Warning, Severity::Info].into_iter().any(|severity| of(severity) > MOST);
    for annotation in &all {
        let kind = annotation.severity as usize;
        // The last notice is one of those that GitHub shows.
        let most = if annotation.severity == Severity::Info && overflow { MOST - 1 } else { MOST };
        if shown[kind] == most {
            left_out[kind] += 1;
            continue;
        }
        shown[kind] += 1;
        annotation.write(&report.base, out)?;
    }
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .filter(|severity| left_out[*severity as usize] > 0)
        .map(|severity| super::summary::count(left_out[severity as usize], severity.name()))
        .collect();
    if counts.is_empty() {
        return Ok(());
    }
    writeln!(out, "::notice title=nginx-wslint::{} more not annotated here", counts.join(", "))
}

/// Everything that is annotated, errors first.
pub(super) fn annotations(report: &Report) -> Vec<Annotation<'_>> {
    let mut all: Vec<Annotation> = report.problems.iter().map(Annotation::of_problem).collect();
    all.extend(report.diagnostics.iter().map(Annotation::of));
    all.sort_by_key(|annotation| Reverse(annotation.severity));
    all
}

/// Something about a line.
pub(super) struct Annotation<'a> {
    pub(super) severity: Severity,
    pub(super) file: &'a str,
    pub(super) place: Option<(Point, Point)>,
    /// The rule.
    pub(super) title: &'a str,
    pub(super) message: &'a str,
    pub(super) help: Option<&'a str>,
    /// The page of the rule.
    pub(super) url: Option<&'a str>,
}

impl<'a> Annotation<'a> {
    fn of(one: &'a Diagnostic) -> Self {
        Self {
            severity: one.severity,
            file: &one.file,
            place: Some((one.start, one.end)),
            title: &one.rule,
            message: &one.message,
            help: one.help.as_deref(),
            url: one.url.as_deref(),
        }
    }

    fn of_problem(problem: &'a Problem) -> Self {
        Self {
            severity: Severity::Error,
            file: &problem.file,
            place: problem.place,
            title: problem.kind(),
            message: &problem.message,
            help: problem.help.as_deref(),
            url: None,
        }
    }

    fn write(&self, base: &Base, out: &mut dyn Write) -> io::Result<()> {
        let command = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        write!(out, "::{command} file={}", property(&base.relative(self.file)))?;
        if let Some((start, end)) = self.place {
            write!(out, ",line={},endLine={}", start.line, end.line)?;
            // GitHub refuses columns of a range over several lines.
            if start.line == end.line {
                write!(out, ",col={},endColumn={}", start.column, end.column)?;
            }
        }
        let help = self.help.map_or_else(String::new, |help| format!("%0A{}", data(help)));
        writeln!(out, ",title={}::{}{help}", property(self.title), data(self.message))
    }
}

/// Text as the message of a command takes it. What [`visible`] leaves has no line end; the rest is for the rule's sake.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a command takes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn written(report: &Report) -> Vec<String> {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn nothing_can_end_a_property_or_start_another_command() {
        let mut report = Report { diagnostics: vec![sample::diagnostic()], ..Report::default() };
        report.diagnostics[0].file = "./a,b:c%.conf".into();
        report.diagnostics[0].message = "100%\n::error::x".into();
        assert_eq!(
            written(&report),
            [
                "::error file=a%2Cb%3Ac%25.conf,line=4,endLine=4,col=5,endColumn=32,title=lost-headers::100%25\\n::error::x\
              %0Arepeat the headers"
            ]
        );
    }

    #[test]
    fn a_range_over_lines_has_no_columns() {
        let mut report = Report { diagnostics: vec![sample::diagnostic()], ..Report::default() };
        report.diagnostics[0].end.line = 6;
        assert!(written(&report)[0].contains("line=4,endLine=6,title="));
    }

    #[test]
    fn ten_of_each_need_no_last_notice() {
        let mut report = Report::default();
        for index in 0..30 {
            let severity = [Severity::Info, Severity::Warning, Severity::Error][index % 3];
            report.diagnostics.push(Diagnostic { severity, ..sample::diagnostic() });
        }
        let lines = written(&report);
        assert_eq!(lines.len(), 30);
        assert!(!lines.iter().any(|line| line.contains("not annotated")));
    }

    #[test]
    fn errors_come_first_and_the_rest_is_counted() {
        let mut report = Report::default();
        for index in 0..45 {
            let severity = [Severity::Info, Severity::Warning, Severity::Error][index % 3];
            report.diagnostics.push(Diagnostic { severity, ..sample::diagnostic() });
        }
        let lines = written(&report);
        let starting = |prefix: &str| lines.iter().filter(|line| line.starts_with(prefix)).count();
        assert_eq!((starting("::error"), starting("::warning"), starting("::notice")), (10, 10, 10));
        assert!(lines[0].starts_with("::error") && lines[10].starts_with("::warning"));
        assert_eq!(lines[29], "::notice title=nginx-wslint::5 errors, 5 warnings, 6 infos more not annotated here");
    }
}
