//! What is done to the answer of a handshake.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::{Fact, when};
use crate::config::{DirectiveId, Tree};
use crate::websocket::Confidence;

pub(super) const FACTS: &[Fact] = facts! {
    "response-headers" "`add_header` sets Upgrade or Connection as a handshake's request has them" response_headers;
    "response-handshake" "both Upgrade and Connection are set so in the block itself, as for a handshake" response_handshake;
    "response-upgrade-always" "`add_header Upgrade` is sent with every answer, the 101 included" response_upgrade_always;
    "response-headers-uncover" "without these lines, the location would inherit those of the blocks around it" uncover;
    "ssi-any-type" "`ssi_types` has every type processed" ssi_any_type;
};

/// The effective `add_header` lines that were meant for the request: nginx adds them to what it answers
/// (NGINX facts part E).
fn lines_meant_for_request(tree: &Tree, block: DirectiveId) -> Vec<DirectiveId> {
    let lines = tree.effective(block, "add_header").map_or(&[][..], |effective| effective.lines);
    let handshake = |line: &DirectiveId| {
        let name = tree.arg(*line, 1).unwrap_or_default();
        let value = tree.arg(*line, 2).unwrap_or_default().to_ascii_lowercase();
        let upgrade = ["$http_upgrade", "${http_upgrade}", "websocket", "$connection_upgrade", "upgrade"];
        let connection = ["upgrade", "keep-alive, upgrade", "$connection_upgrade", "$http_connection"];
        (name.eq_ignore_ascii_case("Upgrade") && upgrade.contains(&&*value))
            || (name.eq_ignore_ascii_case("Connection") && connection.contains(&&*value))
    };
    lines.iter().copied().filter(handshake).collect()
}

fn response_headers(scope: Scope<'_>) -> Option<Hit> {
    let route = scope.route()?;
    // Lines of the blocks around it may be meant for another location of theirs.
    let effective = scope.tree.effective(route.block, "add_header")?;
    let meant_here = effective.origin == route.block || route.intent.confidence >= Some(Confidence::Likely);
    if !meant_here || route.intent.is_denied() {
        return None;
    }
    let lines = lines_meant_for_request(scope.tree, route.block);
    let first = *lines.first()?;
    let words = vec![scope.tree.arg(first, 1).unwrap_or_default().into_owned()];
    Some(Hit { words, ..Hit::lines(lines) })
}

/// Both headers of the handshake, in the route's own lines: nothing else is sent in two such headers.
fn response_handshake(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let lines = lines_meant_for_request(tree, block);
    let own = tree.effective(block, "add_header")?.origin == block;
    let has = |header: &str| {
        lines.iter().any(|&line| tree.arg(line, 1).is_some_and(|name| name.eq_ignore_ascii_case(header)))
    };
    when(own && has("Upgrade") && has("Connection"))
}

fn response_upgrade_always(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let lines = lines_meant_for_request(tree, scope.route()?.block);
    let line = lines.into_iter().find(|&line| {
        let is_upgrade = tree.arg(line, 1).is_some_and(|name| name.eq_ignore_ascii_case("Upgrade"));
        is_upgrade && tree.arg(line, 3).is_some_and(|word| word == "always")
    })?;
    Some(Hit::at(Place::head(line)))
}

/// Taking a block's last own `add_header` away brings those of the blocks around it into effect.
fn uncover(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.route()?.block;
    let all = scope.tree.effective(block, "add_header").map_or(0, |effective| effective.lines.len());
    let last = all == lines_meant_for_request(scope.tree, block).len();
    when(last && scope.tree.lost(block, "add_header").is_some())
}

fn ssi_any_type(scope: Scope<'_>) -> Option<Hit> {
    let lines = scope.tree.effective(scope.route()?.block, "ssi_types")?.lines;
    let any = lines.iter().copied().find(|&line| scope.tree.args(line).any(|kind| kind == "*"))?;
    Some(Hit::at(Place::head(any)))
}
