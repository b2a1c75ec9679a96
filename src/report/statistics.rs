//! How often each rule spoke up, in place of what it said.

use std::cmp::Reverse;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::visible;
use super::machine;
use super::model::{Diagnostic, Report};
use super::style::{Ink, Style, wrap};
use super::summary;
use crate::rules::{Safety, Severity};

/// A rule and its findings.
struct Count<'a> {
    rule: &'a str,
    group: &'a str,
    /// The worst of them.
    severity: Severity,
    count: usize,
    safe: usize,
    r#unsafe: usize,
}

/// Writes a line for each rule, the one with most findings first: how many, `[*]` where `--fix` mends them all, `[-]` where
/// it mends some.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = counts(report);
    let digits = counts.iter().map(|count| count.count.to_string().len()).max().unwrap_or(1);
    let wide = counts.iter().map(|count| count.rule.chars().count()).max().unwrap_or(0);
    for Count { rule, severity, count, safe, .. } in &counts {
        let mark = match safe {
            0 => style.paint(Ink::Dim, "[ ]"),
            safe if safe == count => style.paint(Ink::Added, "[*]"),
            _ => style.paint(Ink::Added, "[-]"),
        };
        let severity = style.paint(Ink::Severity(*severity), severity.name());
        let blanks = " ".repeat(wide - rule.chars().count());
        writeln!(out, "{count:>digits$}  {mark} {}{blanks}  {severity}", style.paint(Ink::Strong, &visible(rule)))?;
    }
    if style.quiet {
        return Ok(());
    }
    let some = counts.iter().any(|count| count.safe > 0 && count.safe < count.count);
    if counts.iter().any(|count| count.safe > 0) {
        writeln!(out, "[*] fixable with --fix{}", if some { ", [-] some of them" } else { "" })?;
    }
    for line in report.notes.iter().map(|note| visible(note).into_owned()).chain(summary::gone(report)) {
        writeln!(out, "{}", wrap(&line, style.columns() - 2, 0).join("\n  "))?;
    }
    writeln!(out, "{}", summary::wrapped(report, style))
}

/// The same as a JSON array: `rule`, `group`, the worst `severity`, `count`, `fixable` and `fixable_unsafe`.
///
/// # Errors
/// Those of `out`.
pub fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let counts = counts(report);
    let entries: Vec<Value> = counts
        .iter()
        .map(|count| {
            json!({
                "rule": count.rule,
                "group": count.group,
                "severity": count.severity.name(),
                "count": count.count,
                "fixable": count.safe,
                "fixable_unsafe": count.r#unsafe,
            })
        })
        .collect();
    machine::write(&entries, out)
}

fn counts(report: &Report) -> Vec<Count<'_>> {
    let mut counts: Vec<Count<'_>> = Vec::new();
    let mut add = |rule, group, severity, safety: Option<Safety>| {
        let index = counts.iter().position(|count: &Count<'_>| count.rule == rule).unwrap_or_else(|| {
            counts.push(Count { rule, group, severity, count: 0, safe: 0, r#unsafe: 0 });
            counts.len() - 1
        });
        let count = &mut counts[index];
        count.severity = count.severity.max(severity);
        count.count += 1;
        count.safe += usize::from(safety == Some(Safety::Safe));
        count.r#unsafe += usize::from(safety == Some(Safety::Unsafe));
    };
    report.problems.iter().for_each(|problem| add(problem.kind(), "syntax", Severity::Error, None));
    report.diagnostics.iter().for_each(|one| add(&one.rule, &one.group, one.severity, appliable(one)));
    counts.sort_by_key(|count| (Reverse(count.count), Reverse(count.severity), count.rule));
    counts
}

/// The safest repair that is not advice alone.
pub(super) fn appliable(one: &Diagnostic) -> Option<Safety> {
    let appliable = one.fixes.iter().filter(|fix| !fix.edits.is_empty());
    appliable.map(|fix| fix.safety).min().filter(|safety| *safety != Safety::Advice)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn rules_are_counted_the_most_frequent_first() {
        let mut report = sample::report();
        report.diagnostics.push(Diagnostic { fixes: Vec::new(), ..sample::diagnostic() });
        let mut out = Vec::new();
        write(&report, &Style::default(), &mut out).unwrap();
        let expected = "\
2  [-] lost-headers      error
1  [ ] syntax-error      error
1  [ ] unreadable        error
1  [ ] missing-resolver  warning
[*] fixable with --fix, [-] some of them
2 errors, 1 warning, 1 syntax error, 1 unreadable file in 4 files
1 fixable with --fix
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut out = Vec::new();
        write_json(&report, &mut out).unwrap();
        let entries: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            entries[0],
            json!({
                "rule": "lost-headers", "group": "handshake", "severity": "error",
                "count": 2, "fixable": 1, "fixable_unsafe": 0,
            })
        );
    }
}
