//! Runs the examples of rule files.

use std::fmt::Write as _;
use std::path::Path;

use nginx_wslint::Linter;
use nginx_wslint::examples::{self, ExampleFailure};
use nginx_wslint::rules::{Rule, RuleSet};

use super::super::args::RulesArgs;
use super::super::{CLEAN, FINDINGS, Failure, output};
use super::read_folder;

/// Runs the examples of the rule files in `folder`, the built-in rules beside them: 1 when some do not hold.
pub(in crate::cli) fn test(args: &RulesArgs, folder: &Path) -> Result<u8, Failure> {
    let own = read_folder(folder)?;
    let ids: Vec<String> = own.iter().map(|rule| rule.id.clone()).collect();
    let mut rules = RuleSet::builtin();
    for rule in own {
        rules.add(rule);
    }
    let linter = Linter { rules, ..Linter::default() };
    let color = output::colored(args.color);
    let mut failed = 0;
    for rule in ids.iter().filter_map(|id| linter.rules.get(id)) {
        let failures = examples::test(rule, &linter);
        failed += usize::from(!failures.is_empty());
        output::print(report(rule, &failures, color).as_bytes());
    }
    let total = ids.len();
    let end = match (failed, total) {
        (0, 1) => "1 rule holds\n".to_owned(),
        (0, _) => format!("{total} rules hold\n"),
        (_, 1) => "1 of 1 rule does not hold\n".to_owned(),
        (1, _) => format!("1 of {total} rules does not hold\n"),
        _ => format!("{failed} of {total} rules do not hold\n"),
    };
    output::print(end.as_bytes());
    Ok(if failed == 0 { CLEAN } else { FINDINGS })
}

fn report(rule: &Rule, failures: &[ExampleFailure], color: bool) -> String {
    let styled = |style: &str, text: &str| if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() };
    let verdict = match (failures, rule.examples()) {
        ([], []) => styled("33", "none"),
        ([], _) => styled("32", "ok  "),
        _ => styled("31", "FAIL"),
    };
    let count = match rule.examples().len() {
        0 => "no examples".to_owned(),
        1 => "1 example".to_owned(),
        count => format!("{count} examples"),
    };
    let mut out = format!("{verdict}  {}/{}  {count}\n", rule.group, rule.id);
    for failure in failures {
        let name = failure.name.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
        let _ = writeln!(out, "      example {}{name}: {}", failure.number, failure.problem);
        let Some((shown, made)) = failure.problem.texts() else { continue };
        let diff = similar::TextDiff::from_lines(shown, made);
        let diff = diff.unified_diff().header("the example's `good`", "what the fix makes").to_string();
        for line in diff.lines() {
            let line = match line.as_bytes().first() {
                Some(b'-') => styled("31", line),
                Some(b'+') => styled("32", line),
                _ => line.to_owned(),
            };
            let _ = writeln!(out, "        {line}");
        }
    }
    out
}
