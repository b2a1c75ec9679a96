//! Whether the backend is found, and spoken to as it expects.

use std::net::IpAddr;

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::paths::pass_word;
use super::text::raw;
use super::{Fact, when};
use crate::config::{DirectiveId, Request, Target, Tree};
use crate::websocket::Route;

pub(super) const FACTS: &[Fact] = facts! {
    "resolver-needed" "the host is a name that nginx has to look up for each request" resolver_needed;
    "names-unseen" "an upstream or a resolver may be set in text that is not here" names_unseen;
    "tls-mismatch" "the scheme and the port of the address speak of different protocols" tls_mismatch;
    "scheme-of-client" "the address takes the client's scheme and one port, and the server is asked with and without TLS"
        scheme_of_client;
    "tls-without-name" "the backend is called by a name over TLS, and not told which" tls_without_name;
};

fn is_address(host: &str) -> bool {
    host.starts_with("unix:") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

/// With a variable anywhere in the address, nginx finds the host among the upstreams and the addresses that are written
/// without variables, or asks its `resolver` (`ngx_http_upstream_init_request`; NGINX facts part G).
fn resolver_needed(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route().filter(|route| route.target.variable)?;
    // Code may set the variables before nginx looks at them.
    if scope.tree.ancestors(route.pass).any(|around| scope.routes.jumps.runs_code(around)) {
        return None;
    }
    let argument = tree.arg(route.pass, 1)?;
    // Of the address alone: what comes behind the host does not decide.
    let address = match &route.target.uri {
        Some(uri) => argument.strip_suffix(uri.as_str())?,
        None => &argument,
    };
    let values = tree.evaluate(address, Request::Handshake, route.block);
    if values.open || values.undefined.is_some() || values.known.is_empty() {
        return None;
    }
    let names: Vec<String> = values.known.iter().map(|value| name_to_resolve(scope, value)).collect::<Option<_>>()?;
    Some(Hit { places: vec![pass_word(route)], words: names })
}

/// The host of an address, if nginx has to look it up.
fn name_to_resolve(scope: Scope<'_>, address: &str) -> Option<String> {
    let target = Target::new(address);
    let host = target.host();
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if host.is_empty() || !is_name || is_address(host) || !matches!(target.scheme.as_str(), "http" | "https") {
        return None;
    }
    let port = target.port().unwrap_or_else(|| default_port(&target.scheme));
    let has_port = target.port().is_some();
    let upstream = scope.tree.upstream(host).is_some() && !has_port;
    (!upstream && !scope.routes.is_written(host, port)).then(|| host.to_owned())
}

fn names_unseen(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let http_open = tree.ancestors(route.block).any(|around| tree.is_open(around)) || tree.is_open(route.block);
    when(http_open || !tree.is_complete())
}

/// The ports that requests of a route go to.
fn ports(tree: &Tree, route: &Route) -> Vec<u16> {
    let target = &route.target;
    match tree.upstream(target.host()) {
        // A server of an upstream without a port has 80, whatever the scheme (`ngx_http_upstream_server`).
        Some(upstream) => upstream
            .servers
            .iter()
            .filter_map(|&server| tree.arg(server, 1))
            .map(|address| if address.starts_with("unix:") { 0 } else { Target::new(&address).port().unwrap_or(80) })
            .collect(),
        None => target.port().into_iter().collect(),
    }
}

fn tls_mismatch(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    let (wrong, other) = match route.target.scheme.as_str() {
        "http" => (443, "https"),
        "https" => (80, "http"),
        _ => return None,
    };
    let ports = ports(scope.tree, route);
    if route.target.authority.contains('$') || ports.is_empty() || ports.iter().any(|&port| port != wrong) {
        return None;
    }
    let word = raw(scope.tree, pass_word(route))?;
    let (before, behind) = word.split_once("://")?;
    let quote = if before.starts_with(['"', '\'']) { &before[..1] } else { "" };
    let words = vec![other.to_owned(), format!("{quote}{other}://{behind}")];
    Some(Hit { places: vec![pass_word(route)], words })
}

/// `$scheme://127.0.0.1:3000` in a server of 80 and 443: one port speaks one protocol.
fn scheme_of_client(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route().filter(|route| route.target.scheme == "$scheme")?;
    let (server, block) = (route.server?, route.location_block?);
    let [port] = ports(tree, route)[..] else { return None };
    let usual = [0, 80, 443].contains(&port) || route.target.host().contains('$');
    let listens = tree.own(server, "listen");
    let tls = listens.iter().filter(|&&line| tree.args(line).any(|word| word == "ssl")).count();
    let both = tls > 0 && tls < listens.len() && tree.own(server, "ssl").is_empty();
    // Who does not come with TLS may be sent away before.
    let tests = |level: DirectiveId| {
        tree.is_open(level) || ["if", "return", "rewrite"].iter().any(|name| !tree.own(level, name).is_empty())
    };
    let word = tree.arg(route.pass, 1)?;
    (both && !usual && !tests(server) && !tests(block))
        .then(|| Hit { places: vec![pass_word(route)], words: vec![port.to_string(), word.into_owned()] })
}

fn tls_without_name(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route().filter(|route| route.target.scheme == "https")?;
    let host = route.target.host();
    let named = host.contains('.') && !host.contains('$') && !is_address(host) && tree.upstream(host).is_none();
    let sends = tree.effective(route.block, "proxy_ssl_server_name");
    let on = sends.is_some_and(|effective| tree.arg(effective.line(), 1).is_some_and(|value| value == "on"));
    let unseen = sends.is_none() && tree.is_open_for(route.block, "proxy_ssl_server_name");
    (named && !on && !unseen).then(|| Hit { places: vec![Place::head(route.pass)], words: vec![host.to_owned()] })
}
