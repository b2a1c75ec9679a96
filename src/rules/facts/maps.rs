//! What is wrong with a `map` that looks at the Upgrade header.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{DirectiveId, Request};
use crate::websocket::{Module, Route, concerns_upgrade, has_upgrade_token};

pub(super) const FACTS: &[Fact] = facts! {
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
            scope
                .tree
                .arg(entry, 1)
                .is_some_and(|value| value.eq_ignore_ascii_case("websocket") || value == "$http_upgrade")
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
