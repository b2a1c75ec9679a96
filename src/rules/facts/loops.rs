//! Addresses that lead back to the server they are written in.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::paths::{pass_word, plain_location, rewrites};
use crate::config::{DirectiveId, Reached, Tree};
use crate::websocket::{Module, is_for, value};

/// Of the addresses that name this machine to itself, those on which a `listen` line answers.
fn answers(listen: &str, host: &str, port: u16) -> bool {
    let any = match host {
        "127.0.0.1" => ["", "*:", "0.0.0.0:", "127.0.0.1:"].as_slice(),
        "localhost" => ["", "*:", "0.0.0.0:", "127.0.0.1:", "localhost:"].as_slice(),
        "[::1]" => ["[::]:", "[::1]:"].as_slice(),
        _ => &[],
    };
    any.iter().any(|address| listen == format!("{address}{port}"))
}

/// A request goes round until nginx runs out of connections (1.22.1: 500 with an even
/// number of them, 502 with an odd one).
pub(super) fn leads_to_itself(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let (route, block, location) = plain_location(scope)?;
    let server = route.server?;
    let target = &route.target;
    let same_path = target.uri.as_ref().is_none_or(|uri| *uri == location.path);
    let known =
        route.module == Module::Proxy && !target.variable && same_path && tree.upstream(target.host()).is_none();
    if !known || rewrites(tree, server) || rewrites(tree, block) || scope.routes.jumps.runs_code(block) {
        return None;
    }
    let implied = if target.scheme == "https" { 443 } else { 80 };
    // A port that is none is another mistake.
    let port = target.port().or((!has_port(&target.authority)).then_some(implied))?;
    let line = tree.own(server, "listen").iter().copied().find(|&line| {
        let tls = tree.args(line).any(|word| word == "ssl");
        tls == (target.scheme == "https") && tree.arg(line, 1).is_some_and(|word| answers(&word, target.host(), port))
    })?;
    let returns =
        [server, block].iter().any(|&level| !tree.own(level, "if").is_empty() || !tree.own(level, "return").is_empty());
    let back = tree.reach(server, &location.path) == Reached::Location(block);
    let named = keeps_name(tree, block) || alone(tree, server, port);
    (back && named && !returns).then(|| {
        let words = vec![tree.args(line).next().unwrap_or_default().into_owned()];
        Hit { places: vec![pass_word(route), Place::head(line)], words }
    })
}

/// Whether something follows the host, behind the brackets of an IPv6 address if it has them.
fn has_port(authority: &str) -> bool {
    authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}

/// Whether the request is sent on with the name by which it came, so that it comes to the same server again.
fn keeps_name(tree: &Tree, block: DirectiveId) -> bool {
    let lines = tree.effective(block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    let last = lines.iter().rfind(|&&line| is_for(tree, line, "Host"));
    last.is_some_and(|&line| ["$host", "$http_host", "$host:$server_port"].contains(&&*value(tree, line)))
}

/// Whether no other server here listens on the port.
fn alone(tree: &Tree, server: DirectiveId, port: u16) -> bool {
    let text = port.to_string();
    let on_port = |&&line: &&DirectiveId| {
        tree.arg(line, 1)
            .is_none_or(|word| word.rsplit(':').next().is_none_or(|last| last == text || last.parse::<u16>().is_err()))
    };
    let bare = tree
        .all("server")
        .iter()
        .any(|&other| other != server && tree.is_block(other) && tree.own(other, "listen").is_empty());
    tree.is_complete()
        && !bare
        && tree.all("listen").iter().filter(on_port).all(|&line| tree.directive(line).parent == server)
}
