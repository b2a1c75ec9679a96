//! From a root file to a tree.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::expand::Expanded;
use super::{Directive, DirectiveId, FileId, Problem, ROOT, Tree, TreeOptions, infer};
use crate::config::context::Context;
use crate::config::definitions::Variables;
use crate::config::effective::OpenBlocks;
use crate::config::evaluate::Evaluated;
use crate::config::index::Index;
use crate::config::loader::Loader;
use crate::config::maps::Maps;
use crate::config::reach::LocationIndex;
use crate::config::reader::Reader;
use crate::config::{swallowed, upstream};
use crate::parallel;
use crate::syntax::NodeId;

/// More statements than this are looked through by several threads.
const LARGE: usize = 8192;

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
            None => infer::context(&loader.files[root_file.0 as usize]),
        };
        let Expanded { loader, directives, unread, reading_order, repeated, absent, complete } =
            Expanded::new(loader, root_file, context);
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
            evaluated: Evaluated::default(),
            reach: LocationIndex::default(),
        };
        tree.open = OpenBlocks::new(&tree);
        tree.upstreams = upstream::all(&tree);
        tree.maps = Maps::new(&tree);
        let (variables, swallowed) =
            parallel::both(tree.len() > LARGE, || Variables::new(&tree), || swallowed::find(&tree));
        tree.variables = variables;
        for (id, problem) in swallowed {
            if swallowed::matters_beside(&tree, id, &problem) {
                tree.doubtful.insert(tree.directive(id).parent);
            }
            tree.doubtful.insert(id);
            // Behind an error that has been named already it may follow from that one: it is a doubt, and no more.
            if tree.file(tree.directive(id).file).ast.errors().is_empty() {
                tree.problems.push(problem);
            }
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
            evaluated: Evaluated::default(),
            reach: LocationIndex::default(),
        }
    }
}
