//! GitLab's code quality report: one array.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::visible;
use super::fingerprint::Unique;
use super::machine;
use super::model::Report;
use crate::rules::Severity;

/// Writes an entry for each problem and each finding. GitLab drops entries whose fingerprint another one has.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut unique = Unique::default();
    let mut entries = Vec::new();
    for problem in &report.problems {
        let line = problem.place.map_or(1, |(start, _)| start.line);
        let fingerprint = unique.of_problem(problem);
        entries.push(entry(report, (problem.kind(), "blocker"), (&problem.file, line), &problem.message, &fingerprint));
    }
    for one in &report.diagnostics {
        let fingerprint = unique.of(&one.fingerprint);
        entries.push(entry(
            report,
            (&one.rule, severity(one.severity)),
            (&one.file, one.start.line),
            &one.message,
            &fingerprint,
        ));
    }
    machine::write(&entries, out)
}

fn entry(
    report: &Report,
    (rule, severity): (&str, &str),
    (file, line): (&str, u32),
    message: &str,
    fingerprint: &str,
) -> Value {
    json!({
        "description": visible(message),
        "check_name": rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": { "path": report.base.relative(file), "lines": { "begin": line } },
    })
}

/// GitLab knows `info`, `minor`, `major`, `critical` and `blocker`.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_entry_has_all_keys_and_a_fingerprint_of_its_own() {
        let mut report = sample::report();
        report.problems.push(report.problems[0].clone());
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let entries: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(entries.len(), 5);
        assert_eq!(
            entries[3],
            json!({
                "description": "this line discards `Upgrade`",
                "check_name": "lost-headers",
                "fingerprint": "00000000deadbeef",
                "severity": "critical",
                "location": { "path": "site.conf", "lines": { "begin": 4 } },
            })
        );
        let mut prints: Vec<&str> = entries.iter().filter_map(|entry| entry["fingerprint"].as_str()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), 5);
    }
}
