//! The statements of all files in nginx's order, those of an include in its place.

use std::collections::HashSet;

use super::{Directive, DirectiveId, File, FileId, INCLUDE, Problem, ROOT, Unread};
use crate::config::context::Context;
use crate::config::directives::Name;
use crate::config::include::Included;
use crate::config::loader::Loader;
use crate::syntax::NodeId;

/// More statements than this come only from includes that multiply each other.
const MOST_DIRECTIVES: usize = 40_000_000;

/// The statements of all files, laid out in nginx's order, and what was learnt on the way.
pub(super) struct Expanded<'a> {
    pub(super) loader: Loader<'a>,
    pub(super) directives: Vec<Directive>,
    pub(super) unread: Vec<Unread>,
    pub(super) reading_order: Vec<FileId>,
    pub(super) repeated: HashSet<FileId>,
    pub(super) absent: Vec<DirectiveId>,
    pub(super) complete: bool,
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

impl<'a> Expanded<'a> {
    /// The statements of a root file, which stand in `context`, and of all that it includes.
    pub(super) fn new(loader: Loader<'a>, root: FileId, context: Context) -> Self {
        // What is read ahead is laid out once, as a rule.
        let directives = Vec::with_capacity(1 + loader.statements());
        let mut expanded = Self {
            loader,
            directives,
            unread: Vec::new(),
            reading_order: Vec::new(),
            repeated: HashSet::new(),
            absent: Vec::new(),
            complete: context == Context::Main,
        };
        expanded.expand(root, context);
        expanded
    }

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
                    let mut next = next;
                    while next < end {
                        if self.directives.len() >= MOST_DIRECTIVES {
                            self.too_many(file);
                            return;
                        }
                        let after = self.loader.files[file.0 as usize].ast.behind(next);
                        let id = DirectiveId(self.directives.len() as u32);
                        let (name, opens) = self.push(file, next, block, context);
                        let rest = Step::Visit { file, next: after, end, block, context };
                        if let Some(opens) = opens {
                            let inside = NodeId(next.0 + 1);
                            let inside = Step::Visit { file, next: inside, end: after, block: id, context: opens };
                            steps.extend([rest, Step::Close { id }, inside]);
                            break;
                        }
                        if name.is_some() && name == INCLUDE {
                            steps.extend([rest, Step::Close { id }]);
                            self.include(id, block, context, &open_files, &mut steps);
                            break;
                        }
                        next = after;
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
