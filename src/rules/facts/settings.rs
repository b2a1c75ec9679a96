//! Settings of routes that carry nothing but WebSockets.

use super::super::condition::{Hit, Scope};
use super::{Fact, directive, when};
use crate::config::Request;
use crate::websocket::{Confidence, Module, Route};

pub(super) const FACTS: &[Fact] = facts! {
    "of-websocket-route" "the line stands in a block that hands on nothing but WebSockets" of_websocket_route;
    "read-timeout-short" "the route's read timeout is the default of 60 s, or below it" read_timeout_short;
    "route-cached" "answers of the route are cached" route_cached;
    "passed-anyway" "the header line passes on what is passed on without it" passed_anyway;
    "response-header-of-handshake" "the header belongs to the answer of a handshake" response_header;
};

fn route<'a>(scope: Scope<'a>) -> Option<&'a Route> {
    scope.routes.of_block(scope.tree.directive(directive(scope)?).parent)
}

fn of_websocket_route(scope: Scope<'_>) -> Option<Hit> {
    let route = route(scope)?;
    let modules = [Module::Proxy, Module::Uwsgi, Module::Scgi];
    let carries = route.intent.only && route.intent.confidence >= Some(Confidence::Likely);
    when(carries && modules.contains(&route.module))
}

fn read_timeout_short(scope: Scope<'_>) -> Option<Hit> {
    let route = route(scope)?;
    let name = format!("{}_read_timeout", route.module.prefix());
    let line = scope.tree.effective(route.block, &name).map(|effective| effective.line());
    let time = line.and_then(|line| super::super::condition::milliseconds(&scope.tree.arg(line, 1)?));
    when(match line {
        None => !scope.tree.is_open_for(route.block, &name),
        Some(_) => time.is_some_and(|time| time <= 60_000),
    })
}

fn route_cached(scope: Scope<'_>) -> Option<Hit> {
    let route = route(scope)?;
    let cache = scope.tree.effective(route.block, "proxy_cache");
    let off = |value: std::borrow::Cow<'_, str>| value.eq_ignore_ascii_case("off");
    let cached = cache.is_some_and(|line| !scope.tree.arg(line.line(), 1).is_some_and(off));
    when(cached || scope.tree.is_open_for(route.block, "proxy_cache"))
}

/// `proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key`: nginx passes request headers on by itself.
fn passed_anyway(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope)?;
    let header = tree.arg(line, 1)?.to_ascii_lowercase();
    let own_variable = format!("$http_{}", header.replace('-', "_"));
    let passed = tree.effective(tree.directive(line).parent, "proxy_pass_request_headers");
    let off =
        passed.is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|value| value.eq_ignore_ascii_case("off")));
    let same = tree.arg(line, 2).is_some_and(|value| value.eq_ignore_ascii_case(&own_variable));
    // Another line of the same header would be the one that counts.
    let fixed = tree.evaluate(&tree.arg(line, 2)?, Request::Handshake, line);
    when(
        header.starts_with("sec-websocket-")
            && !off
            && (same || (header.ends_with("version") && fixed.is_exactly("13"))),
    )
}

fn response_header(scope: Scope<'_>) -> Option<Hit> {
    let header = scope.tree.arg(directive(scope)?, 1)?;
    when(header.eq_ignore_ascii_case("Sec-WebSocket-Accept"))
}
