//! What is in effect in a block: its own lines, or those of the nearest block around it that has any.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::directives::Name;
use super::tree::{DirectiveId, FileId, ROOT, Tree, Unread};
use crate::syntax::NodeId;

/// The lines of one directive that are in effect somewhere, and the block that has them.
#[derive(Clone, Copy, Debug)]
pub struct Effective<'t> {
    /// The block whose own lines they are.
    pub origin: DirectiveId,
    /// The lines, in nginx's order; never empty.
    pub lines: &'t [DirectiveId],
}

/// How much text that is not here may have to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Openness {
    /// Nothing: what is not seen is not there.
    #[default]
    Closed,
    /// It may stand in http, or in a file that includes this one, where settings of a single route are rare.
    Far,
    /// It may stand in an include beside the route's own lines, where such settings usually are.
    Near,
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
    open: HashMap<DirectiveId, Openness>,
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
        let mut open: HashMap<DirectiveId, Openness> = HashMap::new();
        for unread in tree.unread() {
            let known = open.entry(unread.block).or_default();
            *known = (*known).max(openness_of(tree, unread));
        }
        for block in gaps(tree) {
            let known = open.entry(block).or_default();
            *known = (*known).max(if is_above(tree, block) { Openness::Far } else { Openness::Near });
        }
        Self {
            names: all.iter().map(|&(block, name, _)| (block, name)).collect(),
            lines: all.iter().map(|&(_, _, line)| line).collect(),
            open,
        }
    }

    fn get(&self, block: DirectiveId, name: Name) -> &[DirectiveId] {
        let start = self.names.partition_point(|&entry| entry < (block, name));
        let count = self.names[start..].partition_point(|&entry| entry == (block, name));
        &self.lines[start..start + count]
    }
}

/// An include in a server or below is where people keep the settings of a route, unless the file is named for its
/// certificates.
fn openness_of(tree: &Tree, unread: &Unread) -> Openness {
    let path = tree.arg(unread.include, 1).unwrap_or_default().to_ascii_lowercase();
    let speaks_of_tls = ["ssl", "tls", "letsencrypt", "acme", "cert"].iter().any(|word| path.contains(word));
    if is_above(tree, unread.block) || speaks_of_tls { Openness::Far } else { Openness::Near }
}

/// Whether a block is the file itself or http, where settings of a single route are rare.
fn is_above(tree: &Tree, block: DirectiveId) -> bool {
    block == ROOT || tree.is(block, "http") || tree.directive(block).context == Context::Main
}

/// The blocks into which a template may still bring directives.
fn gaps(tree: &Tree) -> HashSet<DirectiveId> {
    let mut at: HashSet<(FileId, Option<NodeId>)> = HashSet::new();
    for (file, number) in tree.files().iter().zip(0..) {
        at.extend(file.ast.gaps().iter().map(|&gap| (FileId(number), file.ast.block_at(gap))));
    }
    if at.is_empty() {
        return HashSet::new();
    }
    let mut blocks = HashSet::new();
    for id in tree.ids() {
        let directive = tree.directive(id);
        if tree.is_block(id) && at.contains(&(directive.file, Some(directive.node))) {
            blocks.insert(id);
        }
        // What stands at the top of a file stands in the block that includes it.
        if at.contains(&(directive.file, None)) && tree.node(id).parent.is_none() {
            blocks.insert(directive.parent);
        }
    }
    blocks
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

    /// Whether text that is not here could set lines in `block` itself.
    pub fn is_open(&self, block: DirectiveId) -> bool {
        self.own.open.contains_key(&block)
    }

    /// How much text that is not here could set lines in `block` itself.
    pub fn own_openness(&self, block: DirectiveId) -> Openness {
        self.own.open.get(&block).copied().unwrap_or_default()
    }

    /// What text that is not here could change of the lines of `name` that are in effect in `block`: that of an unread
    /// include in the block, or, where no level seen has any line, in one of the blocks around it or above the fragment.
    pub fn openness(&self, block: DirectiveId, name: &str) -> Openness {
        let Some(name) = Name::of(name) else { return Openness::Near };
        let mut openness = Openness::Closed;
        for level in self.levels(block) {
            openness = openness.max(self.own.open.get(&level).copied().unwrap_or_default());
            if self.lines_at(level, name).is_some() {
                return openness;
            }
        }
        if self.is_complete() { openness } else { openness.max(Openness::Far) }
    }

    /// Whether text that is not here could change which lines of `name` are in effect in `block`.
    pub fn is_open_for(&self, block: DirectiveId, name: &str) -> bool {
        self.openness(block, name) > Openness::Closed
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
