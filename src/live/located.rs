//! The part of a configuration that a URL reaches, and what of its findings explains what was seen there.

use std::net::IpAddr;
use std::time::Duration;

use super::probe::{Diagnosis, Kind, Report, Target};
use super::suspects::suspects;
use crate::Linted;
use crate::config::{DirectiveId, Reached, Served, ServedBy, Tree};
use crate::rules::{Finding, milliseconds};
use crate::websocket::{Module, Route};

/// Where a request goes in a configuration.
#[derive(Clone, Debug)]
pub struct Located {
    /// The server that answers it, and why that one.
    pub served: Served,
    /// The location in it; [`Reached::Server`] in a stream.
    pub reached: Reached,
    /// The routes there, by their numbers in [`crate::websocket::Routes::all`]: one, or those of its `if` blocks too, and
    /// those to which handshakes jump from there.
    pub routes: Vec<usize>,
    /// Whether a `rewrite` leads to one of them: the backend is asked for another path then.
    pub rewritten: bool,
    /// The findings about them, by their numbers in [`Linted::findings`]: those that explain first.
    pub findings: Vec<usize>,
    /// How many of the findings explain what was seen.
    pub explaining: usize,
    /// Lines that may have answered in place of a backend.
    pub suspects: Vec<DirectiveId>,
    /// The line that sets the timeout which cut an idle connection.
    pub timeout: Option<DirectiveId>,
}

impl Located {
    /// Finds where a request goes; `name` is the host it asks for, without its port. None where no server takes it.
    pub fn find(linted: &Linted<'_>, target: &Target, name: &str, address: Option<IpAddr>) -> Option<Self> {
        let tree = &linted.tree;
        let served = tree.served(name, address, target.port)?;
        let in_stream = served.by == ServedBy::Stream;
        let reached =
            if in_stream { Reached::Server } else { tree.reach(served.server, &decoded(target.path_alone())) };
        let block = if in_stream { Some(served.server) } else { reached.location() };
        let here = |route: &Route| Some(route.block) == block || (block.is_some() && route.location_block == block);
        let is_in =
            |at: DirectiveId, block: DirectiveId| at == block || tree.ancestors(at).any(|around| around == block);
        let jumps = |route: &Route| {
            let ways = linted.routes.arrivals.at(route.block).map_or(&[][..], |at| &at.all);
            let from = reached.location();
            let mut from_here = ways.iter().filter(|way| from.is_some_and(|from| is_in(way.origin.block, from)));
            from_here.next().map(|way| (way.origin.only, way.lines.iter().any(|&line| tree.is(line, "rewrite"))))
        };
        let mut rewritten = false;
        let mut ranked: Vec<(u8, usize)> = Vec::new();
        for (index, route) in linted.routes.all.iter().enumerate() {
            match jumps(route) {
                _ if here(route) => ranked.push((1, index)),
                Some((only_handshakes, by_rewrite)) => {
                    rewritten |= by_rewrite;
                    ranked.push((if only_handshakes { 0 } else { 2 }, index));
                }
                None => {}
            }
        }
        // A test of `$http_upgrade` comes before what the location does with other requests.
        ranked.sort_unstable();
        let routes: Vec<usize> = ranked.into_iter().map(|(_, index)| index).collect();
        let asked = subrequests(tree, served.server, block);
        let about = |finding: &Finding<'_>| {
            let at = finding.place.directive;
            let inside = block.iter().chain(&asked).any(|&block| is_in(at, block));
            let server_wide = finding.route.is_none() && tree.enclosing(at, "server") == Some(served.server);
            let nowhere_else = tree.enclosing(at, "location").is_none_or(|location| Some(location) == block);
            finding.routes().any(|route| routes.contains(&route)) || inside || (server_wide && nowhere_else)
        };
        let findings =
            linted.findings.iter().enumerate().filter(|(_, finding)| about(finding)).map(|(index, _)| index).collect();
        let mut located =
            Self { served, reached, routes, rewritten, suspects: Vec::new(), findings, explaining: 0, timeout: None };
        located.findings.sort_by_key(|&index| std::cmp::Reverse(linted.findings[index].severity));
        Some(located)
    }

    /// Looks for lines by which nginx itself gave this answer, where no finding explains it.
    #[must_use]
    pub fn answered_by(mut self, linted: &Linted<'_>, report: &Report) -> Self {
        if let Some(answer) = report.answer.as_ref().filter(|_| self.explaining == 0) {
            self.suspects = suspects(&linted.tree, self.served.server, self.reached.location(), answer);
        }
        self
    }

    /// Puts the findings first that explain a diagnosis.
    #[must_use]
    pub fn explain(mut self, linted: &Linted<'_>, diagnosis: &Diagnosis) -> Self {
        let rank = |index: &usize| {
            let finding = &linted.findings[*index];
            let rule = &finding.rule.id;
            // Of all limits, only one on the connections of a client is answered with a status.
            let by_status = matches!(diagnosis.kind, Kind::Unavailable | Kind::TooManyRequests);
            let counts = linted.tree.is(finding.place.directive, "limit_conn");
            if rule == "connection-limit" && by_status != counts {
                return None;
            }
            diagnosis.rules.iter().position(|known| known == rule)
        };
        self.findings.sort_by_key(|index| rank(index).unwrap_or(usize::MAX));
        self.explaining = self.findings.iter().filter(|index| rank(index).is_some()).count();
        self
    }

    /// Looks for the timeout that cut a connection after so much silence.
    #[must_use]
    pub fn cut_after(mut self, linted: &Linted<'_>, silence: Duration) -> Self {
        self.timeout = self.routes.iter().find_map(|&route| {
            let route = &linted.routes.all[route];
            let line = linted.tree.effective(route.block, read_timeout(route.module))?.line();
            let time = milliseconds(&linted.tree.arg(line, 1)?)?;
            let near = silence.abs_diff(Duration::from_millis(time)) < Duration::from_millis(900);
            near.then_some(line)
        });
        self
    }

    /// What people call the place.
    pub fn label(&self, tree: &Tree) -> String {
        match (self.reached, self.served.by) {
            (_, ServedBy::Stream) => "a server of stream".into(),
            (Reached::Location(block), _) => format!("location {}", words(tree, block)),
            (Reached::Redirect(block), _) => format!("location {} (301 to its slash)", words(tree, block)),
            (Reached::Server, _) => "no location".into(),
            (Reached::Unknown, _) => "a location that cannot be told".into(),
        }
    }
}

/// The locations that nginx asks before it lets a request for a block through.
fn subrequests(tree: &Tree, server: DirectiveId, block: Option<DirectiveId>) -> Vec<DirectiveId> {
    let lines = ["auth_request", "mirror"].into_iter().filter_map(|name| tree.effective(block?, name));
    let paths = lines.flat_map(|effective| effective.lines).filter_map(|&line| tree.arg(line, 1));
    let paths = paths.filter(|path| path.starts_with('/'));
    paths.filter_map(|path| tree.select(server, path.split(['?', '$']).next().unwrap_or_default())).collect()
}

pub(super) fn words(tree: &Tree, line: DirectiveId) -> String {
    tree.args(line).collect::<Vec<_>>().join(" ")
}

/// The directive that bounds the silence of a WebSocket.
fn read_timeout(module: Module) -> &'static str {
    match module {
        Module::Proxy => "proxy_read_timeout",
        Module::Uwsgi => "uwsgi_read_timeout",
        Module::Scgi => "scgi_read_timeout",
        Module::Fastcgi => "fastcgi_read_timeout",
        Module::Grpc => "grpc_read_timeout",
        Module::Stream => "proxy_timeout",
    }
}

/// A path as locations are compared with it: without `%` codes, doubled slashes and dots (`ngx_http_parse_complex_uri`).
pub(super) fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&plain).into_owned();
    let mut parts: Vec<&str> = Vec::new();
    let ends_in_folder = text.ends_with('/') || text.ends_with("/.") || text.ends_with("/..");
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    let slash = if ends_in_folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{slash}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Memory;
    use crate::{Linter, config::TreeOptions};

    #[test]
    fn paths_are_compared_as_nginx_does() {
        for (path, plain) in [
            ("/", "/"),
            ("/ws/", "/ws/"),
            ("/a//b", "/a/b"),
            ("/a/../b/.", "/b/"),
            ("/%77s%2", "/ws%2"),
            ("/../..", "/"),
        ] {
            assert_eq!(decoded(path), plain, "{path}");
        }
    }

    #[test]
    fn the_explaining_finding_comes_first() {
        let mut files = Memory::new();
        let text = "events {} http { server { listen 80; server_name other; location / { proxy_pass http://127.0.0.1:1; } }
            server { listen 80; server_name chat; location /ws { proxy_pass http://127.0.0.1:3000; proxy_read_timeout 3s; } } }";
        files.insert("nginx.conf", text);
        let linter = Linter::default();
        let linted = linter.lint("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let target = Target::parse("ws://chat/ws").unwrap();
        let located = Located::find(&linted, &target, "chat", None).unwrap();
        assert_eq!(located.label(&linted.tree), "location /ws");
        let refused =
            Diagnosis::new(Kind::UpgradeLost, "").points_to(&["missing-http-version", "missing-upgrade-header"]);
        let located = located.explain(&linted, &refused);
        let rules: Vec<&str> = located.findings.iter().map(|&index| linted.findings[index].rule.id.as_str()).collect();
        assert_eq!(rules[..2], ["missing-http-version", "missing-upgrade-header"]);
        assert_eq!(located.explaining, 2);
        assert!(located.clone().cut_after(&linted, Duration::from_millis(3020)).timeout.is_some());
        assert!(located.cut_after(&linted, Duration::from_secs(60)).timeout.is_none());
    }
}
