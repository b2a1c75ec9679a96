//! All statements of a configuration in the order in which nginx reads them, includes in place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::definitions::Variables;
use super::directives::Name;
use super::effective::OpenBlocks;
use super::include::{IncludeMap, Included};
use super::index::Index;
use super::loader::Loader;
use super::maps::Maps;
use super::reach::LocationIndex;
use super::reader::Reader;
use super::swallowed;
use super::upstream::{self, Upstream};
use crate::syntax::{Ast, Body, Node, NodeId, Source, Span, Word};

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

/// More statements than this come only from includes that multiply each other.
const MOST_DIRECTIVES: usize = 40_000_000;

/// A configuration: its files and, in nginx's order, its directives.
#[derive(Debug)]
pub struct Tree {
    files: Vec<File>,
    directives: Vec<Directive>,
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
    pub(super) reach: LocationIndex,
}

impl Tree {
    /// Reads the tree of a root file. A file that cannot be read or understood leaves a [`Problem`] behind and the
    /// rest of the tree readable.
    pub fn read(root: &Path, reader: &dyn Reader, options: &TreeOptions) -> Self {
        let prefix = options.prefix.clone().or_else(|| root.parent().map(Path::to_owned)).unwrap_or_default();
        let mut loader = Loader::new(reader, prefix, &options.include_map);
        let Some(root_file) = loader.load(root) else {
            return Self::empty(loader.problems);
        };
        loader.read_ahead(root_file);
        let context = match options.context.last() {
            Some(&context) => context,
            None => infer_context(&loader.files[root_file.0 as usize]),
        };
        let statements = loader.statements();
        let mut builder = Builder {
            loader,
            // What is read ahead is laid out once, as a rule.
            directives: Vec::with_capacity(1 + statements),
            unread: Vec::new(),
            reading_order: Vec::new(),
            repeated: HashSet::new(),
            absent: Vec::new(),
            complete: context == Context::Main,
        };
        builder.expand(root_file, context);
        let Builder { loader, directives, unread, reading_order, repeated, absent, complete } = builder;
        let Loader { files, mut problems, .. } = loader;
        for (id, file) in files.iter().enumerate() {
            problems.extend(file.ast.errors().iter().map(|error| Problem {
                path: file.source.path().to_owned(),
                place: Some((FileId(id as u32), error.span)),
                message: error.message.clone(),
                help: error.help.clone(),
            }));
        }
        let mut tree = Self {
            files,
            index: Index::new(&directives),
            directives,
            unread,
            reading_order,
            absent,
            problems,
            complete,
            doubtful: HashSet::new(),
            repeated,
            misunderstood: HashSet::new(),
            by_path: HashMap::new(),
            open: OpenBlocks::default(),
            upstreams: HashMap::new(),
            maps: Maps::default(),
            variables: Variables::default(),
            reach: LocationIndex::default(),
        };
        tree.open = OpenBlocks::new(&tree);
        tree.upstreams = upstream::all(&tree);
        tree.maps = Maps::new(&tree);
        tree.variables = Variables::new(&tree);
        for (id, problem) in swallowed::find(&tree) {
            if swallowed::matters_beside(&tree, id, &problem) {
                tree.doubtful.insert(tree.directive(id).parent);
            }
            tree.doubtful.insert(id);
            tree.problems.push(problem);
        }
        tree.misunderstood = tree.problems.iter().filter_map(|problem| Some(problem.place?.0)).collect();
        let paths = (0..).map(FileId).zip(&tree.files).map(|(id, file)| (file.source.path().to_owned(), id));
        tree.by_path = paths.collect();
        tree
    }

    fn empty(problems: Vec<Problem>) -> Self {
        let root = Directive {
            file: FileId(0),
            node: NodeId(0),
            name: None,
            parent: ROOT,
            end: DirectiveId(1),
            context: Context::Unknown,
        };
        Self {
            files: Vec::new(),
            directives: vec![root],
            unread: Vec::new(),
            reading_order: Vec::new(),
            absent: Vec::new(),
            problems,
            complete: false,
            doubtful: HashSet::new(),
            repeated: HashSet::new(),
            misunderstood: HashSet::new(),
            by_path: HashMap::new(),
            index: Index::default(),
            open: OpenBlocks::default(),
            upstreams: HashMap::new(),
            maps: Maps::default(),
            variables: Variables::default(),
            reach: LocationIndex::default(),
        }
    }

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

/// Lays the statements of all files out in nginx's order.
struct Builder<'a> {
    loader: Loader<'a>,
    directives: Vec<Directive>,
    unread: Vec<Unread>,
    reading_order: Vec<FileId>,
    repeated: HashSet<FileId>,
    absent: Vec<DirectiveId>,
    complete: bool,
}

/// What is still to be laid out.
enum Step {
    /// The sibling nodes `next..end` of a file, inside `block`.
    Visit { file: FileId, next: NodeId, end: NodeId, block: DirectiveId, context: Context },
    /// Everything inside this directive has been laid out.
    Close { id: DirectiveId },
    /// The statements of an included file come next.
    Enter { file: FileId, block: DirectiveId, context: Context },
    /// The statements of a file are done: it may be included again without being a cycle.
    Leave { file: FileId },
}

impl Builder<'_> {
    fn expand(&mut self, root: FileId, context: Context) {
        self.directives.push(Directive {
            file: root,
            node: NodeId(0),
            name: None,
            parent: ROOT,
            end: DirectiveId(1),
            context,
        });
        self.reading_order.push(root);
        let mut read: HashSet<FileId> = HashSet::from([root]);
        let mut open_files = vec![root];
        let mut steps = vec![Step::Close { id: ROOT }, self.visit(root, ROOT, context)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Close { id } => self.directives[id.0 as usize].end = DirectiveId(self.directives.len() as u32),
                Step::Enter { file, block, context } => {
                    if !read.insert(file) {
                        self.repeated.insert(file);
                    } else if !self.loader.files[file.0 as usize].well_known {
                        self.reading_order.push(file);
                    }
                    open_files.push(file);
                    steps.push(Step::Leave { file });
                    steps.push(self.visit(file, block, context));
                }
                Step::Leave { file } => open_files.retain(|&open| open != file),
                Step::Visit { file, next, end, block, context } => {
                    if next >= end {
                        continue;
                    }
                    if self.directives.len() >= MOST_DIRECTIVES {
                        self.too_many(file);
                        return;
                    }
                    let after = self.loader.files[file.0 as usize].ast.node(next).end;
                    steps.push(Step::Visit { file, next: after, end, block, context });
                    let id = DirectiveId(self.directives.len() as u32);
                    let (name, opens) = self.push(file, next, block, context);
                    let is_include = name.is_some() && name == INCLUDE;
                    if is_include && opens.is_none() {
                        steps.push(Step::Close { id });
                        self.include(id, block, context, &open_files, &mut steps);
                    } else if let Some(opens) = opens {
                        steps.push(Step::Close { id });
                        let inside = NodeId(next.0 + 1);
                        steps.push(Step::Visit { file, next: inside, end: after, block: id, context: opens });
                    }
                }
            }
        }
    }

    fn visit(&self, file: FileId, block: DirectiveId, context: Context) -> Step {
        let end = NodeId(self.loader.files[file.0 as usize].ast.nodes().len() as u32);
        Step::Visit { file, next: NodeId(0), end, block, context }
    }

    /// Adds the directive of a node; says its name and, for a block, the context it opens.
    fn push(
        &mut self,
        file: FileId,
        node: NodeId,
        block: DirectiveId,
        context: Context,
    ) -> (Option<Name>, Option<Context>) {
        let File { source, ast, .. } = &self.loader.files[file.0 as usize];
        let name = match ast.words(node).first() {
            Some(word) if context != Context::Entries => Name::of(&word.value(source)),
            Some(word) if source.slice(word.span) == "include" => Name::of("include"),
            _ => None,
        };
        let opens = ast.node(node).body().map(|_| match name {
            Some(name) => opens(name, context),
            None => Context::Unknown,
        });
        let end = DirectiveId(self.directives.len() as u32 + 1);
        self.directives.push(Directive { file, node, name, parent: block, end, context });
        (name, opens)
    }

    fn include(
        &mut self,
        id: DirectiveId,
        block: DirectiveId,
        context: Context,
        open_files: &[FileId],
        steps: &mut Vec<Step>,
    ) {
        let Directive { file, node, .. } = self.directives[id.0 as usize];
        let File { source, ast, .. } = &self.loader.files[file.0 as usize];
        let words = ast.words(node);
        let Some(word) = words.get(1) else { return };
        let pattern = word.value(source).into_owned();
        let span = word.span;
        let found = self.loader.resolve(&pattern);
        let paths = match &*found {
            Included::Harmless => return self.absent.push(id),
            Included::Unread => {
                self.absent.push(id);
                return self.unread.push(Unread { include: id, block, is_told: false });
            }
            Included::Files(paths) => paths,
        };
        let first = steps.len();
        for path in paths {
            let Some(included) = self.loader.load(path) else {
                self.unread.push(Unread { include: id, block, is_told: true });
                continue;
            };
            if self.loader.files[included.0 as usize].well_known {
                self.absent.push(id);
            }
            if open_files.contains(&included) {
                let path = self.loader.files[file.0 as usize].source.path().to_owned();
                let message = format!("`include {pattern}` leads back to this file: nginx would read it without end");
                self.loader.problems.push(Problem { path, place: Some((file, span)), message, help: None });
                continue;
            }
            steps.push(Step::Enter { file: included, block, context });
        }
        steps[first..].reverse();
    }

    fn too_many(&mut self, file: FileId) {
        let path = self.loader.files[file.0 as usize].source.path().to_owned();
        let message = format!("includes multiply to more than {MOST_DIRECTIVES} directives");
        self.loader.problems.push(Problem { path, place: None, message, help: None });
        self.complete = false;
    }
}

/// The context inside a block. Where nginx does not accept the block, it is read as what it is elsewhere, so that a
/// misplaced `map` has entries all the same.
fn opens(name: Name, context: Context) -> Context {
    let entry = name.entry_in(context).filter(|entry| entry.opens.is_some());
    let entry = entry.or_else(|| name.entries().iter().find(|entry| entry.opens.is_some()));
    entry.and_then(|entry| entry.opens).unwrap_or(Context::Unknown)
}

/// Where a file without further knowledge is included: the context that allows most of its top-level statements.
fn infer_context(file: &File) -> Context {
    const CANDIDATES: [Context; 7] = [
        Context::Main,
        Context::Http,
        Context::Server,
        Context::Location,
        Context::Upstream,
        Context::Stream,
        Context::StreamServer,
    ];
    let mut votes = [0_u32; CANDIDATES.len()];
    let mut node = NodeId(0);
    while (node.0 as usize) < file.ast.nodes().len() {
        let this = file.ast.node(node);
        if let Some(name) = file.ast.words(node).first().and_then(|word| Name::of(&word.value(&file.source))) {
            // `http` and `events` stand nowhere else, and with them the file is a main file whatever else is in it.
            if matches!(name.text(), "http" | "events") && this.is_block() {
                return Context::Main;
            }
            for (vote, context) in votes.iter_mut().zip(CANDIDATES) {
                *vote +=
                    u32::from(name.entry_in(context).is_some_and(|entry| entry.opens.is_some() == this.is_block()));
            }
        }
        node = this.end;
    }
    // A tie goes to http: what is shared as a fragment is most often a file of conf.d.
    let order = [1, 2, 3, 0, 4, 5, 6];
    let best = order.into_iter().rev().max_by_key(|&index| votes[index]).unwrap_or(1);
    CANDIDATES[best]
}
