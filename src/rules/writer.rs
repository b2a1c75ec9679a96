//! From what a rule declares to places and operations in one tree.

use super::condition::{Asked, Found, Scope};
use super::engine::Options;
use super::finding::{HeaderValue, Op, Place, Plan, WordPart};
use super::rule::{FixRule, Part, Rule, Step};
use crate::config::{DirectiveId, ROOT};
use crate::websocket::{is_for, value as header_value};

/// Fills the words of a rule in.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) found: &'a Found,
    pub(super) options: &'a Options,
    pub(super) rule: &'a Rule,
}

impl Writer<'_> {
    /// What a repair comes to here; none where its conditions do not hold.
    pub(super) fn plan(&self, fix: &FixRule) -> Option<Plan> {
        let mut found = self.found.clone();
        if !fix.when.hold(self.scope, &mut found) {
            return None;
        }
        let writer = Writer { found: &found, ..*self };
        let ops = fix.steps.iter().map(|step| writer.ops(step)).collect::<Option<Vec<Vec<Op>>>>()?.concat();
        let mut changes: Vec<String> = fix.changes.iter().map(|name| writer.fill(name)).collect();
        for op in &ops {
            if let Op::Headers { lines, .. } = op {
                changes.extend(lines.iter().map(|(name, _)| format!("proxy_set_header {name}")));
            }
        }
        Some(Plan {
            safety: fix.safety,
            title: writer.fill(&fix.title),
            withheld: None,
            ops,
            changes,
            holds_in_open_world: fix.open_world,
            reveals: fix.reveals.clone(),
        })
    }

    pub(super) fn place(&self, name: &str, part: Part) -> Option<Place> {
        let tree = self.scope.tree;
        let mut place = match (name, self.scope.subject, self.scope.route()) {
            ("subject", Asked::Directive(id), _) => Place::head(id),
            ("subject", Asked::Comment(comment), _) => comment.place(),
            ("pass", _, Some(route)) => Place::head(route.pass),
            ("block", _, Some(route)) => Place::head(route.location_block.unwrap_or(route.block)),
            ("server", _, Some(route)) => Place::head(route.server?),
            _ => match name.strip_suffix(".second") {
                Some(name) => *self.found.get(name)?.places.get(1)?,
                None => *self.found.get(name)?.places.first()?,
            },
        };
        match part {
            Part::Head => {}
            Part::Name => place.part = WordPart::Word(1),
            Part::Value if place.part == WordPart::Head => place.part = WordPart::Value,
            Part::Value => {}
        }
        (tree.directive(place.directive).parent != place.directive || place.directive != ROOT).then_some(place)
    }

    fn ops(&self, step: &Step) -> Option<Vec<Op>> {
        match step {
            Step::Remove { at, every: true } => {
                Some(self.found.get(at)?.places.iter().map(|&place| removal(place)).collect())
            }
            Step::Replace { at, with, every: true, .. } => {
                let replaced = |&place: &Place| {
                    let found = self.found.with_one(at, place);
                    Op::Replace { place, text: Writer { found: &found, ..*self }.fill(with) }
                };
                Some(self.found.get(at)?.places.iter().map(replaced).collect())
            }
            _ => self.op(step).map(|op| vec![op]),
        }
    }

    fn op(&self, step: &Step) -> Option<Op> {
        Some(match step {
            Step::Headers(lines) => {
                let block = self.settings_block()?;
                Op::Headers { block, lines: lines.iter().flat_map(|line| self.header_lines(block, line)).collect() }
            }
            Step::Set { directive, value, block } => {
                let block = match block.as_deref() {
                    None => self.settings_block()?,
                    Some("main") => ROOT,
                    Some(name) => self.place(name, Part::Head)?.directive,
                };
                Op::Set { block, directive: self.module(directive), value: self.fill(value) }
            }
            Step::Replace { at, part, with, .. } => {
                Op::Replace { place: self.place(at, *part)?, text: self.fill(with) }
            }
            Step::Remove { at, .. } => removal(self.place(at, Part::Head)?),
            Step::Hoist(at) => Op::Hoist(self.place(at, Part::Head)?.directive),
            Step::Define(at) => Op::Define(self.place(at, Part::Head)?.directive),
        })
    }

    /// The lines that a written header stands for: `*` for all that are lost in the block.
    fn header_lines(&self, block: DirectiveId, (name, value): &(String, HeaderValue)) -> Vec<(String, HeaderValue)> {
        let tree = self.scope.tree;
        if name != "*" {
            let value = match value {
                HeaderValue::Text(text) => HeaderValue::Text(self.fill(text)),
                other => other.clone(),
            };
            return vec![(name.clone(), value)];
        }
        let own = tree.own(block, "proxy_set_header");
        let lost = tree.lost(block, "proxy_set_header").map_or(&[][..], |lost| lost.lines);
        // A line that clears what the client sends, such as a cookie, is not repeated: a handshake may need it.
        let names =
            lost.iter().filter(|&&line| !header_value(tree, line).is_empty()).filter_map(|&line| tree.arg(line, 1));
        names
            .filter(|name| !own.iter().any(|&line| is_for(tree, line, name)))
            .map(|name| (name.into_owned(), HeaderValue::Inherited))
            .collect()
    }

    /// The block whose lines the route takes: the location, also for an `if` in it, which accepts no such lines
    /// (NGINX facts part E).
    fn settings_block(&self) -> Option<DirectiveId> {
        let route = self.scope.route()?;
        let inside = self.scope.tree.is(route.block, "if") || self.scope.tree.is(route.block, "limit_except");
        if inside { route.location_block } else { Some(route.block) }
    }
}

/// What takes a place away.
fn removal(place: Place) -> Op {
    match place.part {
        WordPart::Text(_) => Op::Uncomment(place),
        _ => Op::Remove(place.directive),
    }
}
