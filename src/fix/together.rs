//! Several trees at once: a file that two of them share is changed only as is right for both.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::converge::{Applied, NotConverging, Progress, Texts, Withdrawn};
use super::prove::Edits;
use crate::Linted;
use crate::config::Tree;
use crate::rules::{Finding, Safety};

/// How fixing is to go about. Trees are known by their numbers.
pub struct Task<'a, 'r> {
    /// The least safe fixes that are applied.
    pub least: Safety,
    /// Whether a file may be written.
    pub editable: &'a dyn Fn(&Path) -> bool,
    /// Whether the user sees a finding: only such are fixed.
    pub shown: &'a dyn Fn(usize, &Linted<'_>, &Finding<'_>) -> bool,
    /// Reads and checks a tree again, with these texts in place of what the files hold.
    pub relint: &'a dyn Fn(usize, &Texts) -> Linted<'r>,
    /// The one name of a file that may have several.
    pub real: &'a dyn Fn(&Path) -> PathBuf,
}

/// What fixing several trees came to.
#[derive(Debug, Default)]
pub struct Together<'r> {
    /// The trees as they are after all passes, in the order in which they were given.
    pub linted: Vec<Linted<'r>>,
    /// What the files held that changed, as it was read.
    pub before: Texts,
    /// The new text of every file that changed, in its own bytes, under the name that the first of its trees gives it.
    pub changed: Texts,
    /// The fixes that were applied.
    pub applied: Vec<Applied>,
    /// The fixes that were withdrawn.
    pub withdrawn: Vec<Withdrawn>,
}

/// Applies the fixes of all trees, as [`converge`](super::converge()) does for one. A fix must be harmless in every tree
/// that reads the file.
///
/// # Errors
/// When the fixes of trees that share files do not come to an end. Nothing is changed then.
pub fn converge_all<'r>(trees: Vec<Linted<'r>>, task: &Task<'_, 'r>) -> Result<Together<'r>, NotConverging> {
    let count = trees.len();
    let mut together = Together::default();
    let mut done: Vec<Option<Linted<'r>>> = (0..count).map(|_| None).collect();
    for group in groups(trees, task.real) {
        let mut progress = Progress::new(group, task);
        progress.run(task)?;
        let finished = progress.finish();
        for (number, linted) in finished.trees {
            done[number] = Some(linted);
        }
        together.before.extend(finished.before);
        together.changed.extend(finished.changed);
        together.applied.extend(finished.applied);
        together.withdrawn.extend(finished.withdrawn);
    }
    together.linted = done.into_iter().flatten().collect();
    Ok(together)
}

/// The trees with their numbers, those that share files together.
fn groups<'r>(trees: Vec<Linted<'r>>, real: &dyn Fn(&Path) -> PathBuf) -> Vec<Vec<(usize, Linted<'r>)>> {
    let mut group_of: Vec<usize> = (0..trees.len()).collect();
    let mut holder: HashMap<PathBuf, usize> = HashMap::new();
    for (number, linted) in trees.iter().enumerate() {
        for file in linted.tree.files().iter().filter(|file| !file.well_known) {
            let first = *holder.entry(real(file.source.path())).or_insert(number);
            let (one, other) = (group_of[first], group_of[number]);
            if one != other {
                let (low, high) = (one.min(other), one.max(other));
                group_of.iter_mut().filter(|group| **group == high).for_each(|group| *group = low);
            }
        }
    }
    let mut all: Vec<Vec<(usize, Linted<'r>)>> = (0..trees.len()).map(|_| Vec::new()).collect();
    for (number, linted) in trees.into_iter().enumerate() {
        all[group_of[number]].push((number, linted));
    }
    all.retain(|group| !group.is_empty());
    all
}

/// One name for each file of several trees: the one that the first of them knows it by.
pub(super) struct Names(HashMap<PathBuf, PathBuf>);

impl Names {
    pub(super) fn new<'t>(trees: impl Iterator<Item = &'t Tree>, real: &dyn Fn(&Path) -> PathBuf) -> Self {
        let mut first: HashMap<PathBuf, PathBuf> = HashMap::new();
        let mut names = HashMap::new();
        for path in trees.flat_map(Tree::files).map(|file| file.source.path()) {
            let name = first.entry(real(path)).or_insert_with(|| path.to_owned());
            names.insert(path.to_owned(), name.clone());
        }
        Self(names)
    }

    /// The one name of a file.
    pub(super) fn of<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.0.get(path).map_or(path, PathBuf::as_path)
    }

    /// Those edits that are made in files of a tree, by the tree's own names.
    pub(super) fn edits_in(&self, tree: &Tree, edits: &Edits) -> Edits {
        let paths: BTreeSet<&Path> = tree.files().iter().map(|file| file.source.path()).collect();
        let known = paths.into_iter().filter_map(|path| Some((path.to_owned(), edits.get(self.of(path))?.clone())));
        known.collect()
    }
}
