//! What is wrong with the header lines of a route.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{DirectiveId, Request};
use crate::websocket::{Header, Module, is_for, name_without_colon, value};

pub(super) const FACTS: &[Fact] = facts! {
    "misplaced-inside" "a header or setting of the route stands where nginx does not accept it" misplaced_inside;
    "duplicate-header" "a header of the handshake is sent twice" duplicate_header;
    "duplicate-host" "two Host lines are sent" |scope| duplicates(scope, &["Host"]);
    "equal-duplicate" "the two lines of a header that is sent twice say the same" equal_duplicate;
    "header-line" "the directive is `proxy_set_header`" |scope| when(is_header_line(scope));
    "header-with-more-words" "it is one, and has more than two words" |scope| {
        when(is_header_line(scope) && scope.tree.args(directive(scope)?).count() > 2)
    };
    "upgrade-name-colon" "`Upgrade` is written with a colon alone" |scope| misnamed(scope, &scope.route()?.headers.upgrade);
    "connection-name-colon" "`Connection` is written with a colon alone" |scope| misnamed(scope, &scope.route()?.headers.connection);
    "header-name-colon" "the name of another header that a route for WebSockets sends is written with a colon" header_name_colon;
    "header-name-colon-beside" "the header is set without the colon in the same block as well" name_colon_beside;
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
    // Of a text that is included twice in one block neither can be taken out alone.
    let written = |id: DirectiveId| (scope.tree.directive(id).file, scope.tree.directive(id).node);
    let twice_included = written(one.directive) == written(other.directive);
    when(!twice_included && value(scope.tree, one.directive) == value(scope.tree, other.directive))
}

/// The one header of the handshake whose only lines are written with a colon.
fn misnamed(scope: Scope<'_>, header: &Header) -> Option<Hit> {
    let line = header.lines.iter().copied().find(|&line| name_without_colon(scope.tree, line).is_some())?;
    Some(Hit::at(Place { directive: line, part: WordPart::Word(1) }))
}

/// Any other header line with a colon that a route for WebSockets sends.
fn header_name_colon(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope)?;
    name_without_colon(tree, line)?;
    let mut routes = scope.routes.served_by(tree, line).filter(|route| route.module == Module::Proxy).peekable();
    routes.peek()?;
    let mut believed = false;
    for route in routes {
        let lines = [&route.headers.upgrade.lines, &route.headers.connection.lines];
        if lines.iter().any(|lines| lines.contains(&line)) {
            return None;
        }
        believed |= route.intent.confidence.is_some();
    }
    believed.then(|| Hit::at(Place { directive: line, part: WordPart::Word(1) }))
}

fn name_colon_beside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope)?;
    let name = name_without_colon(tree, line)?;
    let others = tree.own(tree.directive(line).parent, "proxy_set_header");
    when(others.iter().any(|&other| is_for(tree, other, &name)))
}

fn is_header_line(scope: Scope<'_>) -> bool {
    directive(scope).is_some_and(|line| scope.tree.is(line, "proxy_set_header"))
}
