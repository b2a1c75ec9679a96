//! Patterns that take handshakes away from the location that is meant for them.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use super::paths::{is_endpoint, path_word};
use super::text::raw;
use crate::config::{DirectiveId, Location, Modifier, Reached, Tree};
use crate::websocket::{Module, Route, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "shadowed-by-pattern" "a location with a pattern takes the very path of the handshake" shadowed;
    "shadowed-beside" "the pattern stands beside the location, where `^~` shuts it out" shadowed_beside;
    "shadowed-in-part" "handshakes below the path of the location still get there, and it may be theirs alone that clients ask for"
        |scope| shadowed(scope).filter(|hit| in_part(scope, hit));
    "takes-from-another" "a pattern takes the handshakes of a location that is meant for them, to another upstream"
        takes_from_another;
};

fn shadowed(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let (block, server) = (route.location_block?, route.server?);
    let location = route.location.as_ref().filter(|location| location.modifier == Modifier::Prefix)?;
    // Below other paths than those of an endpoint nobody knows what clients ask for.
    if !route.intent.only && !is_endpoint(scope, &location.path) {
        return None;
    }
    let Reached::Location(other) = tree.reach(server, &location.path) else { return None };
    let taken = other != block && tree.location(other).is_some_and(|location| location.is_regex());
    if !taken || answers_as_well(scope, route, other) {
        return None;
    }
    let place = path_word(tree, block);
    Some(Hit {
        places: vec![Place::head(other), place],
        words: vec![tree.args(other).collect::<Vec<_>>().join(" "), format!("^~ {}", raw(tree, place)?)],
    })
}

/// Whether a pattern takes whatever handshakes the location is meant for.
pub(super) fn shadowed_wholly(scope: Scope<'_>) -> bool {
    shadowed(scope).is_some_and(|hit| !in_part(scope, &hit))
}

/// Whether the pattern takes the location's own path alone, and none is the path of all handshakes.
fn in_part(scope: Scope<'_>, hit: &Hit) -> bool {
    let taken = hit.places.first().map(|place| place.directive);
    scope.route().zip(taken).is_some_and(|(route, other)| takes_one_path(scope, route, other))
}

/// Whether of the paths of a prefix location its own alone is taken by another one, where the protocol does not say that
/// clients ask for just this path.
fn takes_one_path(scope: Scope<'_>, route: &Route, other: DirectiveId) -> bool {
    let (Some(server), Some(location)) = (route.server, &route.location) else { return false };
    let stem = location.path.trim_end_matches('/');
    let reaches = |path: &str| scope.tree.reach(server, path) == Reached::Location(other);
    let asked = route.intent.slashless || reaches(&format!("{stem}/"));
    let known = route.intent.fixed && is_endpoint(scope, &location.path) && asked;
    let below = ["/x", "/7/a-b", "/7/a-b/websocket"].map(|rest| format!("{stem}{rest}"));
    !known && below.iter().any(|path| !reaches(path))
}

/// Whether a handshake of the route that comes to another location may succeed there just as well.
pub(super) fn answers_as_well(scope: Scope<'_>, route: &Route, other: DirectiveId) -> bool {
    may_upgrade(scope, other) && !goes_elsewhere(scope, route, other)
}

/// Whether a location hands its requests on to the servers of a route, or may do so.
pub(super) fn leads_there_too(scope: Scope<'_>, route: &Route, other: DirectiveId) -> bool {
    scope.routes.of_block(other).is_some() && !goes_elsewhere(scope, route, other)
}

fn shadowed_beside(scope: Scope<'_>) -> Option<Hit> {
    let hit = shadowed(scope)?;
    let other = hit.places.first()?.directive;
    let block = scope.route()?.location_block?;
    (scope.tree.directive(other).parent == scope.tree.directive(block).parent).then_some(hit)
}

/// Whether a location takes the handshakes of another one, which is meant for them, to somewhere else.
fn takes_from_another(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let own = scope.route()?;
    let block = own.location_block.filter(|_| own.location.as_deref().is_some_and(Location::is_regex))?;
    let taken = |other: &&Route| {
        let location = other.location.as_ref().filter(|location| location.modifier == Modifier::Prefix);
        let Some(path) = location.map(|location| &location.path) else { return false };
        let upgrades = other.headers.upgrade.state.sends() || !matches!(other.module, Module::Proxy);
        let meant = upgrades && (other.intent.only || is_endpoint(scope, path));
        meant
            && goes_elsewhere(scope, other, block)
            && own.server.is_some_and(|server| tree.reach(server, path) == Reached::Location(block))
            && !takes_one_path(scope, other, block)
    };
    let other = scope.routes.in_server(own.server?).find(taken)?;
    Some(Hit { words: vec![other.label(tree)], ..Hit::at(Place::head(other.pass)) })
}

/// Whether a location hands its requests on to servers of which the route has none.
fn goes_elsewhere(scope: Scope<'_>, route: &Route, block: DirectiveId) -> bool {
    let tree = scope.tree;
    let inner = ["if", "location", "rewrite", "error_page", "try_files"];
    if tree.is_open(block)
        || scope.routes.jumps.runs_code(block)
        || inner.iter().any(|name| !tree.own(block, name).is_empty())
    {
        return false;
    }
    let Some(other) = scope.routes.of_block(block).filter(|other| !other.target.variable && !route.target.variable)
    else {
        return false;
    };
    let theirs = servers(tree, other);
    servers(tree, route).iter().all(|server| !theirs.contains(server))
}

/// The addresses behind a route: those of its upstream, or the one it names.
fn servers(tree: &Tree, route: &Route) -> Vec<String> {
    let written = |address: &str| address.replace("localhost", "127.0.0.1").to_ascii_lowercase();
    match tree.upstream(route.target.host()) {
        Some(upstream) => upstream.servers.iter().filter_map(|&line| Some(written(&tree.arg(line, 1)?))).collect(),
        None => vec![written(&route.target.authority)],
    }
}

/// Whether a handshake may succeed in a location.
pub(super) fn may_upgrade(scope: Scope<'_>, block: DirectiveId) -> bool {
    let tree = scope.tree;
    let passes = |block: DirectiveId| ["uwsgi_pass", "scgi_pass"].iter().any(|pass| !tree.own(block, pass).is_empty());
    let sends = tree.effective(block, "proxy_set_header").is_some_and(|effective| {
        effective.lines.iter().any(|&line| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty())
    });
    let inner = ["if", "location", "limit_except"].iter().any(|name| !tree.own(block, name).is_empty());
    let jumps = ["rewrite", "error_page"].iter().any(|name| !tree.own(block, name).is_empty());
    tree.is_open(block)
        || scope.routes.jumps.runs_code(block)
        || passes(block)
        || inner
        || jumps
        || (sends && !tree.own(block, "proxy_pass").is_empty())
}
