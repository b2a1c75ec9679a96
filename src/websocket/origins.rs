//! What a location that only sends requests on says of them.

use super::confidence::Confidence;
use super::denials::other_services;
use super::headers::{is_for, value};
use super::known::Known;
use super::segments::{Segment, segments};
use super::signals::{Endpoint, Signals};
use super::steering::steered;
use crate::config::{DirectiveId, Location, Modifier, Pattern, Tree};
use crate::syntax::comments_of;

/// Where handshakes come from before they are sent on inside nginx.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The location, the `if` that tests for an upgrade, or the `rewrite` of a server whose pattern is an endpoint.
    pub block: DirectiveId,
    /// How sure it is that WebSockets are asked for there.
    pub confidence: Confidence,
    /// Nothing else is asked for there.
    pub only: bool,
    /// What its path is called for.
    pub endpoint: Option<&'static Endpoint>,
    /// The first of its own lines that sends `Upgrade`.
    pub header: Option<DirectiveId>,
}

impl Origin {
    pub(super) fn new(block: DirectiveId, confidence: Confidence) -> Self {
        Self { block, confidence, only: false, endpoint: None, header: None }
    }

    /// What a location's path, its comments and its own header lines say; none where nothing speaks for WebSockets, or
    /// something speaks against them.
    pub(super) fn of_location(
        tree: &Tree,
        signals: &'static Signals,
        known: &mut Known<'static>,
        server: DirectiveId,
        block: DirectiveId,
        location: &Location,
    ) -> Option<Self> {
        if location.modifier == Modifier::Named {
            return None;
        }
        let says = known.path(signals, location);
        let header = upgrade_line(tree, block);
        let directive = tree.directive(block);
        let file = tree.file(directive.file);
        let comments = comments_of(&file.ast, &file.source, directive.node);
        let told = comments.iter().any(|(_, comment)| signals.says_websocket(comment));
        let by_path = says.endpoint.map(|found| found.endpoint.confidence).or(says.word.map(|(_, sure)| sure));
        let by_others = (header.is_some() || told).then_some(Confidence::Likely);
        let steered = steered(tree, block).last().copied();
        if steered == Some(true) {
            return Some(Self { only: true, header, ..Self::new(block, Confidence::Certain) });
        }
        let confidence = by_path.max(by_others).filter(|_| steered.is_none())?;
        let doubtful = says.endpoint.is_none_or(|found| found.endpoint.ambiguous);
        let denied = says.endpoint.is_none() && says.denied.is_some();
        if denied
            || (doubtful
                && !other_services(tree, signals, known, block, Some(server), says.endpoint.is_some()).is_empty())
        {
            return None;
        }
        let only = says.endpoint.is_some_and(|found| found.only);
        let endpoint = says.endpoint.map(|found| found.endpoint);
        Some(Self { only, endpoint, header, ..Self::new(block, confidence) })
    }

    /// A `rewrite` whose pattern is the path of an endpoint.
    pub(super) fn of_rewrite(
        tree: &Tree,
        signals: &'static Signals,
        known: &mut Known<'static>,
        line: DirectiveId,
    ) -> Option<Self> {
        let pattern = Location { modifier: Modifier::Regex, path: tree.arg(line, 1)?.into_owned() };
        let found = known.path(signals, &pattern).endpoint?;
        let endpoint = Some(found.endpoint);
        Some(Self { only: found.only, endpoint, ..Self::new(line, found.endpoint.confidence) })
    }
}

fn upgrade_line(tree: &Tree, block: DirectiveId) -> Option<DirectiveId> {
    let sends = |&line: &DirectiveId| is_for(tree, line, "Upgrade") && !value(tree, line).is_empty();
    tree.own(block, "proxy_set_header").iter().copied().find(sends)
}

/// A path that clients may ask for to get into a location; none when its pattern leaves too much open.
pub(super) fn sample_path(location: &Location) -> Option<String> {
    if !location.is_regex() {
        return location.path.starts_with('/').then(|| location.path.clone());
    }
    let ways = segments(&location.path, true).ways;
    let pattern = Pattern::new(&location.path, location.modifier == Modifier::RegexNoCase);
    ways.iter().find_map(|way| {
        let some = |segment: &Segment| match segment {
            Segment::Whole(text) | Segment::Tail(text) => text.clone(),
            Segment::Any => "x".into(),
        };
        let path = format!("/{}", way.segments.iter().map(some).collect::<Vec<_>>().join("/"));
        let longer = ["", "/", "/x"].iter().map(|end| format!("{path}{end}"));
        longer.into_iter().find(|path| pattern.is_match(path) == Some(true))
    })
}
