//! What is wrong with a `map` that looks at the Upgrade header.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{Context, DefinitionKind, DirectiveId, Part, Request, parts};
use crate::websocket::{Header, Module, Route, State, concerns_upgrade, has_upgrade_token, is_websocket};

pub(super) const FACTS: &[Fact] = facts! {
    "upgrade-map" "the map is meant to look at the client's Upgrade header" upgrade_map;
    "map-of-connection" "the map has one argument, the variable for Connection" |scope| {
        let id = directive(scope).filter(|&id| scope.tree.is(id, "map"))?;
        let one = scope.tree.args(id).count() == 1;
        when(one && scope.tree.arg(id, 1).is_some_and(|name| name.eq_ignore_ascii_case("$connection_upgrade")))
    };
    "map-used" "the map's variable is sent in Connection or Upgrade" map_used;
    "map-source-literal" "the map's source lacks its `$`" map_source_literal;
    "map-source-misspelt" "the map's source is a misspelt `$http_upgrade`" map_source_misspelt;
    "map-variable-literal" "the variable that the map defines lacks its `$`" map_variable_literal;
    "map-swapped" "the map defines `$http_upgrade` itself, out of a variable that nothing defines" map_swapped;
    "undefined-in-swapped-map" "the variable that nothing defines is the source of a map that defines `$http_upgrade`" undefined_in_swapped_map;
    "map-empty" "the map has no entries" map_empty;
    "map-never-upgrades" "no handshake makes the map yield what the header needs" map_never_upgrades;
    "map-breaks-upgrade" "no handshake makes the map yield `websocket`, and `Upgrade` has its value from it" |scope| when(breaks(scope, |route| &route.headers.upgrade));
    "map-plain-upgrades" "the map yields `upgrade` for a plain request as well" map_plain_upgrades;
    "map-blank-key" "a key of the map is a blank, which no request sends" map_blank_key;
    "map-default-only" "the map has nothing but a default" map_default_only;
    "map-overruled" "a map that is read later defines the same variable otherwise; the second place is that one" overruled;
    "map-overruled-same" "the later map yields the same for a handshake and for a plain request" overruled_same;
    "map-closes-kept" "the map closes connections that the upstream's `keepalive` would keep" |scope| closes(scope, true);
    "map-closes-upstream" "the map closes connections to an `upstream` block" |scope| closes(scope, false);
};

fn upgrade_map(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope).filter(|&id| scope.tree.is_block(id))?;
    (concerns_upgrade(scope.tree, id) || is_swapped(scope, id)).then(|| Hit::at(Place::head(id)))
}

/// nginx takes a map for `$http_upgrade` as it takes any other (1.22.1), and hides the client's header behind it.
fn is_swapped(scope: Scope<'_>, map: DirectiveId) -> bool {
    let tree = scope.tree;
    let defines = tree.arg(map, 2).is_some_and(|variable| variable.eq_ignore_ascii_case("$http_upgrade"));
    let source = tree.arg(map, 1).unwrap_or_default();
    let [Part::Variable(source)] = parts(&source)[..] else { return false };
    defines && tree.is_defined(&source.to_ascii_lowercase()) == Some(false)
}

fn map_swapped(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope).filter(|&id| is_swapped(scope, id))?;
    let word = |index| Place { directive: id, part: WordPart::Word(index) };
    let words = [2, 1].map(|index| scope.tree.arg(id, index).unwrap_or_default().into_owned());
    Some(Hit { places: vec![word(1), word(2)], words: words.to_vec() })
}

fn undefined_in_swapped_map(scope: Scope<'_>) -> Option<Hit> {
    let headers = &scope.route()?.headers;
    let undefined = [&headers.upgrade.undefined, &headers.connection.undefined].into_iter().flatten();
    let mut maps = scope.tree.definitions("http_upgrade").iter().filter(|one| one.kind == DefinitionKind::Map);
    let source = |map: DirectiveId| scope.tree.arg(map, 1).unwrap_or_default().to_ascii_lowercase();
    when(
        maps.any(|map| is_swapped(scope, map.at) && undefined.clone().any(|name| source(map.at) == format!("${name}"))),
    )
}

/// `ngx_http_map_block`: `invalid variable name`.
fn map_variable_literal(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let name = scope.tree.arg(id, 2)?;
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    bare.then(|| Hit { words: vec![name.into_owned()], ..Hit::at(Place { directive: id, part: WordPart::Word(2) }) })
}

fn map_used(scope: Scope<'_>) -> Option<Hit> {
    let map = directive(scope)?;
    when(scope.routes.with_map(map).next().is_some())
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
    if is_swapped(scope, id) {
        return None;
    }
    (name != "http_upgrade").then(|| Hit::at(Place { directive: id, part: WordPart::Word(1) }))
}

fn map_empty(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let empty = scope.tree.children(id).next().is_none() && !scope.tree.is_open(id);
    let missed = breaks(scope, |route| &route.headers.connection);
    (empty && missed).then(|| Hit::at(Place::head(id)))
}

/// Whether some route gets nothing for its header out of the map because of the map itself.
fn breaks(scope: Scope<'_>, of: fn(&Route) -> &Header) -> bool {
    let Some(map) = directive(scope) else { return false };
    let broken = |header: &Header| header.map == Some(map) && header.state == State::BrokenMap;
    scope.routes.with_map(map).any(|route| route.module == Module::Proxy && broken(of(route)))
}

fn map_never_upgrades(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let never = breaks(scope, |route| &route.headers.connection) || breaks(scope, |route| &route.headers.upgrade);
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
    let plain = scope.tree.evaluate_map(id, Request::Plain);
    if !plain.any(|text| has_upgrade_token(text) || is_websocket(text)) {
        return None;
    }
    Some(Hit::at(Place { directive: entry, part: WordPart::Word(0) }))
}

fn map_default_only(scope: Scope<'_>) -> Option<Hit> {
    let id = upgrade_map(scope)?.places[0].directive;
    let mut entries = scope.tree.children(id);
    let first = entries.next()?;
    let only_default = scope.tree.name(first) == "default" && entries.next().is_none();
    only_default.then(|| Hit::at(Place::head(first)))
}

/// Of two maps for one variable nginx takes the last, without a word (NGINX facts part F).
fn overruled(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| tree.is_block(id) && tree.directive(id).context == Context::Http)?;
    let variable = tree.arg(id, 2)?.trim_start_matches('$').to_ascii_lowercase();
    let mut maps = tree.definitions(&variable).iter().filter(|definition| {
        definition.kind == DefinitionKind::Map && tree.directive(definition.at).context == Context::Http
    });
    let last = maps.next_back()?.at;
    let concerned = concerns_upgrade(tree, id) || concerns_upgrade(tree, last);
    let differs = last != id && body(scope, id) != body(scope, last);
    (concerned && differs).then(|| Hit { words: vec![variable], ..Hit::lines([id, last]) })
}

/// The source of a map and its entries, whatever their order and their quotes.
fn body(scope: Scope<'_>, map: DirectiveId) -> Vec<String> {
    let tree = scope.tree;
    let source = tree.arg(map, 1).unwrap_or_default().to_ascii_lowercase();
    let entry = |entry: DirectiveId| {
        let key = tree.name(entry);
        // Strings are compared without regard to case, patterns are not.
        let key = if key.starts_with('~') { key.into_owned() } else { key.to_ascii_lowercase() };
        std::iter::once(key).chain(tree.args(entry).map(std::borrow::Cow::into_owned)).collect::<Vec<_>>().join("\n")
    };
    let mut all: Vec<String> = tree.children(map).map(entry).collect();
    all.sort();
    all.insert(0, source);
    all
}

fn overruled_same(scope: Scope<'_>) -> Option<Hit> {
    let hit = overruled(scope)?;
    let [one, other] = hit.places[..] else { return None };
    let same = [Request::Handshake, Request::Plain].into_iter().all(|request| {
        let (one, other) =
            (scope.tree.evaluate_map(one.directive, request), scope.tree.evaluate_map(other.directive, request));
        !one.open && one == other
    });
    when(same)
}

/// The entry of a `Connection` map that says `close` for plain requests, where a route that uses it goes to an upstream
/// whose connections would be kept: by `keepalive`, or by any upstream block since 1.29.7 (NGINX facts part L).
fn closes(scope: Scope<'_>, by_keepalive: bool) -> Option<Hit> {
    let tree = scope.tree;
    let map = upgrade_map(scope)?.places[0].directive;
    if !tree.evaluate_map(map, Request::Plain).is_exactly("close") {
        return None;
    }
    let keeps = |route: &&Route| {
        let uses = route.headers.connection.map == Some(map);
        let Some(upstream) = uses.then(|| tree.upstream(route.target.host())).flatten() else { return false };
        let version = tree.effective(route.block, "proxy_http_version").map(|line| tree.arg(line.line(), 1));
        let count = upstream.keepalive.and_then(|line| tree.arg(line, 1));
        match (by_keepalive, count.as_deref()) {
            (_, Some("0")) => false,
            (true, Some(_)) => version.flatten().is_some_and(|version| version == "1.1"),
            (false, None) => version.is_none_or(|version| version.is_some_and(|version| version == "1.1")),
            _ => false,
        }
    };
    scope.routes.with_map(map).find(keeps)?;
    let entry_of = |key: &str| {
        tree.children(map)
            .find(|&entry| tree.name(entry) == key && tree.arg(entry, 1).is_some_and(|text| text == "close"))
    };
    let has_empty = tree.children(map).any(|entry| tree.name(entry).is_empty());
    let entry = if has_empty { entry_of("") } else { entry_of("default") }?;
    Some(Hit::at(Place { directive: entry, part: WordPart::Value }))
}
