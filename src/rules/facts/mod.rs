//! Facts that take code to derive, by the names under which rules ask for them.

use super::condition::{Asked, Hit, Scope};
use crate::config::DirectiveId;

/// A named question about a route or a directive.
pub(super) struct Fact {
    /// The name, as rules write it.
    pub(super) name: &'static str,
    /// What it says, for those who write rules.
    pub(super) meaning: &'static str,
    /// The directives it can hold of; empty for those that are about any directive, a route or a comment.
    pub(super) of: &'static [&'static str],
    /// Whether it holds, and what shows it.
    pub(super) holds: fn(Scope<'_>) -> Option<Hit>,
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// `"name" "what it says" function;` for each fact; `"name" for ["listen"] "what it says" function;` for one that is about
/// these directives alone.
macro_rules! facts {
    ($($name:literal $(for [$($of:literal),+])? $meaning:literal $holds:expr;)*) => {
        &[$(Fact { name: $name, of: &[$($($of),+)?], meaning: $meaning, holds: $holds }),*]
    };
}

mod addresses;
mod balancing;
mod blanks;
mod browser;
mod buffers;
mod cache;
mod capacity;
mod comments;
mod dead_paths;
mod directives;
mod duplicates;
mod earlier;
mod headers;
mod jumps;
mod leftovers;
mod listeners;
mod loops;
mod maps;
mod origin;
mod passes;
mod paths;
mod policy;
mod ports;
mod query;
mod reach;
mod redirects;
mod refusals;
mod refused;
mod request;
mod response;
mod rewritten;
mod route;
mod security;
mod settings;
mod shadows;
mod siblings;
mod stripping;
mod tests_of_upgrade;
mod text;
mod times;
mod upstreams;

pub(super) use reach::Why;

/// All facts.
pub(super) fn all() -> impl Iterator<Item = &'static Fact> {
    [
        route::FACTS,
        reach::FACTS,
        siblings::FACTS,
        jumps::FACTS,
        passes::FACTS,
        redirects::FACTS,
        shadows::FACTS,
        earlier::FACTS,
        dead_paths::FACTS,
        refused::FACTS,
        paths::FACTS,
        stripping::FACTS,
        query::FACTS,
        upstreams::FACTS,
        origin::FACTS,
        headers::FACTS,
        leftovers::FACTS,
        request::FACTS,
        response::FACTS,
        policy::FACTS,
        cache::FACTS,
        buffers::FACTS,
        balancing::FACTS,
        capacity::FACTS,
        listeners::FACTS,
        security::FACTS,
        settings::FACTS,
        tests_of_upgrade::FACTS,
        times::FACTS,
        directives::FACTS,
        refusals::FACTS,
        blanks::FACTS,
        duplicates::FACTS,
        addresses::FACTS,
        ports::FACTS,
        maps::FACTS,
        comments::FACTS,
    ]
    .into_iter()
    .flatten()
}

fn when(holds: bool) -> Option<Hit> {
    holds.then(Hit::default)
}

/// The directive that is asked about.
fn directive(scope: Scope<'_>) -> Option<DirectiveId> {
    match scope.subject {
        Asked::Directive(id) => Some(id),
        Asked::Route(_) | Asked::Comment(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Name;

    #[test]
    fn facts_are_about_directives_that_there_are() {
        for fact in super::all() {
            assert!(fact.of.iter().all(|name| Name::of(name).is_some()), "{fact:?}: {:?}", fact.of);
        }
        assert!(super::all().any(|fact| !fact.of.is_empty()));
    }
}
