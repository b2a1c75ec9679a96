//! One page for the browser that needs nothing but itself: no network, no script.
//!
//! Text reaches the page through [`maud`], which escapes it, and through [`text`], which spells hidden characters out. A
//! content security policy forbids whatever is not in the page, scripts included.

mod findings;
mod map;
mod rules;
mod text;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use map::{Map, State};

use super::escape::visible;
use super::model::{Report, Status};
use super::summary::{self, count};
use crate::rules::Severity;

const STYLE: &str = include_str!("html/style.css");

/// What the page may load: its own style, and an icon that is no file.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", page(report).into_string())
}

fn page(report: &Report) -> Markup {
    let line = summary::line(report);
    let map = Map::of(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                link rel="icon" href="data:,";
                title { (line) " · nginx-wslint" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#findings" { "To the findings" }
                (head(report, &map))
                main {
                    (map::section(&map))
                    (findings::section(report))
                    (rules::section(report))
                    (files(report))
                }
                footer { p { "nginx-wslint " (env!("CARGO_PKG_VERSION")) } }
            }
        }
    }
}

/// The numbers, and the way to the parts.
fn head(report: &Report, map: &Map<'_>) -> Markup {
    let summary = report.summary();
    let tile = |number: usize, what: &str, class: &str| {
        let word = if number == 1 { what.to_owned() } else { format!("{what}s") };
        html! { div.tile.(class).none[number == 0] { dt { (word) } dd { (number) } } }
    };
    let not_understood = report.problems.len();
    html! {
        header.top {
            p.brand { "nginx-wslint" }
            h1 { (verdict(report, map)) }
            dl.tiles {
                (tile(summary.errors, "error", "error"))
                (tile(summary.warnings, "warning", "warning"))
                @if summary.infos > 0 { (tile(summary.infos, "info", "info")) }
                @if not_understood > 0 { (tile(not_understood, "unreadable place", "error")) }
                (tile(summary.files, "file", "plain"))
            }
            @if summary.fixable > 0 {
                p.hint {
                    (summary.fixable) " of " (summary.errors + summary.warnings + summary.infos)
                    " can be repaired by " code { "nginx-wslint --fix" }
                    @if summary.fixable_unsafe > 0 {
                        ", " (summary.fixable_unsafe) " more with " code { "--unsafe-fixes" }
                    }
                    "."
                }
            }
            nav aria-label="Parts of this page" {
                ul {
                    @if !report.routes.is_empty() { li { a href="#map" { "Routes" } } }
                    li { a href="#findings" { "Findings" } }
                    @if !report.rules.is_empty() { li { a href="#rules" { "Rules" } } }
                    li { a href="#files" { "Files" } }
                }
            }
        }
    }
}

/// What the numbers come to, in a sentence.
fn verdict(report: &Report, map: &Map<'_>) -> String {
    let summary = report.summary();
    let broken = map.count(State::Broken);
    if !report.problems.is_empty() {
        "Some of this nginx could not read".to_owned()
    } else if broken > 0 {
        format!("{} cannot carry WebSockets as configured", count(broken, "route"))
    } else if summary.errors > 0 {
        "WebSockets break here".to_owned()
    } else if summary.warnings > 0 {
        "WebSockets work here, but not always".to_owned()
    } else if summary.infos > 0 {
        "Nothing breaks WebSockets; some of it could be better".to_owned()
    } else {
        "Nothing found that breaks WebSockets".to_owned()
    }
}

/// Every file, and what is not known.
fn files(report: &Report) -> Markup {
    let found = |path: &str, severity: Severity| {
        report.diagnostics.iter().filter(|one| one.file == path && one.severity == severity).count()
    };
    let more: Vec<String> = report
        .notes
        .iter()
        .map(|note| visible(note).into_owned())
        .chain(report.unread.iter().map(|unread| {
            format!("not read: `{}`, included at {}:{}", visible(&unread.pattern), visible(&unread.file), unread.line)
        }))
        .collect();
    html! {
        section #files aria-labelledby="files-title" {
            h2 #files-title { "Files" }
            div.scroll tabindex="0" role="region" aria-labelledby="files-title" {
                table {
                    thead { tr { th { "file" } th { "understood" } th.number { "errors" } th.number { "warnings" } th.number { "infos" } } }
                    tbody {
                        @for file in &report.files {
                            tr {
                                td { code { (text::plain(&file.path)) } }
                                td { (understood(file.status, file.template)) }
                                @for severity in [Severity::Error, Severity::Warning, Severity::Info] {
                                    td.number { (found(&file.path, severity)) }
                                }
                            }
                        }
                    }
                }
            }
            @if !more.is_empty() {
                ul.notes { @for line in &more { li { (text::prose(line)) } } }
            }
        }
    }
}

fn understood(status: Status, template: Option<&str>) -> String {
    match (status, template) {
        (Status::Ok, _) => "wholly".to_owned(),
        (Status::Partial, Some(language)) => format!("in part: a {language} template"),
        (Status::Partial, None) => "in part: a template".to_owned(),
        (Status::SyntaxError, _) => "in part: a syntax error".to_owned(),
        (Status::Unreadable, _) => "not at all".to_owned(),
    }
}

#[cfg(test)]
mod tests;
