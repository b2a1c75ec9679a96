//! Where a route sends its requests.

use std::collections::HashMap;

use super::evaluate::{Part, Request, parts};
use super::tree::{DirectiveId, Tree};

/// The argument of a `*_pass`, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// `http`, `https`, … in lower case; empty where none is written (`uwsgi_pass`).
    pub scheme: String,
    /// Host and port as written, or a variable.
    pub authority: String,
    /// What follows, from its `/`, if anything does.
    pub uri: Option<String>,
    /// Whether any part of the argument is a variable.
    pub variable: bool,
}

impl Target {
    /// Takes `http://host:port/uri` apart.
    pub fn new(argument: &str) -> Self {
        let (scheme, rest) = split_scheme(argument).unwrap_or(("", argument));
        let (authority, uri) = if let Some(socket) = rest.strip_prefix("unix:") {
            match socket.split_once(':') {
                Some((path, uri)) => (format!("unix:{path}"), (!uri.is_empty()).then(|| uri.to_owned())),
                None => (rest.to_owned(), None),
            }
        } else {
            // `$name` may hold a whole address, so that a URI starts only at a written `/`.
            match rest.find('/') {
                Some(slash) => (rest[..slash].to_owned(), Some(rest[slash..].to_owned())),
                None if !rest.contains('$') => (rest.to_owned(), None),
                None => {
                    let glued = rest.find("$request_uri").or_else(|| rest.find("$uri")).filter(|&at| at > 0);
                    let glued = glued.or_else(|| behind_port(rest));
                    match glued {
                        Some(at) => (rest[..at].to_owned(), Some(rest[at..].to_owned())),
                        None => (rest.to_owned(), None),
                    }
                }
            }
        };
        let variable = argument.contains('$') && parts(argument).iter().any(|part| matches!(part, Part::Variable(_)));
        Self { scheme: scheme.to_ascii_lowercase(), authority, uri, variable }
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        if self.authority.starts_with("unix:") {
            return &self.authority;
        }
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) || port.starts_with('$') => host,
            _ => &self.authority,
        }
    }

    /// The port, if one is written as a number.
    pub fn port(&self) -> Option<u16> {
        self.authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }
}

/// An address taken apart at its `://`, if it has one.
pub fn split_scheme(address: &str) -> Option<(&str, &str)> {
    // Quicker than a search for three characters, for texts that are this short.
    let at = memchr::memchr_iter(b':', address.as_bytes()).find(|&at| address[at..].starts_with("://"))?;
    Some((&address[..at], &address[at + 3..]))
}

/// Where a variable begins right behind a whole port: what it holds can only be a path, where digits may follow fewer.
fn behind_port(rest: &str) -> Option<usize> {
    let dollar = rest.find('$')?;
    let host = rest[..dollar].trim_end_matches(|c: char| c.is_ascii_digit());
    let port = &rest[host.len()..dollar];
    let whole = port.len() >= 4 || matches!(port, "80" | "443");
    (whole && host.len() > 1 && host.ends_with(':')).then_some(dollar)
}

/// An `upstream` block.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The block.
    pub block: DirectiveId,
    /// Its `server` lines that take requests in normal times: neither `down` nor `backup`.
    pub servers: Vec<DirectiveId>,
    /// Its `keepalive` line.
    pub keepalive: Option<DirectiveId>,
}

/// The `upstream` blocks of a tree by name in lower case; of several with one name, the first.
pub(super) fn all(tree: &Tree) -> HashMap<Box<str>, Upstream> {
    let mut all = HashMap::new();
    for &block in tree.all("upstream") {
        let takes_requests = |server: &DirectiveId| !tree.args(*server).any(|arg| arg == "down" || arg == "backup");
        let name = tree.arg(block, 1).unwrap_or_default().to_ascii_lowercase();
        all.entry(name.into()).or_insert_with(|| Upstream {
            block,
            servers: tree.own(block, "server").iter().copied().filter(takes_requests).collect(),
            keepalive: tree.own(block, "keepalive").last().copied(),
        });
    }
    all
}

impl Tree {
    /// The `upstream` block that a host names.
    pub fn upstream(&self, host: &str) -> Option<&Upstream> {
        // Most configurations have few of them, and most hosts are none.
        if self.upstreams.is_empty() {
            return None;
        }
        self.upstreams.get(&*host.to_ascii_lowercase())
    }

    /// The names that the host of a target can be, once variables are followed.
    pub fn hosts(&self, target: &Target, block: DirectiveId) -> Vec<String> {
        if !target.variable {
            return vec![target.host().to_owned()];
        }
        let values = self.evaluate(&target.authority, Request::Handshake, block);
        values.known.iter().map(|value| Target::new(value).host().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_taken_apart() {
        let target = Target::new("http://127.0.0.1:3000/ws/");
        assert_eq!((target.host(), target.port(), target.uri.as_deref()), ("127.0.0.1", Some(3000), Some("/ws/")));
        let target = Target::new("https://backend");
        assert_eq!((target.scheme.as_str(), target.host(), target.uri.as_deref()), ("https", "backend", None));
        let target = Target::new("http://unix:/run/app.sock:/api/");
        assert_eq!((target.host(), target.uri.as_deref()), ("unix:/run/app.sock", Some("/api/")));
        let target = Target::new("http://localhost$request_uri");
        assert_eq!((target.host(), target.uri.as_deref(), target.variable), ("localhost", Some("$request_uri"), true));
        let target = Target::new("http://localhost:3000$1");
        assert_eq!((target.host(), target.port(), target.uri.as_deref()), ("localhost", Some(3000), Some("$1")));
        let target = Target::new("$proto://$app:$port");
        assert_eq!((target.host(), target.uri.as_deref()), ("$app", None));
        let target = Target::new("http://[::1]:8080");
        assert_eq!((target.host(), target.port()), ("[::1]", Some(8080)));
    }
}
