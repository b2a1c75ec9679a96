//! Findings by file, each with its excerpt, its reason and its repair.

use maud::{Markup, html};

use super::super::excerpt::{Label, Line, Window};
use super::super::model::{Diagnostic, FixInfo, PreviewKind, PreviewLine, Problem, Report};
use super::super::summary::count;
use super::text;
use crate::rules::{Safety, Severity};
use crate::websocket::Confidence;

pub(super) fn section(report: &Report) -> Markup {
    let of = |severity| report.diagnostics.iter().filter(|one| one.severity == severity).count();
    let filters: Vec<(Severity, usize)> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (severity, of(severity)))
        .filter(|(_, number)| *number > 0)
        .collect();
    html! {
        section.findings #findings aria-labelledby="findings-title" {
            h2 #findings-title { "Findings" }
            @if filters.len() > 1 {
                fieldset.filter {
                    legend { "Show" }
                    @for (severity, number) in &filters {
                        @let name = severity.name();
                        label.(name) {
                            input type="checkbox" id=(format!("show-{name}")) checked;
                            " " (count(*number, name))
                        }
                    }
                }
            }
            @if report.problems.is_empty() && report.diagnostics.is_empty() {
                p.good { "Nothing was found." }
            }
            @for file in files(report) {
                @let problems: Vec<&Problem> = report.problems.iter().filter(|problem| problem.file == file).collect();
                @let found: Vec<&Diagnostic> = report.diagnostics.iter().filter(|one| one.file == file).collect();
                section.file {
                    h3 { code { (text::plain(file)) } }
                    @for problem in problems { (of_problem(problem)) }
                    @for one in found { (finding(one, report)) }
                }
            }
        }
    }
}

/// The files with something in them: those that could not be understood first.
fn files(report: &Report) -> Vec<&str> {
    let mut files: Vec<&str> = Vec::new();
    let problems = report.problems.iter().map(|problem| problem.file.as_str());
    for file in problems.chain(report.diagnostics.iter().map(|one| one.file.as_str())) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

fn finding(one: &Diagnostic, report: &Report) -> Markup {
    let has_page = report.rules.iter().any(|rule| rule.id == one.rule);
    html! {
        article.finding.(one.severity.name()) id=(text::id("finding", &one.fingerprint)) data-rule=(one.rule) {
            header {
                span.badge { (one.severity.name()) }
                @if has_page {
                    a.rule href={ "#" (text::id("rule", &one.rule)) } { (one.rule) }
                } @else {
                    span.rule { (one.rule) }
                }
                span.place { "line " (one.start.line) ", column " (one.start.column) }
            }
            p.message { (text::prose(&one.message)) }
            @for window in &one.excerpts { (excerpt(window, &one.file)) }
            @if !one.why.is_empty() { p { (text::prose(&one.why)) } }
            @if let Some(doubt) = doubt(one) { p.doubt { (text::prose(&doubt)) } }
            @for repair in &one.fixes { (fix(repair, &one.file)) }
        }
    }
}

/// Why it is believed, unless it is certain.
fn doubt(one: &Diagnostic) -> Option<String> {
    let route = one.route.as_ref().filter(|_| one.confidence < Confidence::Certain)?;
    let name = format!("Route `{}`", route.location);
    let mut text = match route.confidence? {
        Confidence::Certain => return None,
        Confidence::Likely => format!("{name} likely carries WebSockets: {}.", route.why),
        Confidence::Possible => format!("{name} may carry WebSockets: {}.", route.why),
    };
    if one.also > 0 {
        text.push_str(&format!(" {} share this line.", count(one.also, "more route")));
    }
    if one.open {
        text.push_str(" A file that is not here may say otherwise.");
    }
    Some(text)
}

fn of_problem(problem: &Problem) -> Markup {
    html! {
        article.problem.error {
            header {
                span.badge { (problem.kind()) }
                @if let Some((start, _)) = problem.place {
                    span.place { "line " (start.line) ", column " (start.column) }
                }
            }
            p.message { (text::prose(&problem.message)) }
            @if let Some(window) = &problem.excerpt { (excerpt(window, &problem.file)) }
            @if let Some(help) = &problem.help { p { (text::prose(help)) } }
        }
    }
}

fn excerpt(window: &Window, file: &str) -> Markup {
    let cut = window.lines.iter().any(|line| line.cut_before);
    let indent = if cut { 0 } else { text::indent(window.lines.iter().map(|line| line.text.as_str())) };
    html! {
        figure.excerpt {
            @if window.file != file { figcaption { code { (text::plain(&window.file)) } } }
            pre tabindex="0" {
                @for (index, line) in window.lines.iter().enumerate() {
                    @let labels: Vec<&Label> = window.labels.iter().filter(|label| label.line == index).collect();
                    span.line.hit[labels.iter().any(|label| label.primary)] {
                        span.no { (line.number) }
                        (marked(line, indent, &labels))
                        "\n"
                    }
                    @for message in labels.iter().filter_map(|label| label.message.as_deref()) {
                        span.line.label { span.no {} (text::prose(message)) "\n" }
                    }
                }
            }
        }
    }
}

/// A line without the indentation that all have, with the places that are pointed at marked.
fn marked(line: &Line, indent: usize, labels: &[&Label]) -> Markup {
    let mut parts: Vec<(&str, Option<bool>)> = Vec::new();
    let mut at = indent.min(line.text.len());
    let mut sorted: Vec<&&Label> = labels.iter().collect();
    sorted.sort_by_key(|label| label.range.start);
    for label in sorted {
        let (start, end) = (label.range.start.max(at), label.range.end.max(at));
        if let (Some(before), Some(inside)) = (line.text.get(at..start), line.text.get(start..end)) {
            parts.extend([(before, None), (inside, Some(label.primary))]);
            at = end;
        }
    }
    parts.push((line.text.get(at..).unwrap_or_default(), None));
    html! {
        @if line.cut_before { span.cut { "…" } }
        @for (part, mark) in parts {
            @match mark {
                Some(primary) => mark.other[!primary] { (text::line(part)) },
                None => (text::line(part)),
            }
        }
        @if line.cut_after { span.cut { "…" } }
    }
}

fn fix(fix: &FixInfo, file: &str) -> Markup {
    let how = match (fix.safety, &fix.withheld) {
        (Safety::Safe, _) => None,
        (safety, Some(why)) => Some(format!("{}: {why}", safety.name())),
        (safety, None) => Some(safety.name().to_owned()),
    };
    let indent = text::indent(fix.preview.iter().map(|line| line.text.as_str()));
    let mut before: Option<(&str, Option<u32>)> = None;
    html! {
        div.fix {
            p {
                strong { "Repair: " } (text::prose(&fix.title))
                @if let Some(how) = how { " " span.how { "(" (text::prose(&how)) ")" } }
            }
            @if !fix.preview.is_empty() {
                figure.excerpt.diff {
                    pre tabindex="0" {
                        @for line in &fix.preview {
                            @let known = before;
                            @let new_file = known.is_none_or(|(file, _)| file != line.file);
                            @if new_file && (known.is_some() || line.file != file) {
                                span.line.name { (text::plain(&line.file)) "\n" }
                            }
                            @let gap = !new_file && known.and_then(|(_, last)| last).zip(line.line).is_some_and(|(last, this)| this > last + 1);
                            @if gap { span.line.gap { span.no { "⋮" } "\n" } }
                            ({
                                let last = known.filter(|_| !new_file).and_then(|(_, last)| last);
                                before = Some((&line.file, line.line.or(last)));
                                preview(line, indent)
                            })
                        }
                    }
                }
            }
        }
    }
}

fn preview(line: &PreviewLine, indent: usize) -> Markup {
    let number = line.line.map_or_else(String::new, |number| number.to_string());
    diff_line(&number, line.kind, line.text.get(indent..).unwrap_or_default())
}

/// A line of a diff; what happens to it is told to those who see no colours too.
pub(super) fn diff_line(number: &str, kind: PreviewKind, line: &str) -> Markup {
    let (class, sign) = match kind {
        PreviewKind::Kept => ("kept", " "),
        PreviewKind::Removed => ("removed", "-"),
        PreviewKind::Added => ("added", "+"),
    };
    html! {
        span.line.(class) { span.no { (number) } span.sign { (sign) } (text::line(line)) "\n" }
    }
}
