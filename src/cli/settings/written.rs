//! Settings as they are written, and as they are shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Settings;
use nginx_wslint::rules::Severity;

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

/// Settings in the form in which they are written, each with its value.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) struct Shown<'a> {
    file: Option<&'a Path>,
    nginx_version: Option<String>,
    roots: &'a [PathBuf],
    exclude: &'a [String],
    read_timeout: Option<&'a str>,
    rules_dir: Option<&'a Path>,
    rules: BTreeMap<&'a str, &'static str>,
    include: ShownInclude<'a>,
    route: Vec<ShownRoute<'a>>,
}

#[derive(Serialize)]
struct ShownInclude<'a> {
    map: Vec<ShownMapEntry<'a>>,
}

#[derive(Serialize)]
struct ShownMapEntry<'a> {
    from: &'a Path,
    to: &'a Path,
}

#[derive(Serialize)]
struct ShownRoute<'a> {
    path: Option<&'a str>,
    upstream: Option<&'a str>,
    websocket: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(settings: &'a Settings) -> Self {
        let routes = settings.routes.iter().map(|route| ShownRoute {
            path: route.path.as_deref(),
            upstream: route.upstream.as_deref(),
            websocket: route.websocket,
        });
        let rules = settings.severities.iter();
        Self {
            file: settings.file.as_deref(),
            nginx_version: settings.nginx_version.map(|version| version.to_string()),
            roots: &settings.roots,
            exclude: &settings.exclude,
            read_timeout: settings.read_timeout.as_deref(),
            rules_dir: settings.rules_dir.as_deref(),
            rules: rules.map(|(name, severity)| (name.as_str(), severity.map_or("off", Severity::name))).collect(),
            include: ShownInclude {
                map: settings.include_map.0.iter().map(|(from, to)| ShownMapEntry { from, to }).collect(),
            },
            route: routes.collect(),
        }
    }
}
