//! What is wrong with the header lines of a route.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{DirectiveId, Request};
use crate::websocket::{concerns_upgrade, has_leftovers, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "misplaced-inside" "a header or setting of the route stands where nginx does not accept it" misplaced_inside;
    "duplicate-header" "a header of the handshake is sent twice" duplicate_header;
    "duplicate-host" "two Host lines are sent" |scope| duplicates(scope, &["Host"]);
    "equal-duplicate" "the two lines of a header that is sent twice say the same" equal_duplicate;
    "header-name-colon" "the header's name is written with a colon" header_name_colon;
    "leftovers" "backslashes or backticks of a shell or a web page stand in a value" leftovers;
};

/// A `proxy_set_header` or its like in an `if` or `limit_except` of the route's location.
fn misplaced_inside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.location_block?;
    let inner = ["if", "limit_except"].into_iter().flat_map(|name| tree.own(block, name).iter().copied());
    let line = inner
        .flat_map(|inner| tree.own(inner, "proxy_set_header").iter().copied())
        .find(|&line| is_for(tree, line, "Upgrade") || is_for(tree, line, "Connection"))?;
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
