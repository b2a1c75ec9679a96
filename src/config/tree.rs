//! All statements of a configuration in the order in which nginx reads them, includes in place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::definitions::Variables;
use super::directives::Name;
use super::effective::OpenBlocks;
use super::evaluate::Evaluated;
use super::include::IncludeMap;
use super::index::Index;
use super::maps::Maps;
use super::reach::LocationIndex;
use super::upstream::Upstream;
use crate::syntax::{Ast, Body, Node, NodeId, Source, Span, Word};

mod expand;
mod infer;
mod read;

/// The number of a [`File`] in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// The number of a [`Directive`] in its [`Tree`]. A file that is included twice gives its directives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DirectiveId(pub u32);

/// The block around everything: what stands at the top of the root file.
pub const ROOT: DirectiveId = DirectiveId(0);

/// A file of the tree.
#[derive(Debug)]
pub struct File {
    /// Its text.
    pub source: Source,
    /// Its statements.
    pub ast: Ast,
    /// Whether the text stands in for a file that is not here but known (Debian's `proxy_params`).
    pub well_known: bool,
}

/// A statement where nginx reads it.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The file it is written in.
    pub file: FileId,
    /// Its node there.
    pub node: NodeId,
    /// Its name, when the vocabulary knows it.
    pub name: Option<Name>,
    /// The enclosing block; never an `include`.
    pub parent: DirectiveId,
    /// Behind the last directive inside it (of a block, or of an `include`).
    pub end: DirectiveId,
    /// Where it stands.
    pub context: Context,
}

/// An `include` whose text is not here.
#[derive(Clone, Copy, Debug)]
pub struct Unread {
    /// The `include`.
    pub include: DirectiveId,
    /// The block it stands in.
    pub block: DirectiveId,
    /// Whether it names a file that is here and cannot be read, which is a problem of that file.
    pub is_told: bool,
}

/// Something that keeps a file from being understood.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The file to name.
    pub path: PathBuf,
    /// The place in it, when it could be read.
    pub place: Option<(FileId, Span)>,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub help: Option<String>,
}

/// How a tree is to be read.
#[derive(Clone, Debug, Default)]
pub struct TreeOptions {
    /// Where the root file is included; empty when it is a main file, or when that is to be inferred.
    pub context: Vec<Context>,
    /// Paths that exist only on the server.
    pub include_map: IncludeMap,
    /// The folder that relative includes start from; the root's own by default.
    pub prefix: Option<PathBuf>,
}

const INCLUDE: Option<Name> = Name::of("include");

/// A configuration: its files and, in nginx's order, its directives.
#[derive(Debug)]
pub struct Tree {
    files: Vec<File>,
    pub(super) directives: Vec<Directive>,
    unread: Vec<Unread>,
    reading_order: Vec<FileId>,
    absent: Vec<DirectiveId>,
    problems: Vec<Problem>,
    complete: bool,
    /// Statements that swallowed their neighbours, and the blocks in which that matters.
    doubtful: HashSet<DirectiveId>,
    /// Files that are included more than once.
    repeated: HashSet<FileId>,
    /// Files of which something could not be understood.
    misunderstood: HashSet<FileId>,
    by_path: HashMap<PathBuf, FileId>,
    pub(super) index: Index,
    pub(super) open: OpenBlocks,
    pub(super) upstreams: HashMap<Box<str>, Upstream>,
    pub(super) maps: Maps,
    pub(super) variables: Variables,
    pub(super) evaluated: Evaluated,
    pub(super) reach: LocationIndex,
}

impl Tree {
    /// The files, the root first.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file of a number that this tree gave out.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// What keeps files from being understood.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether what stands in a directive's block, or around it, cannot be told because a `;` is missing there.
    pub fn is_doubtful(&self, id: DirectiveId) -> bool {
        let mut around = std::iter::once(id).chain(self.ancestors(id));
        !self.doubtful.is_empty() && around.any(|block| self.doubtful.contains(&block))
    }

    /// Whether a file was understood from its first byte to its last.
    pub fn is_understood(&self, file: FileId) -> bool {
        !self.misunderstood.contains(&file)
    }

    /// Includes whose text is not here.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// The files that were found, each once, in the order in which nginx comes to read them.
    pub fn reading_order(&self) -> &[FileId] {
        &self.reading_order
    }

    /// Includes that name no file that is here, those that are known without being here among them. A glob that
    /// matches nothing in a folder that is here is not one of them: nginx reads on.
    pub fn absent(&self) -> &[DirectiveId] {
        &self.absent
    }

    /// Whether the root is a main file, so that nothing stands above what is seen.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// How many directives there are, [`ROOT`] included.
    pub fn len(&self) -> usize {
        self.directives.len()
    }

    /// Whether nothing stands in the tree.
    pub fn is_empty(&self) -> bool {
        self.directives.len() <= 1
    }

    /// All directives but [`ROOT`], in nginx's order.
    pub fn ids(&self) -> impl Iterator<Item = DirectiveId> + use<> {
        (1..self.directives.len() as u32).map(DirectiveId)
    }

    /// The directive of a number that this tree gave out.
    pub fn directive(&self, id: DirectiveId) -> &Directive {
        &self.directives[id.0 as usize]
    }

    /// The statements directly inside a block, those of its includes in their place.
    pub fn children(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        let end = self.directive(block).end;
        let mut next = DirectiveId(block.0 + 1);
        std::iter::from_fn(move || {
            let id = (next < end).then_some(next)?;
            let is_include = self.directive(id).name == INCLUDE && !self.is_block(id);
            next = if is_include { DirectiveId(id.0 + 1) } else { self.directive(id).end };
            Some(id)
        })
    }

    /// The blocks around a directive, from the inside to [`ROOT`].
    pub fn ancestors(&self, id: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        std::iter::successors((id != ROOT).then(|| self.directive(id).parent), |&block| {
            (block != ROOT).then(|| self.directive(block).parent)
        })
    }

    /// The nearest enclosing block (or `id` itself) that is called `name`.
    pub fn enclosing(&self, id: DirectiveId, name: &str) -> Option<DirectiveId> {
        std::iter::once(id).chain(self.ancestors(id)).find(|&block| block != ROOT && self.is(block, name))
    }

    /// Whether a directive has this name.
    pub fn is(&self, id: DirectiveId, name: &str) -> bool {
        id != ROOT
            && match self.directive(id).name {
                Some(known) => known.text() == name,
                None => self.name(id) == name,
            }
    }

    /// Whether a directive has a body.
    pub fn is_block(&self, id: DirectiveId) -> bool {
        id == ROOT || self.node(id).is_block()
    }

    /// A directive and those that come of the same text, where its file is included more than once.
    pub fn copies(&self, id: DirectiveId) -> Vec<DirectiveId> {
        let Directive { file, node, name, .. } = *self.directive(id);
        let name = name.filter(|_| self.repeated.contains(&file));
        let Some(name) = name else { return vec![id] };
        let same = |&other: &DirectiveId| (self.directive(other).file, self.directive(other).node) == (file, node);
        self.index.all(name).iter().copied().filter(same).collect()
    }

    /// The text a directive is called by.
    pub fn name(&self, id: DirectiveId) -> Cow<'_, str> {
        self.word(id, 0).map_or(Cow::Borrowed(""), |word| word.value(self.source(id)))
    }

    /// The words of a directive, its name first.
    pub fn words(&self, id: DirectiveId) -> &[Word] {
        if id == ROOT {
            return &[];
        }
        let directive = self.directive(id);
        self.file(directive.file).ast.words(directive.node)
    }

    /// The word of that number; 0 is the name.
    pub fn word(&self, id: DirectiveId, index: usize) -> Option<Word> {
        self.words(id).get(index).copied()
    }

    /// The value of an argument; 1 is the first behind the name.
    pub fn arg(&self, id: DirectiveId, index: usize) -> Option<Cow<'_, str>> {
        self.word(id, index).map(|word| word.value(self.source(id)))
    }

    /// All argument values.
    pub fn args(&self, id: DirectiveId) -> impl Iterator<Item = Cow<'_, str>> {
        self.words(id).iter().skip(1).map(move |word| word.value(self.source(id)))
    }

    /// The text of the file a directive is written in.
    pub fn source(&self, id: DirectiveId) -> &Source {
        &self.file(self.directive(id).file).source
    }

    /// The node of a directive.
    pub fn node(&self, id: DirectiveId) -> &Node {
        let directive = self.directive(id);
        self.file(directive.file).ast.node(directive.node)
    }

    /// The body of a block; none for [`ROOT`], whose body is the file.
    pub fn node_body(&self, id: DirectiveId) -> Option<Body> {
        if id == ROOT { None } else { self.node(id).body() }
    }

    /// The place to point at for a directive: its words, without a block's body.
    pub fn head(&self, id: DirectiveId) -> Span {
        match self.words(id) {
            [first, .., last] => Span { start: first.span.start, end: last.span.end },
            [only] => only.span,
            [] => Span::default(),
        }
    }

    /// The file of the tree that has this path.
    pub fn file_of(&self, path: &Path) -> Option<FileId> {
        self.by_path.get(path).copied()
    }
}
