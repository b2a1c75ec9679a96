//! Routes: the blocks that hand requests on.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::arrivals::Arrivals;
use super::beside::Sockets;
use super::confidence::Confidence;
use super::headers::Headers;
use super::hops;
use super::intent::Intent;
use super::judge;
use super::jumps::Jumps;
use super::known::Known;
use super::reading::RouteReader;
use super::restrictions::{self, Restrictions};
use super::signals::Signals;
use super::sites::Policed;
use super::steering::decide_nothing;
use super::subrequests;
use crate::config::{DirectiveId, Location, Numbers, ROOT, Target, Tree};
use crate::parallel;

/// The module whose `*_pass` hands the requests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Module {
    /// `proxy_pass` in http.
    Proxy,
    /// `uwsgi_pass`: upgrades by itself (NGINX facts part J).
    Uwsgi,
    /// `scgi_pass`: upgrades by itself.
    Scgi,
    /// `fastcgi_pass`: cannot upgrade.
    Fastcgi,
    /// `grpc_pass`: cannot upgrade.
    Grpc,
    /// `proxy_pass` in stream: bytes, no headers.
    Stream,
}

impl Module {
    pub(super) const PASSES: [(&str, Self); 5] = [
        ("proxy_pass", Self::Proxy),
        ("uwsgi_pass", Self::Uwsgi),
        ("scgi_pass", Self::Scgi),
        ("fastcgi_pass", Self::Fastcgi),
        ("grpc_pass", Self::Grpc),
    ];

    /// All of them.
    pub const ALL: [Self; 6] = [Self::Proxy, Self::Uwsgi, Self::Scgi, Self::Fastcgi, Self::Grpc, Self::Stream];

    /// The name by which rules speak of it.
    pub fn name(self) -> &'static str {
        if self == Self::Stream { "stream" } else { self.prefix() }
    }

    /// What its directives begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Proxy | Self::Stream => "proxy",
            Self::Uwsgi => "uwsgi",
            Self::Scgi => "scgi",
            Self::Fastcgi => "fastcgi",
            Self::Grpc => "grpc",
        }
    }
}

/// A block that hands requests on, and what was found out about it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The `location`, `if` or stream `server`.
    pub block: DirectiveId,
    /// The location it is, or stands in; none in a stream or a fragment without one.
    pub location_block: Option<DirectiveId>,
    /// That location's arguments; routes with the same ones share them.
    pub location: Option<Arc<Location>>,
    /// The server around it, when it is in sight.
    pub server: Option<DirectiveId>,
    /// Its `proxy_pass`, `uwsgi_pass`, …
    pub pass: DirectiveId,
    /// Which module it is.
    pub module: Module,
    /// Where the requests go; routes with the same argument share it.
    pub target: Arc<Target>,
    /// The two headers of the handshake, for [`Module::Proxy`].
    pub headers: Arc<Headers>,
    /// Whether it carries WebSockets, how sure that is and why.
    pub intent: Arc<Intent>,
}

impl Route {
    /// What people call the route: the words behind `location`, or what the block is.
    pub fn label(&self, tree: &Tree) -> String {
        match self.location_block {
            Some(block) => {
                let words: Vec<_> = tree.args(block).map(std::borrow::Cow::into_owned).collect();
                words.join(" ")
            }
            None if self.module == Module::Stream => "stream".into(),
            None => "(this snippet)".into(),
        }
    }
}

/// All routes of a tree, in nginx's order, with what concerns several of them at once.
#[derive(Debug)]
pub struct Routes {
    /// What they were judged by.
    pub signals: &'static Signals,
    /// The routes.
    pub all: Vec<Route>,
    /// Routes by the text of their target's authority, for siblings.
    pub(super) by_authority: HashMap<String, Vec<u32>>,
    /// Routes by the `map` behind their `Connection` or `Upgrade`.
    by_map: HashMap<DirectiveId, Vec<u32>>,
    /// Locations that `auth_request` or `mirror` send subrequests to.
    pub subrequest_targets: HashSet<DirectiveId>,
    /// Those of them that are asked while a handshake is under way.
    pub handshake_subrequests: HashSet<DirectiveId>,
    /// Locations with access rules of their own.
    pub(super) restrictions: Restrictions,
    /// Addresses, as `listen` lines write them, on which some line asks for TLS.
    pub tls_addresses: HashSet<String>,
    /// Servers that nginx never asks, with the earlier ones that have their names and addresses.
    pub overruled: HashMap<DirectiveId, DirectiveId>,
    /// The blocks that make a route.
    blocks: Numbers,
    /// For each of them the last route that it makes.
    of_blocks: Vec<u32>,
    /// Servers with a route that likely carries WebSockets and nothing else.
    pub(crate) with_sockets_alone: HashSet<DirectiveId>,
    /// Blocks whose header lines are in effect on some route, sorted.
    header_origins: Vec<DirectiveId>,
    /// Servers with a route that sends `Upgrade`.
    pub(super) upgrading: HashSet<DirectiveId>,
    /// Servers in which something keeps some requests out; [`ROOT`] when a level above all servers does.
    pub restricted: HashSet<DirectiveId>,
    /// Where requests are sent on to inside nginx.
    pub jumps: Jumps,
    /// The handshakes that reach routes by such ways.
    pub arrivals: Arrivals,
    /// Hosts in lower case with their ports that are written without variables: nginx knows them from its start.
    written: foldhash::HashSet<(String, u16)>,
    /// Whether some route likely carries WebSockets, or certainly.
    pub(crate) are_likely: bool,
    /// Routes that certainly carry WebSockets.
    pub(super) sockets: Sockets,
    /// Servers whose pages may come with a policy.
    pub(super) policed: Policed,
}

/// Fewer routes than this are judged by one thread.
const LEAST_ROUTES: usize = 64;

impl Routes {
    /// Finds the routes of a tree and judges them.
    pub fn new(tree: &Tree, signals: &'static Signals, settings: &[RouteSetting]) -> Self {
        let mut routes = Self {
            signals,
            all: Vec::new(),
            by_authority: HashMap::new(),
            by_map: HashMap::new(),
            subrequest_targets: subrequest_targets(tree),
            handshake_subrequests: HashSet::new(),
            restrictions: Restrictions::default(),
            tls_addresses: HashSet::new(),
            overruled: tree.overruled(),
            blocks: Numbers::default(),
            of_blocks: Vec::new(),
            with_sockets_alone: HashSet::new(),
            header_origins: Vec::new(),
            upgrading: HashSet::new(),
            restricted: restricted(tree),
            jumps: Jumps::new(tree),
            arrivals: Arrivals::default(),
            written: Default::default(),
            are_likely: false,
            sockets: Sockets::default(),
            policed: Policed::new(tree),
        };
        let reader = RouteReader::new(tree);
        let passes = tree.all_of(&Module::PASSES.map(|(name, _)| name));
        routes.all.reserve_exact(passes.len());
        routes.all.extend(passes.into_iter().filter_map(|pass| reader.start(pass)));
        routes.header_origins = parallel::in_place(&mut routes.all, LEAST_ROUTES, |routes| reader.read(routes));
        routes.header_origins.sort_unstable();
        routes.header_origins.dedup();
        routes.number_blocks(tree);
        for index in 0..routes.all.len() {
            routes.note(index);
        }
        routes.arrivals = Arrivals::new(tree, signals);
        let unjudged = Arc::clone(&reader.unjudged);
        let undecided = decide_nothing(tree);
        let intents = parallel::in_ranges(routes.all.len(), LEAST_ROUTES, |range| {
            let mut known = Known::new(undecided);
            let judged = range.map(|index| judge::of(tree, &routes, index, signals, settings, &mut known));
            // Most routes of a large site are all alike: nothing speaks for them.
            judged.map(|intent| if intent == *unjudged { Arc::clone(&unjudged) } else { Arc::new(intent) }).collect()
        });
        for (route, intent) in routes.all.iter_mut().zip(intents) {
            route.intent = intent;
        }
        hops::follow(tree, &mut routes);
        routes.tls_addresses = tls_addresses(tree);
        routes.handshake_subrequests = subrequests::of_handshakes(tree, &routes);
        routes.restrictions = Restrictions::new(tree, &routes.all);
        routes.are_likely = routes.all.iter().any(|route| route.intent.confidence >= Some(Confidence::Likely));
        routes.sockets = Sockets::new(&routes.all);
        let alone = routes.all.iter().filter(|route| route.intent.is_likely_alone());
        routes.with_sockets_alone = alone.filter_map(|route| route.server).collect();
        routes
    }

    fn number_blocks(&mut self, tree: &Tree) {
        self.blocks = Numbers::new(tree.len(), self.all.iter().map(|route| route.block));
        self.of_blocks = vec![0; self.blocks.count()];
        for (index, route) in (0..).zip(&self.all) {
            if let Some(number) = self.blocks.of(route.block) {
                self.of_blocks[number] = index;
            }
        }
    }

    fn note(&mut self, index: usize) {
        let route = &self.all[index];
        let target = &route.target;
        match self.by_authority.get_mut(&target.authority) {
            Some(same) => same.push(index as u32),
            None => _ = self.by_authority.insert(target.authority.clone(), vec![index as u32]),
        }
        if route.headers.upgrade.state.sends() {
            self.upgrading.extend(route.server);
        }
        if route.module == Module::Proxy {
            for map in [route.headers.upgrade.map, route.headers.connection.map].into_iter().flatten() {
                self.by_map.entry(map).or_default().push(index as u32);
            }
        }
        // Neighbours often pass to one and the same place.
        let is_new = index.checked_sub(1).is_none_or(|last| self.all[last].target != *target);
        if is_new && !target.variable {
            let default = if target.scheme == "https" { 443 } else { 80 };
            self.written.insert((target.host().to_ascii_lowercase(), target.port().unwrap_or(default)));
        }
    }

    /// Whether a host with this port stands in some `*_pass` without variables.
    pub fn is_written(&self, host: &str, port: u16) -> bool {
        self.written.contains(&(host.to_ascii_lowercase(), port))
    }

    /// Whether the header lines of a block are in effect on some route.
    pub(super) fn send_headers_of(&self, block: DirectiveId) -> bool {
        self.header_origins.binary_search(&block).is_ok()
    }

    /// The routes of a server, in nginx's order.
    pub fn in_server(&self, server: DirectiveId) -> impl Iterator<Item = &Route> {
        // They stand inside it, one behind the other.
        let first = self.all.partition_point(|route| route.pass < server);
        self.all[first..].iter().take_while(move |route| route.server == Some(server))
    }

    /// The routes on which a line counts, wherever the same text is included.
    pub fn served_by<'t>(&'t self, tree: &'t Tree, line: DirectiveId) -> impl Iterator<Item = &'t Route> {
        let name = tree.directive(line).name.map_or("", |name| name.text());
        // All of them stand in the block of the line, or in that of another line of the same text.
        tree.copies(line).into_iter().map(|other| tree.directive(other).parent).flat_map(move |origin| {
            let inside = tree.directive(origin).end;
            let first = self.all.partition_point(|route| route.pass < origin);
            let routes = self.all[first..].iter().take_while(move |route| route.pass < inside);
            routes.filter(move |route| {
                tree.effective(route.block, name).is_some_and(|effective| effective.origin == origin)
            })
        })
    }

    /// The route that a block makes, if it makes one.
    pub fn of_block(&self, block: DirectiveId) -> Option<&Route> {
        self.index_of_block(block).map(|index| &self.all[index])
    }

    /// Where the route that a block makes stands in [`Routes::all`].
    pub(super) fn index_of_block(&self, block: DirectiveId) -> Option<usize> {
        self.blocks.of(block).map(|number| self.of_blocks[number] as usize)
    }

    /// The routes of `proxy_pass` whose `Connection` or `Upgrade` takes its value from a `map`.
    pub fn with_map(&self, map: DirectiveId) -> impl Iterator<Item = &Route> {
        self.by_map.get(&map).into_iter().flatten().map(|&index| &self.all[index as usize])
    }

    /// Whether something in the route's server, or above all servers, keeps some requests out.
    pub fn is_restricted(&self, route: &Route) -> bool {
        self.restricted.contains(&ROOT) || route.server.is_some_and(|server| self.restricted.contains(&server))
    }

    /// Whether some route in the route's server sends `Upgrade`, or may do so where the server is not in sight.
    pub(super) fn upgrade_beside(&self, route: &Route) -> bool {
        route.server.is_none_or(|server| self.upgrading.contains(&server))
    }

    /// The other routes to the same upstream.
    pub fn siblings(&self, index: usize) -> impl Iterator<Item = &Route> {
        let own = self.all.get(index).map(|route| route.target.authority.as_str()).unwrap_or_default();
        let same = self.by_authority.get(own).map_or(&[][..], Vec::as_slice);
        same.iter().map(|&other| other as usize).filter(move |&other| other != index).map(|other| &self.all[other])
    }
}

/// What the settings say of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSetting {
    /// The path a location is written with.
    pub path: Option<String>,
    /// The host of a target, or an upstream's name.
    pub upstream: Option<String>,
    /// Whether such routes carry WebSockets.
    pub websocket: bool,
}

/// The locations that subrequests reach.
fn subrequest_targets(tree: &Tree) -> HashSet<DirectiveId> {
    let mut reached = HashSet::new();
    let mut asked = HashSet::new();
    for id in tree.all_of(&subrequests::SENDING) {
        let Some(uri) = tree.arg(id, 1).filter(|uri| uri.starts_with('/')) else { continue };
        let path = uri.split(['?', '$']).next().unwrap_or_default().to_owned();
        let servers = match tree.enclosing(id, "server") {
            Some(server) => vec![server],
            None => tree.own(tree.directive(id).parent, "server").to_vec(),
        };
        for server in servers {
            if asked.insert((server, path.clone())) {
                reached.extend(tree.select(server, &path));
            }
        }
    }
    reached
}

/// The addresses of which a `listen` line says `ssl`: the options of an address belong to it, whichever server's line
/// sets them (`ngx_http_add_addresses`).
fn tls_addresses(tree: &Tree) -> HashSet<String> {
    let tls = |id: &DirectiveId| tree.args(*id).any(|arg| arg == "ssl");
    let listens = tree.all("listen").iter().copied();
    listens.filter(tls).filter_map(|id| tree.arg(id, 1).map(std::borrow::Cow::into_owned)).collect()
}

/// The servers with a directive that restricts access: there a tunnel that a client opens with another protocol than
/// WebSocket would lead past it (NGINX facts part K).
fn restricted(tree: &Tree) -> HashSet<DirectiveId> {
    restrictions::lines(tree).map(|id| tree.enclosing(id, "server").unwrap_or(ROOT)).collect()
}
