//! What a rule says of itself, rendered from its file: a page for the terminal, Markdown, JSON. There is no other text
//! about a rule anywhere.

mod article;
mod json;
mod markdown;
mod page;
mod problem;
mod prose;

pub use article::{Article, ExampleDoc, article, web_address};
pub use json::json;
pub use markdown::{markdown, readme};
pub use page::{Page, page};
pub use problem::{is_problem, problem_page};
pub use prose::wrap;

use super::finding::Safety;
use super::rule::Rule;
use super::rule_set::RuleSet;
use super::schema::{Example, Handshake};
use super::severity::Severity;

/// Where the pages of the rules stand in the repository.
const README: &str = "rules/README.md";

/// The repository, as the manifest says; empty where it says nothing.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// What the groups of built-in rules are about, in the order of the catalogue.
const GROUPS: [(&str, &str); 5] = [
    ("handshake", "the connection never opens"),
    ("routing", "the handshake goes elsewhere"),
    ("lifetime", "it opens, then dies"),
    ("hygiene", "it works, and hurts others"),
    ("security", "it works, and lets others in"),
];

/// What a group of rules is about; none for groups of one's own.
pub fn group_title(group: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(name, _)| *name == group).map(|(_, title)| *title)
}

/// The groups of `rules`, each with its rules, in the order of the set.
pub fn groups(rules: &RuleSet) -> Vec<(&str, Vec<&Rule>)> {
    let mut groups: Vec<(&str, Vec<&Rule>)> = Vec::new();
    for rule in rules.iter() {
        match groups.iter_mut().find(|(group, _)| *group == rule.group) {
            Some((_, members)) => members.push(rule),
            None => groups.push((&rule.group, vec![rule])),
        }
    }
    groups
}

/// The address of a rule's page: in this repository for the rules that come with the program, else the first of the
/// rule's own links, if it has any. Relative while the manifest names no repository.
pub fn url(rule: &Rule) -> Option<String> {
    let builtin = RuleSet::builtin_texts().iter().any(|(_, id, _)| *id == rule.id);
    if !builtin {
        return rule.see.first().cloned();
    }
    let page = README;
    Some(match REPOSITORY.trim_end_matches('/') {
        "" => format!("{page}#{}", rule.id),
        repository => format!("{repository}/blob/main/{page}#{}", rule.id),
    })
}

/// How bad a rule's findings are: `error`, or `info, in some cases warning`.
pub fn severities(rule: &Rule) -> String {
    let mut others: Vec<Severity> = rule.variants.iter().filter_map(|variant| variant.severity).collect();
    others.retain(|severity| *severity != rule.severity);
    others.sort();
    others.dedup();
    let others: Vec<&str> = others.into_iter().rev().map(Severity::name).collect();
    match others[..] {
        [] => rule.severity.name().to_owned(),
        _ => format!("{}, in some cases {}", rule.severity.name(), others.join(" or ")),
    }
}

/// A repair as documentation tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixDoc {
    /// What it does. A word that only a finding could fill in is shown as `…`.
    pub title: String,
    /// How safe it is; more than one where that depends on the route. The safest comes first.
    pub safety: Vec<Safety>,
}

impl FixDoc {
    /// `safe`, or `safe, in some cases unsafe`.
    pub fn safety_text(&self) -> String {
        let names: Vec<&str> = self.safety.iter().map(|safety| safety.name()).collect();
        names.join(", in some cases ")
    }
}

/// The repairs of a rule, each title once.
pub fn fixes(rule: &Rule) -> Vec<FixDoc> {
    let mut fixes: Vec<FixDoc> = Vec::new();
    for fix in &rule.fixes {
        let title = filled(&fix.title);
        match fixes.iter_mut().find(|other| other.title == title) {
            Some(known) => known.safety.push(fix.safety),
            None => fixes.push(FixDoc { title, safety: vec![fix.safety] }),
        }
    }
    for fix in &mut fixes {
        fix.safety.sort();
        fix.safety.dedup();
    }
    fixes
}

/// The title of a fix with what is known without a finding filled in.
fn filled(title: &str) -> String {
    let mut out = String::new();
    let mut rest = title;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        out.push_str(before);
        out.push_str(match name {
            "module" => "proxy",
            "read-timeout" => super::engine::DEFAULT_READ_TIMEOUT,
            "on-versions" => "",
            _ => "…",
        });
        rest = after;
    }
    out.push_str(rest);
    // What only a finding knows says nothing at the end of a sentence.
    out.strip_suffix(": `…`").map_or(out.clone(), str::to_owned)
}

/// The versions of nginx that a rule speaks of.
fn versions(rule: &Rule) -> Option<String> {
    rule.nginx.map(|range| format!("nginx {range}"))
}

/// What was measured, without the letters by which contributors find the measurement.
fn measured(rule: &Rule) -> &str {
    let is_part = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_uppercase());
    match rule.evidence.split_once(':') {
        Some((parts, text)) if parts.split(',').all(|part| is_part(part.trim())) => text.trim(),
        _ => &rule.evidence,
    }
}

/// What an example shows on a real nginx, as a sentence.
fn proof(handshake: &Handshake, is_repaired: bool) -> String {
    let outcome = |word: &str, path: &str| match word {
        "refused" => "nginx refuses to start".to_owned(),
        "open" => format!("a handshake to `{path}` opens the connection"),
        "cut" => format!("the connection to `{path}` opens and is cut when it is idle"),
        "broken" => format!("a handshake to `{path}` is answered with a 101 that no client accepts"),
        "closed" => format!("a handshake to `{path}` is answered by closing the connection"),
        "silent" => format!("a handshake to `{path}` is never answered"),
        status => format!("a handshake to `{path}` is answered with {status}"),
    };
    let bad = outcome(&handshake.bad, &handshake.path);
    let good = match (handshake.bad.as_str(), handshake.good.as_deref().unwrap_or("open")) {
        _ if !is_repaired => String::new(),
        ("open", "open") if handshake.backend.strict_plain => {
            " either way; without the repair a plain request of the same route fails, behind a backend that is as strict as \
             Kestrel is said to be"
                .to_owned()
        }
        ("open", "open") if handshake.plain_fails => {
            " either way; without the repair a plain request of the same route fails".to_owned()
        }
        ("open", "open") => " before and after".to_owned(),
        ("cut", "open") => "; repaired, it stays open".to_owned(),
        (_, "open") => "; repaired, the connection opens".to_owned(),
        (_, other) => format!("; repaired, {}", outcome(other, &handshake.path)),
    };
    let versions = match handshake.nginx.as_deref().map(str::parse::<crate::config::VersionRange>) {
        Some(Ok(range)) => format!(" (nginx {range})"),
        _ => String::new(),
    };
    format!("On a real nginx: {bad}{good}{versions}.")
}

/// What is said of an example before its text.
fn caption(example: &Example) -> String {
    let name = example.name.as_deref().unwrap_or("Example");
    let mut initial = name.chars();
    let name = initial.next().map_or_else(String::new, |first| first.to_uppercase().chain(initial).collect());
    let how = match (&example.good, example.by_hand, example.r#unsafe) {
        (None, ..) => "",
        (_, true, _) => " (repaired by hand)",
        (_, _, true) => " (repaired by `--fix --unsafe-fixes`)",
        _ => " (repaired by `--fix`)",
    };
    format!("{name}{how}")
}

/// A line of an example's diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Same,
    Removed,
    Added,
}

impl Line {
    fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// The lines of an example from bad to good; without a good text the bad one as it is.
fn diff(example: &Example) -> Vec<(Line, String)> {
    let Some(good) = &example.good else {
        return example.bad.lines().map(|line| (Line::Same, line.to_owned())).collect();
    };
    let diff = similar::TextDiff::from_lines(example.bad.as_str(), good.as_str());
    diff.iter_all_changes()
        .map(|change| {
            let kind = match change.tag() {
                similar::ChangeTag::Equal => Line::Same,
                similar::ChangeTag::Delete => Line::Removed,
                similar::ChangeTag::Insert => Line::Added,
            };
            (kind, change.value().trim_end_matches(['\r', '\n']).to_owned())
        })
        .collect()
}
