//! What a server's `listen` lines allow.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::Fact;
use crate::config::{DirectiveId, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "listen-without-tls" "port 443 of a server with a certificate, without TLS; the word is the address" listen_without_tls;
    "only-server-on-443" "no other server listens on that port" only_server;
    "plaintext-http2" "a `listen` speaks HTTP/2 without TLS" plaintext_http2;
};

fn says(tree: &Tree, listen: DirectiveId, word: &str) -> bool {
    tree.args(listen).skip(1).any(|arg| arg == word)
}

/// `listen 443` without `ssl`, in a server that has a certificate of its own: nginx speaks plain HTTP there.
fn listen_without_tls(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let server = scope.route()?.server?;
    let on = tree
        .effective(server, "ssl")
        .is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|value| value.eq_ignore_ascii_case("on")));
    if on || tree.is_open(server) || tree.own(server, "ssl_certificate").is_empty() {
        return None;
    }
    let lines = tree.own(server, "listen");
    // Where one line has TLS, the others were thought of.
    let some = lines.iter().any(|&line| says(tree, line, "ssl") || says(tree, line, "quic"));
    let is_443 = |address: &str| address == "443" || address.ends_with(":443");
    // An address has TLS for all its servers if one of them says so, in whatever form it is written.
    let elsewhere = scope.routes.tls_addresses.iter().any(|address| is_443(address));
    let line = lines.iter().copied().find(|&line| tree.arg(line, 1).is_some_and(|address| is_443(&address)))?;
    let place = Place { directive: line, part: WordPart::Word(1) };
    let word = tree.arg(line, 1)?.into_owned();
    (!some && !elsewhere).then(|| Hit { places: vec![place], words: vec![word] })
}

/// With `ssl` on an address every server of it needs a certificate.
fn only_server(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let own = scope.route()?.server?;
    let is_443 = |line: &&DirectiveId| tree.arg(**line, 1).is_some_and(|at| at == "443" || at.ends_with(":443"));
    let mut servers = tree.all("listen").iter().filter(is_443).map(|&line| tree.directive(line).parent);
    super::when(tree.is_complete() && servers.all(|server| server == own))
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
