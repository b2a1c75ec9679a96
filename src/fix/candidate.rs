//! The fixes that are to be applied in a pass, and which of them can be applied together.

use std::collections::BTreeSet;
use std::path::PathBuf;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::rewrite::FileEdit;
use super::together::{Names, Task};
use crate::Linted;
use crate::config::{DirectiveId, Tree};
use crate::rules::{Finding, Op, Plan, WordPart};
use crate::syntax::Span;
use crate::syntax::edit::Edit;
use crate::websocket::Routes;

/// A fix that is to be applied in a pass.
pub(super) struct Candidate {
    /// The number of the tree it was found in.
    pub(super) tree: usize,
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) path: PathBuf,
    pub(super) line: u32,
    pub(super) key: FindingKey,
    /// Its edits, each with the one name of its file.
    pub(super) edits: Vec<(PathBuf, Edit)>,
    pub(super) changes: Vec<String>,
    pub(super) reveals: Vec<String>,
    /// The blocks of its tree on which values may change.
    pub(super) blocks: HashSet<DirectiveId>,
    pub(super) may_move_map: bool,
    /// Whether it is about a comment of the linter alone.
    pub(super) takes_comments: bool,
}

/// A finding that is the same in the next pass: its rule, its file as the tree names it, its place.
pub(super) type FindingKey = (String, PathBuf, u32);

impl Candidate {
    /// Whether it brings in a map for this variable, or moves one.
    pub(super) fn brings_map(&self, variable: &str) -> bool {
        let head = format!("${variable} ");
        self.edits.iter().any(|(_, edit)| {
            edit.text.lines().any(|line| line.trim_start().starts_with("map ") && line.to_lowercase().contains(&head))
        })
    }
}

/// The fixes of a tree that may be applied and were not refused.
pub(super) fn candidates(
    number: usize,
    linted: &Linted<'_>,
    names: &Names,
    task: &Task<'_, '_>,
    refused: &HashSet<(usize, FindingKey)>,
) -> Vec<Candidate> {
    let tree = &linted.tree;
    let rewriter = linted.rewriter(task.editable);
    let mut all = Vec::new();
    for finding in linted.findings.iter().filter(|finding| (task.shown)(number, linted, finding)) {
        let Some(mut plan) = finding.fix.clone() else { continue };
        let edits = rewriter.edits(finding, &mut plan);
        let key = finding_key(tree, finding);
        if plan.safety > task.least || edits.is_empty() || refused.contains(&(number, key.clone())) {
            continue;
        }
        let (_, span) = finding.place.locate(tree);
        let named = |FileEdit { file, edit }: FileEdit| (names.of(tree.file(file).source.path()).to_owned(), edit);
        all.push(Candidate {
            tree: number,
            rule: finding.rule.id.clone(),
            title: plan.title.clone(),
            path: tree.source(finding.place.directive).path().to_owned(),
            line: tree.source(finding.place.directive).line(span.start),
            key,
            edits: edits.into_iter().map(named).collect(),
            blocks: blocks_of(tree, &linted.routes, finding, &plan),
            takes_comments: matches!(finding.place.part, WordPart::Text(_)),
            may_move_map: plan.ops.iter().any(|op| matches!(op, Op::Hoist(_))),
            changes: plan.changes,
            reveals: plan.reveals,
        });
    }
    all
}

pub(super) fn finding_key(tree: &Tree, finding: &Finding<'_>) -> FindingKey {
    let (file, span) = finding.place.locate(tree);
    (finding.rule.id.clone(), tree.file(file).source.path().to_owned(), span.start)
}

/// The blocks whose values a fix may change: its routes, the location that settings go to, and the `if` blocks in it,
/// which take the location's lines.
fn blocks_of(tree: &Tree, routes: &Routes, finding: &Finding<'_>, plan: &Plan) -> HashSet<DirectiveId> {
    let mut blocks: HashSet<DirectiveId> = HashSet::new();
    for op in &plan.ops {
        match op {
            Op::Headers { block, .. } | Op::Set { block, .. } => {
                blocks.insert(*block);
            }
            Op::Replace { place, .. } => {
                blocks.extend(shared_by(tree, routes, finding, place.directive));
            }
            Op::Remove(line) => {
                blocks.extend(shared_by(tree, routes, finding, *line));
            }
            Op::Hoist(_) | Op::Define(_) | Op::Uncomment(_) => {}
        }
    }
    for route in finding.routes().filter_map(|index| routes.all.get(index)) {
        blocks.insert(route.block);
        blocks.extend(route.location_block);
    }
    let inner: Vec<DirectiveId> = blocks
        .iter()
        .flat_map(|&block| {
            ["if", "limit_except"].into_iter().flat_map(move |name| tree.own(block, name).iter().copied())
        })
        .collect();
    blocks.extend(inner);
    blocks
}

/// The blocks in which a line that is to be rewritten may count: where the line itself is wrong, whoever uses it, all of
/// them; else only those of the finding's routes.
fn shared_by(tree: &Tree, routes: &Routes, finding: &Finding<'_>, line: DirectiveId) -> Vec<DirectiveId> {
    let mut blocks = vec![line, tree.directive(line).parent];
    if finding.route.is_some() {
        return blocks;
    }
    for route in routes.served_by(tree, line) {
        blocks.push(route.block);
        blocks.extend(route.location_block);
    }
    blocks
}

/// Those candidates, the first ones first, whose edits do not overlap; equal edits are one.
pub(super) fn without_overlaps(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut taken: HashMap<PathBuf, BTreeSet<Edit>> = HashMap::new();
    // Where each tree inserts something: two trees that say different things at one place speak of the same lack.
    let mut inserted: HashMap<(PathBuf, u32), (usize, BTreeSet<String>)> = HashMap::new();
    let mut chosen = Vec::new();
    for candidate in candidates {
        let clash = |(file, edit): &(PathBuf, Edit)| {
            taken.get(file).is_some_and(|edits| clashes(edits, edit))
                || inserted.get(&(file.clone(), edit.span.start)).is_some_and(|(tree, texts)| {
                    is_insertion(edit) && *tree != candidate.tree && !texts.contains(&edit.text)
                })
        };
        if candidate.edits.iter().any(clash) {
            continue;
        }
        for (file, edit) in &candidate.edits {
            taken.entry(file.clone()).or_default().insert(edit.clone());
            if is_insertion(edit) {
                let known = inserted.entry((file.clone(), edit.span.start));
                known.or_insert_with(|| (candidate.tree, BTreeSet::new())).1.insert(edit.text.clone());
            }
        }
        chosen.push(candidate);
    }
    chosen
}

fn is_insertion(edit: &Edit) -> bool {
    edit.span.start == edit.span.end
}

/// Whether an edit overlaps one of `taken`, which do not overlap each other, and is not the same. Insertions at one place
/// do not overlap.
fn clashes(taken: &BTreeSet<Edit>, edit: &Edit) -> bool {
    let end = Edit { span: Span::at(edit.span.end.max(edit.span.start + 1)), text: String::new() };
    let before = taken.range(..end).rev().take_while(|other| other.span.end >= edit.span.start);
    before
        .filter(|other| other.span.start < edit.span.end && edit.span.start < other.span.end)
        .any(|other| other != edit)
}

/// The edits of the chosen fixes by the one name of each file, sorted, equal ones once.
pub(super) fn by_name(chosen: &[Candidate]) -> super::prove::Edits {
    let mut edits = super::prove::Edits::new();
    for (file, edit) in chosen.iter().flat_map(|candidate| &candidate.edits) {
        edits.entry(file.clone()).or_default().push(edit.clone());
    }
    for edits in edits.values_mut() {
        edits.sort();
        edits.dedup();
    }
    edits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn candidate(tree: usize, edits: &[(&str, std::ops::Range<u32>, &str)]) -> Candidate {
        let edit = |(file, span, text): &(&str, std::ops::Range<u32>, &str)| {
            let span = Span { start: span.start, end: span.end };
            (PathBuf::from(file), Edit { span, text: (*text).to_owned() })
        };
        Candidate {
            tree,
            rule: String::new(),
            title: String::new(),
            path: PathBuf::new(),
            line: 1,
            key: (String::new(), PathBuf::new(), 0),
            edits: edits.iter().map(edit).collect(),
            changes: Vec::new(),
            reveals: Vec::new(),
            blocks: HashSet::new(),
            takes_comments: false,
            may_move_map: false,
        }
    }

    #[test]
    fn equal_edits_are_one() {
        let chosen = without_overlaps(vec![candidate(0, &[("a", 3..9, "new")]), candidate(1, &[("a", 3..9, "new")])]);
        assert_eq!(chosen.len(), 2);
        assert_eq!(by_name(&chosen)[Path::new("a")].len(), 1);
    }

    #[test]
    fn what_overlaps_waits() {
        let one = || candidate(0, &[("a", 3..9, "one")]);
        for other in [("a", 3..9, "two"), ("a", 8..12, "two"), ("a", 4..5, "two"), ("a", 0..20, "two")] {
            let chosen = without_overlaps(vec![one(), candidate(0, std::slice::from_ref(&other))]);
            assert_eq!(chosen.len(), 1, "{other:?}");
        }
        for other in [("a", 9..12, "two"), ("b", 3..9, "two"), ("a", 0..3, "two"), ("a", 9..9, "two")] {
            let chosen = without_overlaps(vec![one(), candidate(0, std::slice::from_ref(&other))]);
            assert_eq!(chosen.len(), 2, "{other:?}");
        }
    }

    #[test]
    fn one_tree_may_insert_twice_at_a_place_and_two_may_not() {
        let insertions = |other| {
            without_overlaps(vec![candidate(0, &[("a", 3..3, "one")]), candidate(other, &[("a", 3..3, "two")])]).len()
        };
        assert_eq!((insertions(0), insertions(1)), (2, 1));
    }

    #[test]
    fn a_fix_is_taken_whole_or_not_at_all() {
        let chosen = without_overlaps(vec![
            candidate(0, &[("a", 3..9, "one")]),
            candidate(0, &[("b", 1..2, "two"), ("a", 5..6, "two")]),
            candidate(0, &[("b", 1..2, "three")]),
        ]);
        let texts: Vec<&str> = chosen.iter().map(|one| one.edits[0].1.text.as_str()).collect();
        assert_eq!(texts, ["one", "three"]);
    }
}
