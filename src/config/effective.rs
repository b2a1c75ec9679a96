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

/// Blocks with an include whose text is not here.
#[derive(Debug, Default)]
pub(super) struct OpenBlocks(HashMap<DirectiveId, Openness>);

impl OpenBlocks {
    pub(super) fn new(tree: &Tree) -> Self {
        let mut open: HashMap<DirectiveId, Openness> = HashMap::new();
        for unread in tree.unread() {
            let known = open.entry(unread.block).or_default();
            *known = (*known).max(openness_of(tree, unread));
        }
        for block in gaps(tree) {
            let known = open.entry(block).or_default();
            *known = (*known).max(if is_above(tree, block) { Openness::Far } else { Openness::Near });
        }
        Self(open)
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
        if at.contains(&(directive.file, None)) && tree.node(id).parent().is_none() {
            blocks.insert(directive.parent);
        }
    }
    blocks
}

impl Tree {
    /// The lines of `name` directly in `block`, those of its includes among them, in nginx's order.
    pub fn own(&self, block: DirectiveId, name: &str) -> &[DirectiveId] {
        Name::of(name).map_or(&[], |name| self.index.own(&self.directives, block, name))
    }

    /// The lines directly in `block` that have one of these names, in nginx's order.
    pub fn own_of(&self, block: DirectiveId, names: &[&str]) -> Vec<DirectiveId> {
        let mut lines: Vec<DirectiveId> = names.iter().flat_map(|name| self.own(block, name)).copied().collect();
        lines.sort();
        lines
    }

    /// The lines directly in `block` whose name the vocabulary does not know, where directives of nginx are expected.
    pub fn unknown_in(&self, block: DirectiveId) -> &[DirectiveId] {
        self.index.unknown(block)
    }

    /// Whether some line's name is not known to the vocabulary, where directives of nginx are expected.
    pub(crate) fn has_unknown(&self) -> bool {
        self.index.has_unknown()
    }

    /// All directives of this name, wherever they stand, in nginx's order.
    pub fn all(&self, name: &str) -> &[DirectiveId] {
        Name::of(name).map_or(&[], |name| self.index.all(name))
    }

    /// All directives that have one of these names, in nginx's order.
    pub fn all_of(&self, names: &[&str]) -> Vec<DirectiveId> {
        let mut all: Vec<DirectiveId> = names.iter().flat_map(|name| self.all(name)).copied().collect();
        // Merges what is sorted already, name by name.
        all.sort();
        all
    }

    /// All directives of the names for which `wanted` holds, in nginx's order; it is asked of those alone that the tree has.
    pub(crate) fn all_where(&self, wanted: impl Fn(Name) -> bool) -> Vec<DirectiveId> {
        let in_use = Name::all().map(|name| (name, self.index.all(name))).filter(|(_, lines)| !lines.is_empty());
        let mut all: Vec<DirectiveId> =
            in_use.filter(|&(name, _)| wanted(name)).flat_map(|(_, lines)| lines).copied().collect();
        all.sort();
        all
    }

    /// The lines of `name` in effect in `block`. nginx merges level by level: a block's own lines replace those of the
    /// blocks around it, as a whole (`ngx_conf_merge_*_value`; NGINX facts part E, 1.22.1 and 1.31.5).
    pub fn effective(&self, block: DirectiveId, name: &str) -> Option<Effective<'_>> {
        let name = self.name_in_use(name)?;
        self.levels(block).find_map(|origin| self.lines_at(origin, name))
    }

    /// The lines of `name` that would be in effect in `block` if it, or the block that discards them, had none.
    pub fn lost(&self, block: DirectiveId, name: &str) -> Option<Effective<'_>> {
        let name = self.name_in_use(name)?;
        let mut found = self.levels(block).filter_map(|origin| self.lines_at(origin, name));
        found.next()?;
        found.next()
    }

    /// Whether text that is not here could set lines in `block` itself.
    pub fn is_open(&self, block: DirectiveId) -> bool {
        self.open.0.contains_key(&block)
    }

    /// How much text that is not here could set lines in `block` itself.
    pub fn own_openness(&self, block: DirectiveId) -> Openness {
        self.open.0.get(&block).copied().unwrap_or_default()
    }

    /// What text that is not here could change of the lines of `name` that are in effect in `block`: that of an unread
    /// include in the block, or, where no level seen has any line, in one of the blocks around it or above the fragment.
    pub fn openness(&self, block: DirectiveId, name: &str) -> Openness {
        let Some(name) = Name::of(name) else { return Openness::Near };
        let mut openness = Openness::Closed;
        for level in self.levels(block) {
            openness = openness.max(self.open.0.get(&level).copied().unwrap_or_default());
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

    /// A name that some directive of the tree has: most questions are about others.
    fn name_in_use(&self, name: &str) -> Option<Name> {
        Name::of(name).filter(|&name| !self.index.all(name).is_empty())
    }

    /// `block` and the blocks around it, from the inside to the outside.
    fn levels(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        std::iter::once(block).chain(self.ancestors(block))
    }

    fn lines_at(&self, origin: DirectiveId, name: Name) -> Option<Effective<'_>> {
        let lines = self.index.own(&self.directives, origin, name);
        (!lines.is_empty()).then_some(Effective { origin, lines })
    }
}
