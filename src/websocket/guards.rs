//! `if`s that let nothing but handshakes through to the upstream.

use std::borrow::Cow;

use crate::config::{DirectiveId, Pattern, Request, Tree};

/// The `if` of a location, or of its server, that answers every request without an `Upgrade` or sends it elsewhere.
///
/// Only what a plain request meets for certain, and a handshake does not, counts (`ngx_http_rewrite_handler`; the `if`s
/// around a nested location do not concern it).
pub(super) fn guard(tree: &Tree, block: DirectiveId, server: Option<DirectiveId>) -> Option<DirectiveId> {
    let blocks = [Some(block), server.filter(|&server| server != block)];
    let mut tests = blocks.into_iter().flatten().flat_map(|block| tree.own(block, "if").iter().copied());
    tests.find(|&test| {
        turns_away(tree, test)
            && is_met(tree, test, Request::Plain) == Some(true)
            && is_met(tree, test, Request::Handshake) == Some(false)
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
    let words = condition(tree, test)?;
    let block = tree.directive(test).parent;
    let is = |text: &str, holds: &dyn Fn(&str) -> bool| {
        let values = tree.evaluate(text, request, block);
        if values.open || values.undefined.is_some() || values.known.is_empty() {
            return None;
        }
        let all = values.known.iter().all(|value| holds(value));
        (all || !values.any(|value| holds(value))).then_some(all)
    };
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [subject] if subject.starts_with('$') => is(subject, &|value| !value.is_empty() && value != "0"),
        [subject, operator @ ("=" | "!="), text] => {
            let wanted = tree.evaluate(text, request, block);
            let wanted = wanted.known.first().filter(|only| wanted.is_exactly(only))?;
            is(subject, &|value| (value == wanted) == (operator == "="))
        }
        [subject, operator @ ("~" | "~*" | "!~" | "!~*"), pattern] => {
            let pattern = Pattern::new(pattern, operator.ends_with('*'));
            pattern.is_match("")?;
            is(subject, &|value| (pattern.is_match(value) == Some(true)) != operator.starts_with('!'))
        }
        _ => None,
    }
}

/// The words between the brackets of an `if` (`ngx_http_rewrite_if_condition`).
fn condition(tree: &Tree, test: DirectiveId) -> Option<Vec<String>> {
    let mut words: Vec<String> = tree.args(test).map(Cow::into_owned).collect();
    let first = words.first_mut()?;
    *first = first.strip_prefix('(')?.to_owned();
    if first.is_empty() {
        words.remove(0);
    }
    let last = words.last_mut()?;
    *last = last.strip_suffix(')')?.to_owned();
    if last.is_empty() {
        words.pop();
    }
    Some(words)
}
