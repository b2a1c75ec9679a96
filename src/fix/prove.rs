//! Proof that edits change nothing but what their fixes declare.
//!
//! The configuration before and after is compared block by block: what stands in a block itself, and for each of these
//! differences what is in effect in that block and in all blocks below it. All directives are compared, whether they have
//! to do with WebSockets or not. A difference that no applied fix declares is a [`Difference`], and the fixes that could
//! have caused it are withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use foldhash::{HashMap, HashMapExt};

use super::in_effect::{concerns, in_effect, is_single, together_with};
use crate::config::{Context, DirectiveId, FileId, Inherit, Name, ROOT, Tree};
use crate::parallel;
use crate::syntax::edit::{Edit, Moves};

/// Fewer blocks than this are compared by one thread.
const LEAST: usize = 64;

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
    /// The directive, with the header's name for lists of headers (`proxy_set_header Host`).
    pub(super) what: String,
    /// What about it.
    pub(super) kind: Kind,
}

impl Difference {
    fn other(block: DirectiveId, what: impl Into<String>) -> Self {
        Self { block, what: what.into(), kind: Kind::Other }
    }
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It stands there once too often: nginx says "is duplicate", or sends a header twice.
    Twice,
    /// It says something else.
    Other,
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
            new_of: HashMap::from_iter([(ROOT, ROOT)]),
            old_of: HashMap::from_iter([(ROOT, ROOT)]),
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
    let mut blocks: Vec<(DirectiveId, DirectiveId)> = pairs.new_of.iter().map(|(&old, &new)| (old, new)).collect();
    blocks.sort();
    let mut all = out_of_order(old, &blocks);
    let mut inherited: Vec<(DirectiveId, String)> = Vec::new();
    for (here, below) in parallel::in_ranges(blocks.len(), LEAST, |range| {
        blocks[range].iter().map(|&(before, after)| of_block(old, before, new, after)).collect()
    }) {
        all.extend(here);
        inherited.extend(below);
    }
    // What differs in a block itself may differ, by inheritance, in every block below it.
    let mut suspects: BTreeMap<DirectiveId, BTreeSet<&str>> = BTreeMap::new();
    for (block, name) in &inherited {
        let below = (block.0 + 1..old.directive(*block).end.0).map(DirectiveId);
        let below = below.filter(|id| pairs.new_of.contains_key(id));
        for id in std::iter::once(*block).chain(below) {
            suspects.entry(id).or_default().extend(together_with(name).iter().copied().chain([name.as_str()]));
        }
    }
    let suspects: Vec<(DirectiveId, BTreeSet<&str>)> = suspects.into_iter().collect();
    all.extend(parallel::in_ranges(suspects.len(), LEAST, |range| {
        let mut all = Vec::new();
        for (block, names) in &suspects[range] {
            let (block, after) = (*block, pairs.new_of[block]);
            for name in names.iter().filter(|name| concerns(old, block, name)) {
                let (left, right) = (in_effect(old, block, name), in_effect(new, after, name));
                all.extend(left.differences(&right).map(|(what, kind)| Difference { block, what, kind }));
            }
        }
        all
    }));
    all.sort_by(|left, right| (left.block, &left.what, left.kind).cmp(&(right.block, &right.what, right.kind)));
    all.dedup();
    all
}

/// What differs in a block itself, and by name the directives of which what is in effect may differ, there and below.
fn of_block(
    old: &Tree,
    before: DirectiveId,
    new: &Tree,
    after: DirectiveId,
) -> (Vec<Difference>, Vec<(DirectiveId, String)>) {
    let (mut all, mut inherited) = (Vec::new(), Vec::new());
    if before != ROOT && !old.args(before).eq(new.args(after)) {
        all.push(Difference::other(before, old.name(before)));
    }
    if is_same(old, before, new, after) {
        return (all, inherited);
    }
    let (left, right) = (Own::new(old, before), Own::new(new, after));
    all.extend(left.rewritten(&right).into_iter().map(|what| Difference::other(before, what)));
    for name in left.differences(&right) {
        if right.count(&name) > left.count(&name).max(1) && is_single(new, after, &name) {
            all.push(Difference { block: before, what: name.clone(), kind: Kind::Twice });
        }
        let inherits = Name::of(&name).is_some_and(|known| {
            known.entry_in(old.directive(before).context).is_none_or(|entry| entry.inherit != Inherit::None)
        });
        match inherits {
            true => inherited.push((before, name)),
            false => all.push(Difference::other(before, name)),
        }
    }
    (all, inherited)
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

/// Blocks that stand behind another one than before. Of regular expressions nginx takes the first that matches, of
/// servers the first for an address, of `if` blocks one after the other.
fn out_of_order(old: &Tree, blocks: &[(DirectiveId, DirectiveId)]) -> Vec<Difference> {
    let swapped = blocks.windows(2).filter(|pair| pair[1].1 < pair[0].1);
    swapped.map(|pair| Difference::other(old.directive(pair[1].0).parent, "order of blocks")).collect()
}

/// What stands directly in a block.
struct Own {
    /// By name, the words of each statement, and of the body where that is no configuration.
    statements: BTreeMap<String, Vec<Vec<String>>>,
    /// The statements that are carried out one after the other (`ngx_http_rewrite_handler`).
    script: Vec<String>,
}

impl Own {
    fn new(tree: &Tree, block: DirectiveId) -> Self {
        let mut own = Self { statements: BTreeMap::new(), script: Vec::new() };
        let first = tree.children(block).next();
        let is_map = block != ROOT && first.is_some_and(|id| tree.directive(id).context == Context::Entries);
        for id in tree.children(block) {
            let name = tree.name(id).into_owned();
            if matches!(&*name, "set" | "rewrite" | "return" | "break" | "if") && !is_map {
                own.script.push(name.clone());
            }
            if tree.is_block(id) && !is_map {
                continue;
            }
            let words = tree.args(id).map(std::borrow::Cow::into_owned);
            // The entries of a map are one thing: their order counts, and their keys are no names.
            let (name, key) = if is_map { (tree.name(block).into_owned(), Some(name)) } else { (name, None) };
            own.statements.entry(name).or_default().push(key.into_iter().chain(words).collect());
        }
        own
    }

    fn count(&self, name: &str) -> usize {
        self.statements.get(name).map_or(0, Vec::len)
    }

    /// The names of statements that are not the same.
    fn differences(&self, other: &Self) -> BTreeSet<String> {
        let names = self.statements.keys().chain(other.statements.keys());
        names.filter(|name| self.statements.get(*name) != other.statements.get(*name)).cloned().collect()
    }

    /// The same steps in another order.
    fn rewritten(&self, other: &Self) -> Option<String> {
        let sorted = |script: &[String]| {
            let mut script = script.to_vec();
            script.sort();
            script
        };
        let is_other = self.script != other.script && sorted(&self.script) == sorted(&other.script);
        is_other.then(|| "order of set, rewrite, if and return".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Memory, TreeOptions};
    use crate::syntax::Span;

    fn read(text: &str) -> Tree {
        let mut memory = Memory::new();
        memory.insert("nginx.conf", text);
        Tree::read(Path::new("nginx.conf"), &memory, &TreeOptions::default())
    }

    /// What differs when `from` is written as `to`, in words.
    fn differs(text: &str, changes: &[(&str, &str)]) -> Vec<String> {
        let mut edits: Vec<Edit> = changes
            .iter()
            .map(|(from, to)| {
                let start = text.find(from).unwrap();
                Edit { span: Span::new(start..start + from.len()), text: (*to).to_owned() }
            })
            .collect();
        edits.sort();
        let after = crate::syntax::edit::apply(text, &edits).unwrap();
        let (old, new) = (read(text), read(&after));
        let pairs = Pairs::new(&old, &new, &Edits::from([("nginx.conf".into(), edits)]));
        let all = differences(&old, &new, &pairs);
        all.iter().map(|one| format!("{:?} {} {}", one.kind, one.what, old.name(one.block))).collect()
    }

    fn server(body: &str) -> String {
        format!("events {{}} http {{ server {{ {body} }} }}")
    }

    #[test]
    fn comments_and_blanks_are_no_difference() {
        let text = server("location / { return 204; }");
        assert!(differs(&text, &[("return 204;", "# a\nreturn  204 ;\n")]).is_empty());
    }

    #[test]
    fn what_is_set_above_differs_wherever_it_is_inherited() {
        let text = server("gzip off; location /a { } location /b { gzip on; location /b/c { } }");
        let all = differs(&text, &[("gzip off", "gzip on")]);
        assert_eq!(all, ["Other gzip server", "Other gzip location"]);
    }

    #[test]
    fn the_order_of_what_is_carried_out_counts() {
        let text = server("set $a 1; if ($a) { return 204; } rewrite ^ /x; location / { }");
        let all = differs(&text, &[("set $a 1; ", ""), ("rewrite ^ /x;", "rewrite ^ /x; set $a 1;")]);
        assert_eq!(all, ["Other order of set, rewrite, if and return server"]);
    }

    #[test]
    fn a_second_line_is_told_from_another_value() {
        let text = server("location / { proxy_pass http://a; proxy_read_timeout 1; proxy_set_header A b; }");
        let all = differs(&text, &[("proxy_set_header A b;", "proxy_set_header A b; proxy_set_header a c;")]);
        assert_eq!(all, ["Twice proxy_set_header a location", "Other proxy_set_header a location"]);
        let all = differs(&text, &[("proxy_set_header A b;", "proxy_set_header A b; proxy_read_timeout 2;")]);
        assert_eq!(all, ["Twice proxy_read_timeout location", "Other proxy_read_timeout location"]);
    }

    #[test]
    fn a_setting_of_a_module_means_nothing_where_nothing_is_handed_on() {
        let text = server("location /a { return 204; } location /b { proxy_pass http://a; } include x/gone.conf;");
        let all = differs(&text, &[("server { ", "server { proxy_buffering off; ")]);
        assert_eq!(all, ["Other proxy_buffering server", "Other proxy_buffering location"]);
        let closed = text.replace("include x/gone.conf;", "");
        assert_eq!(
            differs(&closed, &[("server { ", "server { proxy_buffering off; ")]),
            ["Other proxy_buffering location"]
        );
    }

    #[test]
    fn entries_of_a_map_differ_as_the_map() {
        let text = "http { map $a $b { x y; ~z w; } upstream u { server a; } } events {}";
        assert_eq!(differs(text, &[("x y;", "x z;")]), ["Other map map"]);
        assert_eq!(differs(text, &[("server a;", "server b;")]), ["Other server upstream"]);
    }
}
