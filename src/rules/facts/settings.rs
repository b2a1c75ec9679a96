//! Settings of routes that carry nothing but WebSockets.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::super::times::milliseconds;
use super::{Fact, directive, when};
use crate::config::Request;
use crate::websocket::{Module, Route};

pub(super) const FACTS: &[Fact] = facts! {
    "of-websocket-route" "the line stands in a location or a server that hands on nothing but WebSockets" of_websocket_route;
    "tcp-keepalive" "the `listen` line has TCP look for dead peers" tcp_keepalive;
    "beside-other-pass" "the line is one of `proxy_pass`, and another module hands the requests on" beside_other_pass;
    "raised-alone" "a timeout that idle connections do not know is raised, and the read timeout is not" raised_alone;
    "useless-bypass" "`proxy_cache_bypass $http_upgrade` where nothing is cached" useless_bypass;
    "passed-anyway" "the header line passes on what is passed on without it" passed_anyway;
    "response-header-of-handshake" "the header belongs to the answer of a handshake" response_header;
};

fn route<'a>(scope: Scope<'a>) -> Option<&'a Route> {
    scope.routes.of_block(scope.tree.directive(directive(scope)?).parent)
}

fn of_websocket_route(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope)?;
    let block = tree.directive(line).parent;
    let carries = |route: &Route| {
        let modules = [Module::Proxy, Module::Uwsgi, Module::Scgi];
        route.intent.is_likely_alone() && modules.contains(&route.module)
    };
    let all_carry = match scope.routes.of_block(block) {
        Some(route) => carries(route),
        // Pages and files of the server would be another matter.
        None if scope.routes.with_sockets_alone.contains(&block) => {
            let mut routes = scope.routes.in_server(block).peekable();
            let alone = tree.own(block, "location").len() == scope.routes.in_server(block).count();
            !tree.is_open(block) && alone && routes.peek().is_some() && routes.all(carries)
        }
        None => false,
    };
    // A line of a snippet may be meant for other blocks that include it.
    when(all_carry && tree.directive(line).file == tree.directive(block).file)
}

/// `send_timeout`, `proxy_send_timeout` and `proxy_connect_timeout` are armed only while a write or a connect waits.
fn raised_alone(scope: Scope<'_>) -> Option<Hit> {
    const WAITING: [&str; 3] = ["send_timeout", "proxy_send_timeout", "proxy_connect_timeout"];
    let tree = scope.tree;
    let line = directive(scope).filter(|&line| WAITING.iter().any(|name| tree.is(line, name)))?;
    let route = route(scope)?;
    let raised = milliseconds(&tree.arg(line, 1)?).is_some_and(|time| time > 60_000);
    let name = format!("{}_read_timeout", route.module.prefix());
    let short = match tree.effective(route.block, &name) {
        None => !tree.is_open_for(route.block, &name),
        Some(read) => milliseconds(&tree.arg(read.line(), 1)?).is_some_and(|time| time <= 60_000),
    };
    (raised && short).then(|| Hit::at(Place::head(line)))
}

/// `listen … so_keepalive=on`: the probes of TCP are no bytes that nginx would see (NGINX facts part C).
fn tcp_keepalive(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope).filter(|&line| tree.is(line, "listen"))?;
    let on = tree.args(line).any(|word| word.starts_with("so_keepalive=") && word != "so_keepalive=off");
    on.then(|| Hit::at(Place::head(line)))
}

/// `proxy_set_header` beside `uwsgi_pass`: each module reads its own lines, and passes `HTTP_UPGRADE` on without any
/// (NGINX facts part J).
fn beside_other_pass(scope: Scope<'_>) -> Option<Hit> {
    const LINES: [&str; 3] = ["proxy_set_header", "proxy_http_version", "proxy_read_timeout"];
    let tree = scope.tree;
    let line = directive(scope).filter(|&line| LINES.iter().any(|name| tree.is(line, name)))?;
    let module = route(scope).filter(|route| matches!(route.module, Module::Uwsgi | Module::Scgi))?.module;
    Some(Hit { words: vec![module.prefix().to_owned()], ..Hit::at(Place::head(line)) })
}

fn useless_bypass(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = directive(scope).filter(|&line| tree.is(line, "proxy_cache_bypass"))?;
    let route = route(scope)?;
    let only_upgrade = tree.words(line).len() == 2 && tree.arg(line, 1).is_some_and(|arg| arg == "$http_upgrade");
    let cached = match tree.effective(route.block, "proxy_cache") {
        Some(cache) => !tree.arg(cache.line(), 1).is_some_and(|zone| zone.eq_ignore_ascii_case("off")),
        None => tree.is_open_for(route.block, "proxy_cache"),
    };
    (only_upgrade && !cached).then(|| Hit::at(Place::head(line)))
}

/// `proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key`: nginx passes request headers on by itself.
fn passed_anyway(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    // Most lines are none of these, and are not worth an evaluation.
    let line = directive(scope).filter(|&line| tree.is(line, "proxy_set_header"))?;
    let header = tree.arg(line, 1)?.to_ascii_lowercase();
    if !header.starts_with("sec-websocket-") {
        return None;
    }
    let own_variable = format!("$http_{}", header.replace('-', "_"));
    let passed = tree.effective(tree.directive(line).parent, "proxy_pass_request_headers");
    let off =
        passed.is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|value| value.eq_ignore_ascii_case("off")));
    let same = tree.arg(line, 2).is_some_and(|value| value.eq_ignore_ascii_case(&own_variable));
    // 13 is the only version there is (RFC 6455).
    let fixed = tree.evaluate(&tree.arg(line, 2)?, Request::Handshake, line);
    let as_sent = same || (header.ends_with("version") && fixed.is_exactly("13"));
    (as_sent && !off).then(|| Hit::at(Place::head(line)))
}

fn response_header(scope: Scope<'_>) -> Option<Hit> {
    let line = directive(scope).filter(|&line| scope.tree.is(line, "proxy_set_header"))?;
    let header = scope.tree.arg(line, 1)?;
    header.eq_ignore_ascii_case("Sec-WebSocket-Accept").then(|| Hit::at(Place::head(line)))
}
