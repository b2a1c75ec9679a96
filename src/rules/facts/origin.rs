//! What a backend needs to know of the address that the client used.

use super::super::condition::{Asked, Hit, Scope};
use super::super::finding::Place;
use super::text::raw;
use super::{Fact, when};
use crate::config::{DirectiveId, Part, Tree, is_placeholder, parts};
use crate::websocket::{Route, is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "checks-origin" "the application compares Origin with Host" |scope| when(scope.route()?.intent.origin);
    "checks-origin-scheme" "the application compares the scheme of Origin too" |scope| {
        when(scope.route()?.intent.origin_scheme)
    };
    "host-unset" "the backend sees its own address as Host" host_unset;
    "host-without-port" "Host is sent without the port that clients use" host_without_port;
    "host-fixed" "Host is a name that clients do not use; the word is that name" host_fixed;
    "host-with-usual-port" "Host is sent with a port that clients leave out; the word is that port" host_with_usual_port;
    "scheme-fixed" "TLS ends here and the backend is told of http" scheme_fixed;
    "sibling-sends-host" "another route to the same upstream sends just these headers and Host" sibling_sends_host;
    "scheme-unset" "TLS ends here and the backend is not told" scheme_unset;
};

fn header_lines<'t>(tree: &'t Tree, route: &Route) -> &'t [DirectiveId] {
    tree.effective(route.block, "proxy_set_header").map_or(&[], |effective| effective.lines)
}

fn sets(tree: &Tree, route: &Route, names: &[&str]) -> bool {
    let lines = header_lines(tree, route);
    lines.iter().any(|&line| names.iter().any(|name| is_for(tree, line, name)))
}

/// Without a line of its own Host is `$proxy_host`, and `Origin` is what the client sent (NGINX facts parts A and I).
fn host_unset(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    // `$proxy_host` is what nginx sends without such a line.
    let lines = header_lines(tree, route);
    let own_address = |line: &DirectiveId| matches!(parts(&value(tree, *line))[..], [Part::Variable("proxy_host")]);
    let host = lines.iter().any(|line| is_for(tree, *line, "Host") && !own_address(line));
    if host || sets(tree, route, &["Origin"]) || tree.is_open_for(route.block, "proxy_set_header") {
        return None;
    }
    let names = route.server.map_or(&[][..], |server| tree.own(server, "server_name"));
    let same = names.iter().any(|&line| tree.args(line).any(|name| name.eq_ignore_ascii_case(&route.target.authority)));
    (!same).then(|| Hit { places: Vec::new(), words: vec![route.target.authority.clone()] })
}

fn host_without_port(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let lines = header_lines(tree, route);
    let &line = lines.iter().find(|&&line| is_for(tree, line, "Host"))?;
    let text = value(tree, line);
    let bare = matches!(parts(&text)[..], [Part::Variable(name)] if ["host", "server_name"].contains(&name));
    let ports = listening(tree, route.server?)?;
    let unusual = !ports.is_empty() && ports.iter().all(|port| !matches!(port, 80 | 443));
    (bare && unusual && !sets(tree, route, &["Origin"]))
        .then(|| Hit { places: vec![Place::value(line)], words: vec![ports[0].to_string()] })
}

/// A name of its own for the backend, in a server that has others: a browser's Origin has one of those.
fn host_fixed(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let &line = header_lines(tree, route).iter().find(|&&line| is_for(tree, line, "Host"))?;
    let text = value(tree, line);
    let is_text = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte));
    if !is_text || is_placeholder(&text) || sets(tree, route, &["Origin"]) {
        return None;
    }
    let server = route.server.filter(|&server| !tree.is_open(server))?;
    let names: Vec<_> = tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line)).collect();
    let plain =
        |name: &str| name.contains('.') && !name.contains(['*', '~', '$', '{', '%', '@']) && !name.starts_with('.');
    // What a public host is called by is what leads to it there.
    let host = text.split(':').next().unwrap_or_default();
    let of_backend = host.contains('.') && host.eq_ignore_ascii_case(route.target.host());
    let other = !names.is_empty() && names.iter().all(|name| plain(name) && !name.eq_ignore_ascii_case(host));
    (other && !of_backend).then(|| Hit { places: vec![Place::value(line)], words: vec![text.into_owned()] })
}

/// `$host:$server_port`: in an Origin the ports 80 and 443 are left out (RFC 6454, 6.2).
fn host_with_usual_port(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let &line = header_lines(tree, route).iter().find(|&&line| is_for(tree, line, "Host"))?;
    let text = value(tree, line);
    let ports = listening(tree, route.server?)?;
    let added = match parts(&text)[..] {
        [Part::Variable("host" | "server_name"), Part::Text(":"), Part::Variable("server_port")] => ports[0],
        [Part::Variable("host" | "server_name"), Part::Text(":80")] => 80,
        [Part::Variable("host" | "server_name"), Part::Text(":443")] => 443,
        _ => return None,
    };
    // A name for other addresses than 80 on a plain server is not the usual one.
    let usual = ports.iter().all(|&port| port == if is_tls(tree, route) { 443 } else { 80 });
    (usual && ports.contains(&added) && !sets(tree, route, &["Origin"]))
        .then(|| Hit { places: vec![Place::value(line)], words: vec![added.to_string()] })
}

/// The ports a server listens on; none when that cannot be said.
fn listening(tree: &Tree, server: DirectiveId) -> Option<Vec<u16>> {
    if tree.is_open(server) {
        return None;
    }
    let port = |&line: &DirectiveId| {
        let address = tree.arg(line, 1)?;
        let last = address.rsplit_once(':').map_or(&*address, |(_, port)| port);
        // An address alone, or none: 80.
        match last.parse() {
            Ok(port) => Some(port),
            Err(_) if address.starts_with("unix:") || address.contains('$') || address.contains('{') => None,
            Err(_) => Some(80),
        }
    };
    match tree.own(server, "listen") {
        [] => Some(vec![80]),
        lines => lines.iter().map(port).collect(),
    }
}

/// A sibling that sends what this route sends and Host besides: what it says of Host is known to suit the backend.
fn sibling_sends_host(scope: Scope<'_>) -> Option<Hit> {
    let Asked::Route(index) = scope.subject else { return None };
    let tree = scope.tree;
    let handshake = |line: DirectiveId| is_for(tree, line, "Upgrade") || is_for(tree, line, "Connection");
    let others = |route: &Route| -> Vec<DirectiveId> {
        header_lines(tree, route).iter().copied().filter(|&line| !handshake(line)).collect()
    };
    let same = |left: DirectiveId, right: DirectiveId| left == right || tree.args(left).eq(tree.args(right));
    let route = scope.route()?;
    let own = others(route);
    let line = scope.routes.siblings(index).take(64).find_map(|sibling| {
        let theirs = others(sibling);
        let (hosts, rest): (Vec<_>, Vec<_>) = theirs.into_iter().partition(|&line| is_for(tree, line, "Host"));
        let equal = rest.len() == own.len() && own.iter().all(|&line| rest.iter().any(|&other| same(line, other)));
        hosts.first().copied().filter(|_| equal && hosts.len() == 1 && sibling.server == route.server)
    })?;
    let place = Place { directive: line, part: super::super::finding::WordPart::Word(2) };
    Some(Hit { places: vec![place], words: vec![raw(tree, place)?.to_owned()] })
}

/// Headers by which backends learn the client's scheme.
const SCHEME: [&str; 8] = [
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Scheme",
    "X-Url-Scheme",
    "Front-End-Https",
    "Forwarded",
];

fn is_tls(tree: &Tree, route: &Route) -> bool {
    let Some(server) = route.server else { return false };
    tree.own(server, "listen").iter().any(|&line| tree.args(line).any(|word| word == "ssl" || word == "quic"))
        || tree.own(server, "ssl").iter().any(|&line| tree.arg(line, 1).is_some_and(|value| value == "on"))
}

/// `X-Forwarded-Proto http` in a server that speaks TLS.
fn scheme_fixed(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let lines = header_lines(tree, route);
    let &line = lines.iter().find(|&&line| {
        let proto = ["X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Scheme"];
        proto.iter().any(|name| is_for(tree, line, name)) && value(tree, line).eq_ignore_ascii_case("http")
    })?;
    let right = |other: &DirectiveId| {
        *other != line && SCHEME.iter().any(|name| is_for(tree, *other, name)) && !value(tree, *other).is_empty()
    };
    let plain = route.target.scheme == "http" && !sets(tree, route, &["Origin"]) && !lines.iter().any(right);
    (is_tls(tree, route) && plain).then(|| Hit {
        words: vec![tree.arg(line, 1).unwrap_or_default().into_owned()],
        places: vec![Place::value(line)],
    })
}

fn scheme_unset(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let tls = is_tls(tree, route);
    let told = sets(tree, route, &SCHEME) || sets(tree, route, &["Origin"]);
    let unseen = tree.is_open_for(route.block, "proxy_set_header");
    (tls && route.target.scheme == "http" && !told && !unseen).then(|| Hit::at(Place::head(route.pass)))
}
