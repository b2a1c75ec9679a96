//! Routes to the same upstream of which another one upgrades.

use super::super::condition::{Asked, Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use crate::websocket::{Confidence, Route};

pub(super) const FACTS: &[Fact] = facts! {
    "below-upgraded-sibling" "a shorter location to the same upstream upgrades" below_upgraded;
    "beside-upgraded-sibling" "another location of the server upgrades to the same upstream, and hardly anything speaks for this one"
        beside_upgraded;
};

fn below_upgraded(scope: Scope<'_>) -> Option<Hit> {
    let Asked::Route(index) = scope.subject else { return None };
    let route = scope.route()?;
    let path = route.location.as_ref().filter(|location| !location.is_regex())?.path.as_str();
    let above = |other: &&Route| {
        let location = other.location.as_ref().filter(|location| !location.is_regex());
        let shorter =
            location.is_some_and(|location| path.starts_with(&location.path) && path.len() > location.path.len());
        shorter && other.server == route.server && other.headers.upgrade.state.sends()
    };
    let other = scope.routes.siblings(index).take(64).find(above)?;
    Some(Hit { places: vec![Place::head(other.pass)], words: vec![other.label(scope.tree)] })
}

/// What a name or a path hints at is rather the location that does upgrade.
fn beside_upgraded(scope: Scope<'_>) -> Option<Hit> {
    let Asked::Route(index) = scope.subject else { return None };
    let route = scope.route().filter(|route| route.intent.confidence == Some(Confidence::Possible))?;
    let upgrades = |other: &&Route| other.server == route.server && other.headers.upgrade.state.sends();
    let other = scope.routes.siblings(index).take(64).find(upgrades)?;
    Some(Hit { places: vec![Place::head(other.pass)], words: vec![other.label(scope.tree)] })
}
