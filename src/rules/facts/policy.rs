//! What a page's Content-Security-Policy lets it open.
//!
//! Measured in Chromium 156, with pages of nginx 1.22.1 over http and https, on the default port and on another: a
//! WebSocket is let through by `*`, by the schemes `ws:` and `wss:`, by `ws://host` and `wss://host` (the port as written,
//! or the default one; `ws:` covers `wss:` too), and by `'self'` for the host and port of the page, in both schemes. An
//! address of `http://` or `https://`, one without any scheme (`example.com`, `*.example.com`, `example.com:*`), `http:`
//! and `https:` do not let it through. Without `connect-src` the sources of `default-src` count, without both nothing is
//! shut out. Names and keywords are compared without regard to case.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::Fact;
use crate::config::{DirectiveId, Reached, Tree};
use crate::websocket::{hosts, sends_policy};

pub(super) const FACTS: &[Fact] = facts! {
    "policy-blocks-own-socket" "pages of this host may not open a WebSocket to it" |scope| own_socket(scope, false);
    "policy-names-own-host" "those pages may fetch from this host by http all the same" |scope| own_socket(scope, true);
    "policy-blocks-other-socket" "pages of the site may not open a WebSocket to this host of it" other_socket;
};

/// What `connect-src` says in a policy, or `default-src` in its place.
struct Sources<'p> {
    directive: &'p str,
    all: Vec<&'p str>,
}

/// The sources of each policy of a header's value; a comma begins another policy, a later directive of the same name is
/// ignored (CSP 3, section 2.2).
fn policies(value: &str) -> impl Iterator<Item = Sources<'_>> {
    value.split(',').filter_map(|policy| {
        let directives = || policy.split(';').map(str::split_whitespace);
        let named = |name: &str| {
            directives().find_map(|mut words| {
                let directive = words.next().filter(|word| word.eq_ignore_ascii_case(name))?;
                Some(Sources { directive, all: words.collect() })
            })
        };
        named("connect-src").or_else(|| named("default-src"))
    })
}

/// Whether a source is, or may be, one that lets some WebSocket through.
fn speaks_of_sockets(source: &str) -> bool {
    let source = source.to_ascii_lowercase();
    source == "*"
        || source.starts_with("ws:")
        || source.starts_with("wss:")
        || source.contains(['$', '{', '%', '@', '<'])
}

fn is_self(source: &str) -> bool {
    source.eq_ignore_ascii_case("'self'")
}

/// Whether a source lets pages fetch from one of these hosts by http or https, and so is of no use for its WebSocket.
fn names_by_http(source: &str, hosts: &[String]) -> bool {
    let source = source.to_ascii_lowercase();
    if source == "http:" || source == "https:" {
        return true;
    }
    let bare = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://")).unwrap_or(&source);
    let host = bare.split([':', '/']).next().unwrap_or_default();
    hosts.iter().any(|own| {
        own == host || host.strip_prefix('*').is_some_and(|domain| domain.starts_with('.') && own.ends_with(domain))
    })
}

/// The lines in effect for the page at `/` of a server that send a policy which browsers enforce.
fn policy_lines(tree: &Tree, server: DirectiveId) -> Vec<DirectiveId> {
    let page = match tree.reach(server, "/") {
        Reached::Location(block) => block,
        Reached::Server => server,
        Reached::Redirect(_) | Reached::Unknown => return Vec::new(),
    };
    // A redirect is no page.
    if !tree.own(page, "return").is_empty() || !tree.own(server, "return").is_empty() {
        return Vec::new();
    }
    let lines = tree.effective(page, "add_header").map_or(&[][..], |effective| effective.lines);
    lines.iter().copied().filter(|&line| sends_policy(tree, line)).collect()
}

/// The first of the lines whose policy shuts out what `lets_through` asks for.
fn blocking(tree: &Tree, lines: &[DirectiveId], lets_through: impl Fn(&str) -> bool) -> Option<(Hit, Vec<String>)> {
    lines.iter().find_map(|&line| {
        let value = tree.arg(line, 2)?;
        let sources = policies(&value).find(|sources| !sources.all.iter().any(|source| lets_through(source)))?;
        let place = Place { directive: line, part: WordPart::Word(2) };
        let words = vec![sources.directive.to_owned(), sources.all.join(" ")];
        Some((Hit { places: vec![place], words }, sources.all.iter().map(|&source| source.to_owned()).collect()))
    })
}

/// Sources that name other WebSockets tell that those are what the pages open.
fn own_socket(scope: Scope<'_>, fetched: bool) -> Option<Hit> {
    let tree = scope.tree;
    let server = scope.route()?.server?;
    let lines = policy_lines(tree, server);
    let (hit, sources) = blocking(tree, &lines, |source| is_self(source) || speaks_of_sockets(source))?;
    let hosts = hosts(tree, server);
    (!fetched || sources.iter().any(|source| names_by_http(source, &hosts))).then_some(hit)
}

/// Pages of another server of the same site, where the route's own serves nothing but WebSockets.
fn other_socket(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let server = route.server?;
    let host = hosts(tree, server).into_iter().next()?;
    let (_, site) = host.split_once('.').filter(|(_, site)| site.contains('.'))?;
    let pages = scope.routes.policed_site(site);
    if pages.is_empty() {
        return None;
    }
    if scope.routes.in_server(server).any(|route| !route.intent.only) || !tree.own(server, "root").is_empty() {
        return None;
    }
    let beside = |page: DirectiveId| page != server && tree.directive(page).parent == tree.directive(server).parent;
    pages
        .into_iter()
        .filter(|&page| beside(page))
        .find_map(|page| Some(blocking(tree, &policy_lines(tree, page), speaks_of_sockets)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(value: &str) -> Option<String> {
        let lets_through = |source: &&str| is_self(source) || speaks_of_sockets(source);
        let sources = policies(value).find(|sources| !sources.all.iter().any(lets_through))?;
        Some(sources.directive.to_owned())
    }

    #[test]
    fn what_chromium_shuts_out() {
        for value in [
            "connect-src https:",
            "connect-src http:",
            "connect-src 'none'",
            "connect-src",
            "connect-src app.test",
            "connect-src *.app.test",
            "connect-src app.test:*",
            "connect-src https://app.test",
            "connect-src data:",
            "default-src 'self'; connect-src https://app.test",
            "connect-src *, connect-src 'none'",
            "connect-src 'none'; connect-src *",
        ] {
            assert_eq!(blocks(value).as_deref(), Some("connect-src"), "{value}");
        }
        for value in ["default-src https: 'unsafe-inline'; script-src 'self'", "default-src 'none'"] {
            assert_eq!(blocks(value).as_deref(), Some("default-src"), "{value}");
        }
        for value in [
            "connect-src 'self'",
            "CONNECT-SRC 'SELF'",
            "default-src 'self'",
            "connect-src *",
            "connect-src ws:",
            "connect-src WSS:",
            "script-src 'self'",
            "default-src 'none'; connect-src 'self' wss:",
            "connect-src wss://app.test",
            "connect-src https: wss://$host",
            "frame-ancestors 'self'",
            "",
        ] {
            assert_eq!(blocks(value), None, "{value}");
        }
    }
}
