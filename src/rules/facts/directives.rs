//! What is wrong with a directive by itself.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive};
use crate::config::{Context, ROOT};

pub(super) const FACTS: &[Fact] = facts! {
    "misplaced" "nginx does not accept the directive in this context" misplaced;
    "misplaced-map" "the map stands in a server or a location" misplaced_map;
    "websocket-address" "the address begins with ws:// or wss://" websocket_address;
    "upstream-websocket-address" "a server of an upstream is written with a scheme" upstream_websocket_address;
};

fn misplaced(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let directive = scope.tree.directive(id);
    let unsure = matches!(directive.context, Context::Unknown | Context::Entries)
        || (directive.parent == ROOT && !scope.tree.is_complete());
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
