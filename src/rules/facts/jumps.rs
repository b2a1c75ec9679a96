//! What becomes of a handshake that another location sends on.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;

pub(super) const FACTS: &[Fact] = facts! {
    "headers-before-jump" "a location that only sends its requests on to the route sets the headers of a handshake"
        headers_before_jump;
};

/// What is in effect is what the last location says: lines of the first are lost by the jump (NGINX facts part E).
fn headers_before_jump(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let at = scope.routes.arrivals.at(scope.route()?.block)?;
    let (origin, line) = at.all.iter().find_map(|arrival| Some((arrival.origin.block, arrival.origin.header?)))?;
    let words = tree.args(origin).collect::<Vec<_>>().join(" ");
    Some(Hit { words: vec![words], ..Hit::at(Place::head(line)) })
}
