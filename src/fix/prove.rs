//! Proof that edits change nothing but what their fixes declare.
//!
//! The configuration before and after is compared block by block: what stands in a block itself, and for each of these
//! differences what is in effect in that block and in all blocks below it. A difference that no applied fix declares is
//! a [`Difference`], and the fixes that could have caused it are withdrawn.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::config::{Context, DirectiveId, FileId, Inherit, Name, ROOT, Tree};
use crate::syntax::edit::{Edit, Moves};

/// The edits of one pass, by the path of their file.
pub(super) type Edits = BTreeMap<PathBuf, Vec<Edit>>;

/// A block's place that can be found again after an edit: its file, the offset of its first word, and which of several
/// expansions of that text it is.
type Key = (FileId, u32, u32);

/// Something that is in effect otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The block, in the tree before.
    pub(super) block: DirectiveId,
    /// The directive, with the header's name for `proxy_set_header`.
    pub(super) what: String,
}

/// Blocks of two trees that are the same block.
pub(super) struct Pairs {
    new_of: HashMap<DirectiveId, DirectiveId>,
    old_of: HashMap<DirectiveId, DirectiveId>,
    /// Blocks that are only in the new tree.
    pub(super) added: Vec<DirectiveId>,
    /// Blocks that are only in the old tree.
    pub(super) removed: Vec<DirectiveId>,
}

impl Pairs {
    /// Finds each old block in the new tree.
    pub(super) fn new(old: &Tree, new: &Tree, edits: &Edits) -> Self {
        // A file keeps its path, whatever its number in the new tree.
        let number = |file: FileId| new.file_of(old.file(file).source.path());
        let files: Vec<_> = (0..old.files().len() as u32)
            .map(|file| {
                (number(FileId(file)), edits.get(old.file(FileId(file)).source.path()).map(|edits| Moves::new(edits)))
            })
            .collect();
        let old_keys = keys(old, |file, offset| {
            let (number, moves) = &files[file.0 as usize];
            (*number, moves.as_ref().map_or(offset, |moves| moves.of(offset)))
        });
        let mut new_keys = keys(new, |file, offset| (Some(file), offset));
        let mut pairs = Self {
            new_of: HashMap::from([(ROOT, ROOT)]),
            old_of: HashMap::from([(ROOT, ROOT)]),
            added: Vec::new(),
            removed: Vec::new(),
        };
        for (key, id) in old_keys {
            match new_keys.remove(&key) {
                Some(other) => {
                    pairs.new_of.insert(id, other);
                    pairs.old_of.insert(other, id);
                }
                None => pairs.removed.push(id),
            }
        }
        pairs.added = new_keys.into_values().collect();
        pairs.added.sort();
        pairs.removed.sort();
        pairs
    }

    /// The block before.
    pub(super) fn old(&self, new: DirectiveId) -> Option<DirectiveId> {
        self.old_of.get(&new).copied()
    }
}

fn keys(tree: &Tree, place: impl Fn(FileId, u32) -> (Option<FileId>, u32)) -> HashMap<Key, DirectiveId> {
    let mut times: HashMap<(FileId, u32), u32> = HashMap::new();
    let mut keys = HashMap::new();
    for id in tree.ids().filter(|&id| tree.is_block(id) && tree.directive(id).context != Context::Entries) {
        let (file, offset) = place(tree.directive(id).file, tree.node(id).span.start);
        // A file that is gone takes its blocks along.
        let file = file.unwrap_or(FileId(u32::MAX));
        let seen = times.entry((file, offset)).or_default();
        keys.insert((file, offset, *seen), id);
        *seen += 1;
    }
    keys
}

/// All differences of effective values between two trees, in the order of the old one. `removed` and `added` blocks are
/// the business of the fix that declares them.
pub(super) fn differences(old: &Tree, new: &Tree, pairs: &Pairs) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut blocks: Vec<(DirectiveId, DirectiveId)> = pairs.new_of.iter().map(|(&old, &new)| (old, new)).collect();
    blocks.sort();
    // What differs in a block itself may differ, by inheritance, in every block below it.
    let mut suspects: BTreeMap<DirectiveId, BTreeSet<String>> = BTreeMap::new();
    for &(before, after) in &blocks {
        if before != ROOT && !old.args(before).eq(new.args(after)) {
            all.push(Difference { block: before, what: old.name(before).into_owned() });
        }
        for name in own_differences(old, before, new, after) {
            let inherits = Name::of(&name).is_some_and(|known| {
                known.entry_in(old.directive(before).context).is_none_or(|entry| entry.inherit != Inherit::None)
            });
            suspects.entry(before).or_default().insert(name.clone());
            if inherits {
                let below = (before.0 + 1..old.directive(before).end.0).map(DirectiveId);
                for id in below.filter(|id| pairs.new_of.contains_key(id)) {
                    suspects.entry(id).or_default().insert(name.clone());
                }
            } else {
                all.push(Difference { block: before, what: name });
            }
        }
    }
    for (block, names) in suspects {
        let after = pairs.new_of[&block];
        for name in names {
            if !concerns(old, block, &name) {
                continue;
            }
            for what in effective_differences(old, block, new, after, &name) {
                all.push(Difference { block, what });
            }
        }
    }
    all.sort_by(|left, right| (left.block, &left.what).cmp(&(right.block, &right.what)));
    all.dedup();
    all
}

/// Whether a setting has any meaning in a block: what belongs to a module that hands requests on means nothing where
/// nothing is handed on.
fn concerns(tree: &Tree, block: DirectiveId, name: &str) -> bool {
    let modules = ["proxy", "uwsgi", "scgi", "fastcgi", "grpc"];
    let Some(module) = modules.into_iter().find(|module| name.starts_with(&format!("{module}_"))) else { return true };
    !tree.own(block, &format!("{module}_pass")).is_empty()
        || (!matches!(tree.directive(block).context, Context::Http | Context::Main)
            && ["if", "limit_except"].iter().any(|inner| {
                tree.own(block, inner).iter().any(|&inner| !tree.own(inner, &format!("{module}_pass")).is_empty())
            }))
}

/// Whether two blocks consist of the same statements in the same order, which nearly all do.
fn is_same(old: &Tree, before: DirectiveId, new: &Tree, after: DirectiveId) -> bool {
    let same = |(one, other): (DirectiveId, DirectiveId)| {
        old.is_block(one) == new.is_block(other)
            && old.name(one) == new.name(other)
            && old.args(one).eq(new.args(other))
    };
    let (mut left, mut right) = (old.children(before), new.children(after));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if same((one, other)) => {}
            _ => return false,
        }
    }
}

/// The names of statements that differ directly in a block.
fn own_differences(old: &Tree, before: DirectiveId, new: &Tree, after: DirectiveId) -> BTreeSet<String> {
    if is_same(old, before, new, after) {
        return BTreeSet::new();
    }
    let left = own_statements(old, before);
    let right = own_statements(new, after);
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    names.into_iter().filter(|name| left.get(*name) != right.get(*name)).cloned().collect()
}

/// What stands directly in a block, by name: the words of each statement, and of the body where it is no configuration.
fn own_statements(tree: &Tree, block: DirectiveId) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut all: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let is_map =
        block != ROOT && tree.children(block).next().is_some_and(|id| tree.directive(id).context == Context::Entries);
    for id in tree.children(block) {
        if tree.is_block(id) && !is_map {
            continue;
        }
        let words = tree.args(id).map(std::borrow::Cow::into_owned).collect();
        // The entries of a map are one thing: their order counts, and their keys are no names.
        let name = if is_map { tree.name(block).into_owned() } else { tree.name(id).into_owned() };
        let words: Vec<String> = words;
        let key = is_map.then(|| tree.name(id).into_owned());
        all.entry(name).or_default().push(key.into_iter().chain(words).collect());
    }
    all
}

/// What is in effect differently for one directive; header lines are told apart by the header.
fn effective_differences(old: &Tree, before: DirectiveId, new: &Tree, after: DirectiveId, name: &str) -> Vec<String> {
    let left = effective_words(old, before, name);
    let right = effective_words(new, after, name);
    if left == right {
        return Vec::new();
    }
    if name != "proxy_set_header" {
        return vec![name.to_owned()];
    }
    let by_header = |lines: &[Vec<String>]| {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines {
            // Where the name itself is missing, nothing else is there either.
            let (header, rest) = line.split_first().map_or(("", &[][..]), |(header, rest)| (header.as_str(), rest));
            headers.entry(header.to_ascii_lowercase()).or_default().push(rest.join(" "));
        }
        headers
    };
    let (left, right) = (by_header(&left), by_header(&right));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let changed = names.into_iter().filter(|name| left.get(*name) != right.get(*name));
    changed.map(|header| format!("{name} {header}")).collect()
}

fn effective_words(tree: &Tree, block: DirectiveId, name: &str) -> Vec<Vec<String>> {
    let lines = tree.effective(block, name).map_or(&[][..], |effective| effective.lines);
    lines.iter().map(|&line| tree.args(line).map(std::borrow::Cow::into_owned).collect()).collect()
}
