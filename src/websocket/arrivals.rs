//! Handshakes that reach a route from another location: by `try_files`, `error_page` or `rewrite`.

use std::collections::{HashMap, HashSet};

use super::confidence::Confidence;
use super::known::Known;
use super::origins::{Origin, sample_path};
use super::route::Route;
use super::signals::Signals;
use super::upgrade_test::tests_upgrade;
use super::walk::{Walk, named_locations};
use crate::config::{DirectiveId, Modifier, ROOT, Request, Tree};

/// One way by which handshakes get to a route.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Where they come from.
    pub origin: Origin,
    /// The lines that send them on, in their order.
    pub lines: Vec<DirectiveId>,
}

impl Arrival {
    /// As a clause: "it is reached from `location /ws` by `try_files`".
    pub(super) fn text(&self, tree: &Tree, route: &Route) -> String {
        let origin = self.origin.block;
        if tree.is(origin, "if") || tree.is(origin, "try_files") {
            let name = route.location.as_ref().filter(|location| location.modifier == Modifier::Named);
            let what = name.map_or("it".to_owned(), |location| format!("`{}`", location.path));
            return format!("{what} is reached by a test of `$http_upgrade`");
        }
        if tree.is(origin, "rewrite") {
            return format!("it is reached by `rewrite {}`", tree.arg(origin, 1).unwrap_or_default());
        }
        let mut names: Vec<String> = self.lines.iter().map(|&line| format!("`{}`", tree.name(line))).collect();
        names.dedup();
        format!("it is reached from `{}` by {}", head(tree, origin), names.join(" and "))
    }
}

/// A block's name and arguments.
fn head(tree: &Tree, block: DirectiveId) -> String {
    let words: Vec<_> = tree.args(block).collect();
    format!("{} {}", tree.name(block), words.join(" "))
}

/// All ways to one route.
#[derive(Clone, Debug, Default)]
pub struct At {
    /// The ways by which handshakes come.
    pub all: Vec<Arrival>,
    /// Nothing but handshakes comes.
    pub only: bool,
}

/// The handshakes that internal jumps bring to routes.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    by_block: HashMap<DirectiveId, At>,
}

/// More ways than this to one route say nothing new.
const MOST_WAYS: usize = 16;

impl Arrivals {
    /// Follows every location that speaks for WebSockets and every test of `$http_upgrade`.
    pub(super) fn new(tree: &Tree, signals: &'static Signals) -> Self {
        let mut arrivals = Self::default();
        let jumping = ["try_files", "error_page", "rewrite"].iter().any(|name| !tree.all(name).is_empty());
        if !jumping {
            return arrivals;
        }
        let named = named_locations(tree);
        let mut ways = Ways { arrivals: &mut arrivals, used: HashSet::new() };
        let mut known = Known::default();
        for &block in tree.all("location") {
            if tree.is_open(block) || !leaves(tree, block) {
                continue;
            }
            let Some(location) = tree.location(block) else { continue };
            let server = tree.enclosing(block, "server").unwrap_or(ROOT);
            let origin = Origin::of_location(tree, signals, &mut known, server, block, &location);
            if let Some(origin) = origin {
                let mut walk = Walk::new(tree, &named, server, sample_path(&location));
                let end = walk.from(block);
                ways.note(origin, walk, end);
            }
        }
        for &block in tree.all("if").iter().filter(|&&block| tests_upgrade(tree, block)) {
            let server = tree.enclosing(block, "server").unwrap_or(ROOT);
            let location = tree.enclosing(block, "location").and_then(|block| tree.location(block));
            // The server's own tests are made for any path.
            let path = location.map_or(Some("/".to_owned()), |location| sample_path(&location));
            let mut walk = Walk::new(tree, &named, server, path);
            let end = walk.from(block);
            ways.note(Origin { only: true, ..Origin::new(block, Confidence::Certain) }, walk, end);
        }
        for &line in tree.all("try_files") {
            let Some(name) = name_for_handshakes(tree, line) else { continue };
            let server = tree.enclosing(line, "server").unwrap_or(ROOT);
            let mut walk = Walk::new(tree, &named, server, None);
            walk.lines.push(line);
            let end = named.get(&(server, name)).copied();
            ways.note(Origin { only: true, ..Origin::new(line, Confidence::Certain) }, walk, end);
        }
        for &line in tree.all("rewrite") {
            let server = tree.directive(line).parent;
            if !tree.is(server, "server") {
                continue;
            }
            let Some(origin) = Origin::of_rewrite(tree, signals, &mut known, line) else { continue };
            let pattern = crate::config::Location {
                modifier: Modifier::Regex,
                path: tree.arg(line, 1).unwrap_or_default().into_owned(),
            };
            let mut walk = Walk::new(tree, &named, server, sample_path(&pattern));
            let end = walk.after_rewrite(line);
            ways.note(origin, walk, end);
        }
        let used = ways.used;
        arrivals.mark_exclusive(tree, &used);
        arrivals
    }

    /// What comes to the route of a block.
    pub fn at(&self, block: DirectiveId) -> Option<&At> {
        self.by_block.get(&block)
    }

    /// Finds the named locations that nothing else than these handshakes gets to.
    fn mark_exclusive(&mut self, tree: &Tree, used: &HashSet<DirectiveId>) {
        let mut references: HashMap<String, Vec<DirectiveId>> = HashMap::new();
        for line in tree.all_of(&["try_files", "error_page"]) {
            let target = tree.args(line).last().filter(|target| target.starts_with('@'));
            references.entry(target.unwrap_or_default().into_owned()).or_default().push(line);
        }
        for (&block, at) in &mut self.by_block {
            if tree.modifier(block) != Some(Modifier::Named) || at.all.iter().any(|arrival| !arrival.origin.only) {
                continue;
            }
            let name = tree.arg(block, 1).unwrap_or_default();
            let server = tree.enclosing(block, "server").unwrap_or(ROOT);
            let mut lines = references.get(&*name).into_iter().flatten();
            at.only = lines.all(|&line| {
                let elsewhere = tree.enclosing(line, "server").is_some_and(|other| other != server);
                elsewhere || is_exclusive(tree, line, used)
            });
        }
    }
}

/// Whether a line that jumps is used by handshakes only.
fn is_exclusive(tree: &Tree, line: DirectiveId, used: &HashSet<DirectiveId>) -> bool {
    if !used.contains(&line) {
        return false;
    }
    let block = tree.directive(line).parent;
    if !tree.is(line, "error_page") || used.contains(&block) {
        return true;
    }
    // The status may be returned anywhere inside the block.
    let codes: Vec<_> = tree.args(line).collect();
    let end = tree.directive(block).end;
    let returns = tree.all("return");
    let first = returns.partition_point(|&other| other < block);
    let inside = returns[first..].iter().take_while(|&&other| other < end);
    let mut returning = inside.filter(|&&other| tree.arg(other, 1).is_some_and(|code| codes.contains(&code)));
    returning.all(|other| used.contains(other))
}

struct Ways<'a> {
    arrivals: &'a mut Arrivals,
    /// The jumps and blocks that nothing but handshakes uses.
    used: HashSet<DirectiveId>,
}

impl Ways<'_> {
    fn note(&mut self, origin: Origin, walk: Walk<'_>, end: Option<DirectiveId>) {
        let Some(end) = end else { return };
        if origin.only {
            self.used.extend(walk.lines.iter().chain(&walk.returned));
            self.used.insert(origin.block);
        }
        let at = self.arrivals.by_block.entry(end).or_default();
        if at.all.len() < MOST_WAYS && end != origin.block {
            at.all.push(Arrival { origin, lines: walk.lines });
        }
    }
}

/// The named location to which a `try_files` sends handshakes, where a map of `$http_upgrade` sends plain requests to
/// another one: `try_files /none @$kind`.
fn name_for_handshakes(tree: &Tree, line: DirectiveId) -> Option<String> {
    let target = tree.args(line).last().filter(|target| target.starts_with('@') && target.contains('$'))?;
    let of = |request| {
        let values = tree.evaluate(&target, request, tree.directive(line).parent);
        values.known.first().filter(|only| values.is_exactly(only)).cloned()
    };
    let handshake = of(Request::Handshake)?;
    (of(Request::Plain)? != handshake).then_some(handshake)
}

/// Whether a request may leave a location by a jump.
fn leaves(tree: &Tree, block: DirectiveId) -> bool {
    let jumps = ["try_files", "rewrite", "return", "if"].iter().any(|name| !tree.own(block, name).is_empty());
    jumps || (tree.own(block, "proxy_pass").is_empty() && tree.effective(block, "error_page").is_some())
}

#[cfg(test)]
mod tests;
