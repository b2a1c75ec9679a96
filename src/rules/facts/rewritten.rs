//! Handshakes that a `rewrite` inside nginx takes to another location.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::browser::{About, meets};
use super::paths::is_endpoint;
use super::reach::said;
use super::shadows::may_upgrade;
use crate::config::{DirectiveId, Modifier, Pattern, Reached, Tree};
use crate::websocket::{Route, expand, is_for, is_redirect, value};

/// What the rewriting of a block makes of a path.
enum Rewritten {
    /// It stays as it is, or what is made of it stays in the block.
    Stays,
    /// It is looked up anew, because of this line.
    Anew(String, DirectiveId),
}

/// The `rewrite` because of which no handshake of the route gets to its `*_pass`, and the place where they end.
pub(super) fn away(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let (block, server) = (route.location_block.filter(|&block| block == route.block)?, route.server?);
    if [block, server].iter().any(|&level| tree.is_open(level) || scope.routes.jumps.runs_code(level)) {
        return None;
    }
    let mut found = None;
    for path in paths(scope, route)? {
        let (line, end) = taken(scope, server, block, &path)?;
        found.get_or_insert((line, end));
    }
    let (line, end) = found?;
    if leads_into(tree, line, route) {
        return None;
    }
    let mut hit = said(tree, line);
    hit.words.push(match end {
        Some(end) => format!("in `location {}`", tree.args(end).collect::<Vec<_>>().join(" ")),
        None => "where no location answers".to_owned(),
    });
    hit.places.extend(end.map(Place::head));
    Some(hit)
}

/// Whether the replacement may be what leads clients, who ask for another path, into the location: `/en$uri` into `/en/ws`.
fn leads_into(tree: &Tree, line: DirectiveId, route: &Route) -> bool {
    let replacement = tree.arg(line, 2).unwrap_or_default();
    let start = replacement.split('$').next().unwrap_or_default();
    let path = route.location.as_ref().map_or("", |location| &location.path);
    start.len() > 1 && (path.starts_with(start) || start.starts_with(path))
}

/// Paths that handshakes of a route may have: none where the location is not made for them.
fn paths(scope: Scope<'_>, route: &Route) -> Option<Vec<String>> {
    let tree = scope.tree;
    let location = route.location.as_ref()?;
    let path = Some(location.path.as_str()).filter(|path| path.starts_with('/') && path.len() > 1)?;
    let own = tree.own(route.block, "proxy_set_header");
    let sends = own.iter().any(|&line| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty());
    if !sends && !is_endpoint(scope, path) {
        return None;
    }
    let stem = path.trim_end_matches('/');
    match location.modifier {
        Modifier::Exact => Some(vec![path.to_owned()]),
        Modifier::Prefix | Modifier::PriorityPrefix => {
            let mut paths = vec![path.to_owned(), format!("{stem}/"), format!("{stem}/x"), format!("{stem}/7/a-b")];
            paths.dedup();
            Some(paths)
        }
        _ => None,
    }
}

/// The line that takes a path away from a location, and the other location where it ends.
fn taken(
    scope: Scope<'_>,
    server: DirectiveId,
    block: DirectiveId,
    path: &str,
) -> Option<(DirectiveId, Option<DirectiveId>)> {
    let tree = scope.tree;
    let mut path = path.to_owned();
    let mut by = None;
    if let Rewritten::Anew(changed, line) = rewritten(tree, server, path.clone())? {
        path = changed;
        by = Some(line);
    }
    if tree.reach(server, &path) == Reached::Location(block) {
        let Rewritten::Anew(changed, line) = rewritten(tree, block, path)? else { return None };
        path = changed;
        by = Some(line);
    }
    let line = by?;
    match tree.reach(server, &path) {
        Reached::Location(other) => refuses(scope, block, other).then_some((line, Some(other))),
        Reached::Server => Some((line, None)),
        Reached::Redirect(_) | Reached::Unknown => None,
    }
}

/// Whether a handshake that ends in a location is not carried there.
fn refuses(scope: Scope<'_>, block: DirectiveId, other: DirectiveId) -> bool {
    let tree = scope.tree;
    let pages = tree.effective(other, "error_page").map_or(&[][..], |effective| effective.lines);
    let led_on = pages.iter().any(|&page| tree.args(page).last().is_some_and(|target| !target.contains('.')));
    let to_file = |last: &str| last.starts_with('=') || last.split('?').next().is_some_and(|path| path.contains('.'));
    let files =
        tree.own(other, "try_files").iter().all(|&line| tree.args(line).last().is_some_and(|last| to_file(&last)));
    other != block && !may_upgrade(scope, other) && !led_on && files
}

/// The rewriting of one block; none when nobody can say what it comes to, or the client is sent elsewhere.
fn rewritten(tree: &Tree, block: DirectiveId, path: String) -> Option<Rewritten> {
    let mut state = State { tree, path, by: None };
    let stays = tree.is(block, "location");
    match state.read(block)? {
        Flow::Break if stays => return Some(Rewritten::Stays),
        _ => {}
    }
    Some(state.by.map_or(Rewritten::Stays, |line| Rewritten::Anew(state.path, line)))
}

enum Flow {
    On,
    Last,
    Break,
}

struct State<'t> {
    tree: &'t Tree,
    path: String,
    by: Option<DirectiveId>,
}

impl State<'_> {
    fn read(&mut self, block: DirectiveId) -> Option<Flow> {
        let tree = self.tree;
        let mut lines = tree.own_of(block, &["return", "break", "rewrite", "if"]);
        lines.extend(tree.unknown_in(block));
        lines.sort_unstable();
        for line in lines {
            if tree.is(line, "return") || tree.directive(line).name.is_none() {
                return None;
            }
            if tree.is(line, "break") {
                return Some(Flow::Break);
            }
            if tree.is(line, "rewrite") {
                match self.rewrite(line)? {
                    Flow::On => {}
                    flow => return Some(flow),
                }
            } else if tree.is(line, "if") {
                match meets(tree, line, Some(&self.path)) {
                    Some((false, _)) => {}
                    Some((true, About::Path | About::Files | About::Handshake | About::Upgrade)) => {
                        match self.read(line)? {
                            Flow::On => {}
                            flow => return Some(flow),
                        }
                    }
                    // Whoever meets it may be led elsewhere, or be spared what comes.
                    _ if decides(tree, line) => return None,
                    _ => {}
                }
            }
        }
        Some(Flow::On)
    }

    fn rewrite(&mut self, line: DirectiveId) -> Option<Flow> {
        let tree = self.tree;
        let (pattern, replacement) = (tree.arg(line, 1)?, tree.arg(line, 2)?);
        let flag = tree.arg(line, 3).unwrap_or_default();
        let Some(groups) = Pattern::new(&pattern, false).captures(&self.path)? else { return Some(Flow::On) };
        if is_redirect(&replacement, &flag) {
            return None;
        }
        self.path = expand(&replacement, &self.path, &groups)?;
        self.by = Some(line);
        Some(match &*flag {
            "last" => Flow::Last,
            "break" => Flow::Break,
            _ => Flow::On,
        })
    }
}

/// Whether an `if` does something about the path or the answer, other than sending clients to another address.
fn decides(tree: &Tree, test: DirectiveId) -> bool {
    let redirects =
        |&line: &DirectiveId| tree.arg(line, 1).is_some_and(|code| ["301", "302", "307", "308"].contains(&&*code));
    !tree.own(test, "rewrite").is_empty()
        || !tree.own(test, "break").is_empty()
        || !tree.own(test, "return").iter().all(redirects)
        || !tree.own(test, "proxy_pass").is_empty()
}
