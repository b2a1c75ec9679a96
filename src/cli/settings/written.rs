//! Settings as they are written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// `nginx-wslint.toml` or `.nginx-wslint.toml`. Paths are seen from its folder.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::cli) struct Written {
    /// The nginx that the configurations are for, such as `1.26`; any in use by default.
    #[schemars(with = "Option<String>")]
    pub(super) nginx_version: Option<Spanned<String>>,
    /// Main files: a file that one of them includes is linted as a part of it.
    #[serde(default)]
    #[schemars(with = "Vec<PathBuf>")]
    pub(super) roots: Vec<Spanned<PathBuf>>,
    /// Patterns of files and folders that are left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// The time that fixes set timeouts to, such as `1h`.
    #[schemars(with = "Option<String>")]
    pub(super) read_timeout: Option<Spanned<String>>,
    /// Severities, or `off`, by the name of a rule or a group.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RuleSetting>")]
    pub(super) rules: BTreeMap<Spanned<String>, Spanned<String>>,
    /// A folder with rules of your own.
    #[schemars(with = "Option<PathBuf>")]
    pub(super) rules_dir: Option<Spanned<PathBuf>>,
    /// Where includes lead.
    #[serde(default)]
    pub(super) include: Include,
    /// What is known of routes.
    #[serde(default)]
    #[schemars(with = "Vec<Route>")]
    pub(super) route: Vec<Spanned<Route>>,
}

/// What a rule or group can be set to.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes a word that is read as text, so that an error can point at it")]
enum RuleSetting {
    Error,
    Warning,
    Info,
    Off,
}

/// Where includes lead.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Include {
    /// Paths that exist on the server only.
    #[serde(default)]
    pub(super) map: Vec<MapEntry>,
}

/// A path that exists on the server only.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MapEntry {
    /// What configurations write.
    pub(super) from: PathBuf,
    /// What is meant here.
    #[schemars(with = "PathBuf")]
    pub(super) to: Spanned<PathBuf>,
}

/// What is known of the routes of a path or an upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("anyOf" = [{ "required": ["path"] }, { "required": ["upstream"] }]))]
pub(super) struct Route {
    /// The path as a location is written with it.
    pub(super) path: Option<String>,
    /// The upstream, or the host, that requests are handed to.
    pub(super) upstream: Option<String>,
    /// Whether these routes carry WebSockets.
    pub(super) websocket: bool,
}
