//! How requests are spread over the servers of an upstream.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::{Fact, when};
use crate::config::{DirectiveId, Upstream};

pub(super) const FACTS: &[Fact] = facts! {
    "sticky-protocol" "a session is several requests, which must all reach the same server" |scope| {
        when(scope.route()?.intent.sticky)
    };
    "spread-servers" "several servers take turns, whoever the client is; the second place is the upstream" spread_servers;
    "other-balancing" "a balancing method is chosen for the upstream" other_balancing;
};

/// Methods that send a client to the server it had before, if their key says so, and those that nobody can judge.
const BY_CLIENT: [&str; 7] =
    ["ip_hash", "hash", "sticky", "session_sticky", "consistent_hash", "balancer_by_lua_block", "balancer_by_lua_file"];

/// The `upstream` block of the route, also where a variable names it.
fn upstream_of(scope: Scope<'_>) -> Option<&Upstream> {
    let route = scope.route()?;
    match &scope.tree.hosts(&route.target, route.block)[..] {
        [host] => scope.tree.upstream(host),
        _ => None,
    }
}

/// By default the servers take turns by request (measured on nginx 1.22.1: ten requests to two servers go to them in
/// turns), as they do with `least_conn` and `random`.
fn spread_servers(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let upstream = upstream_of(scope)?;
    let [first, _, ..] = upstream.servers[..] else { return None };
    let by_client = BY_CLIENT.iter().any(|name| !tree.own(upstream.block, name).is_empty());
    // A directive of another module may be a balancing method as well.
    let foreign = tree.children(upstream.block).any(|line| tree.directive(line).name.is_none());
    let spread = !by_client && !foreign && !tree.is_open(upstream.block);
    spread.then(|| Hit::lines([first, upstream.block]))
}

fn other_balancing(scope: Scope<'_>) -> Option<Hit> {
    const OTHERS: [&str; 4] = ["least_conn", "random", "least_time", "fair"];
    let upstream = upstream_of(scope)?;
    let line: DirectiveId = OTHERS.iter().find_map(|name| scope.tree.own(upstream.block, name).first().copied())?;
    Some(Hit::at(Place::head(line)))
}
