//! Facts that take code to derive, by the names under which rules ask for them.

use super::condition::{Asked, Hit, Scope};
use super::finding::{Place, WordPart};
use crate::config::{Context, DirectiveId, Request, Tree};
use crate::websocket::{Module, Route, State, concerns_upgrade, has_leftovers, has_upgrade_token, is_for, keeps_connections, value};

/// A named question about a route or a directive.
pub(super) struct Fact {
    /// The name, as rules write it.
    pub(super) name: &'static str,
    /// What it says, for the schema and for those who write rules.
    pub(super) meaning: &'static str,
    /// Whether it holds, and what shows it.
    pub(super) holds: fn(Scope<'_>) -> Option<Hit>,
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! facts {
    ($($name:literal $meaning:literal $holds:expr;)*) => {
        &[$(Fact { name: $name, meaning: $meaning, holds: $holds }),*]
    };
}

/// All facts.
pub(super) const FACTS: &[Fact] = facts! {
    "websocket-only" "nothing but WebSockets goes over the route" |scope| when(scope.route()?.intent.only);
    "in-if" "the route is an `if` block, which takes the settings of its location" |scope| {
        when(scope.tree.is(scope.route()?.block, "if"))
    };
    "pings" "the protocol or a comment says that something is sent more often than every 60 s" |scope| {
        when(scope.route()?.intent.pings)
    };
    "subrequest-target" "the location answers `auth_request` or `mirror`" subrequest_target;
    "restricted-server" "something in the server keeps some requests out" restricted_server;
    "upstream-keepalive" "connections to the upstream are kept for the next request" |scope| {
        when(keeps_connections(scope.tree, scope.route()?))
    };
    "several-servers" "the upstream has more than one server that takes requests" several_servers;
    "sibling-sends-inherited" "another route to the same upstream sends the headers that are lost here" sibling_sends_lost;
    "misplaced-inside" "a header or setting of the route stands where nginx does not accept it" misplaced_inside;
    "duplicate-header" "a header of the handshake is sent twice" duplicate_header;
    "duplicate-host" "two Host lines are sent" |scope| duplicates(scope, &["Host"]);
    "equal-duplicate" "the two lines of a header that is sent twice say the same" equal_duplicate;
    "header-name-colon" "the header's name is written with a colon" header_name_colon;
    "misplaced-map" "the map stands in a server or a location" misplaced_map;
    "only-sibling-upgrades" "nothing but another route to the same upstream speaks for WebSockets" |scope| {
        when(scope.route()?.intent.only_sibling)
    };
    "keeps-connection-clear" "the block clears Connection itself, as for plain keepalive" |scope| {
        when(scope.route()?.headers.connection.state == State::Empty)
    };
    "carries-upgrade" "the route passes a handshake on, or its module does so by itself" carries_upgrade;
    "misplaced" "nginx does not accept the directive in this context" misplaced;
    "leftovers" "backslashes or backticks of a shell or a web page stand in a value" leftovers;
    "websocket-address" "the address begins with ws:// or wss://" websocket_address;
    "upstream-websocket-address" "a server of an upstream is written with a scheme" upstream_websocket_address;
    "upgrade-map" "the map is meant to look at the client's Upgrade header" upgrade_map;
    "map-used" "the map's variable is sent in Connection or Upgrade" map_used;
    "map-source-literal" "the map's source lacks its `$`" map_source_literal;
    "map-source-misspelt" "the map's source is a misspelt `$http_upgrade`" map_source_misspelt;
    "map-empty" "the map has no entries" map_empty;
    "map-never-upgrades" "no handshake makes the map yield what the header needs" map_never_upgrades;
    "map-plain-upgrades" "the map yields `upgrade` for a plain request as well" map_plain_upgrades;
    "map-blank-key" "a key of the map is a blank, which no request sends" map_blank_key;
    "map-default-only" "the map has nothing but a default" map_default_only;
};

fn when(holds: bool) -> Option<Hit> {
    holds.then(Hit::default)
}

fn subrequest_target(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.route()?.location_block?;
    when(scope.routes.subrequest_targets.contains(&block))
}

fn restricted_server(scope: Scope<'_>) -> Option<Hit> {
    when(scope.routes.is_restricted(scope.route()?))
}

fn several_servers(scope: Scope<'_>) -> Option<Hit> {
    let upstream = scope.tree.upstream(scope.route()?.target.host())?;
    (upstream.servers.len() > 1).then(|| Hit::lines(upstream.servers.into_iter().take(1)))
}

fn sibling_sends_lost(scope: Scope<'_>) -> Option<Hit> {
    let Asked::Route(index) = scope.subject else { return None };
    let route = scope.route()?;
    let lost = scope.tree.lost(route.block, "proxy_set_header")?;
    // The first siblings speak for all: a site of thousands of locations need not be read for each of them.
    let sends_all = |other: &crate::websocket::Route| {
        let theirs = scope.tree.effective(other.block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
        lost.lines.iter().all(|&line| theirs.iter().any(|&other| same_words(scope.tree, line, other)))
    };
    when(scope.routes.siblings(index).take(64).any(sends_all))
}

fn same_words(tree: &Tree, left: DirectiveId, right: DirectiveId) -> bool {
    left == right || tree.args(left).eq(tree.args(right))
}

/// A `proxy_set_header` or its like in an `if` or `limit_except` of the route's location.
fn misplaced_inside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.location_block?;
    let inner = ["if", "limit_except"].into_iter().flat_map(|name| tree.own(block, name).iter().copied());
    let line = inner.flat_map(|inner| tree.own(inner, "proxy_set_header").iter().copied()).find(|&line| {
        is_for(tree, line, "Upgrade") || is_for(tree, line, "Connection")
    })?;
    Some(Hit::at(Place::head(line)))
}

/// Headers that a backend of the handshake refuses to see twice (NGINX facts part B).
const ONCE: [&str; 3] = ["Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];

fn duplicate_header(scope: Scope<'_>) -> Option<Hit> {
    duplicates(scope, &ONCE)
}

fn duplicates(scope: Scope<'_>, names: &[&str]) -> Option<Hit> {
    let route = scope.route()?;
    let effective = scope.tree.effective(route.block, "proxy_set_header")?;
    for name in names {
        let sent: Vec<DirectiveId> = effective
            .lines
            .iter()
            .copied()
            .filter(|&line| is_for(scope.tree, line, name))
            .filter(|&line| {
                let values = scope.tree.evaluate(&value(scope.tree, line), Request::Handshake, route.block);
                values.open || values.any(|text| !text.is_empty())
            })
            .collect();
        if let [first, .., last] = sent[..] {
            // The line to name is the one in the route's own file: the other may serve more routes than this.
            let own = scope.tree.directive(route.block).file;
            let here = |&line: &DirectiveId| scope.tree.directive(line).file == own;
            let (named, other) = if here(&last) || !here(&first) { (last, first) } else { (first, last) };
            return Some(Hit { places: vec![Place::head(named), Place::head(other)], words: vec![(*name).to_owned()] });
        }
    }
    None
}

fn equal_duplicate(scope: Scope<'_>) -> Option<Hit> {
    let hit = duplicate_header(scope).or_else(|| duplicates(scope, &["Host"]))?;
    let [one, other] = hit.places[..] else { return None };
    when(value(scope.tree, one.directive) == value(scope.tree, other.directive))
}

fn header_name_colon(scope: Scope<'_>) -> Option<Hit> {
    let headers = &scope.route()?.headers;
    let colon = |line: &DirectiveId| scope.tree.arg(*line, 1).is_some_and(|name| name.ends_with(':'));
    let line = headers.upgrade.lines.iter().chain(&headers.connection.lines).copied().find(colon)?;
    Some(Hit::at(Place { directive: line, part: WordPart::Word(1) }))
}

fn directive(scope: Scope<'_>) -> Option<DirectiveId> {
    match scope.subject {
        Asked::Directive(id) => Some(id),
        Asked::Route(_) => None,
    }
}

fn misplaced(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let directive = scope.tree.directive(id);
    let unsure = matches!(directive.context, Context::Unknown | Context::Entries)
        || (directive.parent == crate::config::ROOT && !scope.tree.is_complete());
    if unsure || directive.name?.allowed_in(directive.context) {
        return None;
    }
    // In `location` and below, a block such as `map` has no other meaning; a foreign block may have one of its own.
    let around = scope.tree.name(directive.parent).into_owned();
    Some(Hit { words: vec![around], ..Hit::at(Place::head(id)) })
}

fn misplaced_map(scope: Scope<'_>) -> Option<Hit> {
    let hit = misplaced(scope)?;
    let id = directive(scope).filter(|&id| scope.tree.is(id, "map") && scope.tree.is_block(id))?;
    scope.tree.enclosing(id, "server").map(|_| hit)
}

/// Whether handshakes go over the route at all: nothing can be said of the life of a connection that never opens.
fn carries_upgrade(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let sends = route.headers.upgrade.state.sends() && route.headers.connection.state.sends();
    when(route.module != Module::Proxy || sends)
}

fn leftovers(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    let escaped = |id: DirectiveId, from: usize| {
        let words = tree.words(id);
        let index = (from..words.len()).find(|&index| has_leftovers(tree.source(id).slice(words[index].span)))?;
        Some(Place { directive: id, part: WordPart::Word(index) })
    };
    if tree.is(id, "proxy_set_header") {
        if !is_for(tree, id, "Upgrade") && !is_for(tree, id, "Connection") {
            return None;
        }
        return escaped(id, 2).map(Hit::at);
    }
    if !concerns_upgrade(tree, id) {
        return None;
    }
    escaped(id, 1).or_else(|| tree.children(id).find_map(|entry| escaped(entry, 0))).map(Hit::at)
}

fn websocket_address(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let address = scope.tree.arg(id, 1)?.to_ascii_lowercase();
    let (scheme, http) = if address.starts_with("ws://") {
        ("ws", "http")
    } else if address.starts_with("wss://") {
        ("wss", "https")
    } else {
        return None;
    };
    let place = Place { directive: id, part: WordPart::Word(1) };
    Some(Hit { places: vec![place], words: vec![scheme.into(), http.into()] })
}

fn upstream_websocket_address(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let in_upstream = scope.tree.directive(id).context == Context::Upstream;
    let address = scope.tree.arg(id, 1)?;
    let (scheme, _) = address.split_once("://").filter(|_| in_upstream)?;
    let place = Place { directive: id, part: WordPart::Word(1) };
    Some(Hit { places: vec![place], words: vec![scheme.to_owned()] })
}

fn upgrade_map(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope).filter(|&id| scope.tree.is_block(id))?;
    concerns_upgrade(scope.tree, id).then(|| Hit::at(Place::head(id)))
}

fn map_used(scope: Scope<'_>) -> Option<Hit> {
    let map = directive(scope)?;
    let uses = |route: &&Route| {
        route.module == Module::Proxy
            && (route.headers.connection.map == Some(map) || route.headers.upgrade.map == Some(map))
    };
    when(scope.routes.all.iter().any(|route| uses(&route)))
}

fn map_source_literal(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let raw = scope.tree.arg(id, 1)?;
    (!raw.contains('$')).then(|| Hit::at(Place { directive: id, part: WordPart::Word(1) }))
}

fn map_source_misspelt(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let source = scope.tree.arg(id, 1)?.to_ascii_lowercase();
    let name = source.strip_prefix('$')?.trim_matches(['{', '}']);
    (name != "http_upgrade").then(|| Hit::at(Place { directive: id, part: WordPart::Word(1) }))
}

fn map_empty(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let empty = scope.tree.children(id).next().is_none() && !scope.tree.is_open(id);
    empty.then(|| Hit::at(Place::head(id)))
}

/// Which header a map is written for: `Upgrade` when it yields the protocol, `Connection` otherwise.
fn feeds_upgrade(scope: Scope<'_>, map: DirectiveId) -> bool {
    let used = |route: &Route| route.module == Module::Proxy && route.headers.upgrade.map == Some(map);
    scope.routes.all.iter().any(used)
        || scope.tree.children(map).any(|entry| {
            scope.tree.arg(entry, 1).is_some_and(|value| value.eq_ignore_ascii_case("websocket") || value == "$http_upgrade")
        })
}

fn map_never_upgrades(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let values = scope.tree.evaluate_map(id, Request::Handshake);
    let never = !values.open
        && values.undefined.is_none()
        && !values.any(|text| has_upgrade_token(text))
        && !feeds_upgrade(scope, id);
    never.then(|| Hit::at(Place::head(id)))
}

fn map_plain_upgrades(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let values = scope.tree.evaluate_map(id, Request::Plain);
    (!values.open && values.known.len() == 1 && values.any(|text| has_upgrade_token(text)))
        .then(|| Hit::at(Place::head(id)))
}

fn map_blank_key(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let blank = |entry: &DirectiveId| {
        let key = scope.tree.name(*entry);
        !key.is_empty() && key.trim().is_empty()
    };
    let entry = scope.tree.children(id).find(blank)?;
    Some(Hit::at(Place { directive: entry, part: WordPart::Word(0) }))
}

fn map_default_only(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let mut entries = scope.tree.children(id);
    let first = entries.next()?;
    let only_default = scope.tree.name(first) == "default" && entries.next().is_none();
    only_default.then(|| Hit::at(Place::head(first)))
}
