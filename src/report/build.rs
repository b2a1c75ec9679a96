//! From findings in trees to a report.

use std::collections::BTreeMap;
use std::path::Path;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::excerpt::{Mark, Window, windows};
use super::fingerprint::Fingerprints;
use super::model::{
    Diagnostic, EditInfo, FileStatus, FixInfo, Problem, Related, Report, RouteInfo, RouteState, Status, UnreadInclude,
};
use super::paths::Base;
use super::positions::{Point, Positions};
use super::preview::{block, preview};
use super::routes::{PlaceView, RouteView};
use crate::Linted;
use crate::config::{DirectiveId, FileId, Tree, Version};
use crate::fix::{FileEdit, Rewriter};
use crate::rules::docs::{article, web_address};
use crate::rules::{Finding, Place, Safety, Severity};
use crate::syntax::Span;
use crate::syntax::edit::Edit;

/// What of a tree belongs in a report.
pub struct Scope<'a> {
    /// Whether the file was asked for.
    pub asked: &'a dyn Fn(&Path) -> bool,
    /// Whether the finding is to be shown; asked for files that were asked for alone.
    pub shown: &'a dyn Fn(&Finding<'_>) -> bool,
    /// Whether the file may be written.
    pub editable: &'a dyn Fn(&Path) -> bool,
}

/// Collects a report from one tree or several. What two trees share, such as a snippet both include, is said once.
#[derive(Default)]
pub struct Builder {
    report: Report,
    fingerprints: Fingerprints,
    /// What has been said, by rule or message and place, with the fingerprint of a finding.
    found: HashMap<(String, String, Point, Point), String>,
    /// Whether rules and routes are collected as well, for this nginx.
    background: Option<Option<Version>>,
    /// Whether lines of the configuration are left out.
    bare: bool,
    /// Whether findings are left out.
    empty: bool,
    files: HashMap<String, usize>,
    /// Routes by the places of their `proxy_pass` and of their server, which may share a snippet.
    routes: HashMap<(PlaceView, Option<PlaceView>), usize>,
    unread: HashSet<(String, u32)>,
    ignored: HashSet<(String, String, Point)>,
}

impl Builder {
    /// A report of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Collects the texts of the rules and the routes as well, for formats that [show them](super::Format::has_background);
    /// `version` is the nginx it is for, where that is known.
    #[must_use]
    pub fn with_background(mut self, version: Option<Version>) -> Self {
        self.background = Some(version);
        self
    }

    /// Leaves out the lines of the configuration around what was found and those that fixes change, for formats that
    /// [show none](super::Format::has_excerpts): they are the most of what a report takes in memory.
    #[must_use]
    pub fn without_excerpts(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Leaves out the findings: what is left is what the run was about, and what nobody could read.
    #[must_use]
    pub fn without_findings(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Says where the run takes place: from there, files are named in fingerprints, however they were given.
    #[must_use]
    pub fn at(mut self, base: Base) -> Self {
        self.fingerprints.relative_to(base.here.clone());
        self.report.base = base;
        self
    }

    /// Adds what was found in a tree.
    pub fn add(&mut self, linted: &Linted<'_>, scope: &Scope<'_>) {
        let tree = &linted.tree;
        let places = Places::new(tree);
        self.fingerprints.next_tree();
        for (index, file) in tree.files().iter().enumerate() {
            if !file.well_known && (scope.asked)(file.source.path()) {
                let template = file.ast.template().map(|template| template.language);
                let status = if template.is_some() { Status::Partial } else { Status::Ok };
                self.file(places.name(FileId(index as u32)), status, template);
            }
        }
        self.problems(tree, &places);
        let rewriter = linted.rewriter(scope.editable);
        let mut by_route: HashMap<usize, Vec<String>> = HashMap::new();
        let findings = if self.empty { &[][..] } else { &linted.findings };
        for finding in findings {
            let (file, _) = finding.place.locate(tree);
            if !(scope.asked)(tree.file(file).source.path()) {
                continue;
            }
            // Those that are not shown count too, so that the others are named alike whatever is shown.
            let fingerprint = self.fingerprints.of(tree, finding);
            if (scope.shown)(finding) {
                let fingerprint = self.finding(linted, &places, &rewriter, finding, fingerprint);
                if self.background.is_some() {
                    let about = routes_of(linted, finding);
                    about.into_iter().for_each(|route| by_route.entry(route).or_default().push(fingerprint.clone()));
                }
            }
        }
        for finding in &linted.silenced {
            let (file, span) = finding.place.locate(tree);
            if (scope.asked)(tree.file(file).source.path()) && (scope.shown)(finding) {
                let start = places.range(file, span).0;
                self.ignored.insert((finding.rule.id.clone(), places.name(file), start));
            }
        }
        if let Some(version) = self.background {
            self.routes(linted, scope, version, by_route);
        }
        for unread in tree.unread().iter().filter(|unread| !unread.is_told) {
            let file = tree.directive(unread.include).file;
            if (scope.asked)(tree.file(file).source.path()) {
                let line = places.range(file, tree.head(unread.include)).0.line;
                let file = places.name(file);
                if self.unread.insert((file.clone(), line)) {
                    let pattern = tree.arg(unread.include, 1).unwrap_or_default().into_owned();
                    self.report.unread.push(UnreadInclude { file, line, pattern });
                }
            }
        }
    }

    /// Adds a sentence about the run as a whole.
    pub fn note(&mut self, text: impl Into<String>) {
        self.report.notes.push(text.into());
    }

    /// Adds a file of which nothing could be read.
    pub fn unreadable(&mut self, file: impl Into<String>, message: impl Into<String>) {
        let file = file.into();
        self.file(file.clone(), Status::Unreadable, None);
        let problem = Problem { file, place: None, message: message.into(), help: None, excerpt: None };
        self.report.problems.push(problem);
    }

    /// The report.
    pub fn finish(self) -> Report {
        Report { ignored: self.ignored.len(), ..self.report }
    }

    fn file(&mut self, path: String, status: Status, template: Option<&'static str>) {
        match self.files.get(&path) {
            Some(&index) => {
                let known = &mut self.report.files[index];
                known.status = known.status.max(status);
                known.template = known.template.or(template);
            }
            None => {
                self.files.insert(path.clone(), self.report.files.len());
                self.report.files.push(FileStatus { path, status, template });
            }
        }
    }

    fn problems(&mut self, tree: &Tree, places: &Places<'_>) {
        for problem in tree.problems() {
            let file = problem.path.display().to_string();
            let place = problem.place.map(|(file, span)| places.range(file, span));
            self.file(file.clone(), if place.is_some() { Status::SyntaxError } else { Status::Unreadable }, None);
            let (start, end) = place.unwrap_or_default();
            let said = (problem.message.clone(), file.clone(), start, end);
            if self.found.insert(said, String::new()).is_some() {
                continue;
            }
            let excerpt = problem.place.filter(|_| !self.bare).and_then(|(file, span)| {
                let mark = Mark { span, message: problem.help.clone(), primary: true };
                windows(places.of(file), vec![mark]).pop()
            });
            let (message, help) = (problem.message.clone(), problem.help.clone());
            self.report.problems.push(Problem { file, place, message, help, excerpt });
        }
    }

    /// The routes of the files that were asked for. A route that two trees share is shown once, with the findings of both.
    fn routes(
        &mut self,
        linted: &Linted<'_>,
        scope: &Scope<'_>,
        version: Option<Version>,
        mut by_route: HashMap<usize, Vec<String>>,
    ) {
        for (index, route) in linted.routes.all.iter().enumerate() {
            let findings = by_route.remove(&index).unwrap_or_default();
            if !(scope.asked)(linted.tree.source(route.block).path()) {
                continue;
            }
            let route = RouteView::new(&linted.tree, route, version);
            let place = (route.pass.place.clone(), route.server.as_ref().map(|server| server.place.clone()));
            let next = self.report.routes.len();
            match self.report.routes.get_mut(*self.routes.entry(place).or_insert(next)) {
                Some(known) => {
                    known.findings.extend(findings);
                    known.findings.sort();
                    known.findings.dedup();
                }
                None => self.report.routes.push(RouteState { route, findings }),
            }
        }
    }

    /// Adds a finding, unless it has been said; its fingerprint.
    fn finding(
        &mut self,
        linted: &Linted<'_>,
        places: &Places<'_>,
        rewriter: &Rewriter<'_>,
        finding: &Finding<'_>,
        fingerprint: String,
    ) -> String {
        let tree = &linted.tree;
        let (file, span) = finding.place.locate(tree);
        let (start, end) = places.range(file, span);
        let name = places.name(file);
        let said = (finding.rule.id.clone(), name.clone(), start, end);
        if let Some(known) = self.found.get(&said) {
            return known.clone();
        }
        self.found.insert(said, fingerprint.clone());
        if self.background.is_some() && !self.report.rules.iter().any(|rule| rule.id == finding.rule.id) {
            self.report.rules.push(article(finding.rule));
        }
        let fix = self.fix(places, rewriter, finding);
        let related = finding.related.iter().map(|(place, message)| places.related(*place, message)).collect();
        self.report.diagnostics.push(Diagnostic {
            rule: finding.rule.id.clone(),
            group: finding.rule.group.clone(),
            severity: finding.severity,
            confidence: finding.confidence,
            open: finding.open,
            message: finding.message.clone(),
            why: first_sentence(&finding.rule.why),
            help: fix.as_ref().map(help),
            url: web_address(finding.rule),
            fingerprint: fingerprint.clone(),
            file: name,
            start,
            end,
            related,
            route: finding.route.and_then(|index| route(linted, index)),
            also: finding.more_routes.iter().collect::<HashSet<_>>().len(),
            fixes: fix.into_iter().collect(),
            excerpts: if self.bare { Vec::new() } else { places.excerpts(finding) },
        });
        fingerprint
    }

    /// The repair of a finding as it is told.
    fn fix(&self, places: &Places<'_>, rewriter: &Rewriter<'_>, finding: &Finding<'_>) -> Option<FixInfo> {
        let mut plan = finding.fix.clone()?;
        let edits = if plan.safety == Safety::Advice { Vec::new() } else { rewriter.edits(finding, &mut plan) };
        let mut by_file: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
        for FileEdit { file, edit } in edits {
            by_file.entry(file).or_default().push(edit);
        }
        let infos = by_file.iter().flat_map(|(&file, edits)| {
            edits.iter().map(move |edit| {
                let (start, end) = places.range(file, edit.span);
                EditInfo { file: places.name(file), start, end, text: edit.text.clone() }
            })
        });
        let shown = by_file.iter().filter(|_| !self.bare);
        Some(FixInfo {
            edits: infos.collect(),
            preview: shown.flat_map(|(&file, edits)| preview(places.of(file), edits)).collect(),
            block: by_file
                .iter()
                .next()
                .filter(|_| by_file.len() == 1 && !self.bare)
                .and_then(|(&file, edits)| block(places.of(file), edits)),
            title: plan.title,
            safety: plan.safety,
            withheld: plan.withheld,
        })
    }
}

/// The files of a tree, each with the count of its characters.
struct Places<'t> {
    tree: &'t Tree,
    positions: Vec<std::cell::OnceCell<Positions<'t>>>,
}

impl<'t> Places<'t> {
    fn new(tree: &'t Tree) -> Self {
        Self { tree, positions: tree.files().iter().map(|_| std::cell::OnceCell::new()).collect() }
    }

    fn of(&self, file: FileId) -> &Positions<'t> {
        self.positions[file.0 as usize].get_or_init(|| Positions::new(&self.tree.file(file).source))
    }

    fn name(&self, file: FileId) -> String {
        self.tree.file(file).source.path().display().to_string()
    }

    fn range(&self, file: FileId, span: Span) -> (Point, Point) {
        let positions = self.of(file);
        (positions.at(span.start), positions.at(span.end))
    }

    fn related(&self, place: Place, message: &str) -> Related {
        let (file, span) = place.locate(self.tree);
        let (start, end) = self.range(file, span);
        Related { message: message.to_owned(), file: self.name(file), start, end }
    }

    /// The text around a finding: the window of its own place first.
    fn excerpts(&self, finding: &Finding<'_>) -> Vec<Window> {
        let mut marks: BTreeMap<FileId, Vec<Mark>> = BTreeMap::new();
        let related = finding.related.iter().map(|(place, message)| (*place, Some(message.clone()), false));
        for (place, message, primary) in std::iter::once((finding.place, None, true)).chain(related) {
            let (file, span) = place.locate(self.tree);
            marks.entry(file).or_default().push(Mark { span, message, primary });
        }
        let mut all: Vec<Window> = marks.into_iter().flat_map(|(file, marks)| windows(self.of(file), marks)).collect();
        all.sort_by_key(|window| !window.labels.iter().any(|label| label.primary));
        all
    }
}

/// The routes that a finding is about. One about a line as such concerns the routes of the location or server that the line
/// stands in, if it breaks anything at all; what stands further out may concern none of them.
fn routes_of(linted: &Linted<'_>, finding: &Finding<'_>) -> Vec<usize> {
    let told: Vec<usize> = finding.routes().collect();
    let tree = &linted.tree;
    let block = tree.directive(finding.place.directive).parent;
    let inside = ["server", "location", "if", "limit_except"].into_iter().any(|name| tree.is(block, name));
    if !told.is_empty() || !inside || finding.severity == Severity::Info {
        return told;
    }
    let within = |block_of_route| block_of_route == block || tree.ancestors(block_of_route).any(|outer| outer == block);
    let routes = linted.routes.all.iter().enumerate();
    routes.filter(|(_, route)| within(route.block)).map(|(index, _)| index).collect()
}

/// What to do, with the reason why the program does not do it unasked.
fn help(fix: &FixInfo) -> String {
    match &fix.withheld {
        Some(why) => format!("{} ({}: {why})", fix.title, fix.safety.name()),
        None => fix.title.clone(),
    }
}

fn route(linted: &Linted<'_>, index: usize) -> Option<RouteInfo> {
    let route = linted.routes.all.get(index)?;
    let tree = &linted.tree;
    let names = |server: DirectiveId| -> Vec<String> {
        let lines = tree.own(server, "server_name").iter();
        lines.flat_map(|&line| tree.args(line).map(std::borrow::Cow::into_owned)).collect()
    };
    let server = route.server.map(names).filter(|names| !names.is_empty()).map(|names| names.join(" "));
    let (confidence, why) = (route.intent.confidence, route.intent.why().to_owned());
    Some(RouteInfo { location: route.label(tree), server, confidence, why })
}

/// Up to the first full stop that ends a sentence, on one line.
fn first_sentence(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end =
        line.match_indices(". ").find(|(at, _)| line[at + 2..].starts_with(|c: char| c.is_uppercase() || c == '`'));
    end.map_or(line.clone(), |(at, _)| line[..=at].to_owned())
}

#[cfg(test)]
mod tests;
