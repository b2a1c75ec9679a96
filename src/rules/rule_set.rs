//! All rules, those that come with the program and those of the user.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::compile::Checker;
use super::rule::{Examples, Rule};
use super::schema::{Example, RuleFile};
use super::spelling::nearest;

include!(concat!(env!("OUT_DIR"), "/builtin_rules.rs"));

/// The examples of the built-in rule of that number.
pub(super) fn builtin_examples(number: usize) -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Vec<Example>>> = OnceLock::new();
    let all = EXAMPLES.get_or_init(|| {
        let examples = postcard::from_bytes(BUILTIN_EXAMPLES);
        debug_assert!(examples.is_ok(), "{examples:?}");
        examples.unwrap_or_default()
    });
    all.get(number).map_or(&[], Vec::as_slice)
}

/// All rules that apply.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// Id and group of the rules that were there and are not applied.
    left_out: Vec<(String, String)>,
}

impl RuleSet {
    /// The rules that come with the program. Their files are checked by the tests, so that none can fail here.
    pub fn builtin() -> Self {
        let mut set = Self::default();
        // The files as the build script read them: their text would take longer to read than most configurations.
        let files: Result<Vec<RuleFile>, _> = postcard::from_bytes(BUILTIN_FILES);
        debug_assert!(files.is_ok(), "{files:?}");
        for (number, (file, (group, id, text))) in files.unwrap_or_default().into_iter().zip(BUILTIN).enumerate() {
            let path = PathBuf::from(format!("rules/{group}/{id}.toml"));
            match (Checker { path: &path, text }).rule(group, id, file) {
                Ok(rule) => set.rules.push(Rule { examples: Examples::Builtin(number), ..rule }),
                Err(error) => debug_assert!(false, "{error}"),
            }
        }
        set
    }

    /// The text of the built-in rules, each with its group and id.
    pub fn builtin_texts() -> &'static [(&'static str, &'static str, &'static str)] {
        BUILTIN
    }

    /// Adds a rule; one of the same id is replaced.
    pub fn add(&mut self, rule: Rule) {
        self.rules.retain(|other| other.id != rule.id);
        self.left_out.retain(|(id, _)| *id != rule.id);
        self.rules.push(rule);
    }

    /// The rules, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule of that name.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Keeps the rules for which `keep` holds; the names of the others stay known.
    pub fn retain(&mut self, mut keep: impl FnMut(&Rule) -> bool) {
        let left_out = &mut self.left_out;
        self.rules.retain(|rule| {
            let kept = keep(rule);
            if !kept {
                left_out.push((rule.id.clone(), rule.group.clone()));
            }
            kept
        });
    }

    /// Id and group of the rules that are known and not applied.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (&str, &str)> {
        self.left_out.iter().map(|(id, group)| (id.as_str(), group.as_str()))
    }

    /// Whether a rule or a group has this name, applied or not.
    pub fn knows(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let applied = self.rules.iter().map(|rule| (rule.id.as_str(), rule.group.as_str()));
        applied.chain(self.left_out()).flat_map(|(id, group)| [id, group])
    }

    /// Names of rules and groups that are spelt most like `name`, the nearest first.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }
}
