//! What is wrong with a directive by itself.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{Context, DefinitionKind, DirectiveId, Part, ROOT, Target, Tree, parts, split_scheme};

pub(super) const FACTS: &[Fact] = facts! {
    "misplaced" "nginx does not accept the directive in this context" misplaced;
    "misplaced-map" "the map stands in a server or a location" misplaced_map;
    "misplaced-in-if" "the directive stands in an `if` or a `limit_except`" |scope| misplaced_in(scope, &[Context::If, Context::ServerIf, Context::LimitExcept]);
    "misplaced-in-stream" "the directive stands in a `stream` block" |scope| misplaced_in(scope, &[Context::Stream, Context::StreamServer, Context::StreamUpstream]);
    "pass-in-server" "`proxy_pass` stands in a server, outside its locations" |scope| {
        misplaced_in(scope, &[Context::Server, Context::ServerIf]).filter(|_| named(scope, "proxy_pass"))
    };
    "misplaced-upstream" "an `upstream` stands in a server or a location" |scope| misplaced(scope).filter(|_| named(scope, "upstream"));
    "websocket-address" "the address begins with ws:// or wss://" websocket_address;
    "address-with-variable" "the address holds a variable, so that nginx looks at it only when a request comes" with_variable;
    "websocket-address-in-variable" for ["proxy_pass"] "the variable that is the address begins with ws:// or wss://" in_variable;
    "stream-address" for ["proxy_pass"] "the address in a server of `stream` has a scheme; the words are that and the address alone" stream_address;
    "upstream-websocket-address" for ["server"] "a server of an upstream is written with a scheme" upstream_websocket_address;
};

fn misplaced(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let directive = scope.tree.directive(id);
    let unsure = matches!(directive.context, Context::Unknown | Context::Entries)
        || (directive.parent == ROOT && !scope.tree.is_complete());
    if unsure || directive.name?.allowed_in(directive.context) {
        return None;
    }
    // Where a brace is amiss, or a template opens a block in one of several ways, a block stands in another than was meant.
    let ast = &scope.tree.file(directive.file).ast;
    let amiss = !ast.errors().is_empty() || ast.template().is_some();
    if amiss && scope.tree.is_block(id) {
        return None;
    }
    // A fragment with nothing but servers may be one for `stream`, where the address has no scheme.
    if may_stand_right(scope.tree, id) {
        return None;
    }
    // In `location` and below, a block such as `map` has no other meaning; a foreign block may have one of its own.
    let around = match directive.context {
        Context::StreamServer => "`server` of `stream`".to_owned(),
        Context::StreamUpstream => "`upstream` of `stream`".to_owned(),
        Context::Main => "the main context".to_owned(),
        _ => format!("`{}`", scope.tree.name(directive.parent)),
    };
    Some(Hit { words: vec![around], ..Hit::at(Place::head(id)) })
}

/// Whether a `proxy_pass` stands in a server that may be one of `stream`, or in a location whose `{` is amiss.
fn may_stand_right(tree: &Tree, id: DirectiveId) -> bool {
    let directive = tree.directive(id);
    let has_scheme = tree.arg(id, 1).is_some_and(|address| address.contains("://"));
    let of_stream = !tree.is_complete() && !has_scheme;
    let amiss = !tree.file(directive.file).ast.errors().is_empty();
    directive.context == Context::Server && tree.is(id, "proxy_pass") && (of_stream || amiss)
}

fn misplaced_in(scope: Scope<'_>, contexts: &[Context]) -> Option<Hit> {
    misplaced(scope).filter(|_| directive(scope).is_some_and(|id| contexts.contains(&scope.tree.directive(id).context)))
}

fn named(scope: Scope<'_>, name: &str) -> bool {
    directive(scope).is_some_and(|id| scope.tree.is(id, name))
}

fn misplaced_map(scope: Scope<'_>) -> Option<Hit> {
    let hit = misplaced(scope)?;
    let id = directive(scope).filter(|&id| scope.tree.is(id, "map") && scope.tree.is_block(id))?;
    scope.tree.enclosing(id, "server").map(|_| hit)
}

/// `stream` hands on bytes to an address with a port (`ngx_stream_proxy_pass`).
fn stream_address(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| tree.directive(id).context == Context::StreamServer)?;
    let argument = tree.arg(id, 1).filter(|argument| !argument.contains('$'))?;
    let (scheme, address) = split_scheme(&argument)?;
    let scheme = scheme.to_ascii_lowercase();
    let port = match scheme.as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return None,
    };
    let address = address.trim_end_matches('/');
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let host = address.split(':').next().unwrap_or_default();
    let named = tree.upstream(host).map(|upstream| tree.directive(upstream.block).context);
    // The upstream of another block, or a port behind its name, is a second mistake.
    if named.is_some_and(|context| context != Context::Stream || has_port) {
        return None;
    }
    let address = if named.is_some() || has_port { address.to_owned() } else { format!("{address}:{port}") };
    (!address.contains(['/', '?']))
        .then(|| Hit { places: vec![Place { directive: id, part: WordPart::Word(1) }], words: vec![scheme, address] })
}

fn websocket_address(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope).filter(|&id| scope.tree.directive(id).context != Context::StreamServer)?;
    websocket_word(scope.tree, Place { directive: id, part: WordPart::Word(1) })
}

/// The word, if it begins with a scheme that nginx does not know, and the two schemes.
fn websocket_word(tree: &Tree, place: Place) -> Option<Hit> {
    let WordPart::Word(index) = place.part else { return None };
    let word = tree.arg(place.directive, index)?;
    let scheme = split_scheme(&word)?.0;
    let is_websocket = ["ws", "wss"].iter().any(|one| one.eq_ignore_ascii_case(scheme));
    is_websocket.then(|| Hit { places: vec![place], words: vec![scheme.to_ascii_lowercase()] })
}

/// `ngx_http_proxy_eval`: 500, and "invalid URL prefix" in the error log (1.22.1).
fn with_variable(scope: Scope<'_>) -> Option<Hit> {
    when(Target::new(&scope.tree.arg(directive(scope)?, 1)?).variable)
}

/// `set $app ws://…; proxy_pass $app;`, or the same by a map.
fn in_variable(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let pass = directive(scope)?;
    let argument = tree.arg(pass, 1).filter(|argument| argument.contains('$'))?;
    let Some(Part::Variable(name)) = parts(&argument).first().copied() else { return None };
    let definitions = tree.definitions(&name.to_ascii_lowercase());
    let server = tree.enclosing(pass, "server");
    let of_another = |set: DirectiveId| tree.enclosing(set, "server").is_some_and(|other| Some(other) != server);
    definitions.iter().find_map(|definition| match definition.kind {
        DefinitionKind::Set if of_another(definition.at) => None,
        DefinitionKind::Set => websocket_word(tree, Place { directive: definition.at, part: WordPart::Word(2) }),
        DefinitionKind::Map => tree
            .children(definition.at)
            .find_map(|entry| websocket_word(tree, Place { directive: entry, part: WordPart::Word(1) })),
        DefinitionKind::Other => None,
    })
}

fn upstream_websocket_address(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let in_upstream = scope.tree.directive(id).context == Context::Upstream;
    if !in_upstream {
        return None;
    }
    let address = scope.tree.arg(id, 1)?;
    // `unix://` is `unix:` and a path of two slashes.
    let known = |scheme: &str| ["ws", "wss", "http", "https"].iter().any(|one| one.eq_ignore_ascii_case(scheme));
    let (scheme, _) = split_scheme(&address).filter(|(scheme, _)| known(scheme))?;
    let place = Place { directive: id, part: WordPart::Word(1) };
    Some(Hit { places: vec![place], words: vec![scheme.to_owned()] })
}
