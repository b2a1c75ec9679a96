//! A site that is written twice, once for each of its ports.

use super::confidence::Confidence;
use super::headers::State;
use super::judge::Judge;
use super::route::{Module, Route, Routes};
use crate::config::{DirectiveId, Reached, Tree};

impl Judge<'_, '_> {
    /// A route of the server with TLS, where that without TLS, of the same name, upgrades what comes to the same place and
    /// goes to the same upstream: the handshakes of pages that come by https end here.
    pub(super) fn twin(&mut self, routes: &Routes, index: usize) {
        let (tree, route) = (self.tree, self.route);
        let (Some(server), Some(block)) = (route.server, route.location_block) else { return };
        let plain = route.module == Module::Proxy && route.headers.upgrade.state == State::Unset;
        // Where another location of the server upgrades, this one was left as it is.
        if !plain || routes.upgrading.contains(&server) || !has_tls(tree, server) || self.is_subrequest_target(routes) {
            return;
        }
        let upgrades = |other: &&Route| {
            let Some((other_server, location)) = other.server.zip(other.location.as_ref()) else { return false };
            other.module == Module::Proxy
                && other.headers.upgrade.state.sends()
                && other.target.scheme == route.target.scheme
                && !has_tls(tree, other_server)
                && location.path.starts_with('/')
                && share_a_name(tree, server, other_server)
                && tree.reach(server, &location.path) == Reached::Location(block)
        };
        if let Some(other) = routes.siblings(index).take(64).find(upgrades) {
            let label = other.label(tree);
            let text = format!(
                "`location {label}` of the server without TLS upgrades, of the same name and to the same upstream"
            );
            self.add(Confidence::Likely, other.pass, text);
        }
    }
}

fn has_tls(tree: &Tree, server: DirectiveId) -> bool {
    tree.own(server, "listen").iter().any(|&line| tree.args(line).any(|word| word == "ssl"))
}

fn share_a_name(tree: &Tree, one: DirectiveId, other: DirectiveId) -> bool {
    let names = |server| tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line));
    names(one)
        .any(|name| name != "_" && !name.is_empty() && names(other).any(|second| name.eq_ignore_ascii_case(&second)))
}
