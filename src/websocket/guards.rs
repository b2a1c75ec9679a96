//! `if`s that let nothing but handshakes through to the upstream, or none.

use crate::config::{Condition, DirectiveId, Request, Tree};

/// The `if` of a location, or of its server, that answers every request without an `Upgrade` or sends it elsewhere.
///
/// Only what a plain request meets for certain, and a handshake does not, counts (`ngx_http_rewrite_handler`; the `if`s
/// around a nested location do not concern it).
pub(super) fn guard(tree: &Tree, block: DirectiveId, server: Option<DirectiveId>) -> Option<DirectiveId> {
    let blocks = [Some(block), server.filter(|&server| server != block)];
    let mut tests = blocks.into_iter().flatten().flat_map(|block| tree.own(block, "if").iter().copied());
    tests.find(|&test| turns_plain_away(tree, test))
}

/// Whether an `if` answers every request without an `Upgrade`, or sends it elsewhere, and lets handshakes through.
pub fn turns_plain_away(tree: &Tree, test: DirectiveId) -> bool {
    turns_away(tree, test)
        && is_met(tree, test, Request::Plain) == Some(true)
        && is_met(tree, test, Request::Handshake) == Some(false)
}

/// The `if` of a location that turns handshakes away and lets plain requests through.
pub(super) fn no_handshake(tree: &Tree, block: DirectiveId) -> Option<DirectiveId> {
    let mut tests = tree.own(block, "if").iter().copied().filter(|&test| turns_away(tree, test));
    tests.find(|&test| {
        is_met(tree, test, Request::Handshake) == Some(true) && is_met(tree, test, Request::Plain) == Some(false)
    })
}

/// The `if` of a location that turns away what is no POST, or the like.
pub(super) fn no_get(tree: &Tree, block: DirectiveId) -> Option<DirectiveId> {
    let by_method = |test: DirectiveId| tree.arg(test, 1).is_some_and(|word| word.contains("$request_method"));
    let mut tests = tree.own(block, "if").iter().copied().filter(|&test| by_method(test));
    tests.find(|&test| turns_away(tree, test) && is_met(tree, test, Request::Handshake) == Some(true))
}

/// Whether a request that meets the condition goes no further in this location.
fn turns_away(tree: &Tree, test: DirectiveId) -> bool {
    let flag = |line: &DirectiveId| tree.arg(*line, 3).is_some_and(|flag| flag != "break");
    !tree.own(test, "return").is_empty() || tree.own(test, "rewrite").iter().any(flag)
}

/// Whether such a request meets the condition of an `if`; none where that depends on more than is known here.
fn is_met(tree: &Tree, test: DirectiveId, request: Request) -> Option<bool> {
    let condition = Condition::of(tree, test).filter(|condition| !condition.asks_for_files())?;
    let values = tree.evaluate(&condition.subject, request, tree.directive(test).parent);
    if values.open || values.undefined.is_some() {
        return None;
    }
    let mut met = values.known.iter().map(|value| condition.holds(value));
    let first = met.next()??;
    met.all(|other| other == Some(first)).then_some(first)
}
