//! Subrequests that nginx sends on behalf of a handshake.

use std::collections::{HashMap, HashSet};

use super::confidence::Confidence;
use super::route::{Module, Routes};
use crate::config::{DirectiveId, Tree};

/// The directives that send a subrequest on behalf of a request, with its headers: nginx's own and those of nchan.
pub(super) const SENDING: [&str; 6] = [
    "auth_request",
    "mirror",
    "nchan_authorize_request",
    "nchan_publisher_upstream_request",
    "nchan_subscribe_request",
    "nchan_unsubscribe_request",
];

/// The locations that answer a subrequest of `auth_request`, `mirror` or nchan while a handshake is under way: a subrequest
/// carries the headers of the request it belongs to, so that what such a location inherits is sent for it as well
/// (NGINX facts part I).
pub(super) fn of_handshakes(tree: &Tree, routes: &Routes) -> HashSet<DirectiveId> {
    let mut targets = HashSet::new();
    if routes.subrequest_targets.is_empty() {
        return targets;
    }
    let mut selected: HashMap<(DirectiveId, String), Option<DirectiveId>> = HashMap::new();
    // nchan answers handshakes itself, and asks before it does.
    for line in tree.all_of(&SENDING[2..]) {
        let (server, uri) = (tree.enclosing(line, "server"), tree.arg(line, 1).filter(|uri| uri.starts_with('/')));
        if let (Some(server), Some(uri), true) = (server, uri, is_nchan_socket(tree, tree.directive(line).parent)) {
            targets.extend(answers_only(tree, server, uri.split(['?', '$']).next().unwrap_or_default()));
        }
    }
    let opens = |route: &&super::Route| {
        route.module == Module::Proxy
            && route.intent.confidence >= Some(Confidence::Likely)
            && route.headers.upgrade.state.sends()
    };
    for route in routes.all.iter().filter(opens) {
        let Some(server) = route.server else { continue };
        for name in ["auth_request", "mirror"] {
            let lines = tree.effective(route.block, name).map_or(&[][..], |effective| effective.lines);
            for uri in lines.iter().filter_map(|&line| tree.arg(line, 1)).filter(|uri| uri.starts_with('/')) {
                let path = uri.split(['?', '$']).next().unwrap_or_default().to_owned();
                let target = selected.entry((server, path));
                targets.extend(*target.or_insert_with_key(|(server, path)| answers_only(tree, *server, path)));
            }
        }
    }
    targets
}

/// Whether nchan answers handshakes in a location: it does unless its line names other ways to subscribe alone.
fn is_nchan_socket(tree: &Tree, block: DirectiveId) -> bool {
    let lines = ["nchan_subscriber", "nchan_pubsub"].into_iter().flat_map(|name| tree.own(block, name));
    lines.copied().any(|line| {
        let mut ways = tree.args(line).peekable();
        ways.peek().is_none() || ways.any(|way| way.eq_ignore_ascii_case("websocket") || way.eq_ignore_ascii_case("ws"))
    })
}

/// The location that answers a path, if it is there for subrequests: written for just this path, or `internal` below the
/// root. One that answers clients as well, such as `/`, may need what it inherits.
fn answers_only(tree: &Tree, server: DirectiveId, path: &str) -> Option<DirectiveId> {
    let block = tree.select(server, path)?;
    let location = tree.location(block)?;
    let internal = !tree.own(block, "internal").is_empty() && location.path != "/";
    (location.path == path || internal).then_some(block)
}
