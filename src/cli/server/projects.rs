//! The configurations to which the open texts belong, each linted when it has changed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use gen_lsp_types::{Diagnostic, Uri};
use nginx_wslint::Linted;
use nginx_wslint::config::{FileId, Reader, Tree};
use nginx_wslint::fix::Texts;
use nginx_wslint::rules::Finding;
use nginx_wslint::websocket::Routes;

use super::super::Failure;
use super::super::args::LintArgs;
use super::super::files::{Asked, Job, is_mostly_nginx, jobs};
use super::super::lint::Session;
use super::super::settings::Settings;
use super::diagnostics::{self, ByDocument};
use super::disk::Stamp;
use super::documents::{Document, Documents};
use super::positions::Encoding;

/// What a configuration looked like when it was last linted.
pub(super) struct Checked {
    pub(super) tree: Tree,
    pub(super) routes: Routes,
    /// Its files, behind links.
    files: HashSet<PathBuf>,
    diagnostics: ByDocument,
    /// Fixes that were proved since, by rule and place: clients ask with every movement of the cursor.
    pub(super) proofs: RefCell<HashMap<String, Proof>>,
}

/// What trying a fix came to.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// The texts that it leaves.
    Mended(Texts),
    /// Why it is not offered, if there is more to say than that there is none.
    Withheld(Option<String>),
}

/// The open texts that share a settings file.
pub(super) struct Project<'a> {
    /// Whether its settings file is still the same: not every client tells.
    written: Option<Stamp>,
    pub(super) session: Session<'a>,
    /// One for each job of the session; none where something has changed since.
    checked: Vec<Option<Checked>>,
}

/// A configuration that an open text belongs to.
#[derive(Clone, Copy)]
pub(super) struct Home<'p, 'a> {
    pub(super) session: &'p Session<'a>,
    pub(super) job: &'p Job,
    pub(super) checked: &'p Checked,
    /// The text there.
    pub(super) file: FileId,
}

/// All of them.
pub(super) struct Projects<'a> {
    args: &'a LintArgs,
    /// By settings file.
    all: BTreeMap<Option<PathBuf>, Project<'a>>,
    /// The settings file of each open text, and which it was.
    planned: HashMap<Uri, (Option<PathBuf>, Option<Stamp>)>,
}

impl<'a> Projects<'a> {
    pub(super) fn new(args: &'a LintArgs) -> Self {
        Self { args, all: BTreeMap::new(), planned: HashMap::new() }
    }

    /// Reads the settings anew as soon as they are needed.
    pub(super) fn forget_settings(&mut self) {
        self.all.clear();
    }

    /// Finds out anew which configuration each open text belongs to. Gives what is wrong with settings: texts under
    /// them are not linted, because nobody knows how.
    pub(super) fn plan(&mut self, documents: &Documents) -> Vec<String> {
        let mut groups: BTreeMap<Option<PathBuf>, Vec<&Document>> = BTreeMap::new();
        self.planned = documents.iter().map(|one| (one.uri.clone(), self.settings_of(one))).collect();
        for document in documents.iter() {
            if let Some((file, _)) = self.planned.get(&document.uri) {
                groups.entry(file.clone()).or_default().push(document);
            }
        }
        self.all.retain(|file, _| groups.contains_key(file));
        let mut failures = Vec::new();
        for (file, members) in groups {
            if self.all.get(&file).is_none_or(|project| project.written != written(file.as_deref())) {
                self.all.remove(&file);
                match self.project(file.as_deref()) {
                    Ok(project) => {
                        self.all.insert(file.clone(), project);
                    }
                    Err(Failure(message)) => {
                        failures.push(message);
                        continue;
                    }
                }
            }
            if let Some(project) = self.all.get_mut(&file) {
                project.plan(&members, documents);
            }
        }
        failures
    }

    /// Whether settings have come, gone or changed since the last plan.
    pub(super) fn have_other_settings(&self, documents: &Documents) -> bool {
        let is_known = |document: &Document| self.planned.get(&document.uri) == Some(&self.settings_of(document));
        !documents.iter().all(is_known)
    }

    fn settings_of(&self, document: &Document) -> (Option<PathBuf>, Option<Stamp>) {
        let file = self.settings_file(document);
        let stamp = written(file.as_deref());
        (file, stamp)
    }

    fn settings_file(&self, document: &Document) -> Option<PathBuf> {
        match &self.args.settings.config {
            Some(file) => Some(file.clone()),
            None if self.args.settings.isolated => None,
            None => Settings::find(&document.path),
        }
    }

    fn project(&self, file: Option<&Path>) -> Result<Project<'a>, Failure> {
        let written = written(file);
        let session = Session::empty(self.args, |rules, own| match file {
            Some(file) => Settings::read(file, rules, own),
            None => Ok(Settings::default()),
        })?;
        Ok(Project { written, session, checked: Vec::new() })
    }

    /// Marks what has to be linted again after a text has changed.
    pub(super) fn touch(&mut self, document: &Document) {
        for Project { session, checked, .. } in self.all.values_mut() {
            for (job, checked) in session.jobs.iter().zip(checked) {
                if checked.as_ref().is_none_or(|checked| checked.files.contains(&document.real)) {
                    *checked = None;
                    job.forget();
                }
            }
        }
    }

    /// Lints what has changed.
    pub(super) fn check(&mut self, documents: &Documents, encoding: Encoding) {
        for Project { session, checked, .. } in self.all.values_mut() {
            for (job, checked) in session.jobs.iter().zip(checked) {
                // On a thread of the pool: its parts are shared out there without waiting for anybody to wake up.
                checked.get_or_insert_with(|| rayon::scope(|_| check(session, job, documents, encoding)));
            }
        }
    }

    /// The diagnostics of an open text. What several configurations find in it is said once.
    pub(super) fn diagnostics(&self, document: &Document) -> Vec<Diagnostic> {
        let checked = self.all.values().flat_map(|project| &project.checked).flatten();
        let found: Vec<&Diagnostic> = checked.filter_map(|one| one.diagnostics.get(&document.uri)).flatten().collect();
        let mut known = HashSet::new();
        let mut all: Vec<Diagnostic> = found
            .into_iter()
            .filter(|one| known.insert((one.range, format!("{:?}", (&one.code, &one.message)))))
            .cloned()
            .collect();
        all.sort_by_key(|one| one.range);
        all
    }

    /// The configurations that an open text belongs to.
    pub(super) fn homes<'p>(&'p self, document: &'p Document, documents: &'p Documents) -> Vec<Home<'p, 'a>> {
        let mut homes = Vec::new();
        for Project { session, checked, .. } in self.all.values() {
            for (job, checked) in session.jobs.iter().zip(checked) {
                let Some(checked) = checked.as_ref().filter(|checked| checked.files.contains(&document.real)) else {
                    continue;
                };
                let is_it = |path: &Path| documents.at(path).is_some_and(|open| open.uri == document.uri);
                let file = checked.tree.files().iter().position(|file| is_it(file.source.path()));
                homes.extend(file.map(|file| Home { session, job, checked, file: FileId(file as u32) }));
            }
        }
        homes
    }
}

fn written(file: Option<&Path>) -> Option<Stamp> {
    Stamp::of(file?)
}

impl Project<'_> {
    fn plan(&mut self, members: &[&Document], documents: &Documents) {
        let session = &mut self.session;
        let mut asked = Asked::default();
        for document in members.iter().filter(|document| !session.settings.excludes(&document.path)) {
            asked.add(document.path.clone());
        }
        session.jobs = jobs(&asked, &[], &[], &session.settings, documents);
        session.asked = asked;
        self.checked = session.jobs.iter().map(|_| None).collect();
    }
}

fn check(session: &Session<'_>, job: &Job, documents: &Documents, encoding: Encoding) -> Checked {
    let linted = session.lint(job, documents);
    let real: Vec<PathBuf> = linted.tree.files().iter().map(|file| documents.real(file.source.path())).collect();
    let asked: Vec<bool> = real.iter().map(|real| session.asked.names.contains_key(real)).collect();
    let shown = |finding: &Finding<'_>| {
        let FileId(file) = finding.place.locate(&linted.tree).0;
        asked[file as usize] && session.shows(job, &linted, finding)
    };
    let diagnostics = if is_foreign(&linted.tree) {
        ByDocument::new()
    } else {
        diagnostics::of(&linted, &shown, documents, encoding)
    };
    let Linted { tree, routes, .. } = linted;
    Checked { tree, routes, files: real.into_iter().collect(), diagnostics, proofs: RefCell::default() }
}

/// Whether the main file is another program's, which nginx could not read: editors go by names, and `conf.d/app.conf` may
/// be anybody's.
fn is_foreign(tree: &Tree) -> bool {
    let broken = tree.problems().iter().any(|problem| problem.place.is_some_and(|(file, _)| file == FileId(0)));
    broken && tree.files().first().is_some_and(|main| !is_mostly_nginx(&main.source, &main.ast))
}

impl Checked {
    /// Whether anything of that kind was found in a text.
    pub(super) fn has_any(&self, document: &Document, is_one: impl Fn(&Diagnostic) -> bool) -> bool {
        self.diagnostics.get(&document.uri).is_some_and(|found| found.iter().any(is_one))
    }
}

impl<'p> Home<'p, '_> {
    /// Lints it again with some texts replaced.
    pub(super) fn lint(&self, reader: &dyn Reader) -> Linted<'p> {
        self.job.forget();
        self.session.lint(self.job, reader)
    }
}
