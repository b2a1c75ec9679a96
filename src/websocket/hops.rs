//! A second hop inside the same configuration: a route to another server of it hands its WebSockets on to the location that
//! they reach there, and is itself the way to those that the other server serves.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::confidence::Confidence;
use super::headers::State;
use super::intent::Evidence;
use super::route::{Module, Route, Routes};
use crate::config::{DirectiveId, Modifier, Tree};
use crate::parallel;

/// A server that hands on to one that hands on again; more is not looked for.
const MOST_HOPS: usize = 2;

/// Fewer routes than this are asked by one thread.
const LEAST_ROUTES: usize = 64;

/// Lets the routes of a second server know what comes to them from a first one.
pub(super) fn follow(tree: &Tree, routes: &mut Routes) {
    let listening = listening(tree);
    if listening.len() < 2 {
        return;
    }
    let known = &*routes;
    let to_second: Vec<(usize, Evidence)> = parallel::in_ranges(known.all.len(), LEAST_ROUTES, |range| {
        range.filter_map(|index| Some((index, on_the_way(tree, known, &listening, index)?))).collect()
    });
    for (index, evidence) in to_second {
        let intent = &mut routes.all[index].intent;
        if intent.confidence < evidence.confidence {
            let intent = Arc::make_mut(intent);
            intent.only = false;
            intent.only_sibling = false;
            intent.confidence = evidence.confidence;
            intent.evidence.insert(0, evidence);
        }
    }
    for _ in 0..MOST_HOPS {
        let found: Vec<(usize, Evidence, bool)> =
            routes.all.iter().filter_map(|first| second(tree, routes, &listening, first)).collect();
        for (index, evidence, only) in found {
            let intent = &mut routes.all[index].intent;
            if intent.evidence.iter().all(|known| known.text != evidence.text)
                && intent.confidence < evidence.confidence
            {
                let intent = Arc::make_mut(intent);
                intent.only = only;
                intent.only_sibling = false;
                intent.confidence = evidence.confidence;
                intent.evidence.insert(0, evidence);
            }
        }
    }
}

/// Servers by the addresses on which they listen: a port, or the path of a Unix socket.
fn listening(tree: &Tree) -> HashMap<String, Vec<DirectiveId>> {
    let mut servers: HashMap<String, Vec<DirectiveId>> = HashMap::new();
    for line in tree.all("listen").iter().copied() {
        let Some(server) = tree.enclosing(line, "server") else { continue };
        let Some(address) = tree.arg(line, 1).and_then(|word| port_or_socket(&word)) else { continue };
        let there = servers.entry(address).or_default();
        if !there.contains(&server) && there.len() < 2 {
            there.push(server);
        }
    }
    servers
}

fn port_or_socket(address: &str) -> Option<String> {
    if address.starts_with("unix:") {
        return Some(address.to_owned());
    }
    let last = address.rsplit_once(':').map_or(address, |(_, port)| port);
    last.parse::<u16>().ok().map(|port| port.to_string())
}

/// The route of another server that a route's WebSockets reach, if it is clear which one that is.
fn second(
    tree: &Tree,
    routes: &Routes,
    listening: &HashMap<String, Vec<DirectiveId>>,
    first: &Route,
) -> Option<(usize, Evidence, bool)> {
    // What does not ask for an upgrade itself hands none on.
    let sure = first.intent.confidence >= Some(Confidence::Likely) && first.module == Module::Proxy;
    let sends = sure && first.headers.upgrade.state.sends();
    let location = first.location.as_ref().filter(|_| sends && first.target.uri.is_none())?;
    if matches!(location.modifier, Modifier::Regex | Modifier::RegexNoCase | Modifier::Named) {
        return None;
    }
    let server = server_behind(tree, listening, first)?;
    let block = tree.select(server, &location.path)?;
    let index = routes.index_of_block(block)?;
    if routes.all[index].intent.is_denied() {
        return None;
    }
    let text = format!("`location {}` of another server here hands its WebSockets on to it", first.label(tree));
    // A front server often sends the headers of a handshake with whatever it hands on.
    let confidence = if first.intent.only { Confidence::Likely } else { Confidence::Possible };
    let evidence = Evidence { confidence: Some(confidence), text, at: Some(first.pass) };
    Some((index, evidence, first.intent.only))
}

/// The other server of the configuration that a route leads to, if there is just one.
fn server_behind(tree: &Tree, listening: &HashMap<String, Vec<DirectiveId>>, first: &Route) -> Option<DirectiveId> {
    let address = match tree.upstream(first.target.host()) {
        Some(upstream) => match upstream.servers[..] {
            [server] => tree.arg(server, 1)?.into_owned(),
            _ => return None,
        },
        None => first.target.authority.clone(),
    };
    let host = address.rsplit_once(':').map_or(&*address, |(host, _)| host);
    if !["127.0.0.1", "localhost", "[::1]", "unix"].contains(&host) {
        return None;
    }
    // Where several servers share a port, Host decides which one it is.
    let [server] = listening.get(&port_or_socket(&address)?)?[..] else { return None };
    (Some(server) != first.server).then_some(server)
}

/// More routes of a second server than this are not looked at.
const MOST_ROUTES: usize = 64;

/// What says that the way to a WebSocket route of another server leads over this one, which does not pass `Upgrade` on: what
/// the first hop takes out never gets to the second.
fn on_the_way(
    tree: &Tree,
    routes: &Routes,
    listening: &HashMap<String, Vec<DirectiveId>>,
    index: usize,
) -> Option<Evidence> {
    let first = &routes.all[index];
    let unaware = first.module == Module::Proxy && first.headers.upgrade.state == State::Unset;
    if !unaware || first.intent.is_denied() || Some(first.block) != first.location_block {
        return None;
    }
    let location = first.location.as_ref()?;
    // The path gets there as it came.
    if first.target.variable || first.target.uri.as_ref().is_some_and(|uri| *uri != location.path) {
        return None;
    }
    let server = server_behind(tree, listening, first)?;
    let upgrades = |route: &&Route| {
        let headers = &route.headers;
        route.module == Module::Proxy
            && route.intent.confidence >= Some(Confidence::Likely)
            && headers.upgrade.state == State::Right
            && headers.connection.state == State::Right
    };
    let leads_there = |route: &Route, from: &Route| {
        let path = route.location.as_ref().filter(|location| location.path.starts_with('/')).map(|l| &l.path);
        let reached = path.zip(from.server).map(|(path, server)| tree.reach(server, path));
        reached.is_some_and(|reached| reached.location() == from.location_block)
    };
    let mut second = routes.in_server(server).take(MOST_ROUTES).filter(upgrades);
    let named = |route: &&Route| route.intent.evidence.iter().any(|evidence| evidence.at == route.location_block);
    let second: Vec<&Route> = second.by_ref().filter(|route| leads_there(route, first)).collect();
    let (route, clear) = match second.iter().find(|route| named(route)) {
        Some(route) => (*route, true),
        None => (*second.first()?, false),
    };
    let other_way = |other: &&Route| other.headers.upgrade.state.sends() && leads_there(route, other);
    let is_entrance =
        is_public(tree, server) || routes.siblings(index).take(MOST_ROUTES).any(|other| other_way(&other));
    let confidence = if clear && !is_entrance { Confidence::Likely } else { Confidence::Possible };
    let text = format!("it leads to `location {}` of another server here, which upgrades", route.label(tree));
    Some(Evidence { confidence: Some(confidence), text, at: Some(route.pass) })
}

/// Whether clients may as well ask a server directly: it listens for the world on a port of the web.
fn is_public(tree: &Tree, server: DirectiveId) -> bool {
    tree.own(server, "listen").iter().any(|&line| {
        let address = tree.arg(line, 1).unwrap_or_default();
        let local = ["127.", "localhost", "[::1]", "unix:"].iter().any(|start| address.starts_with(start));
        let web = port_or_socket(&address).is_some_and(|port| port == "80" || port == "443");
        !local && (web || tree.args(line).any(|word| word == "ssl"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Memory, TreeOptions};
    use crate::websocket::Signals;

    /// What is believed of the location `/` of the second server.
    fn believed(first: &str, second: &str) -> Option<Confidence> {
        let upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
        let text = format!(
            "events {{}} http {{
                server {{ listen 80; location {first} {upgrade} }} }}
                server {{ listen {second}; location / {{ proxy_pass http://10.0.0.1:3000; }} }} }}"
        );
        let mut files = Memory::new();
        files.insert("nginx.conf", text);
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let routes = Routes::new(&tree, Signals::builtin(), &[]);
        assert_eq!(routes.all.len(), 2);
        routes.all[1].intent.confidence
    }

    #[test]
    fn a_second_server_is_handed_what_the_first_one_carries() {
        let likely = Some(Confidence::Likely);
        assert_eq!(believed("/ws { proxy_pass http://127.0.0.1:8080;", "8080"), likely);
        assert_eq!(believed("/ws { proxy_pass http://localhost:8080;", "127.0.0.1:8080"), likely);
        assert_eq!(believed("/ws { proxy_pass http://unix:/run/b.sock;", "unix:/run/b.sock"), likely);
        assert_eq!(believed("/ { proxy_pass http://127.0.0.1:8080;", "8080"), Some(Confidence::Possible));
        assert_eq!(believed("/ws { proxy_pass http://127.0.0.1:8081;", "8080"), None, "another port");
        assert_eq!(believed("/ws { proxy_pass http://10.0.0.9:8080;", "8080"), None, "another machine");
        assert_eq!(believed("/ws { proxy_pass http://127.0.0.1:8080/x;", "8080"), None, "another path");
    }

    /// What is believed of the location of the first server.
    fn believed_of_first(first: &str, second: &str) -> Option<Confidence> {
        let upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
        let text = format!(
            "events {{}} http {{
                server {{ listen 80; location {first} }} }}
                server {{ {second} proxy_pass http://10.0.0.1:3000; {upgrade} }} }} }}"
        );
        let mut files = Memory::new();
        files.insert("nginx.conf", text);
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let routes = Routes::new(&tree, Signals::builtin(), &[]);
        assert_eq!(routes.all.len(), 2);
        routes.all[0].intent.confidence
    }

    #[test]
    fn a_first_server_is_on_the_way_to_what_the_second_one_carries() {
        let (likely, possible) = (Some(Confidence::Likely), Some(Confidence::Possible));
        let ws = "listen 8080; location /ws {";
        assert_eq!(believed_of_first("/ { proxy_pass http://127.0.0.1:8080;", ws), likely);
        assert_eq!(believed_of_first("/ { proxy_pass http://127.0.0.1:8080/;", ws), likely, "the same path");
        assert_eq!(believed_of_first("/ { proxy_pass http://127.0.0.1:8080/x/;", ws), None, "another path");
        assert_eq!(believed_of_first("/api { proxy_pass http://127.0.0.1:8080;", ws), None, "not on the way");
        assert_eq!(believed_of_first("/ { proxy_pass http://127.0.0.1:8081;", ws), None, "another port");
        assert_eq!(
            believed_of_first("/ { proxy_set_header Upgrade ''; proxy_pass http://127.0.0.1:8080;", ws),
            None,
            "on purpose"
        );
        assert_eq!(
            believed_of_first("/ { proxy_pass http://127.0.0.1:8080;", "listen 8080; location / {"),
            possible,
            "nothing but header lines speaks for it"
        );
        assert_eq!(
            believed_of_first("/ { proxy_pass http://127.0.0.1:443;", "listen 443 ssl; location /ws {"),
            possible,
            "clients may ask it directly"
        );
    }
}
