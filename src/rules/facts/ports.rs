//! Ports that nginx cannot read.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive};
use crate::config::{Context, DirectiveId, ROOT, Target, Tree, is_placeholder, split_scheme};

pub(super) const FACTS: &[Fact] = facts! {
    "no-port" "what follows the colon of an address is no port; the words are what it is, and what nginx does" no_port;
};

/// `invalid port` (`ngx_parse_inet_url`, `ngx_parse_inet6_url`): of an address with variables, when a request comes.
fn no_port(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    let address = tree.arg(id, 1).filter(|address| !is_plain(address) && is_finished(tree, id, address))?;
    let (authority, variable) = authority(tree, id, &address)?;
    let port = port(&authority)?;
    // A name stands for a number that somebody fills in.
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = port.contains('$') || port.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let listens = tree.is(id, "listen");
    let range = listens && port.contains('-');
    // What a program writes for a port that it was not told.
    let blank = listens && port == "0";
    if is_name || range || blank || (is_number && (1..=65_535).contains(&port.parse::<u64>().unwrap_or_default())) {
        return None;
    }
    let what = match port {
        "" => "no port follows the colon".to_owned(),
        port => format!("`{port}` is no port, which is a number from 1 to 65535"),
    };
    let then = if variable { "nginx answers 500" } else { "nginx refuses to start" };
    let place = Place { directive: id, part: WordPart::Word(1) };
    Some(Hit { places: vec![place], words: vec![what, then.to_owned()] })
}

/// Whether an address ends with a usual port, as nearly all do that have one.
fn is_plain(address: &str) -> bool {
    let authority = split_scheme(address).map_or(address, |(_, authority)| authority);
    let (host, port) = authority.split_once(':').unwrap_or(("", authority));
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && (1..=4).contains(&port.len());
    digits && !port.starts_with('0') && !host.contains('$')
}

/// Whether an address is finished text, in a place that is known.
fn is_finished(tree: &Tree, id: DirectiveId, address: &str) -> bool {
    let directive = tree.directive(id);
    let template = tree.file(directive.file).ast.template().is_some() || is_placeholder(address);
    !template && !address.contains(['<', '{', '%']) && (directive.parent != ROOT || tree.is_complete())
}

/// The host and the port of an address, and whether nginx reads them only when a request comes.
fn authority(tree: &Tree, id: DirectiveId, address: &str) -> Option<(String, bool)> {
    let context = tree.directive(id).context;
    let found = if tree.is(id, "proxy_pass") {
        let target = Target::new(address);
        let known = match context {
            Context::Location | Context::If | Context::LimitExcept => ["http", "https"].contains(&&*target.scheme),
            Context::StreamServer => target.scheme.is_empty(),
            _ => false,
        };
        known.then_some((target.authority, target.variable))
    } else if tree.is(id, "listen") {
        let known = matches!(context, Context::Server | Context::StreamServer) && !address.contains('$');
        let port_alone = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit());
        known.then(|| (if port_alone { format!("*:{address}") } else { address.to_owned() }, false))
    } else {
        let in_upstream = matches!(context, Context::Upstream | Context::StreamUpstream) && !tree.is_block(id);
        // Schemes and paths are other mistakes.
        (in_upstream && !address.contains(['/', '$'])).then(|| (address.to_owned(), false))
    };
    // What follows a question mark is no part of it.
    let found =
        found.map(|(authority, variable)| (authority.split('?').next().unwrap_or_default().to_owned(), variable));
    found.filter(|(authority, _)| !authority.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("unix:")))
}

/// What follows the first colon, or the one behind the brackets of an IPv6 address.
fn port(authority: &str) -> Option<&str> {
    let rest = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.1,
        None => authority,
    };
    Some(rest.split_once(':')?.1)
}
