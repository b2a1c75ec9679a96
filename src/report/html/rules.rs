//! The pages of the rules that spoke up.

use maud::{Markup, html};

use super::super::model::{PreviewKind, Report};
use super::findings::diff_line;
use super::text;
use crate::rules::docs::{Article, ExampleDoc};

pub(super) fn section(report: &Report) -> Markup {
    // Filters of a report may have taken all findings of a rule away since.
    let spoke = |rule: &&Article| report.diagnostics.iter().any(|one| one.rule == rule.id);
    let rules: Vec<&Article> = report.rules.iter().filter(spoke).collect();
    html! {
        @if !rules.is_empty() {
            section.rules #rules aria-labelledby="rules-title" {
                h2 #rules-title { "Rules" }
                @for rule in rules { (page(rule, report)) }
            }
        }
    }
}

fn page(rule: &Article, report: &Report) -> Markup {
    let findings: Vec<_> = report.diagnostics.iter().filter(|one| one.rule == rule.id).collect();
    html! {
        article.rule-page id=(text::id("rule", &rule.id)) {
            h3 { (rule.id) }
            p.summary { (text::prose(&rule.summary)) "." }
            p.meta {
                (rule.group) " · " (rule.severities)
                @if let Some(versions) = &rule.versions { " · " (versions) }
                " · found "
                @for (index, one) in findings.iter().enumerate().take(MOST_PLACES) {
                    @if index > 0 { ", " }
                    a href={ "#" (text::id("finding", &one.fingerprint)) } { (text::plain(&one.file)) ":" (one.start.line) }
                }
                @if findings.len() > MOST_PLACES { " and " (findings.len() - MOST_PLACES) " times more" }
            }
            (part("Why it breaks", &rule.why))
            (part("What you see", &rule.symptom))
            @if !rule.fixes.is_empty() {
                h4 { "Repair" }
                ul { @for fix in &rule.fixes { li { (text::prose(&fix.title)) " (" (fix.safety_text()) ")" } } }
            }
            (part("When not to follow it", &rule.unless))
            @for example in &rule.examples { (of_example(example)) }
            p.meta {
                "Measured: " (text::prose(rule.measured.trim_end_matches('.'))) "."
                @for address in rule.see.iter().filter(|address| text::is_web(address)) {
                    " " a href=(address) rel="noopener noreferrer" { (text::plain(address)) }
                }
            }
        }
    }
}

/// Places of a rule that are listed.
const MOST_PLACES: usize = 8;

fn part(title: &str, paragraphs: &[String]) -> Markup {
    html! {
        @if !paragraphs.is_empty() {
            h4 { (title) }
            @for paragraph in paragraphs { p { (text::prose(paragraph)) } }
        }
    }
}

fn of_example(example: &ExampleDoc) -> Markup {
    html! {
        details {
            summary { (text::prose(&example.caption)) }
            @for (path, body) in &example.files {
                figure.excerpt { figcaption { code { (text::plain(path)) } } pre tabindex="0" {
                    @for line in body.lines() { span.line { (text::line(line)) "\n" } }
                } }
            }
            figure.excerpt.diff { pre tabindex="0" {
                @for (sign, line) in &example.lines {
                    (diff_line("", match sign {
                        '-' => PreviewKind::Removed,
                        '+' => PreviewKind::Added,
                        _ => PreviewKind::Kept,
                    }, line))
                }
            } }
            @if let Some(proof) = &example.proof { p { (text::prose(proof)) } }
        }
    }
}
