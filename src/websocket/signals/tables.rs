//! The tables of `rules/signals.toml`, as they are written.

use serde::{Deserialize, Serialize};

use super::confidence::Confidence;
use super::phrases::Phrases;

/// A path at which WebSockets are served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Whole segments, that follow each other anywhere in a location's path; `*` is any segment.
    pub path: String,
    /// The protocol or application.
    pub protocol: String,
    /// How strongly the path tells of WebSockets.
    pub confidence: Confidence,
    /// The path of the location begins with it.
    #[serde(default)]
    pub anchored: bool,
    /// The path of the location ends with it.
    #[serde(default)]
    pub last: bool,
    /// As the last segments of a location: nothing but WebSockets is served there.
    #[serde(default)]
    pub only: bool,
    /// What is below it is as it is.
    #[serde(default)]
    pub below: bool,
    /// The name is also used for something else (`ws` for web services): a [`Deny`] by header, comment or sibling
    /// withdraws it.
    #[serde(default)]
    pub ambiguous: bool,
    /// Its servers or clients send something more often than every 60 s.
    #[serde(default)]
    pub pings: bool,
    /// The handshake needs its query string.
    #[serde(default)]
    pub query: bool,
    /// Clients call it without a slash at the end.
    #[serde(default)]
    pub slashless: bool,
    /// The server expects just this path: one that is stripped or changed breaks it.
    #[serde(default)]
    pub fixed: bool,
    /// One session is several requests, which must all reach the same server.
    #[serde(default)]
    pub sticky: bool,
    /// The server compares the Origin header with Host.
    #[serde(default)]
    pub origin: bool,
    /// It compares the scheme of Origin too, which it learns from X-Forwarded-Proto.
    #[serde(default)]
    pub origin_scheme: bool,
    /// Segments that must not follow.
    #[serde(default)]
    pub not_before: Vec<String>,
}

/// An application that uses WebSockets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Words by which it is called; `code-server` is also `codeserver` and `code_server`.
    pub words: Vec<String>,
    /// Likely only if it cannot do its work without WebSockets and the words hardly mean anything else.
    pub confidence: Confidence,
    /// The paths, below its own, that its clients call (a name that varies is an example); empty if they are many or
    /// unknown. A location that none of them reaches carries no WebSockets.
    #[serde(default)]
    pub paths: Vec<String>,
    /// As of an [`Endpoint`].
    #[serde(default)]
    pub pings: bool,
    /// As of an [`Endpoint`].
    #[serde(default)]
    pub sticky: bool,
    /// As of an [`Endpoint`].
    #[serde(default)]
    pub origin: bool,
    /// As of an [`Endpoint`].
    #[serde(default)]
    pub origin_scheme: bool,
    /// Its paths serve nothing but WebSockets.
    #[serde(default)]
    pub only: bool,
    /// It cannot be served below a path: what is asked for elsewhere than at its own paths is another part of it.
    #[serde(default)]
    pub at_root: bool,
}

/// A word that names WebSockets themselves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The word.
    pub word: String,
    /// What it says as a word of a path's segment or of a named location.
    pub in_path: Confidence,
    /// What it says as a word of an upstream's name, a host or a variable's name.
    pub in_name: Confidence,
}

/// A port by which a server is known. A port alone is never more than possible.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The port.
    pub port: u16,
    /// What usually listens there.
    pub application: String,
}

/// A label of a `server_name` (`ws` in `ws.example.com`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerName {
    /// The label.
    pub label: String,
    /// How strongly it tells of WebSockets.
    pub confidence: Confidence,
}

/// What tells that a route carries something else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// What it carries.
    pub reason: String,
    /// The last segments of paths.
    #[serde(default)]
    pub segments: Vec<String>,
    /// No path below such a segment is an endpoint either (`/docs/websocket`).
    #[serde(default)]
    pub below: bool,
    /// Below an endpoint such a segment says the same (`/hub/negotiate`).
    #[serde(default)]
    pub beside: bool,
    /// Endings of paths, with their dot: the path is a file.
    #[serde(default)]
    pub suffixes: Vec<String>,
    /// Names of request headers that only such a route sets.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Phrases of a comment on the route.
    #[serde(default)]
    pub comments: Vec<String>,
    /// Endings of paths of other locations of the server, which say the same of an ambiguous endpoint.
    #[serde(default)]
    pub siblings: Vec<String>,
}

/// Words beside which the name of an application means a part of it that carries none (`jupyter-docs`).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts {
    pub(super) words: Vec<String>,
    /// The first segments of paths that mean the same, where none of the application's own `paths` is.
    #[serde(default)]
    pub(super) segments: Vec<String>,
}

/// The file as it is written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tables {
    pub(super) endpoint: Vec<Endpoint>,
    pub(super) application: Vec<Application>,
    pub(super) application_parts: Parts,
    pub(super) word: Vec<Word>,
    pub(super) port: Vec<Port>,
    pub(super) server_name: Vec<ServerName>,
    pub(super) deny: Vec<Deny>,
    pub(super) comments: Phrases,
}
