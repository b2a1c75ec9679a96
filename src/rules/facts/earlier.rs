//! Patterns that never get a request, because an earlier one, or a `^~`, takes whatever they match.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use super::shadows::{answers_as_well, may_upgrade};
use crate::config::{Location, Modifier, Pattern, Reached};
use crate::websocket::segments::{Segment, Way, segments};

pub(super) const FACTS: &[Fact] = facts! {
    "shadowed-by-earlier" "an earlier pattern takes every path that the route's own matches" |scope| {
        shadowed(scope).filter(|(_, by)| by.is_regex()).map(|(hit, _)| hit)
    };
    "shadowed-by-prefix" "a `^~` takes every path that the route's pattern matches" |scope| {
        shadowed(scope).filter(|(_, by)| !by.is_regex()).map(|(hit, _)| hit)
    };
};

/// What may stand where a pattern says little.
const FILLERS: [&str; 6] = ["x", "7", "Room-1.b", "a/b", "a%b+c", "websocket"];

/// More paths than this are not tried.
const MOST: usize = 400;

/// nginx tries patterns in the order of the file, and the first that matches wins; none is tried where the longest prefix
/// has a `^~`.
fn shadowed(scope: Scope<'_>) -> Option<(Hit, Location)> {
    let tree = scope.tree;
    let route = scope.route()?;
    let (block, server) = (route.location_block?, route.server?);
    let location = route.location.as_ref().filter(|location| location.is_regex())?;
    if tree.ancestors(block).any(|around| tree.is_open(around)) && !tree.is_complete() {
        return None;
    }
    let own = Pattern::new(&location.path, location.modifier == Modifier::RegexNoCase);
    let mut by = None;
    let mut tried = 0;
    for path in segments(&location.path, true).ways.iter().flat_map(paths).take(MOST) {
        if !own.is_match(&path)? {
            continue;
        }
        tried += 1;
        match tree.reach(server, &path) {
            Reached::Location(other)
                if other != block
                    && (tree.location(other)?.is_regex() || tree.modifier(other) == Some(Modifier::PriorityPrefix)) =>
            {
                // What is written in capitals is left over.
                if location.modifier == Modifier::RegexNoCase && tree.modifier(other) == Some(Modifier::Regex) {
                    return None;
                }
                _ = by.get_or_insert(other);
            }
            _ => return None,
        }
    }
    // A pattern that fits one path alone is tried with that one.
    let other = by.filter(|_| tried > 0)?;
    let words = tree.args(other).collect::<Vec<_>>().join(" ");
    let by = tree.location(other)?;
    // Beside a `^~` that upgrades a pattern may be left over on purpose.
    if !by.is_regex() && may_upgrade(scope, other) {
        return None;
    }
    (!answers_as_well(scope, route, other)).then(|| (Hit { words: vec![words], ..Hit::at(Place::head(other)) }, by))
}

/// Paths that a pattern may match, as far as its text tells: each is tried with the pattern itself.
fn paths(way: &Way) -> Vec<String> {
    let mut all = Vec::new();
    for filler in FILLERS {
        let mut path = String::new();
        for segment in &way.segments {
            path.push('/');
            match segment {
                Segment::Whole(text) => path.push_str(text),
                Segment::Tail(text) => path.push_str(&format!("{filler}{text}")),
                Segment::Any => path.push_str(filler),
            }
        }
        // The text of a tail may as well be all of its segment.
        let whole: String = way
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Whole(text) | Segment::Tail(text) => format!("/{text}"),
                Segment::Any => format!("/{filler}"),
            })
            .collect();
        for path in [path, whole] {
            let starts: &[&str] = if way.from_root { &[""] } else { &["", "/x", "/Room-1.b/7"] };
            for start in starts {
                for end in ["", "/", "x", "/x", "/Room-1.b"] {
                    let path = format!("{start}{path}{end}");
                    if !all.contains(&path) {
                        all.push(path);
                    }
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_such_as_the_pattern_matches() {
        for (pattern, some) in [
            ("^/cool/(.*)/ws$", "/cool/a/b/ws"),
            ("^/api/v1/ws$", "/api/v1/ws"),
            ("/ws/", "/x/ws/Room-1.b"),
            ("^/(ws|live)/[0-9]+$", "/live/7"),
            ("websocket$", "/xwebsocket"),
        ] {
            let own = Pattern::new(pattern, false);
            let found: Vec<String> = segments(pattern, true).ways.iter().flat_map(paths).collect();
            let found: Vec<&String> = found.iter().filter(|path| own.is_match(path) == Some(true)).collect();
            assert!(found.iter().any(|path| *path == some), "{pattern}: {found:?}");
        }
    }
}
