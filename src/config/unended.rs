//! Directives whose `;` is lost, so that they seem to go on with the next one.
//!
//! nginx's reader does not mind. The directive itself does, if it does not take so many arguments: nginx then refuses
//! to start, and names the wrong line (`ngx_conf_handler`: "invalid number of arguments").

use super::context::Context;
use super::directives::Name;
use super::tree::{Directive, DirectiveId, Problem, ROOT, Tree};

/// A directive that has swallowed the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unended {
    /// The directive without its `;`.
    pub directive: DirectiveId,
    /// The number of the word behind which the `;` belongs.
    pub last_word: usize,
}

impl Unended {
    /// All of a tree, in nginx's order.
    pub(super) fn all(tree: &Tree) -> Vec<Self> {
        tree.ids().filter_map(|directive| Self::of(tree, directive)).collect()
    }

    fn of(tree: &Tree, directive: DirectiveId) -> Option<Self> {
        let words = tree.words(directive);
        // A name, an argument, and the next name with an argument.
        if words.len() < 4 {
            return None;
        }
        let Directive { name, context, parent, .. } = *tree.directive(directive);
        // Other blocks of entries take any number of words.
        let in_entries = context == Context::Entries && parent != ROOT && tree.is(parent, "map");
        match name.and_then(|name| name.entry_in(context)) {
            Some(entry) if entry.args.accepts(words.len() - 1) => return None,
            None if !in_entries || name.is_some() => return None,
            _ => {}
        }
        let source = tree.source(directive);
        let starts_line = |index: usize| source.line(words[index].span.start) > source.line(words[index - 1].span.end);
        let is_next = |index: usize| {
            let known = || Name::of(&words[index].value(source)).is_some_and(|name| name.allowed_in(context));
            starts_line(index) && (in_entries || known())
        };
        // A map's entry is a key and a value.
        let first = if in_entries { 2 } else { 1 };
        let next = (first..words.len() - 1).find(|&index| is_next(index))?;
        (!in_entries || next == 2).then_some(Self { directive, last_word: next - 1 })
    }
}

/// What nginx says of them.
pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let told = |unended: &Unended| {
        let directive = tree.directive(unended.directive);
        let word = tree.words(unended.directive)[unended.last_word];
        let source = tree.source(unended.directive);
        let name = tree.name(unended.directive);
        let message = match directive.context {
            Context::Entries => "invalid number of the map parameters".to_owned(),
            _ => format!("invalid number of arguments in \"{name}\" directive"),
        };
        Problem {
            path: source.path().to_owned(),
            place: Some((directive.file, word.span)),
            message,
            help: Some(format!("`{name}` on line {} lacks its `;`", source.line(word.span.start))),
        }
    };
    let mut problems: Vec<Problem> = tree.unended().iter().map(told).collect();
    // A file that is included twice has the mistake once.
    problems.sort_by(|left, right| left.place.cmp(&right.place));
    problems.dedup_by(|left, right| left.place == right.place);
    problems
}

impl Tree {
    /// Directives whose `;` is lost.
    pub fn unended(&self) -> &[Unended] {
        &self.unended
    }

    /// Whether what a directive says, or what is missing beside or around it, may only come of a lost `;`.
    pub fn is_beside_unended(&self, id: DirectiveId) -> bool {
        let around = || std::iter::once(id).chain(self.ancestors(id));
        self.unended.iter().any(|unended| {
            let block = self.directive(unended.directive).parent;
            let is_far = block == ROOT || self.is(block, "http");
            let matters = !is_far || unended.directive == id || self.speaks_of_upstreams(unended);
            matters && around().any(|level| level == block || level == unended.directive)
        })
    }

    /// Whether a directive, or the one that it has swallowed, sets something for upstreams, or includes what may.
    fn speaks_of_upstreams(&self, unended: &Unended) -> bool {
        let word = |index| self.arg(unended.directive, index).unwrap_or_default();
        [self.name(unended.directive), word(unended.last_word + 1)].iter().any(|name| {
            name == "include" || ["proxy_", "uwsgi_", "scgi_", "grpc_"].iter().any(|prefix| name.starts_with(prefix))
        })
    }
}
