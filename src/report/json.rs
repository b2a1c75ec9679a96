//! The report as one JSON object, for programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::of_parts;
use super::machine;
use super::model;
use super::positions::Point;

/// Rises when a key changes its meaning or goes; new keys may come without.
const VERSION: u32 = 1;

/// Writes the report. Lines and columns start at 1, columns count characters, offsets count bytes from 0, ends are
/// exclusive.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &model::Report, out: &mut dyn Write) -> io::Result<()> {
    machine::write(&Report::from(report), out)
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    diagnostics: Vec<Diagnostic<'a>>,
    files: Vec<File<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    rule: &'a str,
    group: &'a str,
    severity: &'a str,
    confidence: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    url: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    related: Vec<Related<'a>>,
    route: Option<Route<'a>>,
    fixes: Vec<Fix<'a>>,
    fingerprint: Cow<'a, str>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Route<'a> {
    location: &'a str,
    server: Option<&'a str>,
    why: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    start: Place,
    end: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct Place {
    offset: u32,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    fixable: usize,
    fixable_unsafe: usize,
}

impl<'a> From<&'a model::Report> for Report<'a> {
    fn from(report: &'a model::Report) -> Self {
        let model::Summary { files, errors, warnings, infos, fixable, fixable_unsafe } = report.summary();
        Self {
            version: VERSION,
            diagnostics: report
                .problems
                .iter()
                .map(Diagnostic::from)
                .chain(report.diagnostics.iter().map(Diagnostic::from))
                .collect(),
            files: report.files.iter().map(|file| File { path: &file.path, status: file.status.name() }).collect(),
            summary: Summary { files, errors, warnings, infos, fixable, fixable_unsafe },
        }
    }
}

impl<'a> From<&'a model::Diagnostic> for Diagnostic<'a> {
    fn from(one: &'a model::Diagnostic) -> Self {
        Self {
            rule: &one.rule,
            group: &one.group,
            severity: one.severity.name(),
            confidence: one.confidence.name(),
            message: &one.message,
            help: one.help.as_deref(),
            url: one.url.as_deref(),
            file: &one.file,
            line: one.start.line,
            column: one.start.column,
            end_line: one.end.line,
            end_column: one.end.column,
            related: one.related.iter().map(Related::from).collect(),
            route: one.route.as_ref().map(Route::from),
            fixes: one.fixes.iter().map(Fix::from).collect(),
            fingerprint: Cow::Borrowed(&one.fingerprint),
        }
    }
}

impl<'a> From<&'a model::Related> for Related<'a> {
    fn from(one: &'a model::Related) -> Self {
        Self { message: &one.message, file: &one.file, line: one.start.line, column: one.start.column }
    }
}

impl<'a> From<&'a model::RouteInfo> for Route<'a> {
    fn from(route: &'a model::RouteInfo) -> Self {
        Self { location: &route.location, server: route.server.as_deref(), why: &route.why }
    }
}

impl<'a> From<&'a model::FixInfo> for Fix<'a> {
    fn from(fix: &'a model::FixInfo) -> Self {
        let edits = fix.edits.iter().map(|edit| Edit {
            file: &edit.file,
            start: edit.start.into(),
            end: edit.end.into(),
            text: &edit.text,
        });
        Self { title: &fix.title, safety: fix.safety.name(), edits: edits.collect() }
    }
}

impl From<Point> for Place {
    fn from(Point { offset, line, column }: Point) -> Self {
        Self { offset, line, column }
    }
}

/// What could not be understood is a diagnostic like any other, whose rule is `syntax-error` or `unreadable`; where there
/// is no place, it is the start of the file.
impl<'a> From<&'a model::Problem> for Diagnostic<'a> {
    fn from(problem: &'a model::Problem) -> Self {
        let first = Point { offset: 0, line: 1, column: 1 };
        let (start, end) = problem.place.unwrap_or((first, first));
        Self {
            rule: problem.kind(),
            group: "syntax",
            severity: "error",
            confidence: "certain",
            message: &problem.message,
            help: problem.help.as_deref(),
            url: None,
            file: &problem.file,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            related: Vec::new(),
            route: None,
            fixes: Vec::new(),
            fingerprint: Cow::Owned(of_parts(&[problem.kind(), &problem.file, &problem.message])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use serde_json::{Value, json};

    #[test]
    fn keys_and_numbers_are_those_promised() {
        let mut out = Vec::new();
        super::write(&sample::report(), &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["diagnostics"][0]["rule"], "syntax-error");
        assert_eq!(value["diagnostics"][1]["rule"], "unreadable");
        assert_eq!(value["diagnostics"][1]["line"], 1);
        let one = &value["diagnostics"][2];
        assert_eq!(
            *one,
            json!({
                "rule": "lost-headers", "group": "handshake", "severity": "error", "confidence": "likely",
                "message": "this line discards `Upgrade`", "help": "repeat the headers", "url": "https://nginx.org/",
                "file": "site.conf", "line": 4, "column": 5, "end_line": 4, "end_column": 32,
                "related": [{ "message": "set here", "file": "site.conf", "line": 2, "column": 3 }],
                "route": { "location": "/ws", "server": null, "why": "its path ends in `/ws`" },
                "fixes": [{ "title": "repeat the headers", "safety": "safe", "edits": [{
                    "file": "site.conf",
                    "start": { "offset": 90, "line": 4, "column": 32 },
                    "end": { "offset": 90, "line": 4, "column": 32 },
                    "text": "\n    proxy_set_header Upgrade $http_upgrade;"
                }] }],
                "fingerprint": "00000000deadbeef"
            })
        );
        assert_eq!(value["version"], 1);
        assert_eq!(value["files"][2], json!({ "path": "gone.conf", "status": "unreadable" }));
        assert_eq!(
            value["summary"],
            json!({ "files": 4, "errors": 1, "warnings": 1, "infos": 0, "fixable": 1, "fixable_unsafe": 0 })
        );
        let text = String::from_utf8(out).unwrap();
        assert!(text.find("\"version\"") < text.find("\"diagnostics\"") && text.ends_with("}\n"));
    }
}
