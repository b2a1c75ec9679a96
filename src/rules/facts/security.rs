//! Whether a tunnel that was meant for WebSockets carries something else.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use crate::config::{Modifier, Request};
use crate::websocket::{Module, has_upgrade_token, value};

pub(super) const FACTS: &[Fact] = facts! {
    "passes-any-protocol" "an `Upgrade: h2c` of a client reaches the backend" passes_any_protocol;
    "restricted-beside" "another location to the same upstream keeps requests out that this one lets through" beside;
    "access-rules" "another location of the server keeps requests out that this one lets through" access_rules;
};

/// nginx opens a tunnel for whatever protocol the backend agrees to, and reads nothing that goes through it
/// (NGINX facts part K).
fn passes_any_protocol(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route().filter(|route| route.module == Module::Proxy)?;
    // A route that a test of `$http_upgrade` leads to may let WebSockets alone in.
    let named = route.location.as_ref().is_some_and(|location| location.modifier == Modifier::Named);
    if tree.is(route.block, "if") || (named && route.intent.only) {
        return None;
    }
    let line = *route.headers.upgrade.lines.last()?;
    let upgrade = tree.evaluate(&value(tree, line), Request::OtherProtocol, route.block);
    let passes = !upgrade.open && upgrade.any(|text| text.eq_ignore_ascii_case("h2c"));
    let asks = route.headers.connection.lines.iter().any(|&line| {
        let connection = tree.evaluate(&value(tree, line), Request::OtherProtocol, route.block);
        !connection.open && connection.any(|text| has_upgrade_token(text))
    });
    (passes && asks).then(|| Hit::at(Place::head(line)))
}

fn beside(scope: Scope<'_>) -> Option<Hit> {
    scope.routes.restriction_of_upstream(scope.tree, scope.route()?).map(|line| Hit::at(Place::head(line)))
}

fn access_rules(scope: Scope<'_>) -> Option<Hit> {
    scope.routes.restriction_of_server(scope.tree, scope.route()?).map(|line| Hit::at(Place::head(line)))
}
