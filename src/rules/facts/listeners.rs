//! What a server's `listen` lines allow.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use crate::config::{DirectiveId, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "plaintext-http2" "a `listen` speaks HTTP/2 without TLS" plaintext_http2;
};

fn says(tree: &Tree, listen: DirectiveId, word: &str) -> bool {
    tree.args(listen).skip(1).any(|arg| arg == word)
}

/// `listen … http2` without TLS, on any line of that address.
fn plaintext_http2(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let server = scope.route()?.server?;
    if tree.is_open(server) {
        return None;
    }
    let on = |block: DirectiveId| {
        tree.effective(block, "ssl").is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|value| value == "on"))
    };
    let plain = |&listen: &DirectiveId| says(tree, listen, "http2") && !says(tree, listen, "ssl");
    let listen = tree.own(server, "listen").iter().copied().find(plain).filter(|_| !on(server))?;
    let elsewhere = scope.routes.tls_addresses.contains(&*tree.arg(listen, 1)?);
    (!elsewhere).then(|| Hit::at(Place::head(listen)))
}
