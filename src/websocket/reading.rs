//! Finds the routes of a tree and reads what stands on each.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::headers::Headers;
use super::intent::Intent;
use super::route::{Module, Route};
use crate::config::{Context, DirectiveId, Location, ROOT, Target, Tree};

/// Reads routes before they are judged.
pub(super) struct RouteReader<'t> {
    tree: &'t Tree,
    /// The headers where no line sets any, which most routes of a large site share.
    unset: Arc<Headers>,
    pub(super) unjudged: Arc<Intent>,
    unread: Arc<Target>,
}

/// What was taken apart before, by its text.
type Apart<'t, T> = HashMap<&'t str, T>;

impl<'t> RouteReader<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, unset: Arc::new(Headers::of(tree, ROOT)), unjudged: Arc::default(), unread: Arc::default() }
    }

    /// The route that a `*_pass` makes where nginx accepts it, with nothing of it but where it stands.
    pub(super) fn start(&self, pass: DirectiveId) -> Option<Route> {
        let tree = self.tree;
        let (_, mut module) = Module::PASSES.into_iter().find(|(name, _)| tree.is(pass, name))?;
        let directive = tree.directive(pass);
        match directive.context {
            Context::Location | Context::If | Context::LimitExcept => {}
            Context::StreamServer if module == Module::Proxy => module = Module::Stream,
            // A snippet that is included in locations: it can be judged only where nothing above it matters.
            _ => return None,
        }
        tree.word(pass, 1)?;
        Some(Route {
            block: directive.parent,
            location_block: None,
            location: None,
            server: None,
            pass,
            module,
            target: Arc::clone(&self.unread),
            headers: Arc::clone(&self.unset),
            intent: Arc::clone(&self.unjudged),
        })
    }

    /// Reads the rest of some routes: the blocks whose header lines are in effect on them.
    pub(super) fn read(&self, routes: &mut [Route]) -> Vec<DirectiveId> {
        let tree = self.tree;
        let mut known: HashMap<(Option<DirectiveId>, Option<DirectiveId>), Arc<Headers>> = HashMap::new();
        let mut locations: Apart<'_, Option<Arc<Location>>> = HashMap::new();
        let mut targets: Apart<'_, Arc<Target>> = HashMap::new();
        let mut origins = Vec::new();
        for route in routes {
            route.location_block = tree.enclosing(route.block, "location");
            route.location = route.location_block.and_then(|block| {
                let known = locations.entry(tree.source(block).slice(tree.head(block)));
                known.or_insert_with(|| tree.location(block).map(Arc::new)).clone()
            });
            route.server = tree.enclosing(route.block, "server");
            if let Some(word) = tree.word(route.pass, 1) {
                let source = tree.source(route.pass);
                let known = targets.entry(source.slice(word.span));
                route.target = Arc::clone(known.or_insert_with(|| Arc::new(Target::new(&word.value(source)))));
            }
            if route.module == Module::Proxy {
                let effective = tree.effective(route.block, "proxy_set_header");
                let origin = effective.map(|effective| effective.origin);
                origins.extend(origin);
                let known = known.entry((origin, route.server));
                route.headers = Arc::clone(known.or_insert_with(|| self.headers(route.block)));
            }
        }
        origins
    }

    fn headers(&self, block: DirectiveId) -> Arc<Headers> {
        let read = Headers::of(self.tree, block);
        if read.are_unset() && self.unset.are_unset() { Arc::clone(&self.unset) } else { Arc::new(read) }
    }
}
