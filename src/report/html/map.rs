//! The routes as a picture: servers on the left, their locations in the middle, where requests go on the right.
//!
//! Rows have a fixed height ([`ROW`]), so that lines can be drawn between columns of which only the browser knows the
//! width. On a narrow screen the style sheet leaves the lines away and says in each row where it leads.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use maud::{Markup, html};

use super::super::model::{Diagnostic, Report, RouteState};
use super::super::routes::{Origin, PlaceView, ServerView, Setting};
use super::super::summary::count as plural;
use super::text;
use crate::rules::Severity;

/// The height of a row in CSS pixels; the style sheet has the same.
const ROW: usize = 60;
/// The width of the lines between two columns, in CSS pixels.
const GAP: usize = 56;
/// A server with more routes than this shows those that carry WebSockets, and counts the rest.
const MOST_ROWS: usize = 12;

/// How a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is to carry WebSockets and cannot.
    Broken,
    /// It carries some, or not for long.
    AtRisk,
    /// It works and could be better.
    Improvable,
    /// Nothing was found.
    Fine,
    /// It may carry WebSockets; too little speaks for it to be judged.
    Possible,
    /// It carries none.
    Plain,
}

impl State {
    fn class(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::AtRisk => "at-risk",
            Self::Improvable => "improvable",
            Self::Fine => "fine",
            Self::Possible => "possible",
            Self::Plain => "plain",
        }
    }

    /// A sign that is told apart without colours.
    fn sign(self) -> &'static str {
        match self {
            Self::Broken => "✕",
            Self::AtRisk => "!",
            Self::Improvable => "↑",
            Self::Fine => "✓",
            Self::Possible => "?",
            Self::Plain => "–",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::AtRisk => "at risk",
            Self::Improvable => "works, could be better",
            Self::Fine => "nothing found",
            Self::Possible => "may carry WebSockets",
            Self::Plain => "no WebSockets",
        }
    }
}

/// What the picture is drawn from.
pub(super) struct Map<'a> {
    report: &'a Report,
    /// Findings by their fingerprints.
    found: HashMap<&'a str, &'a Diagnostic>,
    /// How each route of the report does.
    pub(super) states: Vec<State>,
}

impl<'a> Map<'a> {
    /// Looks at every route once.
    pub(super) fn of(report: &'a Report) -> Self {
        let found = report.diagnostics.iter().map(|one| (one.fingerprint.as_str(), one)).collect();
        let unread: HashSet<&Path> = report.problems.iter().map(|problem| Path::new(&problem.file)).collect();
        let mut map = Self { report, found, states: Vec::new() };
        map.states = report.routes.iter().map(|route| map.state(route, &unread)).collect();
        map
    }

    /// That of the worst finding about it. nginx does not start with a file that it cannot read.
    fn state(&self, route: &RouteState, unread: &HashSet<&Path>) -> State {
        if unread.contains(route.route.place.file.as_path()) {
            return State::Broken;
        }
        match (self.about(route).map(|one| one.severity).max(), route.route.websocket.confidence) {
            (Some(Severity::Error), _) => State::Broken,
            (Some(Severity::Warning), _) => State::AtRisk,
            (Some(Severity::Info), _) => State::Improvable,
            (None, "certain" | "likely") => State::Fine,
            (None, "possible") => State::Possible,
            (None, _) => State::Plain,
        }
    }

    /// The findings about a route.
    fn about<'s>(&'s self, route: &'s RouteState) -> impl Iterator<Item = &'a Diagnostic> + 's {
        route.findings.iter().filter_map(|print| self.found.get(print.as_str()).copied())
    }

    /// How many routes are in a state.
    pub(super) fn count(&self, wanted: State) -> usize {
        self.states.iter().filter(|state| **state == wanted).count()
    }

    /// The routes with their numbers.
    fn routes(&self) -> impl Iterator<Item = Numbered<'a>> + '_ {
        let routes = self.report.routes.iter().zip(&self.states);
        routes.enumerate().map(|(index, (route, state))| (index, route, *state))
    }
}

/// A route with its number in the report.
type Numbered<'a> = (usize, &'a RouteState, State);

pub(super) fn section(map: &Map<'_>) -> Markup {
    let mut servers: Vec<(Option<&ServerView>, Vec<Numbered<'_>>)> = Vec::new();
    for entry in map.routes() {
        let server = entry.1.route.server.as_ref();
        // nginx's order: the routes of a server follow each other.
        match servers
            .last_mut()
            .filter(|(known, _)| known.map(|known| &known.place) == server.map(|server| &server.place))
        {
            Some((_, routes)) => routes.push(entry),
            None => servers.push((server, vec![entry])),
        }
    }
    html! {
        @if !servers.is_empty() {
            section.map #map aria-labelledby="map-title" {
                h2 #map-title { "Routes" }
                (legend(map))
                @for (server, routes) in &servers { (picture(*server, routes, map)) }
                (details(map))
            }
        }
    }
}

fn legend(map: &Map<'_>) -> Markup {
    let states = [State::Broken, State::AtRisk, State::Improvable, State::Fine, State::Possible, State::Plain];
    html! {
        ul.legend {
            @for state in states {
                @let number = map.count(state);
                @if number > 0 { li.(state.class()) { (sign(state)) " " (number) " " (state.words()) } }
            }
        }
    }
}

fn sign(state: State) -> Markup {
    html! { span.sign aria-hidden="true" { (state.sign()) } }
}

fn picture(server: Option<&ServerView>, routes: &[Numbered<'_>], map: &Map<'_>) -> Markup {
    let shown: Vec<&Numbered<'_>> = if routes.len() <= MOST_ROWS {
        routes.iter().collect()
    } else {
        routes.iter().filter(|(_, _, state)| *state != State::Plain).collect()
    };
    let left_out = routes.len() - shown.len();
    let mut targets: Vec<&str> = Vec::new();
    for (_, route, _) in &shown {
        let to = route.route.pass.to.as_str();
        if !targets.contains(&to) {
            targets.push(to);
        }
    }
    let height = shown.len() * ROW;
    html! {
        div.server {
            @if !shown.is_empty() {
                div.picture style=(format!("--height:{height}px")) {
                    div.node.from { (name(server)) }
                    (lines(height, &shown, |row| (height / 2, row * ROW + ROW / 2)))
                    ol.rows {
                        @for numbered in &shown { (row(numbered, map)) }
                    }
                    (lines(height, &shown, |row| {
                        let target = targets.iter().position(|target| *target == shown[row].1.route.pass.to).unwrap_or(0);
                        (row * ROW + ROW / 2, (2 * target + 1) * height / (2 * targets.len()))
                    }))
                    ul.targets aria-hidden="true" {
                        @for target in &targets { li.node { (to(target, &shown)) } }
                    }
                }
            } @else {
                div.node.from { (name(server)) }
            }
            @if left_out > 0 {
                p.meta { "and " (plural(left_out, "more route")) " without WebSockets" }
            }
        }
    }
}

/// What a server is called: its names, or where it listens.
fn name(server: Option<&ServerView>) -> Markup {
    let names = server.map(|server| server.names.join(" ")).filter(|names| !names.is_empty());
    let listen = server.map(|server| server.listen.join(", ")).filter(|listen| !listen.is_empty());
    html! {
        @match (&names, &listen) {
            (Some(names), _) => strong { (text::plain(names)) },
            (None, Some(listen)) => { strong { "listen " (text::plain(listen)) } },
            (None, None) => strong { @if server.is_some() { "server" } @else { "no server in sight" } },
        }
        @if let (Some(_), Some(listen)) = (&names, &listen) { small { "listen " (text::plain(listen)) } }
        @if let Some(server) = server { small { (place(&server.place)) } }
    }
}

/// Where requests go, with the servers behind it.
fn to(target: &str, shown: &[&Numbered<'_>]) -> Markup {
    let upstream = shown.iter().filter(|(_, route, _)| route.route.pass.to == target);
    let servers = upstream.filter_map(|(_, route, _)| route.route.upstream.as_ref()).next();
    html! {
        code { (text::plain(target)) }
        @if let Some(upstream) = servers { small { (text::plain(&upstream.servers.join(", "))) } }
    }
}

fn row((index, route, state): &Numbered<'_>, map: &Map<'_>) -> Markup {
    let target = match map.about(route).max_by_key(|one| one.severity) {
        Some(one) => text::id("finding", &one.fingerprint),
        None => text::id("route", &index.to_string()),
    };
    let known = matches!(state, State::Plain | State::Possible);
    html! {
        li.(state.class()) {
            a href={ "#" (target) } title=(text_of(&route.route.location)) {
                (sign(*state))
                span.what {
                    code { (text::plain(&route.route.location)) }
                    small {
                        (state.words())
                        @if !known { " · WebSockets " (route.route.websocket.confidence) }
                        span.leads { " → " (text::plain(&route.route.pass.to)) }
                    }
                }
            }
        }
    }
}

fn text_of(text: &str) -> String {
    super::super::escape::visible(text).into_owned()
}

/// Curves from one column to the next; `ends` gives the heights at which that of a row starts and ends.
fn lines(height: usize, shown: &[&Numbered<'_>], ends: impl Fn(usize) -> (usize, usize)) -> Markup {
    let half = GAP / 2;
    html! {
        svg.lines width=(GAP) height=(height) viewBox=(format!("0 0 {GAP} {height}")) aria-hidden="true" {
            @for (row, (_, _, state)) in shown.iter().enumerate() {
                @let (from, to) = ends(row);
                path.(state.class()) d=(format!("M0 {from}C{half} {from} {half} {to} {GAP} {to}")) {}
            }
        }
    }
}

/// What is in effect on each route.
fn details(map: &Map<'_>) -> Markup {
    html! {
        details.routes { summary { "What is in effect on each of them" }
        @for (index, route, state) in map.routes() {
            details.route.(state.class()) {
                summary {
                    (sign(state)) " "
                    code { (text::plain(&route.route.location)) } " → " code { (text::plain(&route.route.pass.to)) }
                    " " span.place { (place(&route.route.place)) }
                }
                div id=(text::id("route", &index.to_string())) {
                    @if !route.route.websocket.evidence.is_empty() {
                        p { "WebSockets: " (route.route.websocket.confidence) ". Why: "
                            @for (index, evidence) in route.route.websocket.evidence.iter().enumerate() {
                                @if index > 0 { "; " }
                                (text::prose(&evidence.text))
                            }
                            "."
                        }
                    } @else {
                        p { "Nothing speaks for WebSockets on this route." }
                    }
                    @let found: Vec<_> = map.about(route).collect();
                    @if !found.is_empty() {
                        p { "Found: "
                            @for (index, one) in found.iter().enumerate() {
                                @if index > 0 { ", " }
                                a href={ "#" (text::id("finding", &one.fingerprint)) } { (one.rule) }
                            }
                        }
                    }
                    @if !route.route.settings.is_empty() { (settings(&route.route.settings)) }
                }
            }
        }
        }
    }
}

fn settings(settings: &[Setting]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Values in effect" {
            table {
                thead { tr { th { "in effect" } th { "value" } th { "from" } } }
                tbody {
                    @for setting in settings {
                        tr.lost[setting.origin == Origin::Lost] {
                            td { code { (text::plain(&setting.name)) } }
                            td {
                                @match setting.value.as_deref() {
                                    None => "not sent",
                                    Some("") => code { "\"\"" },
                                    Some(value) => code { (text::plain(value)) },
                                }
                            }
                            td { (origin(setting)) }
                        }
                    }
                }
            }
        }
    }
}

fn origin(setting: &Setting) -> Markup {
    html! {
        @match (setting.origin, &setting.place, &setting.lost_at) {
            (Origin::Lost, Some(set), Some(lost)) => { "lost: set at " (place(set)) ", discarded at " (place(lost)) },
            (Origin::Lost, Some(set), None) => { "lost: set at " (place(set)) },
            (Origin::Own, Some(set), _) => (place(set)),
            (Origin::Inherited, Some(set), _) => { "inherited from " (place(set)) },
            _ => "nginx's default",
        }
        @if let Some(note) = &setting.note { "; " (text::prose(note)) }
        @if setting.open { "; text that is not here may change it" }
    }
}

fn place(place: &PlaceView) -> Markup {
    text::plain(&format!("{}:{}", place.file.display(), place.line))
}
