//! Runs the examples of rules: the mistake is found, the repair leads to the text that the rule shows, and that text is
//! silent. It stands beside the stages because it needs all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::{Memory, TreeOptions};
use crate::fix::{Outcome, converge};
use crate::rules::{Example, Finding, Rule, Safety, Severity};
use crate::websocket::Confidence;
use crate::{Linted, Linter};

/// The name under which the text of an example is read.
const ROOT: &str = "nginx.conf";

/// An example that does not show what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailure {
    /// The number of the example in its rule, from 1.
    pub number: usize,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What went wrong.
    pub problem: ExampleProblem,
}

/// What can be wrong with an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExampleProblem {
    /// `context` is none of the contexts that exist.
    UnknownContext(String),
    /// A text is not nginx syntax, or includes a file that is not among `files`.
    Unreadable {
        /// `bad` or `good`.
        text: &'static str,
        /// The complaint.
        message: String,
    },
    /// The rule says nothing of `bad`.
    Silent {
        /// It would with `pedantic = true`.
        with_pedantic: bool,
    },
    /// Another rule speaks as well: the example shows more than one mistake.
    AlsoFires {
        /// `bad` or `good`.
        text: &'static str,
        /// The other rule.
        rule: String,
        /// What it says.
        message: String,
    },
    /// The rule still finds its mistake in `good`.
    StillFires {
        /// What it says.
        message: String,
    },
    /// The fix does not lead to `good`.
    OtherText {
        /// `good`.
        expected: String,
        /// What the fix makes of `bad`.
        fixed: String,
        /// Why a fix was not applied, if one was withdrawn.
        withdrawn: Option<String>,
    },
    /// The fix changes something, and the example has no `good` to compare it with.
    NoGood {
        /// What the fix makes of `bad`.
        fixed: String,
    },
    /// There is something left to fix in `good`.
    GoodChanges {
        /// `good`.
        good: String,
        /// What the fix makes of it.
        fixed: String,
    },
    /// The fixes do not come to an end.
    Endless(String),
}

impl fmt::Display for ExampleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownContext(name) => {
                write!(f, "`context = \"{name}\"` is none of {}", Wrapping::NAMES.join(", "))
            }
            Self::Unreadable { text, message } => write!(f, "`{text}` is not understood: {message}"),
            Self::Silent { with_pedantic: true } => {
                f.write_str("the rule speaks of `bad` only with --pedantic: say `pedantic = true`")
            }
            Self::Silent { with_pedantic: false } => f.write_str("the rule finds nothing in `bad`"),
            Self::AlsoFires { text, rule, message } => write!(f, "`{text}` also brings up `{rule}`: {message}"),
            Self::StillFires { message } => write!(f, "the rule still speaks of `good`: {message}"),
            Self::OtherText { withdrawn: None, .. } => f.write_str("the fix of `bad` gives another text than `good`"),
            Self::OtherText { withdrawn: Some(why), .. } => {
                write!(f, "the fix of `bad` was withdrawn, and the text is not `good`: {why}")
            }
            Self::NoGood { .. } => f.write_str("the fix changes `bad`, and there is no `good` to compare it with"),
            Self::GoodChanges { .. } => f.write_str("the fix changes `good` once more"),
            Self::Endless(why) => f.write_str(why),
        }
    }
}

impl ExampleProblem {
    /// The two texts that should be equal: the one that the rule shows, and the one that came out.
    pub fn texts(&self) -> Option<(&str, &str)> {
        match self {
            Self::OtherText { expected, fixed, .. } => Some((expected, fixed)),
            Self::GoodChanges { good, fixed } => Some((good, fixed)),
            _ => None,
        }
    }
}

/// Runs the examples of `rule`, with all rules of `linter` beside it, and says which do not hold.
///
/// Of every example these must be true: `bad` is found by this rule and by no other at the default level; its fix gives
/// `good` byte for byte, unless the repair is by hand; `good` is silent at the default level; fixing `good` changes
/// nothing.
pub fn test(rule: &Rule, linter: &Linter) -> Vec<ExampleFailure> {
    let mut failures = Vec::new();
    for (index, example) in rule.examples().iter().enumerate() {
        let failure = |problem| ExampleFailure { number: index + 1, name: example.name.clone(), problem };
        failures.extend(Run { rule, linter, example }.problems().into_iter().map(failure));
    }
    failures
}

/// What an example's text is put into, so that it is a whole configuration.
struct Wrapping {
    before: &'static str,
    behind: &'static str,
}

impl Wrapping {
    const NAMES: [&str; 4] = ["main", "http", "server", "location"];

    fn of(context: Option<&str>) -> Option<Self> {
        let (before, behind) = match context.unwrap_or("http") {
            "main" => ("", ""),
            "http" => ("events {}\nhttp {\n", "}\n"),
            "server" => ("events {}\nhttp {\nserver {\n", "}\n}\n"),
            "location" => ("events {}\nhttp {\nserver {\nlocation / {\n", "}\n}\n}\n"),
            _ => return None,
        };
        Some(Self { before, behind })
    }

    fn wrap(&self, text: &str) -> String {
        format!("{}{text}{}", self.before, self.behind)
    }

    /// The text that was wrapped; the whole where something was written around it.
    fn unwrap<'t>(&self, whole: &'t str) -> &'t str {
        let inner = whole.strip_prefix(self.before).and_then(|rest| rest.strip_suffix(self.behind));
        inner.unwrap_or(whole)
    }
}

#[derive(Clone, Copy)]
struct Run<'a> {
    rule: &'a Rule,
    linter: &'a Linter,
    example: &'a Example,
}

impl<'a> Run<'a> {
    fn problems(self) -> Vec<ExampleProblem> {
        let context = self.example.context.as_deref();
        let Some(wrapping) = Wrapping::of(context) else {
            return vec![ExampleProblem::UnknownContext(context.unwrap_or_default().to_owned())];
        };
        let mut problems = self.problems_of_bad(&wrapping);
        if let Some(good) = &self.example.good {
            problems.extend(self.problems_of_good(&wrapping, good));
        }
        problems
    }

    fn problems_of_bad(self, wrapping: &Wrapping) -> Vec<ExampleProblem> {
        let bad = wrapping.wrap(&self.example.bad);
        let linted = self.lint(&bad, &BTreeMap::new());
        if let Some(problem) = unreadable("bad", &linted) {
            return vec![problem];
        }
        let mut problems = Vec::new();
        let own = |finding: &&Finding<'_>| finding.rule.id == self.rule.id;
        if !linted.findings.iter().filter(own).any(|finding| is_loud(finding, self.example.pedantic)) {
            problems
                .push(ExampleProblem::Silent { with_pedantic: linted.findings.iter().any(|finding| own(&finding)) });
        }
        problems.extend(self.others("bad", &linted));
        if self.example.by_hand {
            return problems;
        }
        match self.fix(linted, &bad) {
            Err(problem) => problems.push(problem),
            Ok((fixed, withdrawn)) => match &self.example.good {
                Some(good) if fixed != wrapping.wrap(good) => problems.push(ExampleProblem::OtherText {
                    expected: good.clone(),
                    fixed: wrapping.unwrap(&fixed).to_owned(),
                    withdrawn,
                }),
                None if fixed != bad => {
                    problems.push(ExampleProblem::NoGood { fixed: wrapping.unwrap(&fixed).to_owned() });
                }
                _ => {}
            },
        }
        problems
    }

    fn problems_of_good(self, wrapping: &Wrapping, good: &str) -> Vec<ExampleProblem> {
        let text = wrapping.wrap(good);
        let linted = self.lint(&text, &BTreeMap::new());
        if let Some(problem) = unreadable("good", &linted) {
            return vec![problem];
        }
        let mut problems: Vec<ExampleProblem> = linted
            .findings
            .iter()
            .filter(|finding| finding.rule.id == self.rule.id && is_loud(finding, self.example.pedantic))
            .map(|finding| ExampleProblem::StillFires { message: finding.message.clone() })
            .collect();
        problems.extend(self.others("good", &linted));
        match self.fix(linted, &text) {
            Err(problem) => problems.push(problem),
            Ok((fixed, _)) if fixed != text => problems
                .push(ExampleProblem::GoodChanges { good: good.to_owned(), fixed: wrapping.unwrap(&fixed).to_owned() }),
            Ok(_) => {}
        }
        problems
    }

    /// Findings of other rules that a user would see.
    fn others(self, text: &'static str, linted: &Linted<'_>) -> Vec<ExampleProblem> {
        let others =
            linted.findings.iter().filter(|finding| finding.rule.id != self.rule.id && is_loud(finding, false));
        others
            .map(|finding| ExampleProblem::AlsoFires {
                text,
                rule: finding.rule.id.clone(),
                message: finding.message.clone(),
            })
            .collect()
    }

    /// The text after this rule's fixes, and why one was withdrawn. The proof runs with all rules, so that an example
    /// also shows that the fix announces what it reveals.
    fn fix(self, linted: Linted<'a>, text: &str) -> Result<(String, Option<String>), ExampleProblem> {
        let least = if self.example.r#unsafe { Safety::Unsafe } else { Safety::Safe };
        let Outcome { changed, withdrawn, .. } = converge(
            linted,
            least,
            &|path| path == Path::new(ROOT),
            &|_, finding| finding.rule.id == self.rule.id && is_loud(finding, self.example.pedantic),
            &|texts| self.lint(text, texts),
        )
        .map_err(|error| ExampleProblem::Endless(error.to_string()))?;
        let fixed = changed
            .get(Path::new(ROOT))
            .map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok((fixed, withdrawn.into_iter().next().map(|one| one.why)))
    }

    fn lint(self, text: &str, changed: &BTreeMap<PathBuf, Vec<u8>>) -> Linted<'a> {
        let mut files = Memory::new();
        for (path, text) in &self.example.files {
            files.insert(path, text.as_bytes());
        }
        files.insert(ROOT, text);
        for (path, text) in changed {
            files.insert(path, text.clone());
        }
        self.linter.lint(Path::new(ROOT), &files, &TreeOptions::default())
    }
}

/// Whether a user sees the finding, by default or with `--pedantic`.
fn is_loud(finding: &Finding<'_>, pedantic: bool) -> bool {
    pedantic || (finding.severity > Severity::Info && finding.confidence > Confidence::Possible)
}

fn unreadable(text: &'static str, linted: &Linted<'_>) -> Option<ExampleProblem> {
    let problem = linted.tree.problems().first()?;
    Some(ExampleProblem::Unreadable { text, message: problem.message.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;

    const RULE: &str = r#"
summary  = "s"
severity = "warning"
why      = "w"
symptom  = "s"
evidence = "e"

[match]
all = [{ directive = "proxy_buffering", is = ["on"], as = "line" }]

[report]
at      = "line"
message = "no need"

[[fix]]
safety  = "safe"
title   = "switch it off"
replace = { at = "line", with = "off" }
changes = ["proxy_buffering"]
"#;

    fn problems(example: &str) -> Vec<ExampleProblem> {
        let text = format!("{RULE}\n[[example]]\n{example}");
        let mut rules = RuleSet::default();
        rules.add(Rule::parse(Path::new("own.toml"), "own", "own", &text).unwrap());
        let linter = Linter { rules, ..Linter::default() };
        let rule = linter.rules.get("own").unwrap();
        test(rule, &linter).into_iter().map(|failure| failure.problem).collect()
    }

    fn example(bad: &str, good: &str) -> String {
        format!("context = \"location\"\nbad = '{bad}'\ngood = '{good}'")
    }

    const PASS: &str = "proxy_pass http://127.0.0.1:1;";

    #[test]
    fn an_example_that_holds_is_silent() {
        let bad = format!("{PASS} proxy_buffering on;");
        let good = format!("{PASS} proxy_buffering off;");
        assert_eq!(problems(&example(&bad, &good)), []);
    }

    #[test]
    fn a_mistake_that_is_not_found_is_told() {
        assert_eq!(problems(&example(PASS, PASS)), [ExampleProblem::Silent { with_pedantic: false }]);
    }

    #[test]
    fn another_repair_than_the_one_shown_is_told() {
        let bad = format!("{PASS} proxy_buffering on;");
        let found = problems(&example(&bad, PASS));
        let fixed = format!("{PASS} proxy_buffering off;");
        assert_eq!(found, [ExampleProblem::OtherText { expected: PASS.into(), fixed, withdrawn: None }]);
    }

    #[test]
    fn a_repair_without_a_good_text_is_told() {
        let bad = format!("context = \"location\"\nbad = '{PASS} proxy_buffering on;'");
        assert!(matches!(problems(&bad)[..], [ExampleProblem::NoGood { .. }]));
    }

    #[test]
    fn a_good_text_with_the_mistake_in_it_is_told() {
        let bad = format!("{PASS} proxy_buffering on;");
        let found = problems(&format!("by-hand = true\n{}", example(&bad, &bad)));
        assert!(
            matches!(found[..], [ExampleProblem::StillFires { .. }, ExampleProblem::GoodChanges { .. }]),
            "{found:?}"
        );
    }

    #[test]
    fn wrong_contexts_and_broken_texts_are_told() {
        assert_eq!(problems("context = 'htpp'\nbad = ''"), [ExampleProblem::UnknownContext("htpp".into())]);
        assert!(matches!(problems("bad = 'server {'")[..], [ExampleProblem::Unreadable { text: "bad", .. }]));
    }
}
