//! Repairs: one by one where the cursor is, or all safe ones at once. Each is proved as `--fix` proves it before it is
//! offered.

use std::cell::Cell;
use std::path::Path;

use gen_lsp_types::{
    Code, CodeAction, CodeActionDisabled, CodeActionKind, CodeActionParams, CodeActionResponse, Diagnostic, Range,
    WorkspaceEdit,
};
use nginx_wslint::Linted;
use nginx_wslint::fix::{Texts, converge};
use nginx_wslint::rules::{Finding, Safety};
use nginx_wslint::syntax::Span;

use super::client::Client;
use super::diagnostics::of_finding;
use super::documents::{Document, Documents};
use super::edits;
use super::ignore;
use super::places::Places;
use super::projects::{Home, Projects, Proof};

/// The kind of the action that applies all safe fixes of a file.
pub(super) const FIX_ALL: &str = "source.fixAll.nginxWslint";

/// The actions for a range of an open text. Some clients ask with every movement of the cursor, for nothing in particular:
/// where `quick` says that linting is not, they get no action for the whole text.
pub(super) fn of(
    params: &CodeActionParams,
    quick: bool,
    projects: &Projects<'_>,
    documents: &Documents,
    client: &Client,
) -> Vec<CodeActionResponse> {
    let Some(document) = documents.get(&params.text_document.uri) else { return Vec::new() };
    let homes = projects.homes(document, documents);
    let desk = Desk { document, documents, client };
    let wanted = |kind: &str| match &params.context.only {
        None => true,
        Some(kinds) => kinds.iter().any(|only| covers(&name(only), kind)),
    };
    let mut actions = Vec::new();
    if wanted("quickfix") {
        let mut ignores = Vec::new();
        for home in &homes {
            desk.quick_fixes(home, params, &mut actions, &mut ignores);
        }
        actions.append(&mut ignores);
    }
    if wanted(FIX_ALL) && (quick || params.context.only.is_some()) {
        actions.extend(desk.fix_all(&homes));
    }
    actions.into_iter().map(CodeActionResponse::CodeAction).collect()
}

fn name(kind: &CodeActionKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

/// Whether a kind that is asked for includes another: `source` includes `source.fixAll.nginxWslint`.
fn covers(asked: &str, kind: &str) -> bool {
    kind.strip_prefix(asked).is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('.'))
}

/// Whether two ranges have a place in common, be it the end of one that is the begin of the other.
fn touch(one: Range, other: Range) -> bool {
    one.start <= other.end && other.start <= one.end
}

/// Whether a diagnostic is among those that a client sends back.
fn is_named(named: &[Diagnostic], one: &Diagnostic) -> bool {
    named.iter().any(|other| (other.range, &other.code) == (one.range, &one.code))
}

/// What all actions of one request share.
struct Desk<'d> {
    document: &'d Document,
    documents: &'d Documents,
    client: &'d Client,
}

impl Desk<'_> {
    /// For what was found where the range is, and for what the client asks about by name: some mean all of the line.
    fn quick_fixes(
        &self,
        home: &Home<'_, '_>,
        params: &CodeActionParams,
        actions: &mut Vec<CodeAction>,
        ignores: &mut Vec<CodeAction>,
    ) {
        let (range, named) = (params.range, &params.context.diagnostics);
        if !home.checked.has_any(self.document, |one| touch(one.range, range) || is_named(named, one)) {
            return;
        }
        let linted = home.lint(self.documents);
        let places = Places::new(&linted.tree, self.documents, self.client.encoding);
        let findings = linted.findings.iter().filter(|finding| {
            let (file, span) = finding.place.locate(&linted.tree);
            let here = places.range(file, span);
            let code = Some(Code::String(finding.rule.id.clone()));
            let is_named = || named.iter().any(|one| one.range == here && one.code == code);
            file == home.file && (touch(here, range) || is_named()) && home.session.shows(home.job, &linted, finding)
        });
        for finding in findings {
            let diagnostic = of_finding(&linted, finding, &places);
            let known = |action: &CodeAction| action.diagnostics.as_ref().is_some_and(|all| all.contains(&diagnostic));
            if ignores.iter().any(known) {
                continue;
            }
            let mut fix = self.quick_fix(home, &linted, finding);
            if let Some(fix) = &mut fix {
                fix.diagnostics = Some(vec![diagnostic.clone()]);
            }
            actions.extend(fix);
            let Some(edit) = ignore::edit(self.document, &linted.tree, finding, self.client) else { continue };
            ignores.push(CodeAction {
                title: format!("Ignore {} here, with a reason", finding.rule.id),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![diagnostic]),
                edit: Some(edit),
                ..CodeAction::default()
            });
        }
    }

    /// The repair of one finding, proved.
    fn quick_fix(&self, home: &Home<'_, '_>, linted: &Linted<'_>, finding: &Finding<'_>) -> Option<CodeAction> {
        // Whether it is safe, and its words, are certain only once its edits are written.
        let mut plan = finding.fix.clone()?;
        linted.rewriter(&|path| self.may_write(path)).edits(finding, &mut plan);
        let safety = plan.safety;
        if safety == Safety::Advice {
            return None;
        }
        let title = match (safety, &plan.withheld) {
            (Safety::Safe, _) => sentence(&plan.title),
            (_, None) => format!("{} (unsafe)", sentence(&plan.title)),
            (_, Some(why)) => format!("{} (unsafe: {why})", sentence(&plan.title)),
        };
        let action = CodeAction { title, kind: Some(CodeActionKind::QuickFix), ..CodeAction::default() };
        match self.proof(home, linted, finding, safety) {
            Proof::Mended(texts) => Some(CodeAction {
                is_preferred: (safety == Safety::Safe).then_some(true),
                edit: Some(self.edit(&texts)?),
                ..action
            }),
            Proof::Withheld(Some(reason)) if self.client.disabled_actions => {
                Some(CodeAction { disabled: Some(CodeActionDisabled { reason }), ..action })
            }
            Proof::Withheld(_) => None,
        }
    }

    fn proof(&self, home: &Home<'_, '_>, linted: &Linted<'_>, finding: &Finding<'_>, least: Safety) -> Proof {
        let (file, span) = finding.place.locate(&linted.tree);
        let key = format!("{}:{}:{}:{least:?}", finding.rule.id, file.0, span.start);
        if let Some(known) = home.checked.proofs.borrow().get(&key) {
            return known.clone();
        }
        let rule = finding.rule.id.as_str();
        let proof = self.converge(home, &Texts::new(), least, Some((rule, span)));
        home.checked.proofs.borrow_mut().insert(key, proof.clone());
        proof
    }

    /// Repairs and proves: one finding by its rule and place, or all that the user sees.
    fn converge(&self, home: &Home<'_, '_>, before: &Texts, least: Safety, only: Option<(&str, Span)>) -> Proof {
        // After the first pass another finding may have come to stand in the place of the one.
        let passed = Cell::new(false);
        let shown = |linted: &Linted<'_>, finding: &Finding<'_>| match only {
            Some((rule, span)) => {
                let (file, at) = finding.place.locate(&linted.tree);
                !passed.get() && file == home.file && at == span && finding.rule.id == rule
            }
            None => home.session.shows(home.job, linted, finding),
        };
        let relint = |texts: &Texts| {
            passed.set(true);
            let mut all = before.clone();
            all.extend(texts.clone());
            home.lint(&self.documents.with(&all))
        };
        let start = home.lint(&self.documents.with(before));
        match converge(start, least, &|path| self.may_write(path), &shown, &relint) {
            Ok(outcome) if outcome.changed.is_empty() => {
                Proof::Withheld(outcome.withdrawn.into_iter().next().map(|one| one.why))
            }
            Ok(outcome) => Proof::Mended(outcome.changed),
            Err(error) => Proof::Withheld(Some(error.to_string())),
        }
    }

    /// All safe repairs of the text, in every configuration that it belongs to.
    fn fix_all(&self, homes: &[Home<'_, '_>]) -> Option<CodeAction> {
        let mut texts = Texts::new();
        for home in homes {
            let known = home.checked.proofs.borrow().get(FIX_ALL).cloned().filter(|_| homes.len() == 1);
            let proof = known.unwrap_or_else(|| self.converge(home, &texts, Safety::Safe, None));
            home.checked.proofs.borrow_mut().insert(FIX_ALL.to_owned(), proof.clone());
            if let Proof::Mended(more) = proof {
                texts.extend(more);
            }
        }
        Some(CodeAction {
            title: "Fix all WebSocket problems that can be fixed safely".to_owned(),
            kind: Some(CodeActionKind::Custom(FIX_ALL.into())),
            edit: Some(self.edit(&texts)?),
            ..CodeAction::default()
        })
    }

    /// Only the text in front of the user: what lies elsewhere is not theirs to see change.
    fn may_write(&self, path: &Path) -> bool {
        self.documents.at(path).is_some_and(|document| document.uri == self.document.uri)
    }

    fn edit(&self, texts: &Texts) -> Option<WorkspaceEdit> {
        let (_, text) = texts.iter().find(|(path, _)| self.may_write(path))?;
        let after = std::str::from_utf8(text).ok()?;
        Some(edits::to_text(self.document, after, self.client))
    }
}

/// With a capital at its begin.
fn sentence(title: &str) -> String {
    let mut rest = title.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_covers_itself_and_what_is_below() {
        assert!(covers("source", FIX_ALL) && covers("source.fixAll", FIX_ALL) && covers(FIX_ALL, FIX_ALL));
        assert!(covers("", FIX_ALL));
        assert!(!covers("source.fixAll.nginx", FIX_ALL) && !covers("quickfix", FIX_ALL));
    }
}
