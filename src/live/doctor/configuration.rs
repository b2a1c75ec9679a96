//! The configuration: what the linter finds in it, and what nginx says of it.

use super::checkup::{State, Step};
use super::examine::{Visit, number};
use super::nginx::is_root;
use crate::Linted;
use crate::rules::{Finding, Safety, Severity};

impl Visit<'_, '_> {
    pub(super) fn lint(&mut self) {
        let linted = match &self.ask.linted {
            Ok(linted) => *linted,
            Err(why) => return self.step(Step::new("lint", State::Skipped, why)),
        };
        let file = linted.tree.files().first().map(|file| file.source.path().display().to_string()).unwrap_or_default();
        if let Some(problem) = linted.tree.problems().first() {
            let line = problem.place.map(|(file, span)| linted.tree.file(file).source.line_column(span.start).line);
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            let cause = format!("{}{line}: {}", problem.path.display(), problem.message);
            self.step(Step::new("lint", State::Bad, &cause));
            let advice = vec!["Mend it first: what stands behind it cannot be judged.".to_owned()];
            self.found(0, "configuration", cause, advice, Vec::new());
            return;
        }
        let mut shown: Vec<&Finding<'_>> = linted.findings.iter().filter(|finding| (self.ask.shows)(finding)).collect();
        shown.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count = |severity| shown.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let found = match (errors, warnings) {
            (0, 0) => "nothing found".to_owned(),
            (0, warnings) => number(warnings, "warning"),
            (errors, 0) => number(errors, "error"),
            (errors, warnings) => format!("{}, {}", number(errors, "error"), number(warnings, "warning")),
        };
        let files = number(linted.tree.files().len(), "file");
        let state = if errors + warnings > 0 { State::Bad } else { State::Good };
        let mut step = Step::new("lint", state, format!("{file} ({files}): {found}"));
        const MOST: usize = 3;
        step.notes = shown.iter().take(MOST).map(|finding| line_of(linted, finding)).collect();
        if shown.len() > MOST {
            step.notes.push(format!("and {} more: nginx-wslint {file}", shown.len() - MOST));
        }
        self.step(step);
        for finding in shown.iter().filter(|finding| finding.severity > Severity::Info) {
            let rank = if finding.severity == Severity::Error { 4 } else { 5 };
            let cause = format!("{} ({})", finding.message, place_of(linted, finding));
            let fix = finding.fix.as_ref().filter(|fix| fix.safety != Safety::Advice).map(|fix| fix.title.clone());
            self.found(rank, &finding.rule.id, cause, fix.into_iter().collect(), vec![finding.rule.id.clone()]);
        }
    }

    pub(super) fn test(&mut self) {
        let step = match &self.ask.tested {
            Err(why) => Step::new("nginx -t", State::Skipped, why),
            Ok(said) if said.success => Step::new("nginx -t", State::Good, "nginx accepts it"),
            Ok(said) if said.is_denied() && !is_root() => {
                let text = format!("this user may not: {}; as root it can be tested", said.complaint());
                Step::new("nginx -t", State::Skipped, text)
            }
            Ok(said) => {
                let complaint = said.complaint();
                let cause = format!("nginx refuses the configuration: {complaint}");
                let advice =
                    "Until it is mended nginx does not start, and a reload leaves the old configuration in place.";
                self.found(1, "configuration", cause, vec![advice.to_owned()], Vec::new());
                Step::new("nginx -t", State::Bad, complaint)
            }
        };
        self.step(step);
    }
}

fn place_of(linted: &Linted<'_>, finding: &Finding<'_>) -> String {
    let (file, span) = finding.place.locate(&linted.tree);
    let source = &linted.tree.file(file).source;
    format!("{}:{}", source.path().display(), source.line_column(span.start).line)
}

fn line_of(linted: &Linted<'_>, finding: &Finding<'_>) -> String {
    format!("{}: {}[{}]", place_of(linted, finding), finding.severity.name(), finding.rule.id)
}
