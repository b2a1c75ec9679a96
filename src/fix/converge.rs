//! Passes of fixes until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::prove::{Difference, Edits, Pairs, differences};
use super::rewrite::FileEdit;
use crate::Linted;
use crate::config::{Context, DirectiveId, FileId, Tree};
use crate::rules::{Finding, Op, Plan, Safety, Severity, WordPart};
use crate::syntax::Span;
use crate::syntax::edit::{Edit, apply, moved};
use crate::websocket::Routes;

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule whose fix it is.
    pub rule: String,
    /// What it did.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
}

/// A fix that was not applied although it is safe by its rule, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The rule whose fix it is.
    pub rule: String,
    /// The file of the finding.
    pub path: PathBuf,
    /// The line of the finding in the text before.
    pub line: u32,
    /// What it would have changed.
    pub why: String,
}

/// What fixing came to.
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
    /// The rules whose fixes were applied in the last pass.
    pub rules: Vec<String>,
}

/// More passes than this only fixes that fight each other take.
const MOST_PASSES: usize = 10;

/// A fix that is to be applied in a pass.
struct Candidate {
    rule: String,
    title: String,
    path: PathBuf,
    line: u32,
    key: FindingKey,
    edits: Vec<FileEdit>,
    changes: Vec<String>,
    reveals: Vec<String>,
    /// The route blocks on which values may change.
    blocks: HashSet<DirectiveId>,
    may_add_map: bool,
    may_move_map: bool,
    /// Whether it is about a comment of the linter alone.
    takes_comments: bool,
}

/// A finding that is the same in the next pass.
type FindingKey = (String, PathBuf, u32);

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
    mut linted: Linted<'r>,
    least: Safety,
    editable: &dyn Fn(&std::path::Path) -> bool,
    shown: &Shown<'_>,
    relint: &dyn Fn(&Texts) -> Linted<'r>,
) -> Result<Outcome<'r>, NotConverging> {
    let mut changed = Texts::new();
    let mut applied = Vec::new();
    let mut withdrawn: Vec<Withdrawn> = Vec::new();
    let mut refused: HashSet<FindingKey> = HashSet::new();
    for pass in 0.. {
        let candidates = candidates(&linted, least, editable, shown, &refused);
        let mut chosen = without_overlaps(candidates);
        // Comments that silence nothing go last: another repair may bring up what one of them is for.
        if chosen.iter().any(|candidate| !candidate.takes_comments) {
            chosen.retain(|candidate| !candidate.takes_comments);
        }
        if pass == MOST_PASSES && !chosen.is_empty() {
            let mut rules: Vec<String> = chosen.into_iter().map(|candidate| candidate.rule).collect();
            rules.sort();
            rules.dedup();
            return Err(NotConverging { passes: MOST_PASSES, rules });
        }
        // Withdraw what the proof objects to until the rest is harmless.
        while !chosen.is_empty() {
            let edits = by_path(&linted.tree, &chosen);
            let texts = new_texts(&linted.tree, &edits);
            let mut overlay = changed.clone();
            overlay.extend(texts);
            let after = relint(&overlay);
            let objections = objections(&linted, &after, &edits, &chosen);
            if objections.is_empty() {
                applied.extend(chosen.iter().map(|candidate| Applied {
                    rule: candidate.rule.clone(),
                    title: candidate.title.clone(),
                    path: candidate.path.clone(),
                }));
                changed = overlay;
                linted = after;
                break;
            }
            for (index, why) in objections {
                let candidate = &chosen[index];
                if refused.insert(candidate.key.clone()) {
                    withdrawn.push(Withdrawn {
                        rule: candidate.rule.clone(),
                        path: candidate.path.clone(),
                        line: candidate.line,
                        why,
                    });
                }
            }
            chosen.retain(|candidate| !refused.contains(&candidate.key));
            if chosen.is_empty() {
                break;
            }
        }
        if chosen.is_empty() {
            break;
        }
        // What stood in the way may be gone: a fix that would have changed a nested route can be tried again.
        refused.clear();
    }
    // A fix that found its place in a later pass was not withdrawn in the end.
    let left: HashSet<(String, PathBuf)> =
        linted.findings.iter().map(|finding| (finding.rule.id.clone(), path_of(&linted.tree, finding))).collect();
    withdrawn.retain(|one| left.contains(&(one.rule.clone(), one.path.clone())));
    withdrawn.dedup_by(|left, right| (&left.rule, &left.path, left.line) == (&right.rule, &right.path, right.line));
    Ok(Outcome { linted, changed, applied, withdrawn })
}

fn path_of(tree: &Tree, finding: &Finding<'_>) -> PathBuf {
    tree.source(finding.place.directive).path().to_owned()
}

fn candidates(
    linted: &Linted<'_>,
    least: Safety,
    editable: &dyn Fn(&std::path::Path) -> bool,
    shown: &Shown<'_>,
    refused: &HashSet<FindingKey>,
) -> Vec<Candidate> {
    let tree = &linted.tree;
    let rewriter = linted.rewriter(editable);
    let mut all = Vec::new();
    for finding in linted.findings.iter().filter(|finding| shown(linted, finding)) {
        let Some(mut plan) = finding.fix.clone() else { continue };
        let edits = rewriter.edits(finding, &mut plan);
        let key = finding_key(tree, finding);
        if plan.safety > least || edits.is_empty() || refused.contains(&key) {
            continue;
        }
        let (_, span) = finding.place.locate(tree);
        all.push(Candidate {
            rule: finding.rule.id.clone(),
            title: plan.title.clone(),
            path: path_of(tree, finding),
            line: tree.source(finding.place.directive).line_column(span.start).line,
            key,
            edits,
            blocks: blocks_of(tree, &linted.routes, finding, &plan),
            may_add_map: true,
            takes_comments: matches!(finding.place.part, WordPart::Text(_)),
            may_move_map: plan.ops.iter().any(|op| matches!(op, Op::Hoist(_))),
            changes: plan.changes,
            reveals: plan.reveals,
        });
    }
    all
}

fn finding_key(tree: &Tree, finding: &Finding<'_>) -> FindingKey {
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
    let name = tree.name(line).into_owned();
    let mut blocks = vec![line, tree.directive(line).parent];
    if finding.route.is_some() {
        return blocks;
    }
    let node = (tree.directive(line).file, tree.directive(line).node);
    for route in &routes.all {
        let counts = tree.effective(route.block, &name).is_some_and(|effective| {
            effective.lines.iter().any(|&other| (tree.directive(other).file, tree.directive(other).node) == node)
        });
        if counts {
            blocks.push(route.block);
            blocks.extend(route.location_block);
        }
    }
    blocks
}

/// Those candidates, the first ones first, whose edits do not overlap; equal edits are one.
fn without_overlaps(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut taken: HashMap<FileId, BTreeSet<Edit>> = HashMap::new();
    let mut chosen = Vec::new();
    for candidate in candidates {
        let clash = |FileEdit { file, edit }: &FileEdit| taken.get(file).is_some_and(|edits| clashes(edits, edit));
        if !candidate.edits.iter().any(clash) {
            for FileEdit { file, edit } in &candidate.edits {
                taken.entry(*file).or_default().insert(edit.clone());
            }
            chosen.push(candidate);
        }
    }
    chosen
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

fn by_path(tree: &Tree, chosen: &[Candidate]) -> Edits {
    let mut edits = Edits::new();
    for FileEdit { file, edit } in chosen.iter().flat_map(|candidate| &candidate.edits) {
        edits.entry(tree.file(*file).source.path().to_owned()).or_default().push(edit.clone());
    }
    for edits in edits.values_mut() {
        edits.sort();
        edits.dedup();
    }
    edits
}

fn new_texts(tree: &Tree, edits: &Edits) -> Texts {
    let mut texts = Texts::new();
    for (path, edits) in edits {
        let Some(file) = tree.file_of(path) else { continue };
        let source = &tree.file(file).source;
        if let Some(text) = apply(source.text(), edits) {
            texts.insert(path.clone(), source.to_bytes(&text));
        }
    }
    texts
}

/// What speaks against candidates: their numbers and why.
fn objections(before: &Linted<'_>, after: &Linted<'_>, edits: &Edits, chosen: &[Candidate]) -> Vec<(usize, String)> {
    let pairs = Pairs::new(&before.tree, &after.tree, edits);
    let mut all: HashMap<usize, String> = HashMap::new();
    let mut object = |suspects: Vec<usize>, why: String| {
        let suspects = if suspects.is_empty() { (0..chosen.len()).collect() } else { suspects };
        for index in suspects {
            all.entry(index).or_insert_with(|| why.clone());
        }
    };
    let mut by_block: HashMap<DirectiveId, Vec<&Candidate>> = HashMap::new();
    for candidate in chosen {
        for &block in &candidate.blocks {
            by_block.entry(block).or_default().push(candidate);
        }
    }
    for difference in differences(&before.tree, &after.tree, &pairs) {
        let near = by_block.get(&difference.block).map_or(&[][..], Vec::as_slice);
        if !near.iter().any(|candidate| declares(candidate, &difference)) {
            let why = format!("it would also change `{}` {}", difference.what, place(&before.tree, difference.block));
            object(suspects(before, chosen, &difference), why);
        }
    }
    for &block in &pairs.added {
        let declared = chosen.iter().any(|candidate| candidate.may_add_map) && after.tree.is(block, "map");
        let variable = after.tree.arg(block, 2).unwrap_or_default().trim_start_matches('$').to_ascii_lowercase();
        let moved = chosen.iter().any(|candidate| candidate.may_move_map);
        let several = after.tree.definitions(&variable).len() > 1;
        if !declared || several || (!before.tree.definitions(&variable).is_empty() && !moved) {
            object(Vec::new(), "it would add a block that something else already stands for".into());
        }
    }
    if !pairs.removed.is_empty() && !chosen.iter().any(|candidate| candidate.may_move_map) {
        object(Vec::new(), "it would take a block away".into());
    }
    if after.tree.problems().len() > before.tree.problems().len() {
        object(Vec::new(), "the text would no longer be valid".into());
    }
    let remaining: HashSet<FindingKey> =
        after.findings.iter().map(|finding| finding_key(&after.tree, finding)).collect();
    for (index, candidate) in chosen.iter().enumerate() {
        let (rule, path, at) = &candidate.key;
        let at = edits.get(path).map_or(*at, |edits| moved(*at, edits));
        if remaining.contains(&(rule.clone(), path.clone(), at)) {
            object(vec![index], "it would not mend what it is for".into());
        }
    }
    for (index, why) in revealed(before, after, &pairs, chosen) {
        object(index.into_iter().collect(), why);
    }
    let mut all: Vec<(usize, String)> = all.into_iter().collect();
    all.sort();
    all
}

fn declares(candidate: &Candidate, difference: &Difference) -> bool {
    candidate.changes.iter().any(|what| what.eq_ignore_ascii_case(&difference.what))
}

/// The candidates that can have caused a difference: those with an edit in the block itself, or in the nearest block
/// around it that any has one in; else those that edit a file which is included there.
fn suspects(before: &Linted<'_>, chosen: &[Candidate], difference: &Difference) -> Vec<usize> {
    let tree = &before.tree;
    let mut around = std::iter::once(difference.block).chain(tree.ancestors(difference.block));
    let inside = |candidate: &Candidate, block: DirectiveId| {
        let Some(body) = tree.node_body(block) else { return false };
        let end = body.close.unwrap_or(tree.node(block).span.end);
        candidate.edits.iter().any(|FileEdit { file, edit }| {
            *file == tree.directive(block).file && edit.span.end > body.open && edit.span.start <= end
        })
    };
    let found = around.find_map(|block| {
        let near: Vec<usize> = (0..chosen.len()).filter(|&index| inside(&chosen[index], block)).collect();
        // What is declared for the block itself is not what came as a surprise there.
        let strangers = near.iter().copied().filter(|&index| !chosen[index].blocks.contains(&difference.block));
        let strangers: Vec<usize> = strangers.collect();
        if strangers.is_empty() { (!near.is_empty()).then_some(near) } else { Some(strangers) }
    });
    found.unwrap_or_else(|| {
        let file = tree.directive(difference.block).file;
        let elsewhere = |candidate: &Candidate| candidate.edits.iter().any(|edit| edit.file != file);
        (0..chosen.len()).filter(|&index| elsewhere(&chosen[index])).collect()
    })
}

fn place(tree: &Tree, block: DirectiveId) -> String {
    if block == crate::config::ROOT {
        return "at the top of the file".into();
    }
    let source = tree.source(block);
    let line = source.line_column(tree.node(block).span.start).line;
    format!("of `{}` ({}:{line})", source.slice(tree.head(block)), source.path().display())
}

/// Errors and warnings that are there only afterwards and that no fix announces.
fn revealed(
    before: &Linted<'_>,
    after: &Linted<'_>,
    pairs: &Pairs,
    chosen: &[Candidate],
) -> Vec<(Option<usize>, String)> {
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
            let suspect = old.and_then(|old| chosen.iter().position(|candidate| candidate.blocks.contains(&old)));
            all.push((suspect, format!("it would bring up `{id}`: {}", finding.message)));
        }
    }
    all
}
