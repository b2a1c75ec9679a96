//! Where a configuration offers WebSockets, and where it hands them on.

use crate::Linted;
use crate::config::{DirectiveId, Modifier, Tree};
use crate::live::probe::Target;
use crate::websocket::{Confidence, Module, Route};

/// A URL under which a route can be reached from this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) target: Target,
    /// The name to ask for, with its port, where the server has one.
    pub(super) host: Option<String>,
}

/// The endpoints of the routes that carry WebSockets, so many at most, and how many more there are.
pub(super) fn endpoints(linted: &Linted<'_>, most: usize) -> (Vec<Endpoint>, usize) {
    let tree = &linted.tree;
    let carries =
        |route: &&Route| route.module != Module::Stream && route.intent.confidence >= Some(Confidence::Likely);
    let mut all: Vec<Endpoint> = Vec::new();
    for route in linted.routes.all.iter().filter(carries) {
        let found = endpoint(tree, route, linted);
        all.extend(found.filter(|found| !all.contains(found)));
    }
    let more = all.len().saturating_sub(most);
    all.truncate(most);
    (all, more)
}

fn endpoint(tree: &Tree, route: &Route, linted: &Linted<'_>) -> Option<Endpoint> {
    let location = route.location.as_ref()?;
    // Which path a pattern means, and who jumps to a named location, only a person knows.
    if !matches!(location.modifier, Modifier::Exact | Modifier::Prefix | Modifier::PriorityPrefix) {
        return None;
    }
    let server = route.server?;
    let lines = tree.own(server, "listen");
    let line = lines.iter().find(|&&line| !tree.args(line).any(|arg| arg == "quic"));
    let ((address, port), tls) = match line {
        Some(&line) => {
            let written = tree.arg(line, 1)?;
            let tls = tree.args(line).any(|arg| arg == "ssl") || linted.routes.tls_addresses.contains(&*written);
            (listen(&written)?, tls)
        }
        None if lines.is_empty() => (("127.0.0.1".to_owned(), 80), false),
        None => return None,
    };
    let path = match location.path.as_str() {
        // The endpoint of engine.io answers 400 to a handshake that does not say what it wants.
        path if path.contains("socket.io") || path.contains("engine.io") => {
            format!("{}/?EIO=4&transport=websocket", path.trim_end_matches('/'))
        }
        path => path.to_owned(),
    };
    let scheme = if tls { "wss" } else { "ws" };
    let address = if address.contains(':') { format!("[{address}]") } else { address };
    let target = Target::parse(&format!("{scheme}://{address}:{port}{path}")).ok()?;
    let host = server_name(tree, server).map(|name| target.authority(&name));
    Some(Endpoint { target, host })
}

/// The first name of a server that is one.
fn server_name(tree: &Tree, server: DirectiveId) -> Option<String> {
    let names = tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line));
    let is_name =
        |name: &str| !name.is_empty() && name != "_" && !name.contains(['*', '~', '$']) && !name.starts_with('.');
    names.map(std::borrow::Cow::into_owned).find(|name| is_name(name))
}

/// Where to connect to for a `listen` line's address.
fn listen(written: &str) -> Option<(String, u16)> {
    if written.starts_with("unix:") {
        return None;
    }
    if let Ok(port) = written.parse() {
        return Some(("127.0.0.1".to_owned(), port));
    }
    let (host, port) = match written.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (written, 80),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = match host {
        "*" | "0.0.0.0" | "" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    Some((host.to_owned(), port))
}

/// The ports on which the servers of a configuration listen, each once.
pub(super) fn ports(tree: &Tree) -> Vec<u16> {
    let lines = tree.ids().filter(|&id| tree.is(id, "listen"));
    let mut ports: Vec<u16> = lines.filter_map(|line| Some(listen(&tree.arg(line, 1)?)?.1)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// How many servers of an upstream are tried.
const MOST_SERVERS: usize = 3;

/// Where a route hands the requests for a URL on, the first servers of an upstream in their order, and the `Host` that it
/// sends there. The error is why that cannot be told.
pub(super) fn backends(
    tree: &Tree,
    route: &Route,
    front: &Target,
    host: &str,
) -> Result<(Vec<Target>, String), String> {
    let target = &route.target;
    if route.module != Module::Proxy {
        return Err(format!("the route speaks {} to it", route.module.name()));
    }
    if target.variable {
        return Err("its address in `proxy_pass` holds variables".into());
    }
    if !matches!(target.scheme.as_str(), "http" | "https") {
        return Err("its address in `proxy_pass` has a scheme that nginx does not know".into());
    }
    let path = path(tree, route, front)?;
    let scheme = if target.scheme == "https" { "wss" } else { "ws" };
    let url = |server: &str, usual: &str| {
        let has_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let url = match (server.starts_with("unix:"), has_port) {
            (true, _) => format!("{scheme}://{server}:{path}"),
            (false, true) => format!("{scheme}://{server}{path}"),
            (false, false) => format!("{scheme}://{server}{usual}{path}"),
        };
        Target::parse(&url).map_err(|error| error.why)
    };
    let targets = match tree.upstream(target.host()) {
        Some(upstream) => {
            let servers = upstream.servers.iter().filter_map(|&line| tree.arg(line, 1)).take(MOST_SERVERS);
            // A port is 80 in an upstream whatever the scheme (`ngx_http_upstream_server`), 443 for https in `proxy_pass`.
            servers.map(|server| url(&server, ":80")).collect::<Result<Vec<_>, _>>()?
        }
        None => vec![url(&target.authority, "")?],
    };
    if targets.is_empty() {
        return Err("its upstream has no server that takes requests".into());
    }
    Ok((targets, host_header(tree, route, host)))
}

/// The path that the backend is asked for.
fn path(tree: &Tree, route: &Route, front: &Target) -> Result<String, String> {
    let rewrites = |block: Option<DirectiveId>| block.is_some_and(|block| !tree.own(block, "rewrite").is_empty());
    if rewrites(route.location_block) || rewrites(route.server) || rewrites(Some(route.block)) {
        return Err("the path is rewritten on the way".into());
    }
    let Some(uri) = &route.target.uri else { return Ok(front.path.clone()) };
    let location = route.location.as_ref().filter(|location| !location.is_regex());
    let rest = location.and_then(|location| front.path.strip_prefix(location.path.as_str()));
    Ok(format!("{uri}{}", rest.ok_or("the path in `proxy_pass` cannot be followed")?))
}

/// What the route sends as `Host`: by default the words of `proxy_pass` (`$proxy_host`).
fn host_header(tree: &Tree, route: &Route, host: &str) -> String {
    let lines = tree.effective(route.block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    let line = lines.iter().find(|&&line| tree.arg(line, 1).is_some_and(|name| name.eq_ignore_ascii_case("host")));
    match line.and_then(|&line| tree.arg(line, 2)) {
        Some(value) if value.contains("host") && value.contains('$') && !value.contains("$proxy_host") => {
            host.to_owned()
        }
        Some(value) if !value.contains('$') && !value.is_empty() => value.into_owned(),
        // `ngx_http_proxy_set_vars`: a socket has no name.
        _ if route.target.authority.starts_with("unix:") => "localhost".to_owned(),
        _ => route.target.authority.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Linter;
    use crate::config::{Memory, TreeOptions};

    fn linted(linter: &Linter, http: &str) -> Linted<'static> {
        let mut files = Memory::new();
        files.insert("nginx.conf", format!("events {{}} http {{ {http} }}"));
        let linter: &'static Linter = Box::leak(Box::new(Linter { ..clone(linter) }));
        linter.lint("nginx.conf".as_ref(), &files, &TreeOptions::default())
    }

    fn clone(linter: &Linter) -> Linter {
        Linter { signals: linter.signals, ..Linter::default() }
    }

    #[test]
    fn endpoints_are_where_websockets_are_offered() {
        let linted = linted(
            &Linter::default(),
            "upstream chat { server 127.0.0.1:3000; }
             server { listen 8443 ssl; server_name _ chat.example.com; location /ws/ { proxy_pass http://chat/live/; } location /files { proxy_pass http://127.0.0.1:1; } }
             server { listen 82; location /ws { proxy_pass http://unix:/run/a.sock:/live; } location /live { proxy_pass http://sockets; } }
             upstream sockets { server unix:/run/b.sock; }
             server { listen [::]:81; location /socket.io/ { proxy_pass http://127.0.0.1:3001; proxy_set_header Host $http_host; } location ~ ^/ws { proxy_pass http://127.0.0.1:1; } }",
        );
        let (all, more) = endpoints(&linted, 5);
        let urls: Vec<String> = all.iter().map(|one| one.target.url()).collect();
        assert_eq!(
            (urls.join(" "), more),
            (
                "wss://127.0.0.1:8443/ws/ ws://127.0.0.1:82/ws ws://[::1]:81/socket.io/?EIO=4&transport=websocket"
                    .into(),
                0
            )
        );
        assert_eq!(all[0].host.as_deref(), Some("chat.example.com:8443"));
        let front = Target::parse("wss://chat.example.com/ws/room?x=1").unwrap();
        let of = |path: &str| {
            let routes = &linted.routes.all;
            routes.iter().find(|route| route.location.as_ref().is_some_and(|one| one.path == path)).unwrap()
        };
        let (backend, host) = super::backends(&linted.tree, of("/ws/"), &front, "chat.example.com").unwrap();
        assert_eq!((backend[0].url().as_str(), host.as_str()), ("ws://127.0.0.1:3000/live/room?x=1", "chat"));
        let front = Target::parse("ws://chat.example.com/socket.io/").unwrap();
        let (_, host) = super::backends(&linted.tree, of("/socket.io/"), &front, "chat.example.com").unwrap();
        assert_eq!(host, "chat.example.com");
        for (path, shown, sent) in
            [("/ws", "ws://unix:/run/a.sock:/live", "localhost"), ("/live", "ws://unix:/run/b.sock:/live", "sockets")]
        {
            let front = Target::parse(&format!("ws://chat.example.com{path}")).unwrap();
            let (backend, host) = super::backends(&linted.tree, of(path), &front, "chat.example.com").unwrap();
            assert_eq!((backend[0].url().as_str(), host.as_str()), (shown, sent));
        }
        assert_eq!(ports(&linted.tree), [81, 82, 8443]);
    }
}
