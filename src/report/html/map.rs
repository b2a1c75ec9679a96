//! The routes as a picture: servers on the left, their locations in the middle, where requests go on the right.
//!
//! Rows have a fixed height ([`ROW`]), so that lines can be drawn between columns of which only the browser knows the
//! width. On a narrow screen the style sheet leaves the lines away and says in each row where it leads.

use maud::{Markup, html};

use super::super::escape::visible;
use super::super::routes::ServerView;
use super::super::summary::count as plural;
use super::state::{Map, Numbered, State};
use super::{text, values};

/// The height of a row in CSS pixels; the style sheet has the same.
const ROW: usize = 60;
/// The width of the lines between two columns, in CSS pixels.
const GAP: usize = 56;
/// A server with more routes than this shows those that carry WebSockets, and counts the rest.
const MOST_ROWS: usize = 12;

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
                (values::details(map))
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

pub(super) fn sign(state: State) -> Markup {
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
        @if let Some(server) = server { small { (text::place(&server.place)) } }
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
            a href={ "#" (target) } title=(visible(&route.route.location)) {
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
