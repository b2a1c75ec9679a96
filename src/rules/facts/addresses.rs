//! Addresses that nginx refuses.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::text::raw;
use super::{Fact, directive};
use crate::config::{Context, DirectiveId, Part, ROOT, Request, Target, Tree, is_placeholder, parts};

pub(super) const FACTS: &[Fact] = facts! {
    "scheme-missing" for ["proxy_pass"] "the address of `proxy_pass` begins with neither http:// nor https://" scheme_missing;
    "scheme-missing-later" for ["proxy_pass"] "the same, of an address with variables: whatever they hold, it begins with no scheme" scheme_missing_later;
    "scheme-to-add" for ["proxy_pass"] "it is an address all the same; the word is the address with its scheme" scheme_to_add;
    "upstream-with-port" for ["proxy_pass"] "the address names an upstream and a port; the words are the name and the address without the port" upstream_with_port;
    "server-with-path" for ["server"] "a server of an upstream is written with a path; the words are the path and the address alone" server_with_path;
};

fn first_argument(id: DirectiveId) -> Place {
    Place { directive: id, part: WordPart::Word(1) }
}

/// Whether an address is finished text, in a place that is known.
fn is_sure(tree: &Tree, id: DirectiveId, address: &str) -> bool {
    let directive = tree.directive(id);
    let template = tree.file(directive.file).ast.template().is_some() || is_placeholder(address);
    let in_sight = directive.parent != ROOT || tree.is_complete();
    // Brackets and capitals are for people to fill in, but for those of an IPv6 address.
    let blank = address.contains(['$', '<', '*', '{', '%']) || address.bytes().all(|byte| byte.is_ascii_uppercase());
    in_sight && !template && !blank && !address.is_empty()
}

/// `invalid URL prefix` (`ngx_http_proxy_pass`).
fn scheme_missing(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    let in_http = matches!(tree.directive(id).context, Context::Location | Context::If | Context::LimitExcept);
    let address = tree.arg(id, 1)?;
    let begins = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    // Those of clients are another rule's.
    let known = ["http://", "https://", "ws://", "wss://"].into_iter().any(begins);
    (in_http && !known && is_sure(tree, id, &address)).then(|| Hit::at(first_argument(id)))
}

/// `invalid URL prefix` for each request (`ngx_http_proxy_eval`; 500 on 1.22.1).
fn scheme_missing_later(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    let around = tree.directive(id);
    let in_http = matches!(around.context, Context::Location | Context::If | Context::LimitExcept);
    let address = tree.arg(id, 1).filter(|address| address.contains('$'))?;
    let template = tree.file(around.file).ast.template().is_some() || is_placeholder(&address);
    let known = in_http && !template && !address.contains(['<', '%', '*']) && Target::new(&address).variable;
    // Code may set the variable before the request is sent.
    let by_code = || tree.ancestors(id).any(|around| scope.routes.jumps.runs_code(around));
    if !known || (around.parent == ROOT && !tree.is_complete()) || by_code() {
        return None;
    }
    // Those of clients are another rule's.
    const SCHEMES: [&str; 4] = ["http://", "https://", "ws://", "wss://"];
    let (heads, whole) = heads(tree, id, &address);
    let is_without = |head: &String| {
        let head = head.to_ascii_lowercase();
        let may_go_on = !whole && SCHEMES.iter().any(|scheme| scheme.starts_with(&head));
        !head.is_empty() && !may_go_on && !SCHEMES.iter().any(|scheme| head.starts_with(scheme))
    };
    (!heads.is_empty() && heads.iter().all(is_without)).then(|| Hit::at(first_argument(id)))
}

/// What an address may begin with, as far as that is known, and whether that is all of it.
fn heads(tree: &Tree, id: DirectiveId, address: &str) -> (Vec<String>, bool) {
    const MOST: usize = 32;
    let mut heads = vec![String::new()];
    for part in parts(address) {
        match part {
            Part::Text(text) => heads.iter_mut().for_each(|head| head.push_str(text)),
            Part::Variable(name) => {
                let values = tree.evaluate(&format!("${name}"), Request::Handshake, tree.directive(id).parent);
                if values.open || values.undefined.is_some() || heads.len() * values.known.len() > MOST {
                    return (heads, false);
                }
                heads = heads
                    .iter()
                    .flat_map(|head| values.known.iter().map(move |value| format!("{head}{value}")))
                    .collect();
            }
        }
    }
    (heads, true)
}

fn scheme_to_add(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = scheme_missing(scope)?.places[0].directive;
    let address = tree.arg(id, 1)?;
    let authority = address.split('/').next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    // `http:/app`, `ws//app` and `26001` are not hosts that lack nothing but a scheme.
    let is_slip = address.contains("//") || authority.ends_with(':') || host.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = !host.is_empty()
        && !is_slip
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
        && (host.starts_with('[') || !host.contains(':'))
        && port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_host && !address.starts_with("unix:/") {
        return None;
    }
    let scheme = if port == "443" { "https" } else { "http" };
    let place = first_argument(id);
    let (quote, rest) = split(raw(tree, place)?);
    Some(Hit { places: vec![place], words: vec![format!("{quote}{scheme}://{rest}")] })
}

/// The quote that a written word begins with, and the rest.
fn split(raw: &str) -> (&str, &str) {
    raw.split_at(usize::from(raw.starts_with(['"', '\''])))
}

/// `upstream "…" may not have port` (`ngx_http_upstream_add`), whichever stands first.
fn upstream_with_port(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|_| !tree.all("upstream").is_empty())?;
    let address = tree.arg(id, 1)?;
    let target = Target::new(&address);
    let port = target.port().filter(|_| !target.variable && matches!(target.scheme.as_str(), "http" | "https"))?;
    let upstream = tree.upstream(target.host())?.block;
    // One of `stream` is another matter.
    if tree.directive(upstream).context != Context::Http || !is_sure(tree, id, &address) {
        return None;
    }
    let place = first_argument(id);
    let written = raw(tree, place)?;
    let bare = written.replacen(&format!("{}:{port}", target.host()), target.host(), 1);
    (bare != written).then(|| Hit { places: vec![place], words: vec![target.host().to_owned(), bare] })
}

/// `invalid host in upstream` (`ngx_parse_url` without `uri_part`).
fn server_with_path(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| !tree.is_block(id))?;
    let address = tree.arg(id, 1)?;
    let in_upstream = tree.directive(id).context == Context::Upstream;
    if !in_upstream || address.starts_with("unix:") || address.contains("://") || !is_sure(tree, id, &address) {
        return None;
    }
    let (alone, path) = address.split_once('/').filter(|(alone, _)| !alone.is_empty())?;
    let words = vec![format!("/{path}"), alone.to_owned()];
    Some(Hit { places: vec![first_argument(id)], words })
}
