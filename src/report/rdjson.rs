//! Reviewdog's diagnostic format, whose suggestions become suggestions on pull requests.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::visible;
use super::machine;
use super::model::{Diagnostic, Problem, Report};
use crate::rules::{Safety, Severity};

/// Writes a `DiagnosticResult` (reviewdog's `proto/rdf/reviewdog.proto`). Paths are those of the command line, because
/// reviewdog itself puts the working folder before them.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let problems = report.problems.iter().map(of_problem);
    let diagnostics: Vec<Value> = problems.chain(report.diagnostics.iter().map(of_finding)).collect();
    machine::write(&json!({ "source": { "name": env!("CARGO_PKG_NAME") }, "diagnostics": diagnostics }), out)
}

fn of_finding(one: &Diagnostic) -> Value {
    let mut code = json!({ "value": one.rule });
    if let Some(url) = &one.url {
        code["url"] = json!(url);
    }
    let mut start = json!({ "line": one.start.line });
    let mut end = json!({ "line": one.end.line });
    if let Some((first, last)) = bytes(one) {
        start["column"] = json!(first);
        end["column"] = json!(last);
    }
    let mut value = json!({
        "message": message(&one.message, one.help.as_deref()),
        "location": { "path": path(&one.file), "range": { "start": start, "end": end } },
        "severity": severity(one.severity),
        "code": code,
    });
    let suggestions = suggestions(one);
    if !suggestions.is_empty() {
        value["suggestions"] = json!(suggestions);
    }
    value
}

fn of_problem(problem: &Problem) -> Value {
    let mut location = json!({ "path": path(&problem.file) });
    if let Some((start, _)) = problem.place {
        location["range"] = json!({ "start": { "line": start.line } });
    }
    json!({
        "message": message(&problem.message, problem.help.as_deref()),
        "location": location,
        "severity": "ERROR",
        "code": { "value": problem.kind() },
    })
}

/// The safe fixes, each as whole lines. A fix in several pieces is one suggestion or none: who accepted half of it would
/// have a configuration that nginx refuses.
fn suggestions(one: &Diagnostic) -> Vec<Value> {
    let safe = one.fixes.iter().filter(|fix| fix.safety == Safety::Safe);
    let blocks = safe.filter_map(|fix| fix.block.as_ref()).filter(|block| block.file == one.file);
    let suggestion = |block: &super::model::LineBlock| {
        json!({
            "range": { "start": { "line": block.first }, "end": { "line": block.last } },
            "text": block.text,
        })
    };
    blocks.map(suggestion).collect()
}

/// The columns of a finding within one line, which reviewdog counts in bytes of UTF-8; the excerpt has the bytes.
fn bytes(one: &Diagnostic) -> Option<(usize, usize)> {
    let window = one.excerpts.first()?;
    let label = window.labels.iter().find(|label| label.primary)?;
    let line = window.lines.get(label.line)?;
    let whole = line.number == one.start.line && one.start.line == one.end.line && !line.cut_before && !line.cut_after;
    whole.then_some((label.range.start + 1, label.range.end + 1))
}

fn message(text: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{}\n{}", visible(text), visible(help)),
        None => visible(text).into_owned(),
    }
}

fn path(file: &str) -> &str {
    file.strip_prefix("./").unwrap_or(file)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_safe_fix_is_suggested_as_whole_lines() {
        let value = of_finding(&sample::diagnostic());
        assert_eq!(
            value["location"]["range"],
            json!({ "start": { "line": 4, "column": 5 }, "end": { "line": 4, "column": 32 } })
        );
        assert_eq!(
            value["suggestions"],
            json!([{
                "range": { "start": { "line": 4 }, "end": { "line": 4 } },
                "text": "    proxy_set_header Host $host;\n    proxy_set_header Upgrade $http_upgrade;",
            }])
        );
    }

    #[test]
    fn neither_an_unsafe_fix_nor_half_of_one_is_suggested() {
        let mut one = sample::diagnostic();
        one.fixes[0].safety = Safety::Unsafe;
        assert_eq!(of_finding(&one)["suggestions"], Value::Null);
        let mut one = sample::diagnostic();
        one.fixes[0].block = None;
        assert_eq!(of_finding(&one)["suggestions"], Value::Null);
    }

    #[test]
    fn columns_count_bytes_or_are_left_out() {
        let mut one = sample::diagnostic();
        one.excerpts[0].lines[1].text = "  ä  proxy_set_header Host $host;".into();
        one.excerpts[0].labels[0].range = 6..33;
        assert_eq!(of_finding(&one)["location"]["range"]["start"], json!({ "line": 4, "column": 7 }));
        one.end.line = 6;
        assert_eq!(of_finding(&one)["location"]["range"], json!({ "start": { "line": 4 }, "end": { "line": 6 } }));
    }
}
