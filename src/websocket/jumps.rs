//! Where the directives of a server send requests on to inside nginx.

use std::collections::{HashMap, HashSet};

use crate::config::{DirectiveId, ROOT, Tree};

/// What a server, or the levels above all servers, may jump to.
#[derive(Debug, Default)]
struct Targets {
    names: HashSet<String>,
    paths: Vec<String>,
    /// A target is a variable, or code decides.
    anything: bool,
}

/// The internal jumps of a tree.
#[derive(Debug, Default)]
pub struct Jumps {
    by_server: HashMap<DirectiveId, Targets>,
    /// Blocks in which code of Lua, njs, Perl or a module nobody knows stands.
    with_code: HashSet<DirectiveId>,
}

/// Directives with a target, other than code.
const JUMPING: [&str; 9] = [
    "error_page",
    "try_files",
    "rewrite",
    "auth_request",
    "mirror",
    "post_action",
    "index",
    "add_before_body",
    "add_after_body",
];

/// More targets than this are not compared one by one.
const MOST_PATHS: usize = 1000;

impl Jumps {
    /// Collects the jumps of a tree.
    pub(super) fn new(tree: &Tree) -> Self {
        let mut jumps = Self::default();
        let mut all = tree.all_where(|name| JUMPING.contains(&name.text()) || runs_code(name.text()));
        if tree.has_unknown() {
            all.extend(tree.ids().filter(|&id| is_unknown(tree, id)));
            all.sort_unstable();
        }
        for id in all {
            let jumping = JUMPING.iter().any(|name| tree.is(id, name));
            let server = tree.enclosing(id, "server").unwrap_or(ROOT);
            let targets = jumps.by_server.entry(server).or_default();
            if !jumping {
                targets.anything = true;
                jumps.with_code.insert(tree.directive(id).parent);
                continue;
            }
            for word in tree.args(id) {
                match word.chars().next() {
                    Some('@') if word.contains('$') => targets.anything = true,
                    Some('@') => _ = targets.names.insert(word.into_owned()),
                    Some('/') => targets.paths.push(word.into_owned()),
                    // The pattern of a rewrite and the files of `try_files` begin otherwise, or are no jump.
                    Some('$') => targets.anything |= !tree.is(id, "rewrite") && is_last(tree, id, &word),
                    _ if is_path_of_jump(tree, id, &word) => targets.paths.push(word.into_owned()),
                    _ => {}
                }
            }
            if tree.is(id, "rewrite") {
                targets.anything |= tree.arg(id, 2).is_some_and(|text| text.starts_with('$'));
            }
        }
        jumps
    }

    /// Whether something may jump to a named location (`name` with its `@`) of a server.
    pub fn may_reach_name(&self, server: DirectiveId, name: &str) -> bool {
        self.of(server).any(|targets| targets.anything || targets.names.contains(name))
    }

    /// Whether something may jump to a path below `path` in a server.
    pub fn may_reach_path(&self, server: DirectiveId, path: &str) -> bool {
        self.of(server).any(|targets| {
            let leads_there = |target: &String| {
                let head = target.split(['$', '?']).next().unwrap_or_default();
                head.starts_with(path) || path.starts_with(head)
            };
            targets.anything || targets.paths.len() > MOST_PATHS || targets.paths.iter().any(leads_there)
        })
    }

    /// Whether code in a block may answer or send requests on before nginx's own directives do.
    pub fn runs_code(&self, block: DirectiveId) -> bool {
        self.with_code.contains(&block)
    }

    fn of(&self, server: DirectiveId) -> impl Iterator<Item = &Targets> {
        [server, ROOT].into_iter().filter_map(|level| self.by_server.get(&level))
    }
}

/// Whether a word without a slash in front is what a `rewrite` makes of the path, or where `try_files` goes at last: nginx
/// looks for a location of that very name.
fn is_path_of_jump(tree: &Tree, id: DirectiveId, word: &str) -> bool {
    let replaced = tree.is(id, "rewrite") && tree.arg(id, 2).is_some_and(|second| second == word);
    let last = tree.is(id, "try_files") && is_last(tree, id, word);
    (replaced || last) && !word.contains("://") && !word.starts_with('=')
}

fn is_last(tree: &Tree, id: DirectiveId, word: &str) -> bool {
    tree.args(id).last().is_some_and(|last| last == word)
}

/// Whether a directive of this name runs code that may jump anywhere: Lua, njs, Perl, server-side includes, `echo_exec`.
fn runs_code(name: &str) -> bool {
    name.contains("_by_lua")
        || name.starts_with("js_")
        || name.starts_with("perl")
        || name == "ssi"
        || name.starts_with("echo_")
}

/// Whether a directive is of a module that nobody knows.
fn is_unknown(tree: &Tree, id: DirectiveId) -> bool {
    let directive = tree.directive(id);
    directive.name.is_none() && directive.context.is_modelled()
}
