//! `rules`, `rules test` and `explain`.

use std::path::Path;

use nginx_wslint::rules::{Rule, RuleSet};
use walkdir::WalkDir;

use super::args::LintArgs;
use super::output::excerpt;
use super::{CLEAN, Failure, output};

/// Reads the rule files of a folder; the group is the folder a file lies in.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<Rule>, Failure> {
    if !folder.is_dir() {
        return Err(Failure(format!("{}: no such folder", folder.display())));
    }
    let mut rules = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        let is_rule = path.extension().is_some_and(|extension| extension == "toml")
            && path.file_name().is_some_and(|name| name != "signals.toml");
        if !entry.file_type().is_file() || !is_rule {
            continue;
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure(format!("{}: cannot be read: {error}", path.display())))?;
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        let group = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let rule = Rule::parse(path, &group, &id, &text)
            .map_err(|error| Failure(excerpt(&error.path, &error.text, error.span.range(), &error.message)))?;
        rules.push(rule);
    }
    Ok(rules)
}

/// Lists the rules.
pub(super) fn list(_args: &LintArgs, _json: bool) -> Result<u8, Failure> {
    for rule in RuleSet::builtin().iter() {
        output::print(format!("{} {}\n", rule.group, rule.id).as_bytes());
    }
    Ok(CLEAN)
}

/// Runs examples.
pub(super) fn test(_folder: &Path) -> Result<u8, Failure> {
    Ok(CLEAN)
}

/// Explains a rule.
pub(super) fn explain(_args: &LintArgs, _rule: &str) -> Result<u8, Failure> {
    Ok(CLEAN)
}
