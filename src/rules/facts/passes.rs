//! Locations for WebSockets that hand nothing on.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::paths::is_endpoint;
use super::{Fact, directive};
use crate::config::{DirectiveId, Location, Modifier, Target, Tree};
use crate::websocket::{Confidence, Module, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "headers-without-pass" "the block sets the headers of a handshake and hands nothing on" headers_without_pass;
    "nested-without-pass" "the location stands inside one that proxies WebSockets, and hands nothing on itself"
        nested_without_pass;
};

/// What may stand in a block beside the headers of a handshake without answering the request: everything else is taken
/// for something that answers it.
pub(super) fn is_passive(name: &str) -> bool {
    const PREFIXES: [&str; 10] =
        ["proxy_", "auth_", "limit_", "client_", "add_", "gzip", "send_", "tcp_", "keepalive", "real_ip"];
    const NAMES: [&str; 11] = [
        "set",
        "access_log",
        "error_log",
        "allow",
        "deny",
        "satisfy",
        "expires",
        "include",
        "resolver",
        "charset",
        "chunked_transfer_encoding",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

/// The first line of a block's own that sends `Upgrade`.
fn upgrade_line(tree: &Tree, block: DirectiveId) -> Option<DirectiveId> {
    let sends = |&line: &DirectiveId| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty();
    tree.own(block, "proxy_set_header").iter().copied().find(sends)
}

/// Whether a location has nothing to answer with but a file that is not there.
fn hands_nothing_on(tree: &Tree, block: DirectiveId, location: &Location) -> Option<()> {
    let passive = |id: DirectiveId| {
        let name = tree.directive(id).name.map_or("", |name| name.text());
        is_passive(name) && name != "proxy_pass" && !tree.is_block(id)
    };
    let is_static = ["root", "alias"].iter().any(|name| !tree.own(block, name).is_empty());
    let denied = tree.own(block, "deny").iter().any(|&line| tree.arg(line, 1).is_some_and(|who| who == "all"));
    let open = tree.is_open(block) || tree.ancestors(block).any(|around| tree.is_open(around));
    if is_static || denied || open || location.modifier == Modifier::Named || !tree.children(block).all(passive) {
        return None;
    }
    // The server's own `rewrite`, `error_page` and the like lead requests elsewhere before or after. Those of a location
    // do not concern the locations inside it (`ngx_http_rewrite_merge_loc_conf`).
    let server = tree.enclosing(block, "server")?;
    let pages = tree.effective(block, "error_page").map_or(&[][..], |effective| effective.lines);
    let led_on = pages.iter().any(|&page| tree.args(page).last().is_some_and(|target| target.contains(['@', '$'])));
    let elsewhere = ["rewrite", "return", "if"].iter().any(|name| !tree.own(server, name).is_empty());
    (!led_on && !elsewhere).then_some(())
}

fn headers_without_pass(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope)?;
    let line = upgrade_line(tree, block)?;
    hands_nothing_on(tree, block, &tree.location(block)?)?;
    let server = tree.enclosing(block, "server")?;
    let around = tree.ancestors(block).find_map(|around| tree.own(around, "proxy_pass").first().copied());
    let likely = around.or_else(|| scope.routes.in_server(server).next().map(|route| route.pass));
    let likely = likely.map_or_else(|| "http://127.0.0.1:PORT".to_owned(), |pass| without_path(tree, pass));
    Some(Hit { places: vec![Place::head(line)], words: vec![likely, tree.args(block).collect::<Vec<_>>().join(" ")] })
}

/// The address of a `*_pass` without its path.
fn without_path(tree: &Tree, pass: DirectiveId) -> String {
    let target = tree.arg(pass, 1).unwrap_or_default();
    let bare = Target::new(&target).uri.and_then(|uri| target.strip_suffix(&uri).map(str::to_owned));
    bare.unwrap_or_else(|| target.into_owned())
}

/// `proxy_pass` is not inherited by the locations inside (NGINX facts part E). That a file is meant to be served inside
/// is told by the lack of anything that concerns proxying.
fn nested_without_pass(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope)?;
    let outer = tree.ancestors(block).take_while(|&around| tree.is(around, "location"));
    let outer = outer.filter_map(|around| scope.routes.of_block(around)).next()?;
    let location = tree.location(block).filter(|location| !location.is_regex())?;
    if upgrade_line(tree, block).is_some() || outer.module != Module::Proxy || outer.intent.is_denied() {
        return None;
    }
    let lines = tree.effective(block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    let upgrades = lines.iter().any(|&line| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty());
    let timed = ["proxy_read_timeout", "proxy_send_timeout"].iter().any(|name| !tree.own(block, name).is_empty());
    let likely = outer.intent.confidence >= Some(Confidence::Likely) && (upgrades || outer.intent.only);
    let meant = outer.intent.only || timed || is_endpoint(scope, &location.path);
    if !(likely && meant) {
        return None;
    }
    hands_nothing_on(tree, block, &location)?;
    let words = vec![without_path(tree, outer.pass), tree.args(block).collect::<Vec<_>>().join(" ")];
    Some(Hit { words, ..Hit::at(Place::head(outer.pass)) })
}
