//! Locations with a path that no request has.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use super::paths::{is_endpoint, path_word};
use super::shadows::answers_as_well;
use super::text::raw;
use crate::config::{DirectiveId, Modifier, Reached, Tree, is_placeholder};

pub(super) const FACTS: &[Fact] = facts! {
    "path-mendable" "the path that was meant, where it is plain and no other location has it" mendable;
};

/// Why a location never compares equal with the path of a request, and the path that was meant, if that is plain.
struct Dead {
    why: &'static str,
    meant: Option<String>,
}

/// nginx compares a location without `~` letter by letter with a path that begins with a slash, has no query, and has no
/// two slashes in a row unless `merge_slashes` is off (`ngx_http_core_location`, `ngx_http_parse_complex_uri`).
fn dead(path: &str, merges: bool) -> Option<Dead> {
    if path.is_empty() || path.contains(['{', '}', '$', '<', '%', '@']) || is_placeholder(path) {
        // `$` is also what ends a pattern.
        let end = path.strip_suffix('$').filter(|rest| rest.starts_with(['/', '^']) && !rest.contains(['{', '$']))?;
        return Some(Dead { why: "a pattern without `~`", meant: plain(end) });
    }
    if let Some(rest) = path.strip_prefix('^') {
        return rest.starts_with('/').then(|| Dead { why: "a pattern without `~`", meant: plain(rest) });
    }
    if !path.starts_with('/') {
        // In capitals it stands for a path that is filled in.
        let word = path.starts_with(|c: char| c.is_ascii_lowercase());
        return word
            .then(|| Dead { why: "the path of a request begins with a slash", meant: plain(&format!("/{path}")) });
    }
    if let Some((head, query)) = path.split_once('?') {
        let is_query = query.contains('=');
        let why = if is_query { "the arguments of a request are not compared" } else { "a pattern without `~`" };
        return Some(Dead { why, meant: if is_query { plain(head) } else { None } });
    }
    if path.ends_with('*') || path.contains(".*") || path.contains(".+") || path.contains("[^") || path.contains("\\.")
    {
        let stem = [".*", "*"].iter().find_map(|end| path.strip_suffix(end)).filter(|stem| stem.ends_with('/'));
        return Some(Dead { why: "a pattern without `~`", meant: stem.and_then(plain) });
    }
    let doubled = merges && path.contains("//");
    doubled.then(|| {
        let mut meant = path.to_owned();
        while meant.contains("//") {
            meant = meant.replace("//", "/");
        }
        Dead { why: "nginx takes two slashes in a request for one", meant: plain(&meant) }
    })
}

/// A path that is nothing but a path.
fn plain(path: &str) -> Option<String> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
    (is_plain && path.starts_with('/') && !path.contains("//")).then(|| path.to_owned())
}

fn of_route(scope: Scope<'_>) -> Option<(DirectiveId, Modifier, Dead)> {
    let tree = scope.tree;
    let route = scope.route()?;
    let block = route.location_block?;
    let location = route.location.as_ref()?;
    if !matches!(location.modifier, Modifier::Prefix | Modifier::PriorityPrefix | Modifier::Exact) {
        return None;
    }
    // What a `rewrite` makes of a path need not begin with a slash.
    let named = !location.path.starts_with('/');
    if named && route.server.is_some_and(|server| scope.routes.jumps.may_reach_path(server, &location.path)) {
        return None;
    }
    let merges = tree
        .effective(block, "merge_slashes")
        .is_none_or(|line| tree.arg(line.line(), 1).is_none_or(|value| !value.eq_ignore_ascii_case("off")));
    let template = tree.file(tree.directive(block).file).ast.template().is_some();
    let dead = dead(&location.path, merges).filter(|_| !template)?;
    // What was meant may have come to another location that carries it.
    let reached = dead.meant.as_ref().zip(route.server).map(|(path, server)| tree.reach(server, path));
    let carried = match reached {
        Some(Reached::Location(other)) => other != block && answers_as_well(scope, route, other),
        Some(Reached::Unknown) => true,
        _ => false,
    };
    (!carried).then_some((block, location.modifier, dead))
}

/// The location, and why no request gets into it.
pub(super) fn no_request_has(scope: Scope<'_>) -> Option<Hit> {
    let (block, _, dead) = of_route(scope)?;
    Some(Hit { words: vec![dead.why.to_owned()], ..Hit::at(Place::head(block)) })
}

fn mendable(scope: Scope<'_>) -> Option<Hit> {
    let tree: &Tree = scope.tree;
    let (block, _, dead) = of_route(scope)?;
    let meant = dead.meant?;
    let place = path_word(tree, block);
    // A modifier that is glued to the path is part of the word.
    let word = raw(tree, place).filter(|word| {
        scope.route().is_some_and(|route| route.location.as_ref().is_some_and(|location| *word == location.path))
    })?;
    // `chat.example.com/ws` is an address: which part of it is the path, and which the `server_name`, people know.
    let first = word.split('/').next().unwrap_or_default();
    if first.contains(['.', ':']) && !is_endpoint(scope, &format!("/{first}/")) {
        return None;
    }
    let taken = tree.has_location(tree.directive(block).parent, &meant);
    (!taken && word != meant).then(|| Hit { places: vec![place], words: vec![meant] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_no_request_has() {
        let meant = |path| dead(path, true).map(|dead| dead.meant.unwrap_or_default());
        for (path, expected) in [
            ("/ws/.*", "/ws/"),
            ("/ws/*", "/ws/"),
            ("/ws*", ""),
            ("^/ws/", "/ws/"),
            ("^/ws/.*", ""),
            ("^/ws$", ""),
            ("/ws$", "/ws"),
            ("wss", "/wss"),
            ("ws/", "/ws/"),
            ("/socket.io/?EIO=4", "/socket.io/"),
            ("/ws/?", ""),
            ("/ws//", "/ws/"),
            ("//ws", "/ws"),
        ] {
            assert_eq!(meant(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "/",
            "/ws",
            "/ws/",
            "/socket.io/",
            "",
            "/c++/",
            "/a(b)",
            "{{ path }}",
            "/{{ path }}/*",
            "LOCATION",
            "$path",
            "__PATH__",
            "/.well-known/",
            "@PATH@",
            "/~user",
            "/%7Euser",
        ] {
            assert_eq!(meant(path), None, "{path}");
        }
        assert!(dead("/ws//", false).is_none(), "`merge_slashes off`");
    }
}
