//! What is in effect on every proxied route, where it was set or lost, and what is believed of the route.
//!
//! The JSON form is one object. Lines and columns count from 1, columns in characters. A place is
//! `{"file", "line", "column"}`; whatever is not known is `null`.
//!
//! ```json
//! {"version": 1,
//!  "routes": [{
//!    "location": "/ws", "file": "nginx.conf", "line": 12, "column": 9,
//!    "server": {"names": ["chat.example.com"], "listen": ["443 ssl"]},
//!    "module": "proxy",
//!    "pass": {"to": "http://chat", "place": {"file": "nginx.conf", "line": 13, "column": 13}},
//!    "upstream": {"name": "chat", "servers": ["127.0.0.1:3000"], "keepalive": null, "place": {}},
//!    "websocket": {
//!      "confidence": "certain|likely|possible|denied|none",
//!      "only": true, "pings": false, "pings_because": null,
//!      "evidence": [{"weight": "certain|likely|possible|denied", "text": "…", "place": {}}]},
//!    "settings": [{
//!      "name": "Connection", "value": "$connection_upgrade",
//!      "origin": "own|inherited|default|lost", "place": {}, "lost_at": null, "open": false,
//!      "becomes": {"handshake": ["upgrade"], "plain": ["close"], "open": false}, "note": null}]}]}
//! ```
//!
//! `settings` has one entry for each line in effect, so that a header that is sent twice stands there twice. `value` is
//! `null` where nothing is sent; with `"origin": "lost"`, `place` is the line that sets it further out and `lost_at` the
//! line by which this block, or one between, discards it. `open` says that text which is not here may set it otherwise.
//! `becomes` lists what a value with variables can be for a WebSocket handshake and for a plain request; its own `open`
//! says that there may be other values.

mod cards;
mod settings;

use std::path::{Path, PathBuf};

use super::escape::is_hidden;
use serde::Serialize;

pub use cards::cards;
pub use settings::{Becomes, Origin, Setting};

use crate::config::{DirectiveId, Tree, Version};
use crate::websocket::{Intent, Route};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Routes, ready to be shown.
#[derive(Clone, Debug, Serialize)]
pub struct RouteList {
    /// The version of this form.
    pub version: u32,
    /// The routes, in nginx's order.
    pub routes: Vec<RouteView>,
}

impl Default for RouteList {
    fn default() -> Self {
        Self { version: VERSION, routes: Vec::new() }
    }
}

impl RouteList {
    /// The list as JSON, indented. Characters that would steer a terminal are escaped beyond what JSON asks for.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub fn to_json(&self) -> serde_json::Result<String> {
        use std::fmt::Write;
        let text = serde_json::to_string_pretty(self)?;
        let mut json = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if c != '\n' && is_hidden(c) {
                // All of them are in the basic plane, so that one escape is enough.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            } else {
                json.push(c);
            }
        }
        json.push('\n');
        Ok(json)
    }
}

/// A directive's place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PlaceView {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The name of the block around it; empty at the top of a file.
    #[serde(skip)]
    pub block: String,
}

impl PlaceView {
    fn of(tree: &Tree, id: DirectiveId) -> Self {
        let source = tree.source(id);
        let at = source.line_column(tree.head(id).start);
        let block = tree.name(tree.directive(id).parent).into_owned();
        Self { file: source.path().to_owned(), line: at.line, column: at.column, block }
    }
}

/// A proxied route.
#[derive(Clone, Debug, Serialize)]
pub struct RouteView {
    /// The words behind `location`, or what the block is.
    pub location: String,
    /// Where the block begins.
    #[serde(flatten)]
    pub place: PlaceView,
    /// The server around it.
    pub server: Option<ServerView>,
    /// `proxy`, `uwsgi`, `scgi`, `fastcgi`, `grpc` or `stream`.
    pub module: &'static str,
    /// Where requests go.
    pub pass: PassView,
    /// The `upstream` block behind that, if there is one.
    pub upstream: Option<UpstreamView>,
    /// What is believed of it.
    pub websocket: WebsocketView,
    /// What is in effect.
    pub settings: Vec<Setting>,
}

/// A `server` block.
#[derive(Clone, Debug, Serialize)]
pub struct ServerView {
    /// Its `server_name`s.
    pub names: Vec<String>,
    /// The arguments of its `listen` lines.
    pub listen: Vec<String>,
    /// Where it stands.
    #[serde(skip)]
    pub place: PlaceView,
}

/// A `proxy_pass` or one of its kin.
#[derive(Clone, Debug, Serialize)]
pub struct PassView {
    /// Its argument.
    pub to: String,
    /// Where it stands.
    pub place: PlaceView,
}

/// An `upstream` block.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamView {
    /// Its name.
    pub name: String,
    /// The addresses that take requests in normal times.
    pub servers: Vec<String>,
    /// How many idle connections it keeps, where that is written.
    pub keepalive: Option<String>,
    /// Where it stands.
    pub place: PlaceView,
}

/// What is believed of a route.
#[derive(Clone, Debug, Serialize)]
pub struct WebsocketView {
    /// `certain`, `likely`, `possible`, `denied`, or `none` when nothing speaks for it.
    pub confidence: &'static str,
    /// Nothing but WebSockets goes over it.
    pub only: bool,
    /// Something is sent more often than every 60 s.
    pub pings: bool,
    /// Why that is believed.
    pub pings_because: Option<String>,
    /// Every reason, the weightiest first.
    pub evidence: Vec<EvidenceView>,
}

/// A reason for or against.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceView {
    /// `certain`, `likely`, `possible` or `denied`.
    pub weight: &'static str,
    /// The reason as a clause.
    pub text: String,
    /// The directive that shows it.
    pub place: Option<PlaceView>,
}

impl RouteView {
    /// Describes a route; `version` is the nginx it is for, where that is known.
    pub fn new(tree: &Tree, route: &Route, version: Option<Version>) -> Self {
        Self {
            location: route.label(tree),
            place: PlaceView::of(tree, shown_block(tree, route)),
            server: route.server.map(|server| ServerView::of(tree, server)),
            module: route.module.name(),
            pass: PassView {
                to: tree.arg(route.pass, 1).unwrap_or_default().into_owned(),
                place: PlaceView::of(tree, route.pass),
            },
            upstream: UpstreamView::of(tree, route.target.host()),
            websocket: WebsocketView::of(tree, &route.intent),
            settings: settings::of(tree, route, version),
        }
    }

    /// The same with files in a folder called by their way from it.
    pub fn seen_from(mut self, folder: &Path) -> Self {
        let servers = self.server.iter_mut().map(|server| &mut server.place);
        let upstreams = self.upstream.iter_mut().map(|upstream| &mut upstream.place);
        let evidence = self.websocket.evidence.iter_mut().filter_map(|evidence| evidence.place.as_mut());
        let settings = self.settings.iter_mut().flat_map(|one| [one.place.as_mut(), one.lost_at.as_mut()]).flatten();
        let places = servers.chain(upstreams).chain(evidence).chain(settings);
        for place in places.chain([&mut self.place, &mut self.pass.place]) {
            if let Ok(inside) = place.file.strip_prefix(folder) {
                place.file = inside.to_owned();
            }
        }
        self
    }
}

/// The block to point at; a snippet without one is shown by its `proxy_pass`.
fn shown_block(tree: &Tree, route: &Route) -> DirectiveId {
    let block = route.location_block.or(route.server).unwrap_or(route.pass);
    // An `if` is nearer than the location it stands in.
    if tree.is(route.block, "if") { route.block } else { block }
}

impl ServerView {
    fn of(tree: &Tree, server: DirectiveId) -> Self {
        let names = tree.own(server, "server_name").iter().flat_map(|&line| tree.args(line));
        let listen = tree.own(server, "listen").iter().map(|&line| joined(tree, line));
        Self {
            names: names.map(std::borrow::Cow::into_owned).collect(),
            listen: listen.collect(),
            place: PlaceView::of(tree, server),
        }
    }
}

fn joined(tree: &Tree, line: DirectiveId) -> String {
    tree.args(line).collect::<Vec<_>>().join(" ")
}

impl UpstreamView {
    fn of(tree: &Tree, host: &str) -> Option<Self> {
        let upstream = tree.upstream(host)?;
        Some(Self {
            name: host.to_owned(),
            servers: upstream.servers.iter().filter_map(|&line| Some(tree.arg(line, 1)?.into_owned())).collect(),
            keepalive: upstream.keepalive.and_then(|line| Some(tree.arg(line, 1)?.into_owned())),
            place: PlaceView::of(tree, upstream.block),
        })
    }
}

impl WebsocketView {
    fn of(tree: &Tree, intent: &Intent) -> Self {
        let confidence = match intent.confidence {
            _ if intent.is_denied() => "denied",
            Some(confidence) => confidence.name(),
            None => "none",
        };
        let evidence = intent.evidence.iter().map(|evidence| EvidenceView {
            weight: evidence.confidence.map_or("denied", |confidence| confidence.name()),
            text: evidence.text.clone(),
            place: evidence.at.map(|at| PlaceView::of(tree, at)),
        });
        Self {
            confidence,
            only: intent.only,
            pings: intent.pings,
            pings_because: intent.pings_because.clone(),
            evidence: evidence.collect(),
        }
    }
}
