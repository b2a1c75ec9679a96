//! Names that arguments take, for the completions of shells.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use nginx_wslint::rules::{RuleSet, docs, nearest};

/// The name of a rule or a group. Any is read: rules of one's own are known only later, and so is what is wrong.
#[derive(Clone, Debug)]
pub(super) struct RuleName;

impl TypedValueParser for RuleName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let texts = RuleSet::builtin_texts();
        let rules = RuleSet::builtin();
        let groups: BTreeSet<&str> = texts.iter().map(|(group, ..)| *group).collect();
        let groups = groups.into_iter().map(|group| {
            let title = docs::group_title(group).unwrap_or_default();
            PossibleValue::new(group).help(format!("group: {title}"))
        });
        let ids = texts.iter().map(move |(_, id, _)| {
            let summary = rules.get(id).map(|rule| rule.summary.replace('`', "")).unwrap_or_default();
            PossibleValue::new(*id).help(summary)
        });
        Some(Box::new(groups.chain(ids)))
    }
}

/// The name of a subcommand.
#[derive(Clone, Debug)]
pub(super) struct SubcommandName;

impl TypedValueParser for SubcommandName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // Not by the command itself, which asks for them while it is built.
        Some(Box::new(SUBCOMMANDS.into_iter().map(PossibleValue::new)))
    }
}

/// The names of the subcommands, in the order of the help.
#[cfg(feature = "live")]
const SUBCOMMANDS: [&str; 12] =
    ["rules", "explain", "routes", "doctor", "probe", "log", "init", "parse", "schema", "server", "completions", "man"];
#[cfg(not(feature = "live"))]
const SUBCOMMANDS: [&str; 9] =
    ["rules", "explain", "routes", "init", "parse", "schema", "server", "completions", "man"];

/// What to say where other linters have a subcommand, before these paths.
pub(super) fn foreign_verb(word: &str, paths: &[PathBuf]) -> Option<String> {
    let (what, option) = match word {
        "lint" | "check" | "scan" | "run" | "test" => ("linting needs none", ""),
        "fix" | "format" => ("fixing is an option", " --fix"),
        _ => return None,
    };
    let path = paths.first().map_or_else(String::new, |path| format!(" {}", path.display()));
    let more = if paths.len() > 1 { " …" } else { "" };
    Some(format!("{word}: no such file, and no subcommand: {what}; `nginx-wslint{option}{path}{more}`"))
}

/// What to say where a file that is not there is called almost as a subcommand is.
pub(super) fn mistyped_subcommand(word: &str, command: &clap::Command) -> Option<String> {
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let names = command.get_subcommands().map(clap::Command::get_name);
    let near = nearest(word, names).filter(|_| plain && word != "-")?;
    Some(if near == word {
        format!("{word}: no such file; the subcommand stands first: `nginx-wslint {word} …`")
    } else {
        format!("{word}: no such file, and no subcommand; did you mean `nginx-wslint {near}`?")
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::args::Args;
    use super::*;

    #[test]
    fn every_rule_and_group_is_offered() {
        let names: Vec<String> = RuleName.possible_values().unwrap().map(|value| value.get_name().to_owned()).collect();
        for rule in RuleSet::builtin().iter() {
            assert!(names.contains(&rule.id) && names.contains(&rule.group), "{}", rule.id);
        }
    }

    #[test]
    fn the_subcommands_are_those_of_the_program() {
        let names: Vec<String> = Args::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
        assert_eq!(names, SUBCOMMANDS);
    }

    #[test]
    fn only_words_that_are_near_a_subcommand_are_taken_for_one() {
        let command = Args::command();
        for (word, near) in
            [("explan", "explain"), ("rule", "rules"), ("route", "routes"), ("completion", "completions")]
        {
            let said = mistyped_subcommand(word, &command).unwrap();
            assert!(said.ends_with(&format!("did you mean `nginx-wslint {near}`?")), "{said}");
        }
        assert!(mistyped_subcommand("rules", &command).is_some_and(|said| said.contains("stands first")));
        for word in ["nginx.conf", "sites", "-", "", "conf.d/rule", "x"] {
            assert_eq!(mistyped_subcommand(word, &command), None, "{word}");
        }
    }
}
