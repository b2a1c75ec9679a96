//! Passes of fixes until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::candidate::{Candidate, FindingKey, by_name, candidates, without_overlaps};
use super::lines::LineMap;
use super::objections::objections;
use super::prove::Edits;
use super::together::{Names, Task};
use crate::Linted;
use crate::config::File;
use crate::rules::{Finding, Safety};
use crate::syntax::edit::apply;

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule whose fix it is.
    pub rule: String,
    /// What it did.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
    /// Whether its finding came up in the course of the work: another one stood before it.
    pub revealed: bool,
}

/// A fix that was not applied although it is safe by its rule, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The rule whose fix it is.
    pub rule: String,
    /// The file of the finding.
    pub path: PathBuf,
    /// The line of the finding in the file as it was before all fixes.
    pub line: u32,
    /// What it would have changed.
    pub why: String,
}

/// What fixing one tree came to.
#[derive(Debug)]
pub struct Outcome<'r> {
    /// The tree as it is after all passes, with what remains to be found in it.
    pub linted: Linted<'r>,
    /// The new text of every file that changed, in its own bytes.
    pub changed: Texts,
    /// The fixes that were applied.
    pub applied: Vec<Applied>,
    /// The fixes that were withdrawn.
    pub withdrawn: Vec<Withdrawn>,
}

/// The passes did not come to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fixes do not come to an end after {passes} passes: {} undo each other; nothing was changed", rules.join(", "))]
pub struct NotConverging {
    /// How many passes were made.
    pub passes: usize,
    /// The rules that still had fixes to apply in the last passes, sorted.
    pub rules: Vec<String>,
}

/// More passes than this only fixes that fight each other take.
const MOST_PASSES: usize = 10;

/// Texts by path, in the bytes of their files.
pub type Texts = BTreeMap<PathBuf, Vec<u8>>;

/// Whether the user sees a finding.
pub type Shown<'a> = dyn Fn(&Linted<'_>, &Finding<'_>) -> bool + 'a;

/// Applies the fixes of `linted` that are at least as safe as `least`, proves each pass harmless, and lints again, until
/// nothing is left. `editable` says which files may be written; `shown` which findings the user sees: only they are
/// fixed.
///
/// # Errors
/// When ten passes do not come to an end. Nothing is changed then.
pub fn converge<'r>(
    linted: Linted<'r>,
    least: Safety,
    editable: &dyn Fn(&Path) -> bool,
    shown: &Shown<'_>,
    relint: &dyn Fn(&Texts) -> Linted<'r>,
) -> Result<Outcome<'r>, NotConverging> {
    let task = Task {
        least,
        editable,
        shown: &|_, linted, finding| shown(linted, finding),
        relint: &|_, texts| relint(texts),
        real: &|path| path.to_owned(),
    };
    let mut progress = Progress::new(vec![(0, linted)], &task);
    progress.run(&task)?;
    let Finished { mut trees, changed, applied, withdrawn, .. } = progress.finish();
    let linted = match trees.pop() {
        Some((_, linted)) => linted,
        None => relint(&changed),
    };
    Ok(Outcome { linted, changed, applied, withdrawn })
}

/// Trees that share files, on their way.
pub(super) struct Progress<'r> {
    /// Each with the number by which the caller knows it.
    trees: Vec<(usize, Linted<'r>)>,
    names: Names,
    before: Texts,
    changed: Texts,
    applied: Vec<Applied>,
    withdrawn: Vec<Withdrawn>,
    refused: HashSet<(usize, FindingKey)>,
    /// How many findings of a rule in a file could be fixed at first, less those that have been.
    announced: HashMap<(String, PathBuf), usize>,
}

/// What is left of [`Progress`] in the end.
pub(super) struct Finished<'r> {
    pub(super) trees: Vec<(usize, Linted<'r>)>,
    pub(super) before: Texts,
    pub(super) changed: Texts,
    pub(super) applied: Vec<Applied>,
    pub(super) withdrawn: Vec<Withdrawn>,
}

impl<'r> Progress<'r> {
    pub(super) fn new(trees: Vec<(usize, Linted<'r>)>, task: &Task<'_, 'r>) -> Self {
        let names = Names::new(trees.iter().map(|(_, linted)| &linted.tree), task.real);
        Self {
            trees,
            names,
            before: Texts::new(),
            changed: Texts::new(),
            applied: Vec::new(),
            withdrawn: Vec::new(),
            refused: HashSet::new(),
            announced: HashMap::new(),
        }
    }

    /// Passes until no tree has a fix that may be applied.
    pub(super) fn run(&mut self, task: &Task<'_, 'r>) -> Result<(), NotConverging> {
        let mut late: BTreeSet<String> = BTreeSet::new();
        for pass in 0.. {
            let mut all = Vec::new();
            for (number, linted) in &self.trees {
                all.extend(candidates(*number, linted, &self.names, task, &self.refused));
            }
            if pass == 0 {
                self.announce(&all);
            }
            // Comments that silence nothing go last: another repair may bring up what one of them is for.
            let (comments, others) = without_overlaps(all).into_iter().partition(|candidate| candidate.takes_comments);
            let mut chosen = self.pass(others, pass == MOST_PASSES, task);
            if chosen.is_empty() {
                chosen = self.pass(comments, pass == MOST_PASSES, task);
            }
            if chosen.is_empty() {
                return Ok(());
            }
            // Whoever fights is still at it when all others have long come to rest.
            if pass >= MOST_PASSES / 2 {
                late.extend(chosen);
            }
            if pass == MOST_PASSES {
                return Err(NotConverging { passes: MOST_PASSES, rules: late.into_iter().collect() });
            }
            // What stood in the way may be gone: a fix that would have changed a nested route can be tried again.
            self.refused.clear();
        }
        Ok(())
    }

    /// Applies what is harmless of `chosen`, or only finds out what that is. Says whose fixes they are.
    fn pass(&mut self, mut chosen: Vec<Candidate>, only_try: bool, task: &Task<'_, 'r>) -> Vec<String> {
        while !chosen.is_empty() {
            let edits = by_name(&chosen);
            let mut overlay = self.changed.clone();
            overlay.extend(self.new_texts(&edits));
            let mut after = Vec::new();
            let mut all: Vec<(usize, String)> = Vec::new();
            for (index, (number, before)) in self.trees.iter().enumerate() {
                let in_tree = self.names.edits_in(&before.tree, &edits);
                if !in_tree.is_empty() {
                    let new = (task.relint)(*number, &overlay);
                    all.extend(objections(*number, before, &new, &in_tree, &chosen, &self.names));
                    after.push((index, new));
                }
            }
            if all.is_empty() {
                let rules = chosen.iter().map(|candidate| candidate.rule.clone()).collect();
                if !only_try {
                    self.note_applied(&chosen);
                    self.note_before(&overlay);
                    self.changed = overlay;
                    for (index, new) in after {
                        self.trees[index].1 = new;
                    }
                }
                return rules;
            }
            for (index, why) in all {
                let Candidate { tree, key, rule, path, line, .. } = &chosen[index];
                if self.refused.insert((*tree, key.clone())) {
                    let (rule, path, line) = (rule.clone(), path.clone(), self.line_before(path, *line));
                    self.withdrawn.push(Withdrawn { rule, path, line, why });
                }
            }
            chosen.retain(|candidate| !self.refused.contains(&(candidate.tree, candidate.key.clone())));
        }
        Vec::new()
    }

    /// Takes note of what can be fixed at first, which is what a run without fixes tells of.
    fn announce(&mut self, all: &[Candidate]) {
        for (rule, file) in self.each_once(all).into_iter().map(|(candidate, file)| (candidate.rule.clone(), file)) {
            *self.announced.entry((rule, file)).or_default() += 1;
        }
    }

    fn note_applied(&mut self, chosen: &[Candidate]) {
        for (Candidate { rule, title, path, .. }, file) in self.each_once(chosen) {
            let left = self.announced.get_mut(&(rule.clone(), file)).filter(|left| **left > 0);
            let revealed = left.map(|left| *left -= 1).is_none();
            self.applied.push(Applied { rule: rule.clone(), title: title.clone(), path: path.clone(), revealed });
        }
    }

    /// The candidates with the one names of their files. A mistake in a file that several trees share is one mistake.
    fn each_once<'c>(&self, all: &'c [Candidate]) -> Vec<(&'c Candidate, PathBuf)> {
        let mut seen = HashSet::new();
        let named = all.iter().map(|candidate| (candidate, self.names.of(&candidate.path).to_owned()));
        named.filter(|(candidate, file)| seen.insert((&candidate.rule, file.clone(), candidate.key.2))).collect()
    }

    /// The line of a file as it was before all fixes that is this one now.
    fn line_before(&self, path: &Path, line: u32) -> u32 {
        let name = self.names.of(path);
        match self.changed.get(name).zip(self.before.get(name)) {
            Some((now, before)) => LineMap::between(now, before).of(line),
            None => line,
        }
    }

    /// What the files held from which the new texts are made.
    fn note_before(&mut self, texts: &Texts) {
        for name in texts.keys().filter(|name| !self.before.contains_key(*name)).cloned().collect::<Vec<_>>() {
            if let Some(file) = self.file(&name) {
                let bytes = file.source.to_bytes(file.source.text());
                self.before.insert(name, bytes);
            }
        }
    }

    fn new_texts(&self, edits: &Edits) -> Texts {
        let mut texts = Texts::new();
        for (name, edits) in edits {
            let text = self.file(name).and_then(|file| Some((file, apply(file.source.text(), edits)?)));
            if let Some((file, text)) = text {
                texts.insert(name.clone(), file.source.to_bytes(&text));
            }
        }
        texts
    }

    fn file(&self, name: &Path) -> Option<&File> {
        let mut files = self.trees.iter().flat_map(|(_, linted)| linted.tree.files());
        files.find(|file| self.names.of(file.source.path()) == name)
    }

    pub(super) fn finish(mut self) -> Finished<'r> {
        // A fix that found its place in a later pass was not withdrawn in the end.
        let mut left: HashSet<(String, PathBuf)> = HashSet::new();
        for (_, linted) in &self.trees {
            let path = |finding: &Finding<'_>| linted.tree.source(finding.place.directive).path().to_owned();
            left.extend(linted.findings.iter().map(|finding| (finding.rule.id.clone(), path(finding))));
        }
        let mut seen = HashSet::new();
        self.withdrawn.retain(|one| {
            left.contains(&(one.rule.clone(), one.path.clone()))
                && seen.insert((one.rule.clone(), self.names.of(&one.path).to_owned(), one.line))
        });
        let Self { trees, before, changed, applied, withdrawn, .. } = self;
        Finished { trees, before, changed, applied, withdrawn }
    }
}
