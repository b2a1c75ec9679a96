//! Locations to one backend that disagree about the path it gets: a shorter one takes a prefix away.

use super::super::condition::{Asked, Hit, Scope};
use super::super::finding::Place;
use super::paths::{mapped, pass_word, plain_location, rewrites, without_uri};
use super::text::{raw, with_end};
use super::{Fact, when};
use crate::config::Modifier;
use crate::websocket::Route;

pub(super) const FACTS: &[Fact] = facts! {
    "sibling-strips" "a shorter location to the same backend takes its own path away, or rewrites it" |scope| {
        when(strips(shorter(scope)?, scope))
    };
    "stripped-as-sibling" "the address with the path that a shorter location to the same backend leaves" as_sibling;
    "named-after-endpoint" "the backend is named after the endpoint, so that it may be a server of its own, which needs no path"
        named_after_endpoint;
    "unlike-sibling" "a shorter location to the same backend takes its path away, which the protocol's path keeps here"
        unlike_sibling;
};

/// `location /cable { proxy_pass http://cable/; }`: Action Cable alone, without an application around it, may be served at
/// the root.
fn named_after_endpoint(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped(scope)?;
    let last = path.trim_end_matches('/').rsplit('/').next().filter(|last| last.len() > 3)?.to_ascii_lowercase();
    let tree = scope.tree;
    let upstream = tree.upstream(route.target.host());
    let servers = upstream.iter().flat_map(|upstream| &upstream.servers).filter_map(|&line| tree.arg(line, 1));
    let mut names = servers.map(std::borrow::Cow::into_owned).chain([route.target.host().to_owned()]);
    when(uri == "/" && names.any(|name| name.to_ascii_lowercase().contains(&last)))
}

/// The longest location with a shorter path to the same backend, of the same server.
fn shorter<'a>(scope: Scope<'a>) -> Option<&'a Route> {
    let Asked::Route(index) = scope.subject else { return None };
    let (route, _, own) = plain_location(scope)?;
    let above = |other: &&Route| {
        other.server == route.server
            && other.target.scheme == route.target.scheme
            && other.location_block == Some(other.block)
            && other.location.as_ref().is_some_and(|location| {
                matches!(location.modifier, Modifier::Prefix | Modifier::PriorityPrefix)
                    && own.path.starts_with(&location.path)
                    && own.path.len() > location.path.len()
            })
    };
    let length = |other: &&Route| other.location.as_ref().map_or(0, |location| location.path.len());
    scope.routes.siblings(index).take(64).filter(above).max_by_key(length)
}

fn strips(other: &Route, scope: Scope<'_>) -> bool {
    let path = other.location.as_ref().map_or("", |location| location.path.as_str());
    rewrites(scope.tree, other.block) || other.target.uri.as_deref().is_some_and(|uri| uri != path)
}

/// What the shorter location makes of a path: none where that is not as plain as one prefix for another.
fn left_of(other: &Route, scope: Scope<'_>, path: &str) -> Option<String> {
    let location = other.location.as_ref()?;
    let uri = other.target.uri.as_deref().filter(|uri| !other.target.variable && !uri.contains(['?', '#']))?;
    let plain = strips(other, scope) && !rewrites(scope.tree, other.block);
    let alike = location.path.ends_with('/') == uri.ends_with('/');
    (plain && alike).then(|| path.strip_prefix(&location.path).map(|rest| format!("{uri}{rest}")))?
}

/// `location /x/ { proxy_pass http://b/; }` beside `location /x/spreed`: the backend serves `/spreed`
/// (NGINX facts part G).
fn as_sibling(scope: Scope<'_>) -> Option<Hit> {
    let (route, _, path, uri) = mapped(scope)?;
    let left = left_of(shorter(scope)?, scope, path)?;
    let place = pass_word(route);
    let bare = without_uri(raw(scope.tree, place)?, uri)?;
    let socket = route.target.authority.starts_with("unix:");
    let end = if socket { format!(":{left}") } else { left.clone() };
    (left != uri).then(|| Hit { places: vec![place], words: vec![with_end(&bare, &end), left] })
}

fn unlike_sibling(scope: Scope<'_>) -> Option<Hit> {
    let (route, block, location) = plain_location(scope)?;
    let kept = route.target.uri.is_none() && !route.target.variable && !rewrites(scope.tree, block);
    let other = shorter(scope).filter(|_| kept && route.intent.fixed)?;
    let left = left_of(other, scope, &location.path)?;
    Some(Hit { places: vec![pass_word(route), Place::head(other.pass)], words: vec![location.path.clone(), left] })
}
