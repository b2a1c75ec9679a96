//! What answers handshakes with a status before anything is handed on: an `if` that every handshake meets, `deny all`.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use super::browser::{About, meets};
use super::reach::is_handled;
use crate::config::{DirectiveId, Tree};
use crate::websocket::{Route, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "test-of-credentials" "the `if` that answers looks at a header that clients other than browsers may send" |scope| {
        let (_, about) = by_test(scope)?;
        super::when(about == About::Credentials)
    };
};

fn if_words(tree: &Tree, test: DirectiveId) -> String {
    let source = tree.source(test);
    let words = tree.words(test).iter().map(|word| source.slice(word.span));
    words.collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")")
}

/// The first `if` of the server or the location that every handshake meets and that answers it, and what it looks at.
/// A line before it that may end the rewriting leaves the matter open (`ngx_http_rewrite_handler`).
pub(super) fn by_test(scope: Scope<'_>) -> Option<(Hit, About)> {
    let tree = scope.tree;
    let route = scope.route()?;
    let block = route.location_block.filter(|&block| block == route.block)?;
    if !is_meant(tree, route) {
        return None;
    }
    for level in [route.server, Some(block)].into_iter().flatten() {
        // In a location such a test tells as well that it is not made for WebSockets.
        if level == block && !route.speaks_for_itself() {
            return None;
        }
        if tree.is_open(level) || scope.routes.jumps.runs_code(level) {
            return None;
        }
        for line in tree.own_of(level, &["rewrite", "break", "return", "if"]) {
            if !tree.is(line, "if") {
                return None;
            }
            let ends = ["rewrite", "break", "proxy_pass"].iter().any(|name| !tree.own(line, name).is_empty());
            let returned = tree.own(line, "return").first().copied();
            match meets(tree, line, None) {
                Some((false, _)) => {}
                // A handshake to `/` may find a folder.
                Some((true, About::Files)) if !has_plain_path(route) => return None,
                Some((true, about @ (About::Handshake | About::Credentials | About::Files))) if !ends => {
                    let Some(returned) = returned else { continue };
                    if tree.is_open(line) || scope.routes.jumps.runs_code(line) {
                        return None;
                    }
                    let code = tree.arg(returned, 1)?;
                    if is_handled(tree, route, returned, &code) {
                        return None;
                    }
                    let hit =
                        Hit { words: vec![if_words(tree, line), code.into_owned()], ..Hit::at(Place::head(line)) };
                    return Some((hit, about));
                }
                _ if ends || returned.is_some_and(|line| led_on(tree, line)) => return None,
                _ => {}
            }
        }
    }
    None
}

/// Whether the paths of a route are below another one than that of the server's own folder.
fn has_plain_path(route: &Route) -> bool {
    route.location.as_ref().is_some_and(|location| !location.is_regex() && location.path.len() > 1)
}

/// Whether some `error_page` may lead the status of a `return` on, so that it is no answer.
fn led_on(tree: &Tree, line: DirectiveId) -> bool {
    tree.effective(tree.directive(line).parent, "error_page").is_some()
}

/// `deny all` that no `allow` precedes, where nothing else lets a request in (`ngx_http_access_inet`: the first line that
/// fits decides; lines of a block replace those around it).
pub(super) fn denied(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let block = route.location_block.filter(|&block| block == route.block)?;
    // Others are closed on purpose, whatever headers were copied into them.
    if !route.speaks_for_itself() {
        return None;
    }
    let lines = |block: DirectiveId| [tree.own(block, "allow"), tree.own(block, "deny")].concat();
    let levels = || std::iter::once(block).chain(tree.ancestors(block));
    // What is not here may say `satisfy any`.
    if levels().any(|level| tree.is_open(level)) || route.server.is_none() {
        return None;
    }
    for level in levels() {
        if scope.routes.jumps.runs_code(level) {
            return None;
        }
        let mut all = lines(level);
        all.sort_unstable();
        let Some(&first) = all.first() else { continue };
        let everybody = tree.is(first, "deny") && tree.arg(first, 1).is_some_and(|who| who == "all");
        let any = tree
            .effective(block, "satisfy")
            .is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|how| how == "any"));
        let handled = is_handled(tree, route, first, "403");
        return (everybody && !any && !handled)
            .then(|| Hit { words: vec!["deny all".to_owned()], ..Hit::at(Place::head(first)) });
    }
    None
}

/// Whether the location itself is made for WebSockets, and has not just inherited the headers of a handshake.
fn is_meant(tree: &Tree, route: &Route) -> bool {
    let own = tree.own(route.block, "proxy_set_header");
    let sends = own.iter().any(|&line| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty());
    sends || route.speaks_for_itself()
}
