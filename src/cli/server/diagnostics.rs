//! Findings as the protocol's diagnostics.

use std::collections::HashMap;

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Message, Range,
    Uri,
};
use nginx_wslint::Linted;
use nginx_wslint::config::{FileId, Tree};
use nginx_wslint::report::escape::visible;
use nginx_wslint::rules::{Finding, Op, Rule, Safety, Severity, docs};
use nginx_wslint::websocket::{Confidence, Route};
use serde_json::{Value, json};

use super::documents::Documents;
use super::places::Places;
use super::positions::Encoding;

/// What stands in the column of the program.
const SOURCE: &str = "nginx-wslint";

/// Diagnostics by the address of an open text.
pub(super) type ByDocument = HashMap<Uri, Vec<Diagnostic>>;

/// The diagnostics of all open texts in a tree, those of broken syntax first.
pub(super) fn of(
    linted: &Linted<'_>,
    shown: &dyn Fn(&Finding<'_>) -> bool,
    documents: &Documents,
    encoding: Encoding,
) -> ByDocument {
    let tree = &linted.tree;
    let places = Places::new(tree, documents, encoding);
    let open: Vec<Option<Uri>> =
        tree.files().iter().map(|file| Some(documents.at(file.source.path())?.uri.clone())).collect();
    let mut all = ByDocument::new();
    let mut add = |file: FileId, diagnostic: Diagnostic| {
        if let Some(Some(uri)) = open.get(file.0 as usize) {
            all.entry(uri.clone()).or_default().push(diagnostic);
        }
    };
    for problem in tree.problems() {
        let file = tree.file_of(&problem.path);
        let Some((file, range)) =
            problem.place.map(|(file, span)| (file, places.range(file, span))).or(file.zip(Some(Range::default())))
        else {
            continue;
        };
        let help = problem.help.as_ref().map(|help| format!("\n{}", visible(help))).unwrap_or_default();
        let kind = if problem.place.is_some() { "syntax-error" } else { "unreadable" };
        let message = format!("{}{help}", visible(&problem.message));
        add(file, diagnostic(range, DiagnosticSeverity::Error, kind, message));
    }
    for finding in &linted.findings {
        let (file, _) = finding.place.locate(tree);
        if open[file.0 as usize].is_some() && shown(finding) {
            add(file, of_finding(linted, finding, &places));
        }
    }
    all
}

fn diagnostic(range: Range, severity: DiagnosticSeverity, code: &str, message: String) -> Diagnostic {
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(Code::String(code.to_owned())),
        source: Some(SOURCE.to_owned()),
        message: Message::String(message),
        ..Diagnostic::default()
    }
}

/// One finding.
pub(super) fn of_finding(linted: &Linted<'_>, finding: &Finding<'_>, places: &Places<'_>) -> Diagnostic {
    let tree = &linted.tree;
    let (file, span) = finding.place.locate(tree);
    let severity = match finding.severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Info => DiagnosticSeverity::Information,
    };
    let route = finding.route.and_then(|index| linted.routes.all.get(index));
    let text = message(finding, route);
    let related = related(tree, finding, route, &text, places);
    Diagnostic {
        code_description: page(finding.rule).map(|href| CodeDescription { href: Uri(href) }),
        related_information: (!related.is_empty()).then_some(related),
        tags: is_needless(finding).then(|| vec![DiagnosticTag::Unnecessary]),
        data: Some(data(tree, finding, route)),
        ..diagnostic(places.range(file, span), severity, &finding.rule.id, text)
    }
}

/// The address of the rule's page; the first of its own links while the rules have no page with an address.
pub(super) fn page(rule: &Rule) -> Option<String> {
    docs::url(rule).filter(|url| url.contains("://")).or_else(|| rule.see.first().cloned())
}

/// What is wrong; why the route is believed to carry WebSockets, where that is not certain; what to do, where nobody else
/// can do it.
fn message(finding: &Finding<'_>, route: Option<&Route>) -> String {
    let mut text = visible(&finding.message).into_owned();
    if let Some(route) = route.filter(|_| finding.confidence != Confidence::Certain)
        && matches!(route.intent.confidence, Some(Confidence::Possible | Confidence::Likely))
    {
        let lead = verdict(route.intent.confidence);
        text.push_str(&format!("\n{lead}: {}", visible(route.intent.why())));
    }
    if finding.open {
        text.push_str("\na file that is not here may say otherwise");
    }
    if let Some(plan) = finding.fix.as_ref().filter(|plan| plan.safety == Safety::Advice) {
        text.push_str(&format!("\nadvice: {}", visible(&plan.title)));
    }
    text
}

/// What is believed of a route.
fn verdict(confidence: Option<Confidence>) -> &'static str {
    match confidence {
        Some(Confidence::Certain) => "carries WebSockets",
        Some(Confidence::Likely) => "likely carries WebSockets",
        Some(Confidence::Possible) => "may carry WebSockets",
        None => "carries no WebSockets",
    }
}

/// The finding's own places, then those that tell why the route carries WebSockets, without what `told` says already.
fn related(
    tree: &Tree,
    finding: &Finding<'_>,
    route: Option<&Route>,
    told: &str,
    places: &Places<'_>,
) -> Vec<DiagnosticRelatedInformation> {
    let own = finding.related.iter().filter_map(|(place, message)| {
        let (file, span) = place.locate(tree);
        Some((places.location(file, span)?, visible(message).into_owned()))
    });
    let evidence = route.into_iter().flat_map(|route| &route.intent.evidence).filter_map(|evidence| {
        let text = format!("{}: {}", verdict(evidence.confidence), visible(&evidence.text));
        let told = told.lines().any(|line| line == text);
        Some((places.head(evidence.at?).filter(|_| !told)?, text))
    });
    own.chain(evidence).map(|(location, message)| DiagnosticRelatedInformation { location, message }).collect()
}

/// Whether nothing but the very line is to go.
fn is_needless(finding: &Finding<'_>) -> bool {
    let advice = finding.rule.id == "no-effect";
    let removed = finding.fix.as_ref().is_some_and(|plan| {
        !plan.ops.is_empty() && plan.ops.iter().all(|op| *op == Op::Remove(finding.place.directive))
    });
    advice || removed
}

/// The same for programs.
fn data(tree: &Tree, finding: &Finding<'_>, route: Option<&Route>) -> Value {
    let evidence = |route: &Route| -> Vec<Value> {
        let weight = |confidence: Option<Confidence>| confidence.map_or("denied", Confidence::name);
        route
            .intent
            .evidence
            .iter()
            .map(|evidence| json!({ "weight": weight(evidence.confidence), "text": evidence.text }))
            .collect()
    };
    json!({
        "group": finding.rule.group,
        "confidence": finding.confidence.name(),
        "open": finding.open,
        "route": route.map(|route| json!({
            "location": route.label(tree),
            "confidence": route.intent.confidence.map(Confidence::name),
            "evidence": evidence(route),
        })),
        "fix": finding.fix.as_ref().map(|plan| json!({ "title": plan.title, "safety": plan.safety.name() })),
    })
}
