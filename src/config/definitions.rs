//! Variables and where they get their values.

use std::collections::HashMap;

use super::context::Context;
use super::directives::{Defines, Name};
use super::regex::Pattern;
use super::tree::{DirectiveId, ROOT, Tree};
use super::variables::is_builtin_variable;

/// What gives a variable its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionKind {
    /// A `map` block.
    Map,
    /// A `set`.
    Set,
    /// A named group of a regular expression, or another module: nobody can say which value it has.
    Other,
}

/// A place that defines a variable.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// How.
    pub kind: DefinitionKind,
    /// Where.
    pub at: DirectiveId,
}

/// With more different values than this, nobody can say which one a variable has.
const MOST_VALUES: usize = 64;

/// The `set` lines of a variable, of those with equal values the first.
#[derive(Debug, Default)]
struct Sets {
    lines: Vec<DirectiveId>,
    /// There are more different values than [`MOST_VALUES`].
    more: bool,
}

impl Sets {
    fn add(&mut self, tree: &Tree, line: DirectiveId) {
        let value = tree.arg(line, 2);
        if !self.lines.iter().any(|&other| tree.arg(other, 2) == value) {
            self.more |= self.lines.len() == MOST_VALUES;
            self.lines.extend((!self.more).then_some(line));
        }
    }
}

/// What defines a variable.
#[derive(Debug, Default)]
struct Variable {
    definitions: Vec<Definition>,
    sets: Sets,
    /// The `set` lines by their server; under [`ROOT`] those in none.
    sets_of: HashMap<DirectiveId, Sets>,
    last_map: Option<DirectiveId>,
    /// One of the definitions is of a kind that nobody can look into.
    other: bool,
}

/// The variables of a tree, by name in lower case: nginx compares them so (NGINX facts part F).
#[derive(Debug, Default)]
pub(super) struct Variables {
    variables: HashMap<Box<str>, Variable>,
    /// Directives of unknown modules stand in the tree: they may define anything.
    foreign: bool,
}

/// Directives with patterns whose groups nginx turns into variables.
const WITH_PATTERNS: [&str; 7] =
    ["location", "server_name", "if", "rewrite", "valid_referers", "proxy_redirect", "map"];

impl Variables {
    pub(super) fn new(tree: &Tree) -> Self {
        let defines = |name: Name| name.entries().iter().any(|entry| entry.defines.is_some());
        let has_patterns = |name: Name| WITH_PATTERNS.contains(&name.text());
        let mut variables = Self { foreign: tree.has_unknown(), ..Self::default() };
        for id in tree.all_where(|name| defines(name) || has_patterns(name)) {
            let Some(name) = tree.directive(id).name else { continue };
            if defines(name) {
                variables.add_defined(tree, id, name);
            }
            if has_patterns(name) {
                variables.add_groups(tree, id);
            }
        }
        variables
    }

    /// The variable that the directive itself names, or that the lines inside it name.
    fn add_defined(&mut self, tree: &Tree, id: DirectiveId, name: Name) {
        let entry = name.entry_in(tree.directive(id).context).or_else(|| name.entries().first());
        let last = tree.words(id).len().saturating_sub(1);
        let index = match entry.and_then(|entry| entry.defines) {
            None => return,
            Some(Defines::First) => 1,
            Some(Defines::Second) => 2,
            Some(Defines::Last) => last,
            Some(Defines::Entries) => {
                for line in tree.children(id) {
                    self.add(tree, tree.name(line).trim_start_matches('$'), DefinitionKind::Other, id);
                }
                return;
            }
        };
        if let Some(variable) = tree.arg(id, index) {
            self.add(tree, variable.trim_start_matches('$'), kind(tree, id), id);
        }
    }

    fn add(&mut self, tree: &Tree, name: &str, kind: DefinitionKind, at: DirectiveId) {
        let variable = self.variables.entry(name.to_ascii_lowercase().into()).or_default();
        variable.definitions.push(Definition { kind, at });
        match kind {
            DefinitionKind::Map => variable.last_map = Some(at),
            DefinitionKind::Other => variable.other = true,
            DefinitionKind::Set => {
                let server = tree.enclosing(at, "server").unwrap_or(ROOT);
                variable.sets.add(tree, at);
                variable.sets_of.entry(server).or_default().add(tree, at);
            }
        }
    }

    /// Named groups of the patterns in a directive, and in the entries of a map.
    fn add_groups(&mut self, tree: &Tree, id: DirectiveId) {
        let entries = tree.is(id, "map").then(|| tree.children(id)).into_iter().flatten();
        for holder in std::iter::once(id).chain(entries) {
            let source = tree.source(holder);
            for word in tree.words(holder) {
                // Hardly any word has a group at all.
                if memchr::memchr(b'(', source.slice(word.span).as_bytes()).is_some() {
                    for name in Pattern::names(&word.value(source)) {
                        self.add(tree, name, DefinitionKind::Other, id);
                    }
                }
            }
        }
    }
}

fn kind(tree: &Tree, id: DirectiveId) -> DefinitionKind {
    if tree.is(id, "map") {
        DefinitionKind::Map
    } else if tree.is(id, "set") {
        DefinitionKind::Set
    } else {
        DefinitionKind::Other
    }
}

impl Tree {
    /// Where a variable (without its `$`, in lower case) is defined, in nginx's order.
    pub fn definitions(&self, variable: &str) -> &[Definition] {
        self.variables.variables.get(variable).map_or(&[], |known| &known.definitions)
    }

    /// The `map` that a variable (in lower case) has its value from, of several the last (NGINX facts part F).
    pub(super) fn last_map(&self, variable: &str) -> Option<DirectiveId> {
        self.variables.variables.get(variable)?.last_map
    }

    /// Whether something defines a variable (in lower case) that nobody can look into.
    pub(super) fn is_defined_otherwise(&self, variable: &str) -> bool {
        self.variables.variables.get(variable).is_some_and(|known| known.other)
    }

    /// The `set` lines of a variable (in lower case) that can have run when a block sends its request: those of its
    /// server and those in no server; of equal lines one. None when they are too many to be told.
    pub(super) fn sets_before(&self, variable: &str, block: DirectiveId) -> Option<Vec<DirectiveId>> {
        let Some(known) = self.variables.variables.get(variable) else { return Some(Vec::new()) };
        let sets = match self.enclosing(block, "server") {
            Some(server) => [known.sets_of.get(&server), known.sets_of.get(&ROOT)],
            None => [Some(&known.sets), None],
        };
        let sets = sets.into_iter().flatten();
        if sets.clone().any(|sets| sets.more) {
            return None;
        }
        let mut lines: Vec<DirectiveId> = sets.flat_map(|sets| &sets.lines).copied().collect();
        lines.sort_unstable();
        Some(lines)
    }

    /// The definitions of a variable (in lower case), of `set` lines with equal values the first. None when there are
    /// too many different ones to look at.
    pub fn distinct_definitions(&self, variable: &str) -> Option<impl Iterator<Item = Definition> + '_> {
        let known = self.variables.variables.get(variable);
        if known.is_some_and(|known| known.sets.more) {
            return None;
        }
        let sets = known.map_or(&[][..], |known| &known.sets.lines);
        let sets = sets.iter().map(|&at| Definition { kind: DefinitionKind::Set, at });
        let others = self.definitions(variable).iter().filter(|one| one.kind != DefinitionKind::Set).copied();
        Some(sets.chain(others))
    }

    /// Whether text that is not here, or a module nobody knows, could define a variable.
    pub fn variables_are_open(&self) -> bool {
        let holds_variables = |block: DirectiveId| {
            matches!(self.directive(block).context, Context::Http | Context::Main | Context::Server | Context::Location)
        };
        !self.is_complete()
            || self.variables.foreign
            || self.unread().iter().any(|unread| holds_variables(unread.include))
    }

    /// Whether nginx knows a variable: defined here, built in, or possibly defined by text that is not here.
    pub fn is_defined(&self, variable: &str) -> Option<bool> {
        if !self.definitions(variable).is_empty() || is_builtin_variable(variable) {
            Some(true)
        } else if self.variables_are_open() {
            None
        } else {
            Some(false)
        }
    }
}
