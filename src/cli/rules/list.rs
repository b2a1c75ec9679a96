//! The table of all rules.

use std::fmt::Write as _;

use nginx_wslint::rules::docs;
use nginx_wslint::rules::{Rule, RuleSet, Safety, Severity};

use super::super::args::RulesArgs;
use super::super::{CLEAN, Failure, output};

/// With fewer columns than these a summary does not stand beside its rule.
const LEAST_BESIDE: usize = 48;
/// The indent of a summary below its rule.
const BELOW: usize = 6;

/// Lists the rules.
pub(in crate::cli) fn list(args: &RulesArgs, json: bool) -> Result<u8, Failure> {
    let rules = super::all(args)?;
    let text = if json {
        let all: Vec<_> = rules.iter().map(docs::json).collect();
        serde_json::to_string_pretty(&all)? + "\n"
    } else {
        table(&rules, None, output::width(), output::colored(args.color))
    };
    output::print(text.as_bytes());
    Ok(CLEAN)
}

/// A line for each rule: name, severity, the safest fix, summary. Where there is a `width` that leaves the summary too
/// little room, it has lines of its own; without one a line stays a line, as programs read it.
pub(super) fn table(rules: &RuleSet, only: Option<&str>, width: Option<usize>, color: bool) -> String {
    let mut out = String::new();
    let groups = docs::groups(rules).into_iter().filter(|(group, _)| only.is_none_or(|only| only == *group));
    let groups: Vec<(&str, Vec<&Rule>)> = groups.collect();
    let names = groups.iter().flat_map(|(_, members)| members).map(|rule| rule.id.chars().count());
    let names = names.max().unwrap_or_default();
    for (index, (group, members)) in groups.into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let title = docs::group_title(group).map_or_else(String::new, |title| format!(": {title}"));
        let _ = writeln!(out, "{}{title}", styled("1", group, color));
        for rule in members {
            row(&mut out, rule, names, width, color);
        }
    }
    out
}

fn row(out: &mut String, rule: &Rule, names: usize, width: Option<usize>, color: bool) {
    let style = match rule.severity {
        Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Info => "34",
    };
    let severity = styled(style, &format!("{:<7}", rule.severity.name()), color);
    let safety = rule.safety().map_or("-", Safety::name);
    let _ = write!(out, "  {:<names$}  {severity}  {safety:<6}", rule.id);
    let beside = names + 2 + 2 + 7 + 2 + 6 + 2;
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(beside));
    if room >= LEAST_BESIDE {
        for (index, line) in docs::wrap(&rule.summary, room).into_iter().enumerate() {
            let indent = if index == 0 { 2 } else { beside };
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
        return;
    }
    // The longest name decides, so that all rows look alike.
    let end = out.trim_end_matches(' ').len();
    out.truncate(end);
    out.push('\n');
    let room = width.unwrap_or(usize::MAX).saturating_sub(BELOW).max(20);
    for line in docs::wrap(&rule.summary, room) {
        let _ = writeln!(out, "{:BELOW$}{line}", "");
    }
}

fn styled(style: &str, text: &str, color: bool) -> String {
    if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
}
