//! The path that a handshake has when it reaches the backend.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::text::{raw, with_end, without_end};
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Location, Modifier, Reached, Request, Target, Tree};
use crate::websocket::segments::segments;
use crate::websocket::{Confidence, Route};

pub(super) const FACTS: &[Fact] = facts! {
    "slash-redirect" "the path without the slash at its end is answered with a redirect" slash_redirect;
    "called-without-slash" "clients call the path without a slash at its end" |scope| {
        when(scope.route()?.intent.slashless)
    };
    "slash-droppable" "the location can do without its slash: the address has no path" slash_droppable;
    "slashes-droppable" "location and address both end in a slash, and can do without" slashes_droppable;
    "constant-path" "the address holds a variable and a path without any: it replaces the path of every request"
        constant_path;
    "path-droppable" "without the path in the address the request keeps its own" path_droppable;
    "double-slash" "what follows the location's path reaches the backend behind two slashes" double_slash;
    "glued-path" "what follows the location's path is glued to that of the address" glued_path;
    "glued-to-root" "the same, where the location is `/`" |scope| super::when(glued_to_root(scope).is_some());
    "alike-but-for-slash" "the two paths differ in nothing but the slash, and the protocol does not fix them" alike;
    "pusher-key-mapped" "the server expects a key below `/app`, and the address takes `/app` away" pusher_key;
    "stripped-endpoint" "the path that the protocol fixes is taken away" stripped_endpoint;
    "slash-mendable" "one slash more or less mends the mapping of paths" slash_mendable;
    "path-not-allowed" "nginx accepts no path in the address here" path_not_allowed;
    "path-not-allowed-slash" "the path that nginx does not accept is nothing but a slash" path_not_allowed_slash;
};

/// The word of a `location` that is its path.
pub(super) fn path_word(tree: &Tree, block: DirectiveId) -> Place {
    let index = if tree.arg(block, 2).is_some() { 2 } else { 1 };
    Place { directive: block, part: WordPart::Word(index) }
}

pub(super) fn pass_word(route: &Route) -> Place {
    Place { directive: route.pass, part: WordPart::Word(1) }
}

/// A location with a plain path that itself holds the route's `*_pass`.
pub(super) fn plain_location<'a>(scope: Scope<'a>) -> Option<(&'a Route, DirectiveId, &'a Location)> {
    let route = scope.route()?;
    let block = route.location_block.filter(|&block| block == route.block)?;
    let location = route.location.as_ref().filter(|location| {
        matches!(location.modifier, Modifier::Prefix | Modifier::PriorityPrefix | Modifier::Exact)
    })?;
    Some((route, block, location))
}

/// Whether something may rewrite requests before this location sees them, or in it.
pub(super) fn rewrites(tree: &Tree, block: DirectiveId) -> bool {
    let inner = tree.own(block, "if").iter().any(|&inner| !tree.own(inner, "rewrite").is_empty());
    inner || !tree.own(block, "rewrite").is_empty() || tree.is_open(block)
}

/// The path as it is asked for without its slash gets a redirect, and nothing else answers it (NGINX facts part H).
fn slash_redirect(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let (route, block, location) = plain_location(scope)?;
    if !location.path.starts_with('/') {
        return None;
    }
    let slashless = location.path.strip_suffix('/').filter(|path| !path.is_empty())?;
    // For other paths than those of an endpoint nobody knows what clients ask for.
    if !route.intent.only && !route.intent.slashless {
        return None;
    }
    let server = route.server?;
    let open = tree.ancestors(block).any(|around| tree.is_open(around));
    if open || rewrites(tree, server) || tree.reach(server, slashless) != Reached::Redirect(block) {
        return None;
    }
    let place = path_word(tree, block);
    Some(Hit { places: vec![place], words: vec![without_end(raw(tree, place)?, "/")?, slashless.to_owned()] })
}

fn slash_droppable(scope: Scope<'_>) -> Option<Hit> {
    let (route, ..) = plain_location(scope)?;
    when(route.target.uri.is_none() && !route.target.variable)
}

fn slashes_droppable(scope: Scope<'_>) -> Option<Hit> {
    let (route, ..) = plain_location(scope)?;
    route.target.uri.as_deref().filter(|uri| uri.len() > 1 && uri.ends_with('/') && !route.target.variable)?;
    let place = pass_word(route);
    Some(Hit { places: vec![place], words: vec![without_end(raw(scope.tree, place)?, "/")?] })
}

/// The path that an address with variables gives to every request; none when it has none, or one with variables.
/// With variables anywhere nginx takes the path of the address as it stands (`ngx_http_proxy_eval`; part G).
pub(super) fn fixed_path(scope: Scope<'_>) -> Option<String> {
    let route = scope.route().filter(|route| route.target.variable)?;
    if let Some(uri) = &route.target.uri {
        return (!uri.contains('$')).then(|| uri.clone());
    }
    let argument = scope.tree.arg(route.pass, 1)?;
    let values = scope.tree.evaluate(&argument, Request::Handshake, route.block);
    if values.open || values.undefined.is_some() {
        return None;
    }
    let mut uris = values.known.iter().map(|value| Target::new(value).uri);
    let first = uris.next()??;
    uris.all(|uri| uri.as_deref() == Some(&first)).then_some(first)
}

/// Whether requests for a few known paths only come to the route, so that a fixed path may be just what is meant.
pub(super) fn takes_one_path(route: &Route) -> bool {
    let Some(location) = &route.location else { return true };
    match location.modifier {
        Modifier::Exact => true,
        Modifier::Regex | Modifier::RegexNoCase => {
            let anchored = location.path.starts_with('^') && location.path.ends_with('$');
            anchored && !location.path.replace("\\.", "").contains(['.', '*', '+', '{', '[', '\\'])
        }
        _ => false,
    }
}

fn constant_path(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let path = fixed_path(scope)?;
    let plain = path.split('?').next().unwrap_or_default();
    let same = route.location.as_ref().is_some_and(|location| !location.is_regex() && location.path == plain);
    if same || takes_one_path(route) {
        return None;
    }
    Some(Hit { places: vec![pass_word(route)], words: vec![path] })
}

/// The fixed path is that of the location, or none at all: without it each request keeps its own.
fn path_droppable(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let uri = route.target.uri.as_deref()?;
    let named = route.location.as_ref().filter(|location| !location.is_regex());
    let same = named.is_some_and(|location| location.path.trim_end_matches('/') == uri.trim_end_matches('/'));
    let place = pass_word(route);
    let bare = without_uri(raw(scope.tree, place)?, uri)?;
    (uri == "/" || same).then(|| Hit { places: vec![place], words: vec![bare] })
}

/// An address without its path; a Unix socket without the colon before it too.
pub(super) fn without_uri(raw: &str, uri: &str) -> Option<String> {
    if raw.contains("unix:")
        && let Some(bare) = without_end(raw, &format!(":{uri}"))
    {
        return Some(bare);
    }
    without_end(raw, uri)
}

/// A prefix location whose path nginx replaces by a fixed one, and the two paths.
pub(super) fn mapped<'a>(scope: Scope<'a>) -> Option<(&'a Route, DirectiveId, &'a str, &'a str)> {
    let (route, block, location) = plain_location(scope)?;
    // An address that nginx refuses has no path.
    let is_address = matches!(route.target.scheme.as_str(), "" | "http" | "https" | "ws" | "wss");
    let uri = route.target.uri.as_deref().filter(|_| !route.target.variable && is_address)?;
    // After a `rewrite` in the location its path is no longer the one that is replaced.
    (!rewrites(scope.tree, block)).then_some((route, block, location.path.as_str(), uri))
}

/// Whether a path is where WebSockets are served, so that nothing follows it.
pub(super) fn is_endpoint(scope: Scope<'_>, path: &str) -> bool {
    let found = scope.routes.signals.endpoint(&segments(path, false));
    found.is_some_and(|found| found.last && found.endpoint.confidence >= Confidence::Likely)
}

/// A prefix location below whose path clients ask for something: not one that is an endpoint itself, or stands for one.
fn mapped_prefix<'a>(scope: Scope<'a>) -> Option<(&'a Route, DirectiveId, &'a str, &'a str)> {
    let (route, block, path, uri) = mapped(scope)?;
    let prefix = route.location.as_ref().is_some_and(|location| location.modifier != Modifier::Exact);
    let whole = route.intent.only || route.intent.fixed || is_endpoint(scope, path) || is_endpoint(scope, uri);
    // Nobody means to change an endpoint into itself: there the slash alone is wrong.
    let same = is_same_but_for_slash(path, uri) && !route.intent.slashless;
    (prefix && (!whole || same) && path.len() > 1).then_some((route, block, path, uri))
}

fn is_same_but_for_slash(path: &str, uri: &str) -> bool {
    path != uri && path.trim_end_matches('/') == uri.trim_end_matches('/')
}

/// What a path below the location's is called in a message: that of the protocol where it fixes one, which ends in a
/// slash, else any.
fn below(route: &Route, path: &str, uri: &str) -> &'static str {
    if route.intent.fixed && is_same_but_for_slash(path, uri) { "" } else { "x" }
}

/// `location /app` with `http://b/`: `/app/x` becomes `//x` (NGINX facts part G).
fn double_slash(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped_prefix(scope)?;
    let doubled = !path.ends_with('/') && uri.ends_with('/') && pusher_key(scope).is_none();
    let rest = below(route, path, uri);
    let words = vec![format!("{path}/{rest}"), format!("{uri}/{rest}"), path.to_owned()];
    doubled.then(|| Hit { places: vec![pass_word(route)], words })
}

/// `location /app` with `http://b/`, where the server expects `/app/KEY`.
fn pusher_key(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped(scope)?;
    let stripped = uri == "/" && path.trim_end_matches('/') == "/app" && is_pusher(scope.tree, route);
    stripped.then(|| {
        let sent = if path.ends_with('/') { "/KEY" } else { "//KEY" };
        Hit { places: vec![pass_word(route)], words: vec!["/app/KEY".to_owned(), sent.to_owned()] }
    })
}

/// Whether a route to `/app` leads to a server of the Pusher protocol: one by that name, on the port of Soketi, or on
/// that of Reverb beside an application in PHP.
fn is_pusher(tree: &Tree, route: &Route) -> bool {
    const NAMES: [&str; 5] = ["soketi", "reverb", "laravel-websocket", "laravel_websocket", "pusher"];
    let servers = tree.upstream(route.target.host()).map_or(&[][..], |upstream| upstream.servers.as_slice());
    let mut addresses: Vec<String> = servers.iter().filter_map(|&line| Some(tree.arg(line, 1)?.into_owned())).collect();
    addresses.push(route.target.authority.clone());
    let named = addresses.iter().any(|address| NAMES.iter().any(|name| address.to_ascii_lowercase().contains(name)));
    let on = |port: &str| addresses.iter().any(|address| address.ends_with(port));
    let php = || {
        let server = route.server?;
        let files = tree.own(server, "location").iter().flat_map(|&block| tree.own(block, "try_files"));
        let index = files.filter_map(|&line| tree.args(line).last()).any(|last| last.starts_with("/index.php"));
        index.then_some(())
    };
    route.headers.upgrade.state.sends() && (named || on(":6001") || (on(":8080") && php().is_some()))
}

/// `location /app/` with `http://b/base`: `/app/x` becomes `/basex` (NGINX facts part G).
fn glued_path(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped_prefix(scope).or_else(|| glued_to_root(scope))?;
    let glued = path.ends_with('/') && !uri.ends_with('/') && !uri.contains('?');
    let rest = below(route, path, uri);
    glued.then(|| Hit { places: vec![pass_word(route)], words: vec![format!("{path}{rest}"), format!("{uri}{rest}")] })
}

/// `location /` with `http://b/app`: `/x` becomes `/appx`.
fn glued_to_root<'a>(scope: Scope<'a>) -> Option<(&'a Route, DirectiveId, &'a str, &'a str)> {
    let found = mapped(scope).filter(|(.., path, uri)| *path == "/" && uri.len() > 1 && !is_endpoint(scope, uri))?;
    let prefix = found.0.location.as_ref().is_some_and(|location| location.modifier != Modifier::Exact);
    (prefix && !found.0.intent.only).then_some(found)
}

/// `location /ws/` with `http://b/ws`: a handshake to `/ws/` itself gets to `/ws`.
fn alike(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped_prefix(scope)?;
    super::when(path.trim_end_matches('/') == uri.trim_end_matches('/') && !route.intent.fixed)
}

fn slash_mendable(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let (route, block, path, uri) = mapped_prefix(scope).or_else(|| glued_to_root(scope))?;
    let (location, pass) = (path_word(tree, block), pass_word(route));
    let (place, text) = match (path.ends_with('/'), uri.ends_with('/')) {
        (true, false) => (pass, with_end(raw(tree, pass)?, "/")),
        (false, true) if uri.len() > 1 => (pass, without_end(raw(tree, pass)?, "/")?),
        (false, true) => {
            let longer = format!("{path}/");
            if tree.has_location(tree.directive(block).parent, &longer) {
                return None;
            }
            (location, with_end(raw(tree, location)?, "/"))
        }
        _ => return None,
    };
    Some(Hit { places: vec![place], words: vec![text] })
}

/// The last segments of the location are an endpoint whose server expects them, and the address does without.
fn stripped_endpoint(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped(scope)?;
    if !route.intent.fixed || is_endpoint(scope, uri) {
        return None;
    }
    let place = pass_word(route);
    let stripped = uri == "/" || path.trim_end_matches('/').starts_with(uri.trim_end_matches('/'));
    let shorter = uri.trim_end_matches('/').len() < path.trim_end_matches('/').len();
    (stripped && shorter).then(|| Hit { places: vec![place], words: vec![path.to_owned(), uri.to_owned()] })
}

/// `ngx_http_proxy_pass`: "cannot have URI part in location given by regular expression, …". An address with any variable
/// is not looked at. A prefix inside a pattern is accepted (1.22.1).
fn path_not_allowed(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let pass = directive(scope)?;
    let around = tree.directive(pass);
    let place = match around.context {
        Context::If => "an `if` block",
        Context::LimitExcept => "a `limit_except` block",
        Context::Location => match tree.modifier(around.parent)? {
            Modifier::Regex | Modifier::RegexNoCase => "a location that is a pattern",
            Modifier::Named => "a named location",
            _ => return None,
        },
        _ => return None,
    };
    let argument = tree.arg(pass, 1)?;
    let target = Target::new(&argument);
    let uri = target.uri.filter(|_| !target.variable && !argument.contains('$'))?;
    Some(Hit { places: vec![Place { directive: pass, part: WordPart::Word(1) }], words: vec![uri, place.to_owned()] })
}

fn path_not_allowed_slash(scope: Scope<'_>) -> Option<Hit> {
    let hit = path_not_allowed(scope).filter(|hit| hit.words.first().is_some_and(|uri| uri == "/"))?;
    let bare = without_uri(raw(scope.tree, *hit.places.first()?)?, "/")?;
    Some(Hit { words: vec![bare], ..hit })
}
