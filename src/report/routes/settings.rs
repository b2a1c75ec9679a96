//! The settings of a route that matter to a WebSocket.

use serde::Serialize;

use super::PlaceView;
use crate::config::{DirectiveId, Part, Request, Tree, Version, parts};
use crate::websocket::{Module, Route, is_for, value};

/// The first nginx that speaks HTTP/1.1 to upstreams, and sends no `Connection: close`, unless told otherwise
/// (NGINX facts part A).
const HTTP_1_1_BY_DEFAULT: Version = Version { major: 1, minor: 29, patch: 7 };

/// A value in effect on a route.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The directive, or the name of the header.
    pub name: String,
    /// The value as it is written, or nginx's own; none when nothing is sent.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// The line that sets it.
    pub place: Option<PlaceView>,
    /// The line by which it is lost.
    pub lost_at: Option<PlaceView>,
    /// Text that is not here may set it otherwise.
    pub open: bool,
    /// What a value with variables can become.
    pub becomes: Option<Becomes>,
    /// What else is to be known.
    pub note: Option<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A line of the route's own block.
    Own,
    /// A line of a block around it.
    Inherited,
    /// No line: what nginx does by itself.
    Default,
    /// A line of a block around it that a nearer block discards by lines of its own.
    Lost,
}

/// What a value can become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Becomes {
    /// For a WebSocket handshake.
    pub handshake: Vec<String>,
    /// For a plain request.
    pub plain: Vec<String>,
    /// There may be other values.
    pub open: bool,
}

/// All of them, in the order in which they are shown.
pub(super) fn of(tree: &Tree, route: &Route, version: Option<Version>) -> Vec<Setting> {
    let mut settings = Vec::new();
    match route.module {
        Module::Proxy => {
            settings.extend(header(tree, route, "Upgrade", None, None));
            let (close, note) = by_version(version, Some("close"), None, "not sent");
            settings.extend(header(tree, route, "Connection", close, note));
            let (http, note) = by_version(version, Some("1.0"), Some("1.1"), "1.1");
            settings.push(scalar(tree, route, "proxy_http_version", http.unwrap_or("1.1"), note));
            settings.push(scalar(tree, route, "proxy_read_timeout", "60s", None));
            settings.extend(header(tree, route, "Host", Some("$proxy_host"), None));
        }
        // `ngx_stream_proxy_module`: one timeout for both directions, 10 minutes.
        Module::Stream => settings.push(scalar(tree, route, "proxy_timeout", "10m", None)),
        Module::Uwsgi | Module::Scgi | Module::Fastcgi | Module::Grpc => {
            let name = format!("{}_read_timeout", route.module.prefix());
            settings.push(scalar(tree, route, &name, "60s", None));
        }
    }
    settings
}

/// What holds before [`HTTP_1_1_BY_DEFAULT`] and since; of an unknown nginx the older is shown, with a note.
fn by_version<'a>(
    version: Option<Version>,
    before: Option<&'a str>,
    since: Option<&'a str>,
    since_in_words: &str,
) -> (Option<&'a str>, Option<String>) {
    match version {
        Some(version) if version >= HTTP_1_1_BY_DEFAULT => (since, None),
        Some(_) => (before, None),
        None => (before, Some(format!("{since_in_words} since nginx {HTTP_1_1_BY_DEFAULT}"))),
    }
}

fn scalar(tree: &Tree, route: &Route, name: &str, default: &str, note: Option<String>) -> Setting {
    let open = tree.is_open_for(route.block, name);
    match tree.effective(route.block, name) {
        Some(effective) => {
            let value = tree.arg(effective.line(), 1).unwrap_or_default().into_owned();
            set(tree, route, name, value, effective.line(), open)
        }
        None => Setting {
            name: name.to_owned(),
            value: Some(default.to_owned()),
            origin: Origin::Default,
            place: None,
            lost_at: None,
            open,
            becomes: None,
            note,
        },
    }
}

/// The lines in effect that set a header; without any, what nginx does by itself or what was lost.
fn header(tree: &Tree, route: &Route, name: &str, default: Option<&str>, note: Option<String>) -> Vec<Setting> {
    let open = tree.is_open_for(route.block, "proxy_set_header");
    let effective = tree.effective(route.block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
    let lines: Vec<DirectiveId> = effective.iter().copied().filter(|&line| is_for(tree, line, name)).collect();
    if lines.is_empty() {
        let lost = lost(tree, route.block, name);
        return vec![Setting {
            name: name.to_owned(),
            value: default.map(str::to_owned),
            origin: if lost.is_some() { Origin::Lost } else { Origin::Default },
            place: lost.map(|(set, _)| PlaceView::of(tree, set)),
            lost_at: lost.map(|(_, discarding)| PlaceView::of(tree, discarding)),
            open,
            becomes: None,
            note,
        }];
    }
    let each = lines.into_iter().map(|line| {
        let text = value(tree, line).into_owned();
        Setting { becomes: becomes(tree, route, &text), ..set(tree, route, name, text, line, open) }
    });
    each.collect()
}

fn set(tree: &Tree, route: &Route, name: &str, value: String, line: DirectiveId, open: bool) -> Setting {
    let own = tree.directive(line).parent == route.block;
    Setting {
        name: name.to_owned(),
        value: Some(value),
        origin: if own { Origin::Own } else { Origin::Inherited },
        place: Some(PlaceView::of(tree, line)),
        lost_at: None,
        open,
        becomes: None,
        note: None,
    }
}

/// The nearest line around `block` that sets a header, and the first line of the block that discards it: the outermost
/// one inside the setting block that has `proxy_set_header` lines of its own (NGINX facts part E).
fn lost(tree: &Tree, block: DirectiveId, header: &str) -> Option<(DirectiveId, DirectiveId)> {
    let mut discarding = None;
    for level in std::iter::once(block).chain(tree.ancestors(block)) {
        let lines = tree.own(level, "proxy_set_header");
        if let Some(&set) = lines.iter().rev().find(|&&line| is_for(tree, line, header)) {
            return Some((set, discarding?));
        }
        discarding = lines.first().copied().or(discarding);
    }
    None
}

fn becomes(tree: &Tree, route: &Route, text: &str) -> Option<Becomes> {
    if !parts(text).iter().any(|part| matches!(part, Part::Variable(_))) {
        return None;
    }
    let handshake = tree.evaluate(text, Request::Handshake, route.block);
    let plain = tree.evaluate(text, Request::Plain, route.block);
    Some(Becomes {
        open: handshake.open || plain.open || handshake.undefined.is_some(),
        handshake: handshake.known.into_iter().collect(),
        plain: plain.known.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests;
