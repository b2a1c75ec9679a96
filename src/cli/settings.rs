//! `nginx-wslint.toml`: what a project decides once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{IncludeMap, Version};
use nginx_wslint::rules::{Rule, RuleSet, Severity};
use nginx_wslint::websocket::RouteSetting;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Failure;
use super::output::excerpt;

/// The names under which settings are looked for, from a file's folder upwards.
const NAMES: [&str; 2] = ["nginx-wslint.toml", ".nginx-wslint.toml"];

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    nginx_version: Option<Spanned<String>>,
    #[serde(default)]
    roots: Vec<PathBuf>,
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    read_timeout: Option<Spanned<String>>,
    #[serde(default)]
    rules: BTreeMap<Spanned<String>, Spanned<String>>,
    rules_dir: Option<PathBuf>,
    #[serde(default)]
    include: Include,
    #[serde(default)]
    route: Vec<Route>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Include {
    #[serde(default)]
    map: Vec<MapEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MapEntry {
    from: PathBuf,
    to: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Route {
    path: Option<String>,
    upstream: Option<String>,
    websocket: bool,
}

/// Settings, checked; paths are absolute or relative to the working folder.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Settings {
    /// The file they come from.
    pub(super) file: Option<PathBuf>,
    #[serde(serialize_with = "shown")]
    pub(super) nginx_version: Option<Version>,
    pub(super) roots: Vec<PathBuf>,
    pub(super) exclude: Vec<String>,
    pub(super) read_timeout: Option<String>,
    #[serde(skip)]
    pub(super) severities: BTreeMap<String, Option<Severity>>,
    pub(super) rules_dir: Option<PathBuf>,
    #[serde(skip)]
    pub(super) include_map: IncludeMap,
    #[serde(skip)]
    pub(super) routes: Vec<RouteSetting>,
}

fn shown<S: serde::Serializer>(version: &Option<Version>, serializer: S) -> Result<S::Ok, S::Error> {
    match version {
        Some(version) => serializer.serialize_str(&version.to_string()),
        None => serializer.serialize_none(),
    }
}

impl Settings {
    /// What the settings say of a rule, by its name before its group: a severity, or that it is off.
    pub(super) fn decided(&self, rule: &Rule) -> Option<Option<Severity>> {
        self.severities.get(&rule.id).or_else(|| self.severities.get(&rule.group)).copied()
    }

    /// The settings file nearest to `start` (a file or folder), looked for upwards.
    pub(super) fn nearest(start: &Path, rules: &RuleSet) -> Result<Self, Failure> {
        let start = std::path::absolute(start)?;
        for folder in start.ancestors() {
            for name in NAMES {
                let file = folder.join(name);
                if file.is_file() {
                    return Self::read(&file, rules);
                }
            }
        }
        Ok(Self::default())
    }

    /// Reads a settings file; an error shows the word.
    pub(super) fn read(file: &Path, rules: &RuleSet) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure(format!("{}: cannot be read: {error}", file.display())))?;
        let wrong = |span: std::ops::Range<usize>, message: &str| Failure(excerpt(file, &text, span, message));
        let written: Written =
            toml::from_str(&text).map_err(|error| wrong(error.span().unwrap_or(0..0), error.message()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let nginx_version = match &written.nginx_version {
            Some(word) => Some(
                word.get_ref()
                    .parse()
                    .map_err(|error: nginx_wslint::config::VersionError| wrong(word.span(), &error.to_string()))?,
            ),
            None => None,
        };
        let mut severities = BTreeMap::new();
        for (name, value) in &written.rules {
            let known = rules.iter().any(|rule| rule.id == *name.get_ref() || rule.group == *name.get_ref());
            if !known {
                return Err(wrong(name.span(), &unknown_rule(name.get_ref(), rules)));
            }
            let severity = match value.get_ref().as_str() {
                "off" => None,
                name => Some(Severity::from_name(name).ok_or_else(|| {
                    wrong(value.span(), &format!("`{name}` is none of error, warning, info and off"))
                })?),
            };
            severities.insert(name.get_ref().clone(), severity);
        }
        for pattern in &written.exclude {
            glob::Pattern::new(pattern.get_ref())
                .map_err(|error| wrong(pattern.span(), &format!("no pattern for files: {error}")))?;
        }
        if let Some(time) = &written.read_timeout
            && nginx_wslint::rules::milliseconds(time.get_ref()).is_none_or(|time| time == 0)
        {
            return Err(wrong(time.span(), "no time that nginx accepts, such as `1h` or `3600s`"));
        }
        Ok(Self {
            file: Some(file.to_owned()),
            nginx_version,
            roots: written.roots.iter().map(|root| folder.join(root)).collect(),
            exclude: written.exclude.into_iter().map(Spanned::into_inner).collect(),
            read_timeout: written.read_timeout.map(Spanned::into_inner),
            severities,
            rules_dir: written.rules_dir.map(|rules| folder.join(rules)),
            include_map: IncludeMap(
                written.include.map.into_iter().map(|entry| (entry.from, folder.join(entry.to))).collect(),
            ),
            routes: written
                .route
                .into_iter()
                .map(|route| RouteSetting { path: route.path, upstream: route.upstream, websocket: route.websocket })
                .collect(),
        })
    }
}

/// What to say of a rule that does not exist.
pub(super) fn unknown_rule(name: &str, rules: &RuleSet) -> String {
    match rules.nearest(name) {
        Some(near) => format!("there is no rule or group `{name}`; did you mean `{near}`?"),
        None => format!("there is no rule or group `{name}`; `nginx-wslint rules` lists them"),
    }
}
