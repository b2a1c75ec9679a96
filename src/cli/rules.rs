//! `rules`, `rules test` and `explain`.

mod list;
mod test;

use std::path::Path;

use nginx_wslint::rules::docs::{self, Page};
use nginx_wslint::rules::{Rule, RuleSet};
use walkdir::WalkDir;

use super::args::RulesArgs;
use super::output::excerpt;
use super::settings::Settings;
use super::{CLEAN, Failure, output};

pub(super) use list::list;
pub(super) use test::test;

/// Pages are no wider than this, however wide the terminal is: longer lines are hard to read.
const PAGE_WIDTH: usize = 80;

/// Reads the rule files of a folder, of which there must be some; the group is the folder a file lies in.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<Rule>, Failure> {
    output::check_folder(folder)?;
    let mut rules = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        let is_rule = path.extension().is_some_and(|extension| extension == "toml")
            && path.file_name().is_some_and(|name| name != "signals.toml");
        if !entry.file_type().is_file() || !is_rule {
            continue;
        }
        let text = std::fs::read_to_string(path).map_err(|error| output::cannot_read(path, &error))?;
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        let absolute = std::path::absolute(path)?;
        let group = absolute.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let rule = Rule::parse(path, &group, &id, &text)
            .map_err(|error| Failure(excerpt(&error.path, &error.text, error.span.range(), &error.message)))?;
        rules.push(rule);
    }
    if rules.is_empty() {
        return Err(Failure(format!("{}: no rule files (*.toml) in it", folder.display())));
    }
    Ok(rules)
}

/// The built-in rules with those of `--rules` and of the settings.
fn all(args: &RulesArgs) -> Result<RuleSet, Failure> {
    let mut rules = RuleSet::builtin();
    let own = args.rules.as_deref().map(read_folder).transpose()?.unwrap_or_default();
    Settings::nearest(Path::new("."), &mut rules, &own)?;
    own.into_iter().for_each(|rule| rules.add(rule));
    Ok(rules)
}

/// Explains a rule, or what stands in place of one; the name of a group lists its rules.
pub(super) fn explain(args: &RulesArgs, name: &str) -> Result<u8, Failure> {
    let rules = all(args)?;
    let width = output::width();
    let page = Page { width: width.unwrap_or(PAGE_WIDTH).min(PAGE_WIDTH), color: output::colored(args.color) };
    if let Some(rule) = rules.get(name) {
        output::print(docs::page(rule, page).as_bytes());
    } else if rules.iter().any(|rule| rule.group == name) {
        output::print(list::table(&rules, Some(name), width, output::colored(args.color)).as_bytes());
    } else if let Some(text) = docs::problem_page(name, page) {
        output::print(text.as_bytes());
    } else {
        return Err(Failure(super::settings::unknown_rule(name, &rules)));
    }
    Ok(CLEAN)
}
