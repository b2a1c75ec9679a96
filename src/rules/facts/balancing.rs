//! How requests are spread over the servers of an upstream.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Part, Tree, Upstream, parts};
use crate::websocket::turns_plain_away;

pub(super) const FACTS: &[Fact] = facts! {
    "sticky-protocol" "a session is several requests, which must all reach the same server" |scope| {
        when(scope.route()?.intent.sticky && !keeps_polling_out(scope))
    };
    "spread-servers" "several servers take turns, whoever the client is; the second place is the upstream" spread_servers;
    "other-balancing" "a balancing method is chosen for the upstream" other_balancing;
    "changing-hash" "the key of `hash` changes from one request of a session to the next; the word is the variable" changing_hash;
    "backup-beside" "a server of the upstream is a `backup`, which most balancing methods refuse" backup_beside;
    "backup-refused" "the server is a `backup` behind a balancing method that knows none; the word is the method" backup_refused;
};

/// Whether an `if` refuses requests because of the transport they ask for, or all that are no handshakes: then a session
/// is one request. Which transport it is that such a test refuses, nobody else would.
fn keeps_polling_out(scope: Scope<'_>) -> bool {
    let tree = scope.tree;
    let Some(route) = scope.route() else { return false };
    let refuses = |&&test: &&DirectiveId| {
        let codes = tree.own(test, "return").iter().filter_map(|&line| tree.arg(line, 1)?.parse::<u16>().ok());
        codes.into_iter().any(|code| code >= 400)
    };
    let about = |test: DirectiveId| {
        let text = tree.args(test).collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        text.contains("transport")
            || parts(&text).iter().any(|part| match part {
                Part::Variable(name) => tree.definitions(name).iter().any(|definition| {
                    tree.arg(definition.at, 1).is_some_and(|source| source.to_ascii_lowercase().contains("transport"))
                }),
                Part::Text(_) => false,
            })
    };
    let blocks = [Some(route.block), route.location_block, route.server];
    let mut tests = blocks.into_iter().flatten().flat_map(|block| tree.own(block, "if"));
    tests.any(|test| refuses(&test) && (about(*test) || turns_plain_away(tree, *test)))
}

/// Methods that send a client to the server it had before, if their key says so, and those that nobody can judge.
const BY_CLIENT: [&str; 7] =
    ["ip_hash", "hash", "sticky", "session_sticky", "consistent_hash", "balancer_by_lua_block", "balancer_by_lua_file"];

/// The `upstream` block of the route, also where a variable names it.
fn upstream_of(scope: Scope<'_>) -> Option<&Upstream> {
    let route = scope.route()?;
    match &scope.tree.hosts(&route.target, route.block)[..] {
        [host] => scope.tree.upstream(host),
        _ => None,
    }
}

/// By default the servers take turns by request (measured on nginx 1.22.1: ten requests to two servers go to them in
/// turns), as they do with `least_conn` and `random`.
fn spread_servers(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let upstream = upstream_of(scope)?;
    let [first, _, ..] = upstream.servers[..] else { return None };
    let by_client = BY_CLIENT.iter().any(|name| !tree.own(upstream.block, name).is_empty());
    // A directive of another module may be a balancing method as well.
    let foreign = tree.children(upstream.block).any(|line| tree.directive(line).name.is_none());
    let spread = !by_client && !foreign && !tree.is_open(upstream.block);
    spread.then(|| Hit::lines([first, upstream.block]))
}

fn other_balancing(scope: Scope<'_>) -> Option<Hit> {
    const OTHERS: [&str; 4] = ["least_conn", "random", "least_time", "fair"];
    let upstream = upstream_of(scope)?;
    let line: DirectiveId = OTHERS.iter().find_map(|name| scope.tree.own(upstream.block, name).first().copied())?;
    Some(Hit::at(Place::head(line)))
}

/// Variables that differ between the requests of one session: those of a single request or connection, the query, which
/// holds the session's number from the second request on, and the cookies, which answers set.
const CHANGING: [&str; 18] = [
    "request_uri",
    "args",
    "query_string",
    "arg_sid",
    "arg_t",
    "http_cookie",
    "request_id",
    "request",
    "request_length",
    "remote_port",
    "connection",
    "connection_requests",
    "msec",
    "time_local",
    "time_iso8601",
    "http_sec_websocket_key",
    "http_upgrade",
    "connection_upgrade",
];

fn changing_hash(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let upstream = upstream_of(scope).filter(|upstream| upstream.servers.len() > 1)?;
    let line = *tree.own(upstream.block, "hash").first()?;
    let key = tree.arg(line, 1)?;
    let variable = parts(&key).into_iter().find_map(|part| match part {
        Part::Variable(name) => CHANGING.into_iter().find(|changing| name.eq_ignore_ascii_case(changing)),
        Part::Text(_) => None,
    })?;
    let place = Place { directive: line, part: WordPart::Word(1) };
    Some(Hit { places: vec![place], words: vec![format!("${variable}")] })
}

fn is_backup(tree: &Tree, server: DirectiveId) -> bool {
    tree.args(server).skip(1).any(|parameter| parameter == "backup")
}

fn backup_beside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let servers = tree.own(upstream_of(scope)?.block, "server");
    servers.iter().copied().find(|&server| is_backup(tree, server)).map(|server| Hit::lines([server]))
}

/// `balancing method does not support parameter "backup"` (`ngx_http_upstream_server`): the method says which parameters
/// the `server` lines behind it may have. Of 1.22.1's, these three refuse `backup`, and none refuses another one.
fn backup_refused(scope: Scope<'_>) -> Option<Hit> {
    const WITHOUT: [&str; 3] = ["hash", "ip_hash", "random"];
    let tree = scope.tree;
    let server =
        directive(scope).filter(|&id| tree.directive(id).context == Context::Upstream && is_backup(tree, id))?;
    let block = tree.directive(server).parent;
    // The commercial build has methods and parameters of its own, of which nothing is measured.
    let is_stock =
        |line| tree.directive(line).name.is_some_and(|name| name.entries().iter().all(|entry| !entry.commercial));
    if !tree.children(block).all(is_stock) || !tree.own(block, "sticky").is_empty() {
        return None;
    }
    // Of several methods the last one counts.
    const METHODS: [&str; 6] = ["hash", "ip_hash", "random", "least_conn", "least_time", "fair"];
    if METHODS.iter().map(|name| tree.own(block, name).len()).sum::<usize>() > 1 {
        return None;
    }
    let before = |name: &&str| tree.own(block, name).iter().any(|&line| line < server);
    let method = WITHOUT.into_iter().find(before)?;
    let words = tree.words(server);
    let index = (1..words.len()).find(|&index| tree.arg(server, index).is_some_and(|word| word == "backup"))?;
    let place = Place { directive: server, part: WordPart::Word(index) };
    Some(Hit { places: vec![place], words: vec![method.to_owned()] })
}
