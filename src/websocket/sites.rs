//! Servers by the names of their sites, those alone whose pages may come with a policy.

use std::collections::HashMap;

use super::route::Routes;
use crate::config::{DirectiveId, ROOT, Tree};

/// The header with which a server says what its pages may do.
const POLICY: &str = "Content-Security-Policy";

/// Servers which may send a policy, by each of their names in lower case; sorted by place.
#[derive(Debug, Default)]
pub(super) struct Policed(HashMap<String, Vec<DirectiveId>>);

impl Policed {
    /// Costs next to nothing where no line of the tree sends a policy.
    pub(super) fn new(tree: &Tree) -> Self {
        let lines = tree.all("add_header").iter().copied().filter(|&line| sends_policy(tree, line));
        let mut servers: Vec<DirectiveId> = Vec::new();
        for line in lines {
            match tree.enclosing(line, "server") {
                Some(server) => servers.push(server),
                // A level above: one of them is enough to bring in all.
                None if servers.last() != Some(&ROOT) => servers.push(ROOT),
                None => {}
            }
        }
        if servers.contains(&ROOT) {
            servers = tree.all("server").to_vec();
        }
        servers.sort_unstable();
        servers.dedup();
        let mut by_name: HashMap<String, Vec<DirectiveId>> = HashMap::new();
        for server in servers {
            for name in hosts(tree, server) {
                let same = by_name.entry(name).or_default();
                if same.last() != Some(&server) {
                    same.push(server);
                }
            }
        }
        Self(by_name)
    }
}

impl Routes {
    /// The servers called like a site (`example.com`, or that behind `www.`) which may send a policy with their pages, in
    /// nginx's order.
    pub fn policed_site(&self, site: &str) -> Vec<DirectiveId> {
        let of = |name: &str| self.policed.0.get(name).map_or(&[][..], Vec::as_slice);
        let mut servers = [of(site), of(&format!("www.{site}"))].concat();
        servers.sort_unstable();
        servers.dedup();
        servers
    }
}

/// Whether a line sends `Content-Security-Policy`.
pub fn sends_policy(tree: &Tree, line: DirectiveId) -> bool {
    tree.arg(line, 1).is_some_and(|name| name.eq_ignore_ascii_case(POLICY))
}

/// The names of a server by which browsers ask for it.
pub fn hosts(tree: &Tree, server: DirectiveId) -> Vec<String> {
    let names = tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line));
    names
        .map(|name| name.to_ascii_lowercase())
        .filter(|name| name.contains('.') && !name.contains(['~', '*', '$']))
        .collect()
}
