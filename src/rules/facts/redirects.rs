//! Locations that answer with a redirect.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::passes::is_passive;
use super::paths::is_endpoint;
use super::{Fact, directive};
use crate::config::{DirectiveId, Location, Modifier, Pattern, Tree};
use crate::websocket::{Route, is_redirect};

pub(super) const FACTS: &[Fact] = facts! {
    "endpoint-redirected" "the location is an endpoint and does nothing but redirect" endpoint_redirected;
    "redirected-to-websocket" "the line redirects to ws:// or wss://" to_websocket;
};

fn endpoint_redirected(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope)?;
    // Most locations redirect nobody.
    if ["return", "rewrite"].iter().all(|name| tree.own(block, name).is_empty()) {
        return None;
    }
    let location =
        tree.location(block).filter(|location| !location.is_regex() && is_endpoint(scope, &location.path))?;
    let mut redirects =
        tree.children(block).filter(|&line| !is_passive(&tree.name(line)) || tree.is(line, "proxy_pass"));
    let (line, alone) = (redirects.next()?, redirects.next().is_none());
    let code = match () {
        () if tree.is(line, "return") => tree.arg(line, 1)?.into_owned(),
        () if tree.is(line, "rewrite") => redirects_location(tree, line, Some(&location))?,
        () => return None,
    };
    let redirects = ["301", "302", "303", "307", "308"].contains(&&*code);
    (redirects && alone && !tree.is_open(block)).then(|| Hit::at(Place::head(line)))
}

/// `return 301 wss://…`, `rewrite … ws://… redirect`. Without the flag of a redirect a replacement with another scheme than
/// http is a path (`ngx_http_rewrite`), and another status than that of a redirect is a text.
fn to_websocket(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope)?;
    let flag = if tree.is(line, "return") { tree.arg(line, 1)? } else { tree.arg(line, 3)? };
    let redirects = ["301", "302", "303", "307", "308", "redirect", "permanent"].contains(&&*flag);
    let address = tree.arg(line, 2)?.to_ascii_lowercase();
    let scheme = address.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| ["ws", "wss"].contains(scheme))?;
    redirects.then(|| Hit { words: vec![scheme.to_owned()], ..Hit::at(Place::head(line)) })
}

/// The status with which a `rewrite` redirects every request of a route, if it does.
pub(super) fn redirects_all(tree: &Tree, line: DirectiveId, route: &Route) -> Option<String> {
    redirects_location(tree, line, route.location.as_deref())
}

/// `permanent` is 301, everything else that redirects 302 (`ngx_http_rewrite`). What a location with a pattern takes
/// cannot be known; a pattern that takes any path takes that.
fn redirects_location(tree: &Tree, line: DirectiveId, location: Option<&Location>) -> Option<String> {
    let replacement = tree.arg(line, 2)?;
    let flag = tree.arg(line, 3).unwrap_or_default();
    if !is_redirect(&replacement, &flag) {
        return None;
    }
    let paths = match location {
        Some(location) if location.modifier == Modifier::Exact => vec![location.path.clone()],
        Some(location) if matches!(location.modifier, Modifier::Prefix | Modifier::PriorityPrefix) => {
            let stem = location.path.trim_end_matches('/');
            vec![location.path.clone(), format!("{stem}/"), format!("{stem}/x.y")]
        }
        _ => ["/", "/x", "/x/y.z"].map(str::to_owned).to_vec(),
    };
    let pattern = Pattern::new(&tree.arg(line, 1)?, false);
    let all = paths.iter().all(|path| pattern.is_match(path) == Some(true));
    all.then(|| if flag == "permanent" { "301" } else { "302" }.to_owned())
}
