//! SARIF 2.1.0 (OASIS), with all that GitHub's code scanning shows of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::visible;
use super::fingerprint::Unique;
use super::machine;
use super::model::{Diagnostic, EditInfo, FixInfo, Problem, Report, Status};
use super::paths::Base;
use super::positions::Point;
use crate::rules::docs::Article;
use crate::rules::{Safety, Severity};
use crate::websocket::Confidence;

/// Code scanning refuses more results than this in one run.
const MOST_RESULTS: usize = 25_000;
/// Code scanning refuses more places than this in one result.
const MOST_PLACES: usize = 1000;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report as a log with one run. The worst findings come first where there are too many for code scanning, and
/// a notification says how many were left out.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    machine::write(&log(report, MOST_RESULTS), out)
}

fn log(report: &Report, most: usize) -> Value {
    let catalogue = Catalogue::of(report);
    let mut unique = Unique::default();
    let problems = report.problems.iter().map(|problem| of_problem(problem, report, &catalogue, &mut unique));
    let mut results: Vec<Value> = problems.take(most).collect();
    let mut findings: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    let room = most - results.len();
    let left_out = (report.problems.len() + findings.len()).saturating_sub(most);
    if findings.len() > room {
        findings.sort_by_key(|one| Reverse(one.severity));
        findings.truncate(room);
    }
    results.extend(findings.into_iter().map(|one| of_finding(one, report, &catalogue)));
    let mut driver = json!({
        "name": env!("CARGO_PKG_NAME"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "shortDescription": { "text": env!("CARGO_PKG_DESCRIPTION") },
        "rules": catalogue.rules,
    });
    if let Some(home) = [env!("CARGO_PKG_HOMEPAGE"), env!("CARGO_PKG_REPOSITORY")].iter().find(|home| !home.is_empty())
    {
        driver["informationUri"] = json!(home);
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "automationDetails": { "id": concat!(env!("CARGO_PKG_NAME"), "/") },
            "invocations": [{
                "executionSuccessful": report.problems.is_empty(),
                "toolExecutionNotifications": notifications(report, left_out),
            }],
            "originalUriBaseIds": { ROOT: { "description": { "text": "The repository" } } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The name of the folder that relative addresses start from.
const ROOT: &str = "%SRCROOT%";

/// The rules that results name by their number.
struct Catalogue {
    rules: Vec<Value>,
    index: BTreeMap<String, usize>,
}

impl Catalogue {
    fn of(report: &Report) -> Self {
        let mut catalogue = Self { rules: Vec::new(), index: BTreeMap::new() };
        for problem in &report.problems {
            catalogue.add(problem.kind(), || of_kind(problem.kind()));
        }
        for article in &report.rules {
            catalogue.add(&article.id, || of_rule(article, report));
        }
        // A report without the rules' own texts is complete all the same.
        for one in &report.diagnostics {
            catalogue.add(&one.rule, || json!({ "id": one.rule, "shortDescription": { "text": one.rule } }));
        }
        catalogue
    }

    fn add(&mut self, id: &str, rule: impl FnOnce() -> Value) {
        if !self.index.contains_key(id) {
            self.index.insert(id.to_owned(), self.rules.len());
            self.rules.push(rule());
        }
    }
}

fn of_rule(rule: &Article, report: &Report) -> Value {
    let paragraphs = |all: &[String]| all.join("\n\n");
    let surest = report.diagnostics.iter().filter(|one| one.rule == rule.id).map(|one| one.confidence).max();
    let mut tags = vec!["websocket", &rule.group];
    if rule.group == "handshake" {
        tags.push("correctness");
    }
    let mut value = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": paragraphs(&rule.why) },
        "help": {
            "text": format!("{}\n\n{}", paragraphs(&rule.why), paragraphs(&rule.symptom)),
            "markdown": rule.markdown,
        },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": tags,
            "precision": precision(surest.unwrap_or(Confidence::Certain)),
            "problem.severity": problem_severity(rule.severity),
        },
    });
    if let Some(url) = &rule.url {
        value["helpUri"] = json!(url);
    }
    value
}

/// What could not be understood, as if it were a rule.
fn of_kind(kind: &str) -> Value {
    let (short, full) = if kind == Status::SyntaxError.name() {
        ("nginx cannot read the file", "nginx refuses to start, or to reload, with a file that has a syntax error.")
    } else {
        ("The file cannot be read", "What cannot be read cannot be checked.")
    };
    json!({
        "id": kind,
        "shortDescription": { "text": short },
        "fullDescription": { "text": full },
        "help": { "text": full, "markdown": full },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["syntax"], "precision": "very-high", "problem.severity": "error" },
    })
}

fn of_finding(one: &Diagnostic, report: &Report, catalogue: &Catalogue) -> Value {
    let related = one.related.iter().take(MOST_PLACES).enumerate().map(|(id, related)| {
        let mut place = location(&report.base, &related.file, related.start, related.end);
        place["id"] = json!(id);
        place["message"] = message(&related.message, None);
        place
    });
    let fixes = one.fixes.iter().filter(|fix| fix.safety == Safety::Safe && !fix.edits.is_empty());
    json!({
        "ruleId": one.rule,
        "ruleIndex": catalogue.index.get(&one.rule),
        "level": level(one.severity),
        "message": message(&one.message, one.help.as_deref()),
        "locations": [location(&report.base, &one.file, one.start, one.end)],
        "relatedLocations": related.collect::<Vec<_>>(),
        "partialFingerprints": { "primaryLocationLineHash": one.fingerprint },
        "fixes": fixes.map(|fix| of_fix(fix, &report.base)).collect::<Vec<_>>(),
        "properties": {
            "confidence": one.confidence.name(),
            "route": one.route.as_ref().map(|route| visible(&route.location)),
            "server": one.route.as_ref().and_then(|route| route.server.as_deref()).map(visible),
        },
    })
}

fn of_problem(problem: &Problem, report: &Report, catalogue: &Catalogue, unique: &mut Unique) -> Value {
    let (start, end) = problem.place.unwrap_or((FIRST, FIRST));
    json!({
        "ruleId": problem.kind(),
        "ruleIndex": catalogue.index.get(problem.kind()),
        "level": "error",
        "message": message(&problem.message, problem.help.as_deref()),
        "locations": [location(&report.base, &problem.file, start, end)],
        "partialFingerprints": { "primaryLocationLineHash": unique.of_problem(problem) },
    })
}

/// Code scanning wants a line even of a file that cannot be read.
const FIRST: Point = Point { offset: 0, line: 1, column: 1 };

fn of_fix(fix: &FixInfo, base: &Base) -> Value {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for EditInfo { file, start, end, text } in &fix.edits {
        files.entry(file).or_default().push(json!({
            "deletedRegion": region(*start, *end),
            "insertedContent": { "text": text },
        }));
    }
    let changes = files
        .into_iter()
        .map(|(file, replacements)| json!({ "artifactLocation": artifact(base, file), "replacements": replacements }));
    json!({ "description": message(&fix.title, None), "artifactChanges": changes.collect::<Vec<_>>() })
}

fn location(base: &Base, file: &str, start: Point, end: Point) -> Value {
    json!({ "physicalLocation": { "artifactLocation": artifact(base, file), "region": region(start, end) } })
}

fn artifact(base: &Base, file: &str) -> Value {
    let uri = base.uri(file);
    if uri.starts_with("file:") { json!({ "uri": uri }) } else { json!({ "uri": uri, "uriBaseId": ROOT }) }
}

/// Lines and columns from 1, the end column behind the last character.
fn region(start: Point, end: Point) -> Value {
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

/// Plain text; a pair of brackets before a parenthesis would be read as a link (SARIF 3.11.6).
fn message(text: &str, help: Option<&str>) -> Value {
    let plain = |text: &str| {
        let text = visible(text);
        if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.into_owned() }
    };
    match help {
        Some(help) => json!({ "text": format!("{}\n{}", plain(text), plain(help)) }),
        None => json!({ "text": plain(text) }),
    }
}

fn notifications(report: &Report, left_out: usize) -> Vec<Value> {
    let mut all: Vec<Value> = report
        .notes
        .iter()
        .map(|note| visible(note).into_owned())
        .chain(super::summary::limits(report))
        .map(|text| json!({ "level": "note", "message": { "text": text } }))
        .collect();
    if left_out > 0 {
        let text = format!("{left_out} further findings were left out: code scanning takes {MOST_RESULTS} at most");
        all.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    all
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "very-high",
        Confidence::Likely => "high",
        Confidence::Possible => "medium",
    }
}

#[cfg(test)]
mod tests;
