//! What an `if` decides about the handshake of a browser.

use crate::config::{Condition, DirectiveId, Part, Tree, parts};

/// What the condition of an `if` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Something that no client sends with a handshake, or that is the same for all.
    Handshake,
    /// A header that other clients than browsers may send.
    Credentials,
    /// `Upgrade`, which tells handshakes from other requests.
    Upgrade,
    /// The path, or whether there is some file.
    Path,
    /// Whether there is the file that is asked for.
    Files,
}

/// Whether a browser's handshake for a path meets the condition of an `if`, and what that is about; none when nobody can
/// say. A handshake is a GET without a body, without `Referer`, `Authorization` and `Content-Type`; `Accept` is left
/// out by Chrome and `*/*` from Firefox (RFC 6455, 4.1; the WebSocket standard).
pub(super) fn meets(tree: &Tree, test: DirectiveId, path: Option<&str>) -> Option<(bool, About)> {
    let condition = Condition::of(tree, test)?;
    if condition.asks_for_files() {
        // A handshake asks for no file.
        let asked = ["$request_filename", "$uri", "$document_uri"].iter().any(|name| condition.subject.contains(name));
        return Some((condition.operator.starts_with('!'), if asked { About::Files } else { About::Path }));
    }
    let [Part::Variable(variable)] = parts(&condition.subject)[..] else { return None };
    let (values, about) = values(tree, test, &variable.to_ascii_lowercase(), path)?;
    let mut met = values.iter().map(|value| condition.holds(value));
    let first = met.next()??;
    met.all(|other| other == Some(first)).then_some((first, about))
}

/// The values that a variable has for a handshake.
fn values(tree: &Tree, test: DirectiveId, variable: &str, path: Option<&str>) -> Option<(Vec<String>, About)> {
    let one = |text: &str| vec![text.to_owned()];
    if !tree.definitions(variable).is_empty() {
        return None;
    }
    Some(match variable {
        "request_method" => (one("GET"), About::Handshake),
        "http_referer"
        | "http_content_type"
        | "content_type"
        | "http_content_length"
        | "content_length"
        | "request_body" => (one(""), About::Handshake),
        "invalid_referer" => (one(invalid_referer(tree, test)?), About::Handshake),
        "http_accept" => (vec![String::new(), "*/*".to_owned()], About::Handshake),
        "http_authorization" | "http_x_requested_with" => (one(""), About::Credentials),
        "http_upgrade" => (one("websocket"), About::Upgrade),
        "scheme" => (one(if has_tls(tree, test)? { "https" } else { "http" }), About::Handshake),
        "https" => (one(if has_tls(tree, test)? { "on" } else { "" }), About::Handshake),
        "uri" | "document_uri" => (one(path?), About::Path),
        "request_uri" => (vec![path?.to_owned(), format!("{}?x=1", path?)], About::Path),
        _ => return None,
    })
}

/// Whether all requests of the server come with TLS, or none; nothing where some do, or nobody can say. The options of an
/// address belong to it, whichever server's line sets them (`ngx_http_add_addresses`).
fn has_tls(tree: &Tree, test: DirectiveId) -> Option<bool> {
    let server = tree.enclosing(test, "server").filter(|&server| !tree.is_open(server))?;
    let says = |line: DirectiveId| tree.args(line).skip(1).any(|word| word == "ssl" || word == "quic");
    let listens = tree.own(server, "listen");
    let addresses = || listens.iter().filter_map(|&line| tree.arg(line, 1));
    let known = !addresses().any(|address| address.contains(['{', '$', '%', '<']));
    let elsewhere = |&line: &DirectiveId| {
        says(line) && tree.arg(line, 1).is_some_and(|address| addresses().any(|other| other == address))
    };
    let on = tree.effective(server, "ssl").is_some();
    match () {
        () if listens.is_empty() || !known || on => None,
        () if listens.iter().all(|&line| says(line)) => Some(true),
        () => (!tree.all("listen").iter().any(elsewhere)).then_some(false),
    }
}

/// Without `none` among the `valid_referers` a request without the header is invalid; without the directive none is
/// (`ngx_http_referer_variable`).
fn invalid_referer(tree: &Tree, test: DirectiveId) -> Option<&'static str> {
    let server = tree.enclosing(test, "server")?;
    if tree.ancestors(test).take_while(|&block| block != server).chain([server]).any(|block| tree.is_open(block)) {
        return None;
    }
    let Some(effective) = tree.effective(tree.directive(test).parent, "valid_referers") else { return Some("") };
    let none = effective.lines.iter().any(|&line| tree.args(line).any(|word| word == "none" || word.contains('{')));
    Some(if none { "" } else { "1" })
}
