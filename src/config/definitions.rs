//! Variables and where they get their values.

use std::collections::HashMap;

use super::context::Context;
use super::directives::{Defines, Name};
use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};
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

/// What a tree gives names to: variables, by name in lower case (nginx compares them so; NGINX facts part F), and
/// upstreams.
#[derive(Debug, Default)]
pub(super) struct Variables {
    definitions: HashMap<Box<str>, Vec<Definition>>,
    /// Directives of unknown modules stand in the tree: they may define anything.
    foreign: bool,
    /// `upstream` blocks by name in lower case.
    pub(super) upstreams: HashMap<Box<str>, DirectiveId>,
}

impl Variables {
    pub(super) fn new(tree: &Tree) -> Self {
        let mut variables = Self::default();
        for id in tree.ids() {
            let directive = tree.directive(id);
            match directive.name {
                None => {
                    variables.foreign |=
                        !matches!(directive.context, Context::Entries | Context::Foreign | Context::Unknown);
                }
                Some(name) => {
                    variables.add_defined(tree, id, name);
                    variables.add_groups(tree, id);
                    if tree.is(id, "upstream") {
                        let name = tree.arg(id, 1).unwrap_or_default().to_ascii_lowercase();
                        variables.upstreams.entry(name.into()).or_insert(id);
                    }
                }
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
                    self.add(tree.name(line).trim_start_matches('$'), DefinitionKind::Other, id);
                }
                return;
            }
        };
        if let Some(variable) = tree.arg(id, index) {
            self.add(variable.trim_start_matches('$'), kind(tree, id), id);
        }
    }

    fn add(&mut self, name: &str, kind: DefinitionKind, at: DirectiveId) {
        self.definitions.entry(name.to_ascii_lowercase().into()).or_default().push(Definition { kind, at });
    }

    /// Named groups of the patterns that nginx turns into variables.
    fn add_groups(&mut self, tree: &Tree, id: DirectiveId) {
        const WITH_PATTERNS: [&str; 6] =
            ["location", "server_name", "if", "rewrite", "valid_referers", "proxy_redirect"];
        let is_map = tree.is(id, "map") && tree.is_block(id);
        if !is_map && !WITH_PATTERNS.iter().any(|name| tree.is(id, name)) {
            return;
        }
        let entries = tree.is(id, "map").then(|| tree.children(id)).into_iter().flatten();
        for holder in std::iter::once(id).chain(entries) {
            for word in tree.words(holder) {
                let raw = tree.source(holder).slice(word.span);
                if raw.contains("(?") {
                    for name in Pattern::names(&word.value(tree.source(holder))) {
                        self.add(name, DefinitionKind::Other, id);
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
        self.variables.definitions.get(variable).map_or(&[], Vec::as_slice)
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
