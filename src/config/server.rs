//! Which server a request reaches.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashMapExt};

use super::context::Context;
use super::evaluate::is_placeholder;
use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};
use crate::parallel;

/// A server, and why it is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The `server` block.
    pub server: DirectiveId,
    /// Why.
    pub by: ServedBy,
}

/// Why a server answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedBy {
    /// It listens there and has the name.
    Name,
    /// It listens there, and no server has the name: it is the default.
    Default,
    /// It is a server of `stream`, which knows no names.
    Stream,
    /// No server listens on the port, as behind a mapped one, and it has the name or is the only server.
    NameAlone,
}

/// A `listen` line.
#[derive(Clone, Copy, Debug)]
struct Listen {
    server: DirectiveId,
    /// None for a name, whose address is not known here.
    address: Option<IpAddr>,
    port: u16,
    default: bool,
}

/// What a `listen` line without a port, or a server without the line, stands for (`ngx_http_core_server`, started by root).
const USUAL_PORT: u16 = 80;

/// Fewer servers than this are looked at by one thread.
const LEAST_SERVERS: usize = 1024;

impl Tree {
    /// The server that answers a request for `name` on a port, and on an address where that is known: among those of the
    /// address nearest to it, the one with the name (exact, `*.` longest first, `.*` longest first, patterns in their
    /// order), else the default (`ngx_http_find_virtual_server`, `ngx_http_add_addresses`; 1.22.1).
    pub fn served(&self, name: &str, address: Option<IpAddr>, port: u16) -> Option<Served> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let in_http: Vec<Listen> = self.listens(Context::Http);
        let there = nearest(in_http.iter().filter(|listen| listen.port == port).copied().collect(), address);
        if !there.is_empty() {
            let servers: Vec<DirectiveId> = there.iter().map(|listen| listen.server).collect();
            return Some(match self.named(&servers, &name) {
                Some(server) => Served { server, by: ServedBy::Name },
                None => {
                    let default = there.iter().find(|listen| listen.default).unwrap_or(&there[0]);
                    Served { server: default.server, by: ServedBy::Default }
                }
            });
        }
        if let Some(listen) = self.listens(Context::Stream).into_iter().find(|listen| listen.port == port) {
            return Some(Served { server: listen.server, by: ServedBy::Stream });
        }
        let mut servers: Vec<DirectiveId> = in_http.iter().map(|listen| listen.server).collect();
        servers.dedup();
        let only = if let [only] = servers[..] { Some(only) } else { None };
        self.named(&servers, &name).or(only).map(|server| Served { server, by: ServedBy::NameAlone })
    }

    /// The `listen` lines of all servers that stand in `http`, or in `stream`.
    fn listens(&self, context: Context) -> Vec<Listen> {
        self.servers(context).flat_map(|server| self.listens_of(server)).collect()
    }

    /// The servers that stand in `http`, or in `stream`.
    fn servers(&self, context: Context) -> impl Iterator<Item = DirectiveId> {
        let is_one = move |&id: &DirectiveId| self.directive(id).context == context && self.is_block(id);
        self.all("server").iter().copied().filter(is_one)
    }

    fn listens_of(&self, server: DirectiveId) -> Vec<Listen> {
        let lines = self.own(server, "listen");
        if lines.is_empty() && self.directive(server).context == Context::Http {
            return vec![Listen { server, address: Some(ANY_V4), port: USUAL_PORT, default: false }];
        }
        let read = |&line: &DirectiveId| {
            let (address, port) = listen_address(&self.arg(line, 1)?)?;
            let default = self.args(line).skip(1).any(|arg| arg == "default_server" || arg == "default");
            Some(Listen { server, address, port, default })
        };
        lines.iter().filter_map(read).collect()
    }

    /// The servers that nginx never asks, with the earlier one that has all their addresses and names: it warns of a
    /// `conflicting server name` and goes on (`ngx_http_add_server`, `ngx_http_server_names`; 1.22.1). Not among them are
    /// the default of an address, and those of which an address or a name cannot be compared.
    pub(crate) fn overruled(&self) -> HashMap<DirectiveId, DirectiveId> {
        let mut first: HashMap<(IpAddr, u16, Cow<'_, str>), DirectiveId> = HashMap::new();
        let mut overruled = HashMap::new();
        for server in self.servers_with_shared_names() {
            let own = self.listens_of(server);
            let comparable = own.len() == self.own(server, "listen").len().max(1);
            let Some(names) = self.names(server) else { continue };
            let mut by = comparable.then_some(None);
            for listen in own {
                if listen.default {
                    by = None;
                }
                let Some(address) = listen.address else {
                    by = None;
                    continue;
                };
                for name in &names {
                    let owner = *first.entry((address, listen.port, name.clone())).or_insert(server);
                    // One that is not known for all of them is none.
                    by = by
                        .filter(|known| owner != server && known.is_none_or(|known| known == owner))
                        .map(|_| Some(owner));
                }
            }
            overruled.extend(by.flatten().map(|by| (server, by)));
        }
        overruled
    }

    /// The servers in `http` of which a name on a port may be that of another one too: few, where there are many servers.
    fn servers_with_shared_names(&self) -> BTreeSet<DirectiveId> {
        let hasher = RandomState::default();
        let servers: Vec<DirectiveId> = self.servers(Context::Http).collect();
        let mut hashes = parallel::in_ranges(servers.len(), LEAST_SERVERS, |range| {
            let mut hashes: Vec<(u64, DirectiveId)> = Vec::with_capacity(range.len());
            for &server in &servers[range] {
                let Some(names) = self.names(server) else { continue };
                for listen in self.listens_of(server) {
                    let hash = |name| hasher.hash_one((listen.address, listen.port, name));
                    hashes.extend(names.iter().map(|name| (hash(name), server)));
                }
            }
            hashes
        });
        hashes.sort_unstable();
        let same = hashes.chunk_by(|(one, _), (other, _)| one == other).filter(|same| same.len() > 1);
        same.flatten().map(|&(_, server)| server).collect()
    }

    /// The names of a server, an empty one where it has none; none where one is filled in later.
    fn names(&self, server: DirectiveId) -> Option<Vec<Cow<'_, str>>> {
        let lines = self.own(server, "server_name");
        if lines.is_empty() {
            return Some(vec![Cow::Borrowed("")]);
        }
        lines.iter().flat_map(|&line| self.args(line)).map(comparable_name).collect()
    }

    /// The first of the servers by the best of their names.
    fn named(&self, servers: &[DirectiveId], name: &str) -> Option<DirectiveId> {
        let mut best: Option<(usize, DirectiveId)> = None;
        for &server in servers {
            let names = self.own(server, "server_name").iter().flat_map(|&line| self.args(line));
            for rank in names.filter_map(|written| rank(&written, name)) {
                if best.is_none_or(|(other, _)| rank > other) {
                    best = Some((rank, server));
                }
            }
        }
        best.map(|(_, server)| server)
    }
}

const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The address and port of a `listen` line; none for a socket in the file system.
pub(crate) fn listen_address(written: &str) -> Option<(Option<IpAddr>, u16)> {
    if written.starts_with("unix:") {
        return None;
    }
    if let Ok(port) = written.parse() {
        return Some((Some(ANY_V4), port));
    }
    if let Some(rest) = written.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':').map_or(Some(USUAL_PORT), |port| port.parse().ok())?;
        return Some((address.parse().ok().map(IpAddr::V6), port));
    }
    let (host, port) = match written.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (written, USUAL_PORT),
    };
    Some((if host == "*" { Some(ANY_V4) } else { host.parse().ok() }, port))
}

/// Of the lines on one port those that nginx asks for an address: the lines with it, else those with any address.
fn nearest(lines: Vec<Listen>, address: Option<IpAddr>) -> Vec<Listen> {
    let Some(address) = address else { return lines };
    let any = if address.is_ipv4() { ANY_V4 } else { ANY_V6 };
    for wanted in [address, any] {
        let of: Vec<Listen> = lines.iter().filter(|line| line.address == Some(wanted)).copied().collect();
        if !of.is_empty() {
            return of;
        }
    }
    // The address may be one that only the way there knows.
    lines
}

/// A name as nginx compares it, in lower case; none where it is filled in later.
fn comparable_name(name: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let filled_in = is_placeholder(&name) || (!name.starts_with('~') && name.contains(['$', '{', '<']));
    (!filled_in).then(|| match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => name,
    })
}

/// How well a written name fits; none where it does not. Higher is better.
fn rank(written: &str, name: &str) -> Option<usize> {
    const EXACT: usize = 3_000_000;
    const LEADING: usize = 2_000_000;
    const TRAILING: usize = 1_000_000;
    if let Some(pattern) = written.strip_prefix('~') {
        return Pattern::new(pattern, true).is_match(name)?.then_some(0);
    }
    let written = written.to_ascii_lowercase();
    if written == name {
        return Some(EXACT);
    }
    if let Some(rest) = written.strip_prefix('.') {
        let below = name.strip_suffix(rest).is_some_and(|head| head.ends_with('.'));
        return if rest == name { Some(EXACT) } else { below.then_some(LEADING + rest.len()) };
    }
    if let Some(rest) = written.strip_prefix('*').filter(|rest| rest.starts_with('.')) {
        return (name.len() > rest.len() && name.ends_with(rest)).then_some(LEADING + rest.len());
    }
    let rest = written.strip_suffix('*').filter(|rest| rest.ends_with('.'))?;
    (name.len() > rest.len() && name.starts_with(rest)).then_some(TRAILING + rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Memory, TreeOptions};

    const SITES: &str = "
        server { listen 80; server_name a.example; }
        server { listen 80 default_server; server_name b.example; }
        server { listen 80; listen [::]:80; server_name *.example; }
        server { listen 80; server_name *.c.example; }
        server { listen 80; server_name www.*; }
        server { listen 80; server_name ~^v[0-9]; }
        server { listen 127.0.0.1:80; server_name local; }
        server { listen unix:/run/x.sock; server_name socket; }
        server { listen localhost:8080; server_name .dot.example; }
        server { server_name bare; }";

    /// The names of the server that answers, and why it does.
    fn answer(name: &str, address: Option<&str>, port: u16) -> String {
        let mut files = Memory::new();
        let text = format!("events {{}} http {{ {SITES} }} stream {{ server {{ listen 9000; proxy_pass x:1; }} }}");
        files.insert("nginx.conf", text);
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let address = address.map(|address| address.parse().unwrap());
        let Some(Served { server, by }) = tree.served(name, address, port) else { return "nobody".into() };
        let names = tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line)).collect::<Vec<_>>();
        format!("{} ({by:?})", names.join(" "))
    }

    #[test]
    fn names_are_compared_as_nginx_does() {
        for (name, expected) in [
            ("a.example", "a.example (Name)"),
            ("A.Example.", "a.example (Name)"),
            ("x.example", "*.example (Name)"),
            ("x.c.example", "*.c.example (Name)"),
            ("www.example", "*.example (Name)"),
            ("www.other", "www.* (Name)"),
            ("v1.other", "~^v[0-9] (Name)"),
            ("other", "b.example (Default)"),
            ("bare", "bare (Name)"),
        ] {
            assert_eq!(answer(name, None, 80), expected, "{name}");
        }
    }

    #[test]
    fn the_address_comes_before_the_name() {
        assert_eq!(answer("a.example", Some("127.0.0.1"), 80), "local (Default)");
        assert_eq!(answer("a.example", Some("192.0.2.1"), 80), "a.example (Name)");
        assert_eq!(answer("a.example", Some("::1"), 80), "*.example (Name)");
        assert_eq!(answer("dot.example", Some("::1"), 8080), ".dot.example (Name)");
    }

    #[test]
    fn a_server_that_repeats_an_earlier_one_is_never_asked() {
        let overruled = |servers: &str| {
            let mut files = Memory::new();
            files.insert("nginx.conf", format!("events {{}} http {{ {servers} }}"));
            let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
            tree.overruled().len()
        };
        let a = "server { listen 80; server_name a.example b.example; }";
        for (second, expected) in [
            ("server { listen 80; server_name A.example; }", 1),
            ("server { listen *:80; server_name b.example a.example; }", 1),
            ("server { server_name b.example; }", 1),
            ("server { listen 80; server_name a.example c.example; }", 0),
            ("server { listen 80; listen 81; server_name a.example; }", 0),
            ("server { listen [::]:80; server_name a.example; }", 0),
            ("server { listen 80 default_server; server_name a.example; }", 0),
            ("server { listen localhost:80; server_name a.example; }", 0),
            ("server { listen 80; server_name {{ name }}; }", 0),
        ] {
            assert_eq!(overruled(&format!("{a} {second}")), expected, "{second}");
        }
        assert_eq!(overruled("server { listen 80; } server { listen 80; }"), 1);
        assert_eq!(overruled("server { listen 80 default_server; } server { listen 80; }"), 1);
        assert_eq!(overruled("server { listen 80; } server { listen 80 default_server; }"), 0);
    }

    #[test]
    fn behind_a_mapped_port_the_name_alone_tells() {
        assert_eq!(answer("a.example", None, 8443), "a.example (NameAlone)");
        assert_eq!(answer("other", None, 8443), "nobody");
        assert_eq!(answer("any", None, 9000), " (Stream)");
    }
}
