//! What holds for a route as a whole.

use std::collections::BTreeSet;

use super::super::condition::{Asked, Hit, Scope};
use super::super::finding::Place;
use super::{Fact, when};
use crate::config::{DirectiveId, Tree};
use crate::websocket::{Confidence, Evidence, Module, Route, State, is_for, keeps_connections, value};

pub(super) const FACTS: &[Fact] = facts! {
    "websocket-only" "nothing but WebSockets goes over the route" |scope| when(scope.route()?.intent.only);
    "in-if" "the route is an `if` block, which takes the settings of its location" |scope| {
        when(scope.tree.is(scope.route()?.block, "if"))
    };
    "external-upstream" "the upstream is a public host, which answers to its own name alone" external_upstream;
    "pings" "the protocol or a comment says that something is sent more often than every 60 s" |scope| {
        when(scope.route()?.intent.pings)
    };
    "subrequest-target" "the location answers `auth_request` or `mirror`" subrequest_target;
    "handshake-subrequest" "the location answers a subrequest that is sent for a handshake" handshake_subrequest;
    "restricted-server" "something in the server keeps some requests out" restricted_server;
    "upstream-keepalive" "connections to the upstream are kept for the next request" |scope| {
        when(keeps_connections(scope.tree, scope.route()?))
    };
    "several-servers" "the upstream has more than one server that takes requests" several_servers;
    "sibling-sends-inherited" "another route to the same upstream sends the headers that are lost here" sibling_sends_lost;
    "only-sibling-upgrades" "nothing but another route to the same upstream speaks for WebSockets" |scope| {
        when(scope.route()?.intent.only_sibling)
    };
    "sockets-elsewhere" "another location of the server carries the WebSockets, and nothing but header lines speaks for this one"
        sockets_elsewhere;
    "keeps-connection-clear" "the block clears Connection itself, as for plain keepalive" |scope| {
        when(scope.route()?.headers.connection.state == State::Empty)
    };
    "websocket-location" "the location's own path or a comment on it says that it carries WebSockets" websocket_location;
    "own-handshake-headers" "the block itself sets the headers of a handshake with `proxy_set_header`" own_headers;
    "carries-upgrade" "the route passes a handshake on, or its module does so by itself" carries_upgrade;
};

/// Header lines are often copied into every location of a server, the one of its pages included.
fn sockets_elsewhere(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let is_hint = |evidence: &Evidence| {
        evidence.confidence == Some(Confidence::Possible)
            || evidence.at.is_some_and(|at| tree.is(at, "proxy_set_header"))
    };
    if !route.intent.evidence.iter().all(is_hint) {
        return None;
    }
    scope.routes.socket_beside(route).map(|other| Hit::at(Place::head(other.pass)))
}

fn subrequest_target(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.route()?.location_block?;
    when(scope.routes.subrequest_targets.contains(&block))
}

fn handshake_subrequest(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.route()?.location_block?;
    when(scope.routes.handshake_subrequests.contains(&block))
}

fn restricted_server(scope: Scope<'_>) -> Option<Hit> {
    when(scope.routes.is_restricted(scope.route()?))
}

fn several_servers(scope: Scope<'_>) -> Option<Hit> {
    let upstream = scope.tree.upstream(scope.route()?.target.host())?;
    // One that is written twice is one with more weight.
    let addresses: BTreeSet<_> = upstream.servers.iter().filter_map(|&server| scope.tree.arg(server, 1)).collect();
    (addresses.len() > 1).then(|| Hit::lines(upstream.servers.first().copied()))
}

fn sibling_sends_lost(scope: Scope<'_>) -> Option<Hit> {
    let Asked::Route(index) = scope.subject else { return None };
    let route = scope.route()?;
    let lost = scope.tree.lost(route.block, "proxy_set_header")?;
    // The first siblings speak for all: a site of thousands of locations need not be read for each of them.
    let sends_all = |other: &Route| {
        let theirs = scope.tree.effective(other.block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
        lost.lines.iter().all(|&line| theirs.iter().any(|&other| same_words(scope.tree, line, other)))
    };
    when(scope.routes.siblings(index).take(64).any(sends_all))
}

fn same_words(tree: &Tree, left: DirectiveId, right: DirectiveId) -> bool {
    left == right || tree.args(left).eq(tree.args(right))
}

/// Whether handshakes go over the route at all: nothing can be said of the life of a connection that never opens.
fn carries_upgrade(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let sends = route.headers.upgrade.state.sends() && route.headers.connection.state.sends();
    when(route.module != Module::Proxy || sends)
}

/// A `.php` location is called by names of files, whatever the folder before them is called.
fn websocket_location(scope: Scope<'_>) -> Option<Hit> {
    when(scope.route()?.speaks_for_itself())
}

fn own_headers(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let sent = |&line: &DirectiveId| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty();
    let here = |line: &DirectiveId| tree.directive(*line).file == tree.directive(block).file;
    let line = tree.own(block, "proxy_set_header").iter().copied().filter(here).find(sent)?;
    Some(Hit::lines([line]))
}

/// A host name with a public ending, written out in the address: such a server answers to its own name, and the client's
/// `Host` would be foreign to it.
fn external_upstream(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let host = route.target.host().trim_end_matches('.').to_ascii_lowercase();
    if route.target.variable || scope.tree.upstream(&host).is_some() {
        return None;
    }
    let (name, ending) = host.rsplit_once('.')?;
    let private =
        ["local", "localhost", "internal", "lan", "home", "svc", "test", "docker", "intranet", "corp", "arpa"];
    let public =
        !name.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphabetic()) && !private.contains(&ending);
    let named_for_tls = scope.tree.effective(route.block, "proxy_ssl_name").is_some();
    when(public || (named_for_tls && route.target.scheme == "https"))
}
