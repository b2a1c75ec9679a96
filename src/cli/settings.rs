//! `nginx-wslint.toml`: what a project decides once.

mod shown;
pub(super) mod written;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use nginx_wslint::config::{IncludeMap, Version, VersionError};
use nginx_wslint::rules::{Rule, RuleSet, Severity, docs, milliseconds, nearest, toml_error};
use nginx_wslint::websocket::RouteSetting;
use toml::Spanned;

use super::Failure;
use super::output::{self, excerpt};
use super::rules::read_folder;
use written::Written;

/// The names under which settings are looked for, from a file's folder upwards.
pub(super) const NAMES: [&str; 2] = ["nginx-wslint.toml", ".nginx-wslint.toml"];

/// What a rule can be set to.
const SEVERITIES: [&str; 4] = ["error", "warning", "info", "off"];

/// Settings, checked; paths are absolute or relative to the working folder.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The file they come from.
    pub(super) file: Option<PathBuf>,
    /// The real path of its folder, from which patterns are seen.
    pub(super) folder: PathBuf,
    pub(super) nginx_version: Option<Version>,
    pub(super) roots: Vec<PathBuf>,
    pub(super) exclude: Vec<String>,
    pub(super) read_timeout: Option<String>,
    pub(super) severities: BTreeMap<String, Option<Severity>>,
    pub(super) rules_dir: Option<PathBuf>,
    pub(super) include_map: IncludeMap,
    pub(super) routes: Vec<RouteSetting>,
}

impl Settings {
    /// What the settings say of a rule, by its name before its group: a severity, or that it is off.
    pub(super) fn decided(&self, rule: &Rule) -> Option<Option<Severity>> {
        self.severities.get(&rule.id).or_else(|| self.severities.get(&rule.group)).copied()
    }

    /// The settings file nearest to `start` (a file or folder), looked for upwards; see [`Settings::read`].
    pub(super) fn nearest(start: &Path, rules: &mut RuleSet, given: &[Rule]) -> Result<Self, Failure> {
        match Self::find(start) {
            Some(file) => Self::read(&from_here(&file), rules, given),
            None => Ok(Self::default()),
        }
    }

    /// The settings file nearest to `start`.
    pub(super) fn find(start: &Path) -> Option<PathBuf> {
        let start = std::path::absolute(start).ok()?;
        let files = start.ancestors().flat_map(|folder| NAMES.map(|name| folder.join(name)));
        files.into_iter().find(|file| file.is_file())
    }

    /// Whether a file is called as settings are.
    pub(super) fn is_named(file: &Path) -> bool {
        file.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
    }

    /// Reads a settings file and adds the rules of its `rules-dir` to `rules`. `given` are rules that will be added on
    /// top, of which it may speak too. An error shows the word.
    pub(super) fn read(file: &Path, rules: &mut RuleSet, given: &[Rule]) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file).map_err(|error| output::cannot_read(file, &error))?;
        let checker = Checker { file, text: &text, folder: file.parent().unwrap_or(Path::new("")) };
        let written: Written = toml::from_str(&text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            checker.wrong(span.clone(), &toml_error(&text, span, error.message()))
        })?;
        let rules_dir = written.rules_dir.as_ref().map(|folder| checker.there(folder, Path::is_dir, "folder"));
        let rules_dir = rules_dir.transpose()?;
        for rule in rules_dir.as_deref().map(read_folder).transpose()?.unwrap_or_default() {
            rules.add(rule);
        }
        let severities = checker.severities(&written.rules, rules, given)?;
        checker.patterns(&written.exclude)?;
        if let Some(time) = &written.read_timeout
            && milliseconds(time.get_ref()).is_none_or(|time| time == 0)
        {
            return Err(checker.wrong(time.span(), "no time that nginx accepts, such as `1h` or `3600s`"));
        }
        let roots = written.roots.iter().map(|root| checker.there(root, Path::is_file, "file"));
        let map = written
            .include
            .map
            .iter()
            .map(|entry| Ok((entry.from.clone(), checker.there(&entry.to, Path::exists, "file or folder")?)));
        Ok(Self {
            file: Some(file.to_owned()),
            folder: std::fs::canonicalize(file)?.parent().map(Path::to_owned).unwrap_or_default(),
            nginx_version: written.nginx_version.as_ref().map(|word| checker.version(word)).transpose()?,
            roots: roots.collect::<Result<_, Failure>>()?,
            include_map: IncludeMap(map.collect::<Result<_, Failure>>()?),
            routes: written.route.iter().map(|route| checker.route(route)).collect::<Result<_, Failure>>()?,
            exclude: written.exclude.into_iter().map(Spanned::into_inner).collect(),
            read_timeout: written.read_timeout.map(Spanned::into_inner),
            severities,
            rules_dir,
        })
    }
}

/// Checks what is written in a file.
struct Checker<'a> {
    file: &'a Path,
    text: &'a str,
    folder: &'a Path,
}

impl Checker<'_> {
    fn wrong(&self, span: Range<usize>, message: &str) -> Failure {
        Failure(excerpt(self.file, self.text, span, message))
    }

    fn version(&self, word: &Spanned<String>) -> Result<Version, Failure> {
        word.get_ref().parse().map_err(|error: VersionError| self.wrong(word.span(), &error.to_string()))
    }

    /// A path as seen from the settings file, if `is` holds for it.
    fn there(&self, path: &Spanned<PathBuf>, is: fn(&Path) -> bool, what: &str) -> Result<PathBuf, Failure> {
        let found = self.folder.join(path.get_ref());
        if is(&found) { Ok(found) } else { Err(self.wrong(path.span(), &format!("there is no such {what}"))) }
    }

    fn severities(
        &self,
        written: &BTreeMap<Spanned<String>, Spanned<String>>,
        rules: &RuleSet,
        given: &[Rule],
    ) -> Result<BTreeMap<String, Option<Severity>>, Failure> {
        let mut severities = BTreeMap::new();
        for (name, value) in written {
            let is_given = given.iter().any(|rule| [&rule.id, &rule.group].contains(&name.get_ref()));
            if !is_given && !rules.knows(name.get_ref()) {
                return Err(self.wrong(name.span(), &unknown_rule(name.get_ref(), rules)));
            }
            let severity = match value.get_ref().as_str() {
                "off" => None,
                word => Some(Severity::from_name(word).ok_or_else(|| {
                    let hint = nearest(word, SEVERITIES).map_or_else(
                        || "it is one of error, warning, info and off".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.wrong(value.span(), &format!("`{word}` is no severity: {hint}"))
                })?),
            };
            severities.insert(name.get_ref().clone(), severity);
        }
        Ok(severities)
    }

    fn patterns(&self, patterns: &[Spanned<String>]) -> Result<(), Failure> {
        for pattern in patterns {
            glob::Pattern::new(pattern.get_ref()).map_err(|error| {
                let (why, means) = match error.msg {
                    "invalid range pattern" => ("a range is not closed or empty", "; `[[]` means a `[`"),
                    other => (other, ""),
                };
                let at = error.pos + 1;
                self.wrong(pattern.span(), &format!("no pattern for files: {why}, at its character {at}{means}"))
            })?;
        }
        Ok(())
    }

    fn route(&self, route: &Spanned<written::Route>) -> Result<RouteSetting, Failure> {
        let written::Route { path, upstream, websocket } = route.get_ref();
        if path.is_none() && upstream.is_none() {
            return Err(self.wrong(route.span(), "a route is named by `path`, by `upstream`, or by both"));
        }
        Ok(RouteSetting { path: path.clone(), upstream: upstream.clone(), websocket: *websocket })
    }
}

/// An absolute path as one writes it in the working folder: relative, also upwards, where it lies in or above that.
fn from_here(path: &Path) -> PathBuf {
    let Ok(here) = std::env::current_dir() else { return path.to_owned() };
    if let Ok(below) = path.strip_prefix(&here) {
        return below.to_owned();
    }
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return path.to_owned() };
    match here.strip_prefix(folder) {
        Ok(down) => {
            let up = down.components().map(|_| Component::ParentDir);
            up.collect::<PathBuf>().join(name)
        }
        Err(_) => path.to_owned(),
    }
}

/// What to say of a rule that does not exist.
pub(super) fn unknown_rule(name: &str, rules: &RuleSet) -> String {
    if docs::is_problem(name) {
        return format!("`{name}` is no rule, and always told; `nginx-wslint explain {name}`");
    }
    match rules.nearest(name) {
        Some(near) => format!("there is no rule or group `{name}`; did you mean `{near}`?"),
        None => format!("there is no rule or group `{name}`; `nginx-wslint rules` lists them"),
    }
}
