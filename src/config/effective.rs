//! What is in effect in a block: its own lines, or those of the nearest block around it that has any.

use std::collections::HashSet;

use super::directives::Name;
use super::tree::{DirectiveId, ROOT, Tree};

/// The lines of one directive that are in effect somewhere, and the block that has them.
#[derive(Clone, Copy, Debug)]
pub struct Effective<'t> {
    /// The block whose own lines they are.
    pub origin: DirectiveId,
    /// The lines, in nginx's order; never empty.
    pub lines: &'t [DirectiveId],
}

impl Effective<'_> {
    /// The line that counts where nginx accepts one only.
    pub fn line(&self) -> DirectiveId {
        self.lines[self.lines.len() - 1]
    }
}

/// For each block its own statements by name: sorted once, found by bisection, so that a server of 200,000 locations
/// costs no more to ask than a small one.
#[derive(Debug, Default)]
pub(super) struct OwnIndex {
    names: Vec<(DirectiveId, Name)>,
    lines: Vec<DirectiveId>,
    /// Blocks with an include whose text is not here.
    open: HashSet<DirectiveId>,
}

impl OwnIndex {
    pub(super) fn new(tree: &Tree) -> Self {
        let mut all: Vec<(DirectiveId, Name, DirectiveId)> = tree
            .ids()
            .filter_map(|id| {
                let directive = tree.directive(id);
                Some((directive.parent, directive.name?, id))
            })
            .collect();
        all.sort_unstable();
        Self {
            names: all.iter().map(|&(block, name, _)| (block, name)).collect(),
            lines: all.iter().map(|&(_, _, line)| line).collect(),
            open: tree.unread().iter().map(|unread| unread.block).collect(),
        }
    }

    fn get(&self, block: DirectiveId, name: Name) -> &[DirectiveId] {
        let start = self.names.partition_point(|&entry| entry < (block, name));
        let count = self.names[start..].partition_point(|&entry| entry == (block, name));
        &self.lines[start..start + count]
    }

    /// The names that a block has lines of, each once.
    fn names_in(&self, block: DirectiveId) -> impl Iterator<Item = Name> + '_ {
        let start = self.names.partition_point(|&(other, _)| other < block);
        let mut last = None;
        self.names[start..].iter().take_while(move |&&(other, _)| other == block).filter_map(move |&(_, name)| {
            (last != Some(name)).then(|| {
                last = Some(name);
                name
            })
        })
    }
}

impl Tree {
    /// The lines of `name` directly in `block`, those of its includes among them, in nginx's order.
    pub fn own(&self, block: DirectiveId, name: &str) -> &[DirectiveId] {
        Name::of(name).map_or(&[], |name| self.own.get(block, name))
    }

    /// The lines of `name` in effect in `block`. nginx merges level by level: a block's own lines replace those of the
    /// blocks around it, as a whole (`ngx_conf_merge_*_value`; NGINX facts part E, 1.22.1 and 1.31.5).
    pub fn effective(&self, block: DirectiveId, name: &str) -> Option<Effective<'_>> {
        let name = Name::of(name)?;
        self.levels(block).find_map(|origin| self.lines_at(origin, name))
    }

    /// The lines of `name` that would be in effect in `block` if it, or the block that discards them, had none.
    pub fn lost(&self, block: DirectiveId, name: &str) -> Option<Effective<'_>> {
        let name = Name::of(name)?;
        let mut found = self.levels(block).filter_map(|origin| self.lines_at(origin, name));
        found.next()?;
        found.next()
    }

    /// The names of all directives with own lines in `block`.
    pub fn own_names(&self, block: DirectiveId) -> impl Iterator<Item = &'static str> + '_ {
        self.own.names_in(block).map(|name| name.text())
    }

    /// Whether text that is not here could set lines in `block` itself.
    pub fn is_open(&self, block: DirectiveId) -> bool {
        self.own.open.contains(&block)
    }

    /// Whether text that is not here could change which lines of `name` are in effect in `block`: an unread include in
    /// the block, or, where no level seen has any line, in one of the blocks around it or above the fragment.
    pub fn is_open_for(&self, block: DirectiveId, name: &str) -> bool {
        let Some(name) = Name::of(name) else { return true };
        for level in self.levels(block) {
            if self.is_open(level) {
                return true;
            }
            if self.lines_at(level, name).is_some() {
                return false;
            }
        }
        !self.is_complete()
    }

    /// `block` and the blocks around it, from the inside to the outside.
    fn levels(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        std::iter::once(block).chain(self.ancestors(block))
    }

    fn lines_at(&self, origin: DirectiveId, name: Name) -> Option<Effective<'_>> {
        let lines = self.own.get(origin, name);
        (!lines.is_empty()).then_some(Effective { origin, lines })
    }
}

/// Keeps `ROOT` a block like any other for the functions above.
const _: () = assert!(ROOT.0 == 0);
