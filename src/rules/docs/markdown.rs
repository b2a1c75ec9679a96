//! Rules in Markdown: for the folder's README, for editors and for code scanning.

use std::fmt::Write as _;

use super::super::rule::Rule;
use super::super::rule_set::RuleSet;
use super::super::schema::Example;
use super::{caption, diff, fixes, group_title, groups, measured, proof, prose, severities, versions};

/// The text of one rule, without a heading.
pub fn markdown(rule: &Rule) -> String {
    let mut out = String::new();
    let mut facts = vec![format!("**{}**", severities(rule))];
    facts.extend(versions(rule));
    let _ = writeln!(out, "{}.\n\n{}", rule.summary, facts.join(" · "));
    section(&mut out, "Why", &rule.why);
    section(&mut out, "What you see", &rule.symptom);
    let fixes = fixes(rule);
    if !fixes.is_empty() {
        out.push_str("\n**Repair.**\n\n");
        for fix in fixes {
            let _ = writeln!(out, "- {} ({})", fix.title, fix.safety_text());
        }
    }
    if let Some(unless) = &rule.unless {
        section(&mut out, "When not to follow it", unless);
    }
    for example in rule.examples() {
        write_example(&mut out, example);
    }
    let _ = write!(out, "\nMeasured: {}.", measured(rule).trim_end_matches('.'));
    if !rule.see.is_empty() {
        let links: Vec<String> = rule.see.iter().map(|link| format!("<{link}>")).collect();
        let _ = write!(out, " See {}.", links.join(", "));
    }
    out.push('\n');
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "\n**{title}.** {}", prose::paragraphs(text).join("\n\n"));
}

fn write_example(out: &mut String, example: &Example) {
    let _ = writeln!(out, "\n*{}*", caption(example).replace('*', "\\*"));
    for (path, text) in &example.files {
        let _ = writeln!(out, "\n`{path}`:\n\n```nginx\n{}\n```", text.trim_end());
    }
    let lines = diff(example);
    let _ = writeln!(out, "\n```{}", if example.good.is_some() { "diff" } else { "nginx" });
    for (kind, text) in lines {
        let line = if example.good.is_some() { format!("{}{text}", kind.sign()) } else { text };
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push_str("```\n");
    if let Some(handshake) = &example.handshake {
        let _ = writeln!(out, "\n{}", proof(handshake, example.good.is_some()));
    }
}

/// The page of all rules: a table for each group, then every rule under a heading that is its name.
pub fn readme(rules: &RuleSet) -> String {
    let mut out = String::from(
        "# Rules\n\n\
         One file is one rule: its text, its condition, its fixes and its tests. This page is written from those files \
         by the tests (`UPDATE_GOLDEN=1 cargo test --test rules`).\n\n\
         **error**: the handshake fails or nginx does not start. **warning**: it fails with some backends, later, or for \
         some clients. **info**: it works and could be better; shown with `--pedantic`. A fix is **safe** (`--fix`), \
         **unsafe** (`--fix --unsafe-fixes`) or **advice**, which edits nothing.\n",
    );
    let groups = groups(rules);
    for (group, members) in &groups {
        heading(&mut out, "##", group);
        out.push_str("| rule | severity | fix | finds |\n|---|---|---|---|\n");
        for rule in members {
            let safety = rule.safety().map_or("", |safety| safety.name());
            let id = &rule.id;
            let summary = rule.summary.replace('|', "\\|");
            let _ = writeln!(out, "| [{id}](#{id}) | {} | {safety} | {summary} |", severities(rule));
        }
    }
    for rule in groups.iter().flat_map(|(_, members)| members) {
        let _ = write!(out, "\n### {}\n\n{}", rule.id, markdown(rule));
    }
    out
}

fn heading(out: &mut String, level: &str, group: &str) {
    let _ = match group_title(group) {
        Some(title) => writeln!(out, "\n{level} {group}: {title}\n"),
        None => writeln!(out, "\n{level} {group}\n"),
    };
}
