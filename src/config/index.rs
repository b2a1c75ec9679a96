//! The directives of a tree by the block they stand in and by their name, so that no question walks through all of them.

use std::collections::HashMap;

use super::directives::Name;
use super::numbers::Numbers;
use super::tree::{Directive, DirectiveId};

/// Sorted once in time linear in the number of directives. A server of 200,000 locations costs no more to ask than a
/// small one.
#[derive(Debug, Default)]
pub(super) struct Index {
    blocks: Numbers,
    /// One for each of those blocks, and one more at the end.
    rows: Vec<Row>,
    /// Within a block their names ascend.
    lines: Vec<DirectiveId>,
    /// For each name where its directives begin in `named`; one more at the end.
    starts: Vec<u32>,
    named: Vec<DirectiveId>,
    /// For each block its statements whose name the vocabulary does not know, in their order. Few blocks have any.
    unknown: HashMap<DirectiveId, Vec<DirectiveId>>,
}

/// The own statements of a block.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// Where they begin in `lines`.
    begin: u32,
    /// A bit for each of their names, of 32 that many names share: most questions are about one that is not there.
    names: u32,
}

impl Index {
    /// Sorts the directives whose name the vocabulary knows; `directives[0]` is the root.
    pub(super) fn new(directives: &[Directive]) -> Self {
        let known = || {
            let ids = (0..).map(DirectiveId).zip(directives).skip(1);
            ids.filter_map(|(id, directive)| Some((id, directive.parent, directive.name?)))
        };
        let (starts, named) = grouped(Name::all().len(), known().map(|(id, _, name)| (name.index(), id)));
        let blocks = Numbers::new(directives.len(), known().map(|(_, block, _)| block));
        let by_block = |(id, block, _): (DirectiveId, DirectiveId, Name)| (blocks.of(block).unwrap_or_default(), id);
        let (begins, mut lines) = grouped(blocks.count(), known().map(by_block));
        let mut rows: Vec<Row> = begins.into_iter().map(|begin| Row { begin, names: 0 }).collect();
        for number in 0..blocks.count() {
            let own = &mut lines[rows[number].begin as usize..rows[number + 1].begin as usize];
            let name = |id: &DirectiveId| directives[id.0 as usize].name;
            // Those of one name stay in their order.
            own.sort_by_key(name);
            rows[number].names = own.iter().filter_map(name).fold(0, |names, name| names | bit(name));
        }
        let mut unknown: HashMap<DirectiveId, Vec<DirectiveId>> = HashMap::new();
        let ids = (0..).map(DirectiveId).zip(directives).skip(1);
        for (id, directive) in ids.filter(|(_, one)| one.name.is_none() && one.context.is_modelled()) {
            unknown.entry(directive.parent).or_default().push(id);
        }
        Self { blocks, rows, lines, starts, named, unknown }
    }

    /// The statements directly in a block whose name the vocabulary does not know, in nginx's order.
    pub(super) fn unknown(&self, block: DirectiveId) -> &[DirectiveId] {
        self.unknown.get(&block).map_or(&[], Vec::as_slice)
    }

    /// Whether there is any statement of which [`unknown`](Self::unknown) speaks.
    pub(super) fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The statements of that name directly in a block, in nginx's order; `directives` are those that were sorted.
    pub(super) fn own(&self, directives: &[Directive], block: DirectiveId, name: Name) -> &[DirectiveId] {
        let Some(number) = self.blocks.of(block) else { return &[] };
        let Some(&[row, next]) = self.rows.get(number..).and_then(|rest| rest.first_chunk()) else { return &[] };
        if row.names & bit(name) == 0 {
            return &[];
        }
        let name_of = |line: &DirectiveId| directives[line.0 as usize].name;
        let lines = &self.lines[row.begin as usize..next.begin as usize];
        let lines = &lines[lines.partition_point(|line| name_of(line) < Some(name))..];
        &lines[..lines.partition_point(|line| name_of(line) == Some(name))]
    }

    /// All directives of that name, in nginx's order.
    pub(super) fn all(&self, name: Name) -> &[DirectiveId] {
        match self.starts.get(name.index()..).and_then(|rest| rest.first_chunk()) {
            Some(&[start, end]) => &self.named[start as usize..end as usize],
            None => &[],
        }
    }
}

fn bit(name: Name) -> u32 {
    1 << (name.index() % 32)
}

/// Sorts items by a key below `keys`, equal ones in their order: where each key begins, and the items.
fn grouped(keys: usize, items: impl Iterator<Item = (usize, DirectiveId)> + Clone) -> (Vec<u32>, Vec<DirectiveId>) {
    let mut starts = vec![0_u32; keys + 1];
    for (key, _) in items.clone() {
        starts[key + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    let mut next = starts.clone();
    let mut sorted = vec![DirectiveId(0); starts[keys] as usize];
    for (key, id) in items {
        sorted[next[key] as usize] = id;
        next[key] += 1;
    }
    (starts, sorted)
}

#[cfg(test)]
mod tests {
    use crate::config::{DirectiveId, Memory, ROOT, Tree};

    #[test]
    fn directives_are_found_by_block_and_by_name() {
        let mut files = Memory::new();
        files.insert(
            "nginx.conf",
            "events {} http { include a.conf; map $a $b { server 1; } server { listen 2; } include a.conf; }",
        );
        files.insert("a.conf", "server { listen 1; server_name x; listen 3; }");
        let tree = Tree::read("nginx.conf".as_ref(), &files, &Default::default());
        let scan = |name: &str, parent: Option<DirectiveId>| -> Vec<DirectiveId> {
            let known = |id: &DirectiveId| tree.directive(*id).name.is_some_and(|known| known.text() == name);
            tree.ids()
                .filter(known)
                .filter(|&id| parent.is_none_or(|block| tree.directive(id).parent == block))
                .collect()
        };
        for name in ["server", "listen", "map", "include", "http", "proxy_pass"] {
            assert_eq!(tree.all(name), scan(name, None), "{name}");
            for block in tree.ids().chain([ROOT]) {
                assert_eq!(tree.own(block, name), scan(name, Some(block)), "{name}");
            }
        }
        assert_eq!((tree.all("server").len(), tree.all("listen").len()), (3, 5), "an entry of a map is no server");
        assert_eq!(tree.copies(tree.all("listen")[0]), [tree.all("listen")[0], tree.all("listen")[3]]);
    }
}
