//! What speaks against fixes once they are tried: what they would change undeclared, break or bring up.

use std::path::PathBuf;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::candidate::{Candidate, finding_key};
use super::prove::{Difference, Edits, Kind, Pairs, differences};
use super::together::Names;
use crate::Linted;
use crate::config::{Context, DirectiveId, ROOT, Tree};
use crate::rules::{Finding, Severity, WordPart};
use crate::syntax::edit::Moves;

/// What the tree of that number has to say against candidates, its own and those of others: their indices and why.
pub(super) fn objections(
    number: usize,
    before: &Linted<'_>,
    after: &Linted<'_>,
    edits: &Edits,
    chosen: &[Candidate],
    names: &Names,
) -> Vec<(usize, String)> {
    let pairs = Pairs::new(&before.tree, &after.tree, edits);
    let mut all = Objections { count: chosen.len(), all: HashMap::new() };
    let mut by_block: HashMap<DirectiveId, Vec<&Candidate>> = HashMap::new();
    for candidate in chosen.iter().filter(|candidate| candidate.tree == number) {
        for &block in &candidate.blocks {
            by_block.entry(block).or_default().push(candidate);
        }
    }
    for difference in differences(&before.tree, &after.tree, &pairs) {
        let near = by_block.get(&difference.block).map_or(&[][..], Vec::as_slice);
        if !near.iter().any(|candidate| declares(candidate, &difference)) {
            let place = place(&before.tree, difference.block);
            let what = &difference.what;
            let why = match difference.kind {
                Kind::Other => format!("it would also change `{what}` {place}"),
                Kind::Twice => format!("it would write a second `{what}` line, beside one {place}"),
            };
            all.add(suspects(number, before, chosen, &difference, names), &why);
        }
    }
    for &block in &pairs.added {
        let variable = after.tree.arg(block, 2).unwrap_or_default().trim_start_matches('$').to_ascii_lowercase();
        let bringing = || (0..chosen.len()).filter(|&index| chosen[index].brings_map(&variable));
        let is_map = after.tree.is(block, "map");
        let is_moved = chosen.iter().any(|candidate| candidate.may_move_map);
        let known = before.tree.definitions(&variable);
        if !is_map || bringing().next().is_none() && !is_moved {
            all.add(Vec::new(), "it would add a block that nothing declares");
        } else if after.tree.definitions(&variable).len() > 1 || (!known.is_empty() && !is_moved) {
            all.add(bringing().collect(), &format!("something else defines `${variable}` already"));
        }
    }
    if !pairs.removed.is_empty() && !chosen.iter().any(|candidate| candidate.may_move_map) {
        all.add(Vec::new(), "it would take a block away");
    }
    if after.tree.problems().len() > before.tree.problems().len() {
        all.add(Vec::new(), "the text would no longer be valid");
    }
    let remaining: HashSet<_> = after.findings.iter().map(|finding| finding_key(&after.tree, finding)).collect();
    let moves: HashMap<&PathBuf, Moves<'_>> = edits.iter().map(|(path, edits)| (path, Moves::new(edits))).collect();
    for (index, candidate) in chosen.iter().enumerate().filter(|(_, candidate)| candidate.tree == number) {
        let (rule, path, at) = &candidate.key;
        let at = moves.get(path).map_or(*at, |moves| moves.of(*at));
        if remaining.contains(&(rule.clone(), path.clone(), at)) {
            all.add(vec![index], "it would not mend what it is for");
        }
    }
    for (suspects, why) in revealed(number, before, after, &pairs, chosen) {
        all.add(suspects, &why);
    }
    let mut all: Vec<(usize, String)> = all.all.into_iter().collect();
    all.sort();
    all
}

/// The first word against each candidate.
struct Objections {
    count: usize,
    all: HashMap<usize, String>,
}

impl Objections {
    /// Against these, or, where nobody knows whom to suspect, against all.
    fn add(&mut self, suspects: Vec<usize>, why: &str) {
        let suspects = if suspects.is_empty() { (0..self.count).collect() } else { suspects };
        for index in suspects {
            self.all.entry(index).or_insert_with(|| why.to_owned());
        }
    }
}

/// A second line where nginx takes one is never what a fix is for.
fn declares(candidate: &Candidate, difference: &Difference) -> bool {
    difference.kind == Kind::Other && candidate.changes.iter().any(|what| what.eq_ignore_ascii_case(&difference.what))
}

/// The candidates that can have caused a difference: those with an edit in the block itself, or in the nearest block
/// around it that any has one in; else those that edit a file which is included there.
fn suspects(
    number: usize,
    before: &Linted<'_>,
    chosen: &[Candidate],
    difference: &Difference,
    names: &Names,
) -> Vec<usize> {
    let tree = &before.tree;
    let mut around = std::iter::once(difference.block).chain(tree.ancestors(difference.block));
    let inside = |candidate: &Candidate, block: DirectiveId| {
        let Some(body) = tree.node_body(block) else { return false };
        let end = body.close.unwrap_or(tree.node(block).span.end);
        let file = names.of(tree.source(block).path());
        let here = |edit: &crate::syntax::edit::Edit| edit.span.end > body.open && edit.span.start <= end;
        candidate.edits.iter().any(|(path, edit)| path == file && here(edit))
    };
    let declared = |candidate: &Candidate| candidate.tree == number && candidate.blocks.contains(&difference.block);
    let found = around.find_map(|block| {
        let near: Vec<usize> = (0..chosen.len()).filter(|&index| inside(&chosen[index], block)).collect();
        // What is declared for the block itself is not what came as a surprise there.
        let strangers: Vec<usize> = near.iter().copied().filter(|&index| !declared(&chosen[index])).collect();
        if strangers.is_empty() { (!near.is_empty()).then_some(near) } else { Some(strangers) }
    });
    found.unwrap_or_else(|| {
        let file = names.of(tree.source(difference.block).path());
        let elsewhere = |candidate: &Candidate| candidate.edits.iter().any(|(path, _)| path != file);
        (0..chosen.len()).filter(|&index| elsewhere(&chosen[index])).collect()
    })
}

fn place(tree: &Tree, block: DirectiveId) -> String {
    if block == ROOT {
        return "at the top of the file".into();
    }
    let source = tree.source(block);
    let line = source.line(tree.node(block).span.start);
    format!("of `{}` ({}:{line})", source.slice(tree.head(block)), source.path().display())
}

/// Errors and warnings that are there only afterwards and that no fix announces.
fn revealed(
    number: usize,
    before: &Linted<'_>,
    after: &Linted<'_>,
    pairs: &Pairs,
    chosen: &[Candidate],
) -> Vec<(Vec<usize>, String)> {
    let block_of = |tree: &Tree, finding: &Finding<'_>| match finding.route {
        Some(_) => None,
        None => Some(tree.directive(finding.place.directive).parent),
    };
    let route_block = |linted: &Linted<'_>, finding: &Finding<'_>| {
        finding.route.and_then(|index| linted.routes.all.get(index)).map(|route| route.block)
    };
    let mut known: HashSet<(&str, Option<DirectiveId>)> = HashSet::new();
    for finding in &before.findings {
        let id = finding.rule.id.as_str();
        known.extend(
            finding.routes().filter_map(|index| before.routes.all.get(index)).map(|route| (id, Some(route.block))),
        );
        known.insert((id, block_of(&before.tree, finding)));
    }
    let mut by_block: HashMap<DirectiveId, usize> = HashMap::new();
    for (index, candidate) in chosen.iter().enumerate().filter(|(_, candidate)| candidate.tree == number) {
        for &block in &candidate.blocks {
            by_block.entry(block).or_insert(index);
        }
    }
    let announced: HashSet<&str> =
        chosen.iter().flat_map(|candidate| candidate.reveals.iter().map(String::as_str)).collect();
    let mut all = Vec::new();
    // A comment that has nothing to silence any more harms nobody.
    let counts = |finding: &&Finding<'_>| {
        finding.severity >= Severity::Warning && !matches!(finding.place.part, WordPart::Text(_))
    };
    for finding in after.findings.iter().filter(counts) {
        let block = route_block(after, finding).or_else(|| block_of(&after.tree, finding));
        let old = block.and_then(|block| pairs.old(block));
        let id = finding.rule.id.as_str();
        let is_new = !known.contains(&(id, old));
        let in_map = old.is_some_and(|old| before.tree.directive(old).context == Context::Entries);
        if is_new && !announced.contains(id) && !in_map {
            let suspect = old.and_then(|old| by_block.get(&old).copied());
            all.push((suspect.into_iter().collect(), format!("it would bring up `{id}`: {}", finding.message)));
        }
    }
    all
}
