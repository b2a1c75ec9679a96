//! What was looked up for one route and serves the next ones.

use std::rc::Rc;

use foldhash::HashMap;

use super::confidence::Confidence;
use super::segments::{Segment, Segments, segments};
use super::signals::{Application, Deny, Found, ServerName, Signals, Word};
use super::steering::steered;
use crate::config::{DirectiveId, Location, Tree};

/// Look-ups that many routes share.
#[derive(Default)]
pub(super) struct Known<'s> {
    hosts: HashMap<String, HostSays<'s>>,
    /// What paths say: of patterns, and of others.
    paths: [HashMap<String, PathSays<'s>>; 2],
    pub(super) selected: HashMap<(DirectiveId, String), Option<DirectiveId>>,
    /// Servers and whether one of their locations says that `/ws` stands for web services there.
    pub(super) web_services: HashMap<DirectiveId, Option<&'s Deny>>,
    /// No comment of the tree decides about any route.
    undecided: bool,
    /// The last server: routes are looked at in their order.
    server: Option<(DirectiveId, Rc<ServerSays<'s>>)>,
}

/// The word and the application that an upstream's name speaks of.
type HostSays<'s> = (Option<(&'s Word, Confidence)>, Option<&'s Application>);

/// What the path of a location says.
#[derive(Clone, Copy)]
pub(super) struct PathSays<'s> {
    pub(super) endpoint: Option<Found<'s>>,
    pub(super) word: Option<(&'s Word, Confidence)>,
    /// That word ends the path: `/janus-ws`.
    pub(super) ends_with_word: bool,
    pub(super) denied: Option<&'s Deny>,
    /// Why an ambiguous endpoint beside it is something else.
    pub(super) denied_beside: Option<&'s Deny>,
}

/// More paths than this are not kept: where there are so many, they are all different.
const MOST_PATHS: usize = 1 << 14;

/// What a server says of all its routes.
pub(super) struct ServerSays<'s> {
    /// What comments on it decide.
    pub(super) steered: Vec<bool>,
    /// Its names that say something.
    pub(super) names: Vec<Named<'s>>,
}

/// A `server_name` that says something.
pub(super) struct Named<'s> {
    pub(super) line: DirectiveId,
    pub(super) name: String,
    pub(super) label: Option<&'s ServerName>,
    pub(super) application: Option<&'s Application>,
    /// One of the server's locations has the path of an endpoint.
    pub(super) has_endpoint: bool,
}

impl<'s> Known<'s> {
    /// `undecided` where it is known that no comment of the tree decides about any route.
    pub(super) fn new(undecided: bool) -> Self {
        Self { undecided, ..Self::default() }
    }

    pub(super) fn host(&mut self, signals: &'s Signals, host: &str) -> HostSays<'s> {
        if let Some(&known) = self.hosts.get(host) {
            return known;
        }
        let says = (signals.word(host), signals.application(host));
        self.hosts.insert(host.to_owned(), says);
        says
    }

    pub(super) fn path(&mut self, signals: &'s Signals, location: &Location) -> PathSays<'s> {
        let paths = &mut self.paths[usize::from(location.is_regex())];
        if let Some(&known) = paths.get(&location.path) {
            return known;
        }
        let path = segments(&location.path, location.is_regex());
        let says = PathSays {
            endpoint: signals.endpoint(&path),
            word: signals.word_in_path(&path),
            ends_with_word: ends_with_word(&path),
            denied: signals.denied_path(&path),
            denied_beside: signals.denied_by_sibling(&path),
        };
        if paths.len() < MOST_PATHS {
            paths.insert(location.path.clone(), says);
        }
        says
    }

    pub(super) fn server(&mut self, tree: &Tree, signals: &'s Signals, block: DirectiveId) -> Rc<ServerSays<'s>> {
        if let Some((last, says)) = &self.server
            && *last == block
        {
            return Rc::clone(says);
        }
        let names = self.names(tree, signals, block);
        let says = Rc::new(ServerSays { steered: self.steered(tree, block), names });
        self.server = Some((block, Rc::clone(&says)));
        says
    }

    /// What the comments for a block decide, in their order.
    pub(super) fn steered(&self, tree: &Tree, block: DirectiveId) -> Vec<bool> {
        if self.undecided { Vec::new() } else { steered(tree, block) }
    }

    /// The names of a server that say something.
    fn names(&mut self, tree: &Tree, signals: &'s Signals, server: DirectiveId) -> Vec<Named<'s>> {
        let mut names = Vec::new();
        for &line in tree.own(server, "server_name") {
            for name in tree.args(line).filter(|name| !name.starts_with('~')) {
                let (label, application) = signals.of_server(&name);
                if label.is_some() || application.is_some() {
                    names.push(Named { line, name: name.into_owned(), label, application, has_endpoint: false });
                }
            }
        }
        if names.iter().any(|named| named.label.is_some()) {
            let mut locations = tree.locations(server).filter_map(|block| tree.location(block));
            let has_endpoint = locations.any(|location| {
                let endpoint = self.path(signals, &location).endpoint;
                endpoint.is_some_and(|found| found.endpoint.confidence >= Confidence::Likely)
            });
            names.iter_mut().for_each(|named| named.has_endpoint = has_endpoint);
        }
        names
    }
}

/// Whether the last segment of a path ends with a name of WebSockets, in every way in which the location can match.
fn ends_with_word(path: &Segments) -> bool {
    let names = |segment: &Segment| {
        let last = segment.whole().and_then(|text| text.rsplit(['-', '_']).next());
        last.is_some_and(|word| matches!(word, "ws" | "wss" | "websocket" | "websockets"))
    };
    !path.ways.is_empty() && path.ways.iter().all(|way| way.segments.last().is_some_and(names))
}
