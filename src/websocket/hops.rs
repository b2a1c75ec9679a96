//! A second hop inside the same configuration: a route to another server of it hands its WebSockets on to the location that
//! they reach there.

use std::collections::HashMap;
use std::sync::Arc;

use super::intent::{Confidence, Evidence};
use super::route::{Module, Route, Routes};
use crate::config::{DirectiveId, Modifier, Tree};

/// A server that hands on to one that hands on again; more is not looked for.
const MOST_HOPS: usize = 2;

/// Lets the routes of a second server know what comes to them from a first one.
pub(super) fn follow(tree: &Tree, routes: &mut Routes) {
    let listening = listening(tree);
    if listening.len() < 2 {
        return;
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
    if Some(server) == first.server {
        return None;
    }
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
}
