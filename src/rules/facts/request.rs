//! What is done to a handshake on its way to the upstream, besides Upgrade and Connection.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::{Fact, when};
use crate::config::{DirectiveId, Part, Request, Tree, parts};
use crate::websocket::{is_for, value};

pub(super) const FACTS: &[Fact] = facts! {
    "request-headers-withheld" "`proxy_pass_request_headers off` withholds the key or the version" headers_withheld;
    "emptied-key" "the key or the version of the handshake is emptied" emptied_key;
    "emptied-protocol" "the subprotocols that the client offers are emptied, and none is put into the answer" emptied_protocol;
    "offers-subprotocol" "clients of the protocol always offer a subprotocol, and need one in the answer" offers_subprotocol;
    "fixed-key" "the key of the handshake is a constant, or its version another than 13" fixed_key;
    "fixed-extensions" "extensions are offered that the client did not offer" fixed_extensions;
    "fixed-protocol" "a subprotocol is offered, whatever the client offered" fixed_protocol;
    "other-method" "the handshake is sent with a method other than GET" other_method;
    "body-set" "the handshake is sent with a body" body_set;
    "origin-cleared" "the Origin header is emptied" origin_cleared;
    "origin-fixed" "the Origin header is a constant" origin_fixed;
    "origin-checked" "nginx itself tests the client's Origin in the location or its server" origin_checked;
    "get-denied" "`limit_except` denies GET to everybody" get_denied;
};

const KEY: &str = "Sec-WebSocket-Key";
const VERSION: &str = "Sec-WebSocket-Version";

fn lines<'t>(tree: &'t Tree, block: DirectiveId, header: &str) -> impl Iterator<Item = DirectiveId> + use<'t> {
    let all = tree.effective(block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    let header = header.to_owned();
    all.iter().copied().filter(move |&line| is_for(tree, line, &header))
}

/// The text of a value that is the same for every request.
fn constant(text: &str) -> Option<&str> {
    let varies = parts(text).iter().any(|part| matches!(part, Part::Variable(_)));
    let template = ["{{", "{%", "<%", "@@"].iter().any(|open| text.contains(open));
    (!varies && !template).then_some(text)
}

fn found(tree: &Tree, line: DirectiveId) -> Hit {
    Hit { words: vec![tree.arg(line, 1).unwrap_or_default().into_owned()], ..Hit::at(Place::head(line)) }
}

fn headers_withheld(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let line = tree.effective(block, "proxy_pass_request_headers")?.line();
    let off = tree.arg(line, 1).is_some_and(|value| value.eq_ignore_ascii_case("off"));
    let added = |header| lines(tree, block, header).any(|line| !value(tree, line).is_empty());
    (off && !(added(KEY) && added(VERSION))).then(|| Hit::at(Place::head(line)))
}

fn emptied_key(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let line = [KEY, VERSION]
        .into_iter()
        .flat_map(|header| lines(tree, block, header))
        .find(|&line| tree.evaluate(&value(tree, line), Request::Handshake, block).is_exactly(""))?;
    Some(found(tree, line))
}

const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// A browser that offered subprotocols closes a connection for which the backend chose none (RFC 6455, 4.1). One that nginx
/// puts into the answer itself is another matter.
fn emptied_protocol(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let answers = tree.effective(block, "add_header").map_or(&[][..], |effective| effective.lines);
    let chosen = |&line: &DirectiveId| tree.arg(line, 1).is_some_and(|name| name.eq_ignore_ascii_case(PROTOCOL));
    let line = lines(tree, block, PROTOCOL)
        .find(|&line| tree.evaluate(&value(tree, line), Request::Handshake, block).is_exactly(""))?;
    (!answers.iter().any(chosen)).then(|| found(tree, line))
}

/// MQTT 5.0, 6; RFC 7118, 7395; the specifications of WAMP, OCPP and of GraphQL over WebSocket; Action Cable's and Vite's clients.
fn offers_subprotocol(scope: Scope<'_>) -> Option<Hit> {
    const OFFER: [&str; 10] =
        ["mqtt", "wamp", "xmpp", "sip", "stomp", "graphql", "action cable", "ocpp", "kubernetes", "vite"];
    let protocol = scope.route()?.intent.protocol.as_ref()?.to_ascii_lowercase();
    when(OFFER.iter().any(|name| protocol.starts_with(name)))
}

fn fixed_key(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let fixed = |line: &DirectiveId, harmless: &[&str]| {
        let value = value(tree, *line);
        constant(&value).is_some_and(|text| !text.is_empty() && !harmless.contains(&text))
    };
    let line = lines(tree, block, KEY)
        .find(|line| fixed(line, &[]))
        .or_else(|| lines(tree, block, VERSION).find(|line| fixed(line, &["13"])))?;
    Some(found(tree, line))
}

fn fixed_extensions(scope: Scope<'_>) -> Option<Hit> {
    fixed(scope, "Sec-WebSocket-Extensions")
}

fn fixed_protocol(scope: Scope<'_>) -> Option<Hit> {
    fixed(scope, "Sec-WebSocket-Protocol")
}

fn fixed(scope: Scope<'_>, header: &str) -> Option<Hit> {
    let tree = scope.tree;
    let is_fixed = |line: &DirectiveId| {
        let value = value(tree, *line);
        constant(&value).is_some_and(|text| !text.is_empty())
    };
    let line = lines(tree, scope.route()?.block, header).find(is_fixed)?;
    Some(found(tree, line))
}

fn other_method(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = tree.effective(scope.route()?.block, "proxy_method")?.line();
    let method = tree.arg(line, 1)?;
    constant(&method).is_some_and(|method| !method.eq_ignore_ascii_case("GET")).then(|| Hit::at(Place::head(line)))
}

fn body_set(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = tree.effective(scope.route()?.block, "proxy_set_body")?.line();
    let body = tree.arg(line, 1)?;
    constant(&body).is_some_and(|body| !body.is_empty()).then(|| Hit::at(Place::head(line)))
}

fn origin_cleared(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let line = lines(tree, block, "Origin").find(|&line| value(tree, line).is_empty())?;
    // Without cookies a page of another site is nobody to the backend.
    let anonymous = lines(tree, block, "Cookie").any(|line| value(tree, line).is_empty());
    (!anonymous).then(|| found(tree, line))
}

fn origin_fixed(scope: Scope<'_>) -> Option<Hit> {
    fixed(scope, "Origin")
}

/// `limit_except` without GET (which stands for HEAD as well), around a `deny all` that no `allow` precedes.
fn get_denied(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.location_block?;
    let denies = |&limit: &DirectiveId| {
        let get = tree.args(limit).any(|method| method.eq_ignore_ascii_case("GET"));
        let all = tree.own(limit, "deny").iter().any(|&line| tree.arg(line, 1).is_some_and(|who| who == "all"));
        let other_way = tree
            .effective(limit, "satisfy")
            .is_some_and(|line| tree.arg(line.line(), 1).is_some_and(|how| how == "any"));
        !get && all && !other_way && tree.own(limit, "allow").is_empty() && !tree.is_open(limit)
    };
    tree.own(block, "limit_except").iter().copied().find(denies).map(|limit| Hit::at(Place::head(limit)))
}

/// An `if` about `$http_origin`, or about a variable of a map that looks at it.
fn origin_checked(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let mentions = |text: &str| text.to_ascii_lowercase().contains("http_origin");
    let tests = |&test: &DirectiveId| {
        tree.args(test).any(|word| {
            let variables = parts(&word).into_iter().filter_map(|part| match part {
                Part::Variable(name) => Some(name.to_ascii_lowercase()),
                Part::Text(_) => None,
            });
            let by_map = |name: String| {
                tree.definitions(&name).iter().any(|one| tree.arg(one.at, 1).is_some_and(|source| mentions(&source)))
            };
            mentions(&word) || variables.into_iter().any(by_map)
        })
    };
    let blocks = [route.location_block, route.server];
    let test = blocks.into_iter().flatten().flat_map(|block| tree.own(block, "if")).copied().find(tests)?;
    Some(Hit::at(Place::head(test)))
}
