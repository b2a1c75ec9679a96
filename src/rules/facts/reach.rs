//! Whether a handshake reaches the route at all.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::paths::{is_endpoint, path_word};
use super::text::raw;
use super::{Fact, directive};
use crate::config::{DirectiveId, Modifier, Reached, Tree};
use crate::websocket::{Route, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "answered-before" "`return` or `try_files` answers before the request is handed on" answered_before;
    "files-before" "`try_files` in the location itself answers, and with a status" files_before;
    "never-entered" "the location is named and nothing refers to it, or it is internal and nothing leads to it"
        never_entered;
    "shadowed-by-pattern" "a location with a pattern takes the very path of the handshake" shadowed;
    "shadowed-beside" "the pattern stands beside the location, where `^~` shuts it out" shadowed_beside;
    "headers-without-pass" "the block sets the headers of a handshake and hands nothing on" headers_without_pass;
    "endpoint-redirected" "the location is an endpoint and does nothing but redirect" endpoint_redirected;
    "below-upgraded-sibling" "a shorter location to the same upstream upgrades" below_upgraded_sibling;
};

/// The statement that answers every request of the route instead of its `*_pass`.
fn answered_before(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let block = route.location_block?;
    let inside = if route.block == block { None } else { Some(route.block) };
    // The rewrite phase of the server comes first, then that of the location with its `if` blocks.
    let levels = [route.server, Some(block), inside];
    for level in levels.into_iter().flatten() {
        if let Some(line) = returns_always(scope, level, route) {
            return (!is_handled(tree, route, line, 1)).then(|| said(tree, line));
        }
    }
    files_first(scope)
}

fn said(tree: &Tree, line: DirectiveId) -> Hit {
    let words = std::iter::once(tree.name(line)).chain(tree.args(line)).collect::<Vec<_>>().join(" ");
    Hit { places: vec![Place::head(line)], words: vec![words] }
}

/// A `return` of a block that no request gets past: nothing before it ends the rewriting (`ngx_http_rewrite_handler`).
fn returns_always(scope: Scope<'_>, block: DirectiveId, route: &Route) -> Option<DirectiveId> {
    let tree = scope.tree;
    let line = tree.own(block, "return").first().copied().filter(|_| !tree.is_open(block))?;
    let ends = |block: DirectiveId| ["rewrite", "break"].into_iter().flat_map(move |name| tree.own(block, name));
    let inner = tree.own(block, "if").iter().flat_map(|&inner| ends(inner));
    let before = ends(block).chain(inner).any(|&other| other < line);
    // What an `if` with the route in it ends, it ends for the route.
    let in_route = route.block != block && ends(route.block).next().is_some();
    (!before && !in_route && !scope.routes.jumps.runs_code(block)).then_some(line)
}

/// Whether an `error_page` leads the answer of a line, its argument of that number, to a location that hands it on.
fn is_handled(tree: &Tree, route: &Route, line: DirectiveId, argument: usize) -> bool {
    let code = tree.arg(line, argument).unwrap_or_default();
    let code = code.trim_start_matches('=');
    let pages = tree.effective(tree.directive(line).parent, "error_page").map_or(&[][..], |effective| effective.lines);
    pages.iter().any(|&page| {
        let covers = tree.args(page).any(|word| word == code);
        let target = tree.args(page).last().unwrap_or_default();
        covers && leads_on(tree, route, &target)
    })
}

/// Whether a jump to a target may end where something else than a file answers.
fn leads_on(tree: &Tree, route: &Route, target: &str) -> bool {
    if !target.starts_with('/') || target.contains('$') {
        return true;
    }
    let Some(server) = route.server else { return true };
    let path = target.split('?').next().unwrap_or_default();
    match tree.reach(server, path) {
        Reached::Location(block) => !serves_files(tree, block, path),
        Reached::Server => false,
        Reached::Redirect(_) | Reached::Unknown => true,
    }
}

/// Whether a location has nothing but files to answer with, of which `path` is one.
fn serves_files(tree: &Tree, block: DirectiveId, path: &str) -> bool {
    let other = |id: DirectiveId| {
        let name = tree.name(id);
        // `try_files $uri /index.html` for `/index.html` itself.
        let last = tree.args(id).last();
        if name == "try_files" && last.is_some_and(|last| last.starts_with('=') || last == path) {
            return false;
        }
        tree.directive(id).name.is_none()
            || tree.is_block(id)
            || name.ends_with("_pass")
            || name.contains("_by_lua")
            || name.starts_with("js_")
            || ["rewrite", "return", "try_files", "error_page"].contains(&&*name)
    };
    !tree.is_open(block) && !tree.children(block).any(other)
}

/// `try_files` in the location itself hands a request on only when there is such a file; a handshake asks for none, and
/// goes where the last argument says (`ngx_http_try_files_handler`; NGINX facts part H).
fn files_first(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let line = tree.own(route.location_block.filter(|&block| block == route.block)?, "try_files").last().copied()?;
    let args: Vec<_> = tree.args(line).collect();
    let (last, files) = args.split_last()?;
    let asks = |file: &&std::borrow::Cow<'_, str>| {
        ["$uri", "$document_uri", "$request_uri", "$request_filename"].iter().any(|name| file.starts_with(name))
    };
    let none_there = !files.is_empty() && files.iter().all(|file| asks(&file));
    let ends = match last.strip_prefix('=') {
        Some(_) => !is_handled(tree, route, line, args.len()),
        None => !leads_on(tree, route, last),
    };
    (none_there && ends && !tree.is_open(route.block)).then(|| said(tree, line))
}

fn files_before(scope: Scope<'_>) -> Option<Hit> {
    let hit = answered_before(scope)?;
    let line = hit.places.first()?.directive;
    let status = scope.tree.args(line).last().is_some_and(|last| last.starts_with('='));
    (scope.tree.is(line, "try_files") && status).then_some(hit)
}

fn never_entered(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let (block, server) = (route.location_block?, route.server?);
    let location = route.location.as_ref()?;
    let around = tree.location(tree.directive(block).parent);
    if around.is_some_and(|around| around.is_regex()) && !location.is_regex() {
        // See `Tree::reach`: nginx accepts it and never looks there.
        let why = "nginx tries no prefix inside a location that is a pattern";
        return Some(Hit { words: vec![why.into()], ..Hit::at(Place::head(block)) });
    }
    if tree.ancestors(block).any(|around| tree.is_open(around)) || tree.is_open(block) || !tree.is_complete() {
        return None;
    }
    let at = Hit::at(Place::head(block));
    if location.modifier == Modifier::Named {
        let found = !scope.routes.jumps.may_reach_name(server, &location.path);
        return found.then(|| Hit { words: vec!["nothing refers to it".into()], ..at });
    }
    // An endpoint alone: other internal locations serve what a backend names in `X-Accel-Redirect`.
    let internal = !tree.own(block, "internal").is_empty() && route.intent.only && !location.is_regex();
    let entered =
        scope.routes.subrequest_targets.contains(&block) || scope.routes.jumps.may_reach_path(server, &location.path);
    (internal && !entered).then(|| Hit { words: vec!["it is `internal`, and nothing leads to it".into()], ..at })
}

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
    if !taken || may_upgrade(scope, other) {
        return None;
    }
    let place = path_word(tree, block);
    Some(Hit {
        places: vec![Place::head(other), place],
        words: vec![tree.args(other).collect::<Vec<_>>().join(" "), format!("^~ {}", raw(tree, place)?)],
    })
}

fn shadowed_beside(scope: Scope<'_>) -> Option<Hit> {
    let hit = shadowed(scope)?;
    let other = hit.places.first()?.directive;
    let block = scope.route()?.location_block?;
    (scope.tree.directive(other).parent == scope.tree.directive(block).parent).then_some(hit)
}

/// Whether a handshake may succeed in a location.
fn may_upgrade(scope: Scope<'_>, block: DirectiveId) -> bool {
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

/// What may stand in a block beside the headers of a handshake without answering the request: everything else is taken
/// for something that answers it.
fn is_passive(name: &str) -> bool {
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

fn headers_without_pass(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope)?;
    let lines = tree.own(block, "proxy_set_header");
    let &line = lines.iter().find(|&&line| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty())?;
    let location = tree.location(block)?;
    let passive = |id: DirectiveId| {
        let name = tree.directive(id).name.map_or("", |name| name.text());
        is_passive(name) && name != "proxy_pass" && !tree.is_block(id)
    };
    let is_static = ["root", "alias"].iter().any(|name| !tree.own(block, name).is_empty());
    if is_static || tree.is_open(block) || !tree.children(block).all(passive) {
        return None;
    }
    // The server's own `rewrite`, `error_page` and the like lead requests elsewhere before or after.
    let server = tree.enclosing(block, "server")?;
    let elsewhere = ["rewrite", "return", "if"].iter().any(|name| !tree.own(server, name).is_empty());
    let nested = tree.directive(block).parent != server;
    if elsewhere || nested || tree.is_open(server) || location.modifier == Modifier::Named {
        return None;
    }
    let pages = tree.effective(block, "error_page").map_or(&[][..], |effective| effective.lines);
    if pages.iter().any(|&page| tree.args(page).last().is_some_and(|target| target.contains(['@', '$']))) {
        return None;
    }
    let likely = scope.routes.in_server(server).find_map(|route| tree.arg(route.pass, 1));
    let likely = likely.map_or_else(
        || "http://127.0.0.1:PORT".to_owned(),
        |target| {
            crate::config::Target::new(&target)
                .uri
                .and_then(|uri| target.strip_suffix(&uri).map(str::to_owned))
                .unwrap_or_else(|| target.into_owned())
        },
    );
    Some(Hit { places: vec![Place::head(line)], words: vec![likely, tree.args(block).collect::<Vec<_>>().join(" ")] })
}

fn endpoint_redirected(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope)?;
    let line = *tree.own(block, "return").first()?;
    let location = tree.location(block).filter(|location| !location.is_regex())?;
    let redirects = tree.arg(line, 1).is_some_and(|code| ["301", "302", "303", "307", "308"].contains(&&*code));
    let alone = tree.children(block).count() == 1;
    (redirects && alone && is_endpoint(scope, &location.path)).then(|| Hit::at(Place::head(line)))
}

fn below_upgraded_sibling(scope: Scope<'_>) -> Option<Hit> {
    let super::super::condition::Asked::Route(index) = scope.subject else { return None };
    let route = scope.route()?;
    let path = route.location.as_ref().filter(|location| !location.is_regex())?.path.as_str();
    let above = |other: &&Route| {
        let location = other.location.as_ref().filter(|location| !location.is_regex());
        let shorter =
            location.is_some_and(|location| path.starts_with(&location.path) && path.len() > location.path.len());
        shorter && other.server == route.server && other.headers.upgrade.state.sends()
    };
    let other = scope.routes.siblings(index).take(64).find(above)?;
    Some(Hit { places: vec![Place::head(other.pass)], words: vec![other.label(scope.tree)] })
}
