//! The table of all rules.

use std::fmt::Write as _;

use nginx_wslint::rules::docs;
use nginx_wslint::rules::{Rule, RuleSet, Safety, Severity};

use super::super::args::RulesArgs;
use super::super::{CLEAN, Failure, output};

/// What a summary gets at least, however narrow the terminal is.
const LEAST_SUMMARY: usize = 20;

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

/// A line for each rule: name, severity, the safest fix, summary. The summary is wrapped in its column where there is a
/// `width`, so that a line stays a line where a program reads it.
pub(super) fn table(rules: &RuleSet, only: Option<&str>, width: Option<usize>, color: bool) -> String {
    let mut out = String::new();
    let groups = docs::groups(rules).into_iter().filter(|(group, _)| only.is_none_or(|only| only == *group));
    for (index, (group, members)) in groups.enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let title = docs::group_title(group).map_or_else(String::new, |title| format!(": {title}"));
        let _ = writeln!(out, "{}{title}", styled("1", group, color));
        let longest = members.iter().map(|rule| rule.id.chars().count()).max().unwrap_or_default();
        for rule in members {
            row(&mut out, rule, longest, width, color);
        }
    }
    out
}

fn row(out: &mut String, rule: &Rule, longest: usize, width: Option<usize>, color: bool) {
    let style = match rule.severity {
        Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Info => "34",
    };
    let severity = styled(style, &format!("{:<7}", rule.severity.name()), color);
    let safety = rule.safety().map_or("-", Safety::name);
    let _ = write!(out, "  {:<longest$}  {severity}  {safety:<6}  ", rule.id);
    let indent = longest + 2 + 2 + 7 + 2 + 6 + 2;
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(LEAST_SUMMARY));
    for (index, line) in docs::wrap(&rule.summary, room).into_iter().enumerate() {
        let indent = if index == 0 { 0 } else { indent };
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

fn styled(style: &str, text: &str, color: bool) -> String {
    if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
}
