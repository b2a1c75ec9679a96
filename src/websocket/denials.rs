//! What says that a route carries no WebSockets.

use super::confidence::Confidence;
use super::guards::{no_get, no_handshake};
use super::headers::State;
use super::intent::Evidence;
use super::judge::Judge;
use super::known::Known;
use super::route::{Module, Route, Routes};
use super::signals::Signals;
use crate::config::{DirectiveId, Tree};
use crate::syntax::comments_of;

impl<'s> Judge<'_, 's> {
    pub(super) fn denials(&mut self, routes: &Routes, known: &mut Known<'s>) {
        if self.is_subrequest_target(routes) {
            self.add(None, self.route.location_block, "it answers subrequests".into());
        }
        if matches!(self.route.module, Module::Grpc | Module::Fastcgi) && !self.has(Confidence::Likely) {
            let text = format!("`{}_pass` cannot carry them", self.route.module.prefix());
            self.add(None, self.route.pass, text);
        }
        let upgrade = &self.route.headers.upgrade;
        if upgrade.state == State::Empty && !self.has(Confidence::Certain) {
            self.add(None, upgrade.lines.last().copied(), "it clears the `Upgrade` header".into());
        }
        if self.has(Confidence::Certain) {
            // Headers of the blocks around it are not meant for each location that inherits them: `/assets` stays one of files.
            if self.endpoint.is_none() && self.is_certain_by_inheritance() {
                self.denied_path();
            }
            return;
        }
        self.denied_beside_endpoint(routes);
        self.turned_away(routes);
        let named_by_path = self.endpoint.is_some();
        if !named_by_path {
            self.denied_path();
            let unbuffered = self.tree.effective(self.route.block, "proxy_buffering").is_some_and(|effective| {
                self.tree.arg(effective.line(), 1).is_some_and(|value| value.eq_ignore_ascii_case("off"))
            });
            if unbuffered && self.route.headers.connection.state == State::Empty {
                let at = self.route.headers.connection.lines.last().copied();
                self.add(None, at, "it is set up for server-sent events: unbuffered, and `Connection` cleared".into());
            }
        }
        if !named_by_path || self.endpoint.as_ref().is_some_and(|found| found.endpoint.ambiguous) {
            let endpoint = self.endpoint.is_some();
            let (tree, signals) = (self.tree, self.signals);
            let others = other_services(tree, signals, known, self.route.block, self.route.server, endpoint);
            self.intent.evidence.extend(others);
        } else {
            self.intent.evidence.extend(denied_by_comment(self.tree, self.signals, self.route.block));
        }
    }

    fn denied_path(&mut self) {
        if let Some(deny) = self.path.and_then(|path| path.denied) {
            self.add(None, self.route.location_block, format!("its path is that of {}", deny.reason));
        }
    }

    /// A path below an endpoint may be that of something else, certainly so where the endpoint has a location of its own.
    fn denied_beside_endpoint(&mut self, routes: &Routes) {
        let (Some(found), Some(deny)) = (&self.endpoint, self.path.and_then(|path| path.denied)) else { return };
        if found.last {
            return;
        }
        if deny.beside {
            self.denied_path();
        } else if let Some(other) = self.shorter_upgrades(routes) {
            let text =
                format!("its path is that of {}, and `location {}` upgrades", deny.reason, other.label(self.tree));
            self.add(None, self.route.location_block, text);
        }
    }

    /// The route of a location that takes the paths above this one, if it sends `Upgrade`.
    pub(super) fn shorter_upgrades<'r>(&self, routes: &'r Routes) -> Option<&'r Route> {
        let location = self.route.location.as_ref().filter(|location| !location.is_regex())?;
        let server = self.route.server?;
        let path = location.path.trim_end_matches('/');
        let above = path.rmatch_indices('/').flat_map(|(at, _)| [&path[..=at], &path[..at]]);
        let blocks = above.filter(|above| above.len() > 1).filter_map(|above| self.tree.select(server, above));
        let mut others = blocks.filter_map(|block| routes.of_block(block));
        others.find(|other| other.headers.upgrade.state.sends())
    }

    /// nginx itself answers a handshake that asks for this location.
    fn turned_away(&mut self, routes: &Routes) {
        let tree = self.tree;
        let Some(block) = self.route.location_block else { return };
        if !tree.own(block, "internal").is_empty() && routes.arrivals.at(self.route.block).is_none() {
            self.add(None, block, "it is `internal`, and no handshake is seen to get there".into());
        }
        let without_get = |&line: &DirectiveId| !tree.args(line).any(|method| method == "GET");
        let refuses = |&line: &DirectiveId| {
            tree.own(line, "deny").iter().any(|&deny| tree.arg(deny, 1).is_some_and(|who| who == "all"))
        };
        if let Some(&line) =
            tree.own(block, "limit_except").iter().filter(|line| without_get(line)).find(|line| refuses(line))
        {
            self.add(None, line, "it takes no GET request".into());
        }
        if let Some(test) = no_handshake(tree, block) {
            self.add(None, test, "it turns handshakes away and takes plain requests".into());
        }
        if let Some(test) = no_get(tree, block) {
            self.add(None, test, "it takes no GET request".into());
        }
    }

    /// Whether nothing but header lines of the blocks around it makes it certain.
    fn is_certain_by_inheritance(&self) -> bool {
        let inherited = |line: DirectiveId| {
            self.tree.is(line, "proxy_set_header") && self.tree.directive(line).parent != self.route.block
        };
        let mut certain =
            self.intent.evidence.iter().filter(|evidence| evidence.confidence >= Some(Confidence::Certain));
        certain.all(|evidence| evidence.at.is_some_and(inherited))
    }
}

/// Headers, comments and neighbours which say that a `/ws` (`endpoint`) stands for web services, or a path for something
/// else.
pub(super) fn other_services<'s>(
    tree: &Tree,
    signals: &'s Signals,
    known: &mut Known<'s>,
    block: DirectiveId,
    server: Option<DirectiveId>,
    endpoint: bool,
) -> Vec<Evidence> {
    let denied = |at: DirectiveId, text: String| Evidence { confidence: None, text, at: Some(at) };
    let mut found = Vec::new();
    let lines = tree.effective(block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    for &line in lines {
        let header = tree.arg(line, 1).unwrap_or_default();
        if let Some(deny) = signals.denied_header(&header) {
            found.push(denied(line, format!("it sets `{header}`, as for {}", deny.reason)));
        }
    }
    found.extend(denied_by_comment(tree, signals, block));
    // Nobody but an endpoint is called as web services are.
    let Some(server) = server.filter(|_| endpoint) else { return found };
    let beside = match known.web_services.get(&server) {
        Some(&known) => known,
        None => {
            let mut locations = tree.locations(server).filter_map(|block| tree.location(block));
            let found = locations.find_map(|location| known.path(signals, &location).denied_beside);
            known.web_services.insert(server, found);
            found
        }
    };
    if let Some(deny) = beside {
        found.push(denied(server, format!("locations beside it are those of {}", deny.reason)));
    }
    found
}

/// A comment on a block which says that it stands for something else.
fn denied_by_comment(tree: &Tree, signals: &Signals, block: DirectiveId) -> Option<Evidence> {
    let directive = tree.directive(block);
    let file = tree.file(directive.file);
    let comments = comments_of(&file.ast, &file.source, directive.node);
    let deny = comments.iter().find_map(|(_, comment)| signals.denied_comment(comment))?;
    let text = format!("a comment on it speaks of {}", deny.reason);
    Some(Evidence { confidence: None, text, at: Some(block) })
}
