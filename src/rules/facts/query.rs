//! Whether a handshake keeps its query string.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::paths::{fixed_path, pass_word, plain_location, takes_one_path};
use super::text::{raw, with_end, without_end};
use super::{Fact, when};
use crate::config::{DefinitionKind, DirectiveId, Modifier, Part, Pattern, Request, Tree, parts};
use crate::websocket::Route;

pub(super) const FACTS: &[Fact] = facts! {
    "query-lost" "the path of the address holds variables, and none of them the query string" query_lost;
    "query-needed" "the protocol's handshake needs its query string" |scope| when(scope.route()?.intent.query);
    "query-cut" "a `rewrite` of every path ends in `?`, which drops the arguments" query_cut;
    "query-appendable" "the arguments can be written behind the address" query_appendable;
};

/// nginx hands a path with variables on as it stands, without the request's arguments (NGINX facts part G).
fn query_lost(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route().filter(|route| route.target.variable)?;
    if brought_by_rewrite(scope.tree, route) {
        return None;
    }
    let lost = match &route.target.uri {
        // Without a path of its own an address takes that of the request, arguments and all.
        Some(uri) if uri.starts_with('$') && !begins_with_slash(scope.tree, route, uri) => return None,
        Some(uri) if uri.contains('$') => !may_hold_query(scope.tree, route, uri, 8),
        _ => {
            let path = fixed_path(scope)?;
            let plain = path.split('?').next().unwrap_or_default();
            let same = route.location.as_ref().is_some_and(|location| !location.is_regex() && location.path == plain);
            same || takes_one_path(route)
        }
    };
    lost.then(|| Hit::at(pass_word(route)))
}

/// Whether what begins with a variable certainly is a path.
fn begins_with_slash(tree: &Tree, route: &Route, uri: &str) -> bool {
    let Some(Part::Variable(name)) = parts(uri).first().copied() else { return false };
    if matches!(name.to_ascii_lowercase().as_str(), "uri" | "document_uri" | "request_uri") {
        return true;
    }
    let values = tree.evaluate(&format!("${{{name}}}"), Request::Handshake, route.block);
    let known = !values.open && !values.known.is_empty() && values.known.iter().all(|value| value.starts_with('/'));
    // A group of the location's pattern that takes the slash along.
    let pattern = route.location.as_ref().filter(|location| location.is_regex());
    known
        || pattern
            .is_some_and(|location| ["(/", "(\\/", ">/", ">\\/"].iter().any(|group| location.path.contains(group)))
}

/// `rewrite ^ $request_uri;` makes the arguments a part of the path: what is written for paths that nginx is not to decode.
fn brought_by_rewrite(tree: &Tree, route: &Route) -> bool {
    let blocks = [Some(route.block), route.location_block, route.server].into_iter().flatten();
    let around = blocks.flat_map(|block| {
        let tests = tree.own(block, "if").iter().copied();
        std::iter::once(block).chain(tests)
    });
    let mut rewrites = around.flat_map(|block| tree.own(block, "rewrite").iter().copied());
    rewrites.any(|line| tree.arg(line, 2).is_some_and(|text| may_hold_query(tree, route, &text, 8)))
}

/// A replacement that ends in `?` keeps the request's arguments out (`ngx_http_rewrite`).
fn query_cut(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let (route, block, location) = plain_location(scope)?;
    if tree.is_open(block) || scope.routes.jumps.runs_code(block) || route.target.variable {
        return None;
    }
    // Another line before it may end the rewriting, or may bring them back.
    let first = tree
        .children(block)
        .find(|&line| ["rewrite", "break", "return", "if"].iter().any(|name| tree.is(line, name)))?;
    let line = Some(first)
        .filter(|&line| tree.is(line, "rewrite") && tree.arg(line, 3).is_some_and(|flag| flag == "break"))?;
    let replacement = tree.arg(line, 2)?;
    let kept =
        ["args", "query_string", "request_uri", "arg_"].iter().any(|name| replacement.contains(&format!("${name}")));
    let cut =
        replacement.strip_suffix('?').filter(|path| !kept && !path.contains('?') && path.starts_with(['/', '$']))?;
    let pattern = Pattern::new(&tree.arg(line, 1)?, false);
    let stem = location.path.trim_end_matches('/');
    let below = [format!("{stem}/"), format!("{stem}/x"), format!("{stem}/7/a-b")];
    let all = location.modifier == Modifier::Exact || below.iter().all(|path| pattern.is_match(path) == Some(true));
    let own = pattern.is_match(&location.path) == Some(true) || location.modifier != Modifier::Exact;
    let place = Place { directive: line, part: WordPart::Word(2) };
    let text = without_end(raw(tree, place)?, "?")?;
    (all && own && !cut.is_empty()).then(|| Hit { places: vec![place], words: vec![text] })
}

fn query_appendable(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    route.target.uri.as_deref().filter(|uri| !uri.contains('?'))?;
    let place = pass_word(route);
    let text = with_end(raw(scope.tree, place)?, "$is_args$args");
    Some(Hit { places: vec![place], words: vec![text] })
}

/// Variables that hold no arguments whatever is asked for.
const WITHOUT_QUERY: [&str; 14] = [
    "uri",
    "document_uri",
    "host",
    "http_host",
    "scheme",
    "server_name",
    "server_port",
    "server_addr",
    "hostname",
    "remote_addr",
    "proxy_host",
    "proxy_port",
    "request_method",
    "http_upgrade",
];

/// Whether a text may hold the arguments of a request once its variables are filled in: true unless it is certain.
fn may_hold_query(tree: &Tree, route: &Route, text: &str, depth: u32) -> bool {
    depth == 0
        || parts(text).into_iter().any(|part| match part {
            Part::Text(_) => false,
            Part::Variable(name) => variable_may_hold_query(tree, route, &name.to_ascii_lowercase(), depth),
        })
}

fn variable_may_hold_query(tree: &Tree, route: &Route, name: &str, depth: u32) -> bool {
    if matches!(name.as_bytes(), [b'1'..=b'9']) {
        return captures_may_hold_query(tree, route);
    }
    if tree.definitions(name).is_empty() {
        return !WITHOUT_QUERY.contains(&name);
    }
    let Some(mut definitions) = tree.distinct_definitions(name) else { return true };
    definitions.any(|definition| match definition.kind {
        DefinitionKind::Set => may_hold_query(tree, route, &tree.arg(definition.at, 2).unwrap_or_default(), depth - 1),
        DefinitionKind::Map => {
            // A pattern may catch anything of the source.
            let by_pattern = tree.map_has_patterns(definition.at);
            let source = tree.arg(definition.at, 1).unwrap_or_default();
            tree.is_open(definition.at)
                || (by_pattern && may_hold_query(tree, route, &source, depth - 1))
                || tree.map_entries_with_variables(definition.at).iter().any(|&entry| {
                    let value = tree.arg(entry, 1).unwrap_or_default();
                    !is_capture(&value) && may_hold_query(tree, route, &value, depth - 1)
                })
        }
        // Locations, server names and rewrites are compared with paths and hosts.
        DefinitionKind::Other => {
            !["location", "server_name", "rewrite"].iter().any(|holder| tree.is(definition.at, holder))
        }
    })
}

fn is_capture(value: &str) -> bool {
    matches!(value.as_bytes(), [b'$', b'1'..=b'9'])
}

/// `$1` is what the last pattern caught: the location's, unless an `if` compares something else before.
fn captures_may_hold_query(tree: &Tree, route: &Route) -> bool {
    let blocks = [Some(route.block), route.location_block, route.server];
    let mut tests = blocks.into_iter().flatten().flat_map(|block| {
        let own = tree.is(block, "if").then_some(block);
        own.into_iter().chain(tree.own(block, "if").iter().copied())
    });
    tests.any(|test| compares_more_than_path(tree, test))
        || blocks.into_iter().flatten().any(|block| tree.is_open(block))
}

fn compares_more_than_path(tree: &Tree, test: DirectiveId) -> bool {
    let words: Vec<_> = tree.args(test).collect();
    let by_pattern = words.iter().any(|word| word.contains('~'));
    let subject =
        words.iter().find_map(|word| word.trim_start_matches('(').strip_prefix('$').map(str::to_ascii_lowercase));
    by_pattern && subject.is_none_or(|name| !WITHOUT_QUERY.contains(&name.as_str()))
}
