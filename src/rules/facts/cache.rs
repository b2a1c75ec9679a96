//! Whether a handshake can be answered from nginx's cache.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, when};
use crate::config::{DirectiveId, Openness, Request, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "cached-handshake" "answers of the route are cached, and a handshake would get one" cached_handshake;
    "cache-bypass-unseen" "text that is not here may set a `proxy_cache_bypass` for the route" bypass_unseen;
    "own-cache-bypass" "the block has a `proxy_cache_bypass` of its own" own_bypass;
    "outer-cache-bypass" "a block around it has a `proxy_cache_bypass`" outer_bypass;
};

/// A handshake is a GET like any other for the cache: once a plain answer with the same key is stored, it is the answer
/// to the handshake as well, unless `proxy_cache_bypass` or the key tells them apart (NGINX facts part I).
fn cached_handshake(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let cache = tree.effective(block, "proxy_cache")?.line();
    if tree.arg(cache, 1).is_none_or(|zone| zone.eq_ignore_ascii_case("off")) {
        return None;
    }
    // What cannot be known may keep handshakes out of the cache.
    let may_hold = |name: &str, request: Request| {
        args_of(tree, block, name).iter().any(|text| {
            let values = tree.evaluate(text, request, block);
            values.open || values.undefined.is_some() || values.any(|text| !text.is_empty() && text != "0")
        })
    };
    let may_differ = || {
        let key = args_of(tree, block, "proxy_cache_key").concat();
        let one = tree.evaluate(&key, Request::Handshake, block);
        let asks_headers = key.to_ascii_lowercase().contains("$http_") || key.contains("$connection_upgrade");
        asks_headers || one != tree.evaluate(&key, Request::Plain, block)
    };
    // Above a fragment hardly anybody bypasses a cache that the fragment itself switches on.
    let near = |name: &str| tree.openness(block, name) == Openness::Near;
    let unseen = near("proxy_cache_bypass") || near("proxy_no_cache");
    let bypassed = may_hold("proxy_cache_bypass", Request::Handshake) || may_hold("proxy_no_cache", Request::Plain);
    (!unseen && !bypassed && !may_differ()).then(|| Hit::at(Place::head(cache)))
}

fn args_of(tree: &Tree, block: DirectiveId, name: &str) -> Vec<String> {
    let lines = tree.effective(block, name).map_or(&[][..], |effective| effective.lines);
    lines.iter().flat_map(|&line| tree.args(line)).map(std::borrow::Cow::into_owned).collect()
}

/// A line of the route's own would discard the one that is not seen.
fn bypass_unseen(scope: Scope<'_>) -> Option<Hit> {
    when(scope.tree.is_open_for(scope.route()?.block, "proxy_cache_bypass"))
}

fn own_bypass(scope: Scope<'_>) -> Option<Hit> {
    let line = *scope.tree.own(scope.route()?.block, "proxy_cache_bypass").last()?;
    Some(Hit::at(Place { directive: line, part: WordPart::Value }))
}

/// The words are the arguments of its lines, as they are written.
fn outer_bypass(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let lines = tree.effective(scope.route()?.block, "proxy_cache_bypass")?.lines;
    let text = |&line: &DirectiveId| {
        let source = tree.source(line);
        tree.words(line).iter().skip(1).map(|word| source.slice(word.span)).collect::<Vec<_>>().join(" ")
    };
    let words = lines.iter().map(text).collect::<Vec<_>>().join(" ");
    Some(Hit { words: vec![words], ..Hit::lines(lines.iter().copied()) })
}
