//! Routes of a server that certainly carry WebSockets, for the routes beside them.

use foldhash::{HashMap, HashMapExt};

use super::confidence::Confidence;
use super::headers::State;
use super::intent::Evidence;
use super::route::{Route, Routes};
use crate::config::DirectiveId;

/// By server the first two routes of different blocks which send the headers of a handshake and speak for themselves: one
/// of them is another than the route that asks.
#[derive(Debug, Default)]
pub(super) struct Sockets(HashMap<DirectiveId, Vec<u32>>);

impl Sockets {
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut all: HashMap<DirectiveId, Vec<u32>> = HashMap::new();
        for (route, index) in routes.iter().zip(0..) {
            let headers = &route.headers;
            let sends = headers.upgrade.state == State::Right && headers.connection.state == State::Right;
            let Some(server) = route.server.filter(|_| sends && route.speaks_for_itself()) else { continue };
            let known = all.entry(server).or_default();
            if known.len() < 2 && known.iter().all(|&other| routes[other as usize].block != route.block) {
                known.push(index);
            }
        }
        Self(all)
    }
}

impl Route {
    /// Whether the location's own path, or a comment on it, says that it carries WebSockets.
    pub fn speaks_for_itself(&self) -> bool {
        let Some(block) = self.location_block else { return false };
        let file = self.location.as_ref().is_some_and(|location| location.path.contains("php"));
        let says = |evidence: &Evidence| evidence.at == Some(block) && evidence.confidence >= Some(Confidence::Likely);
        !file && !self.intent.is_denied() && self.intent.evidence.iter().any(says)
    }
}

impl Routes {
    /// The first other route of the same server that sends the headers of a handshake and speaks for itself.
    pub fn socket_beside(&self, route: &Route) -> Option<&Route> {
        let known = self.sockets.0.get(&route.server?)?;
        known.iter().map(|&index| &self.all[index as usize]).find(|other| other.block != route.block)
    }
}
