//! A rule, ready to be applied.

use super::condition::Conditions;
use super::finding::{HeaderValue, Safety};
use super::rule_set::builtin_examples;
use super::schema::Example;
use super::severity::Severity;
use crate::config::VersionRange;
use crate::websocket::{Confidence, Module};

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Route,
    Directive,
    Comment,
}

/// Where the examples of a rule are. They are more than half of what a rule file says, and few runs ask for them.
#[derive(Debug)]
pub(super) enum Examples {
    Own(Vec<Example>),
    /// Those of the built-in rule of that number.
    Builtin(usize),
}

/// A rule, ready to be applied.
#[derive(Debug)]
pub struct Rule {
    /// Its name: the stem of its file.
    pub id: String,
    /// Its group: the folder.
    pub group: String,
    /// One line: what is wrong.
    pub summary: String,
    /// How bad, unless a variant says otherwise.
    pub severity: Severity,
    /// The mechanism.
    pub why: String,
    /// What the user sees.
    pub symptom: String,
    /// When not to follow it.
    pub unless: Option<String>,
    /// The versions it holds for.
    pub nginx: Option<VersionRange>,
    /// The measured facts it rests on.
    pub evidence: String,
    /// Documentation.
    pub see: Vec<String>,
    pub(super) examples: Examples,
    /// Its repairs.
    pub fixes: Vec<FixRule>,
    pub(super) subject: Subject,
    pub(super) websocket: Option<Confidence>,
    pub(super) modules: Vec<Module>,
    pub(super) directives: Vec<String>,
    pub(super) when: Conditions,
    pub(super) report: Report,
    pub(super) variants: Vec<Variant>,
}

#[derive(Debug)]
pub(super) struct Report {
    pub(super) at: String,
    pub(super) part: Part,
    pub(super) message: String,
    pub(super) each: bool,
    pub(super) related: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Head,
    Name,
    Value,
}

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) when: Conditions,
    pub(super) severity: Option<Severity>,
    pub(super) confidence: Option<Confidence>,
    pub(super) message: Option<String>,
}

/// A repair that a rule declares.
#[derive(Debug)]
pub struct FixRule {
    /// Whether it may be applied unasked.
    pub safety: Safety,
    /// What it does.
    pub title: String,
    pub(super) when: Conditions,
    pub(super) steps: Vec<Step>,
    pub(super) changes: Vec<String>,
    pub(super) open_world: bool,
    /// Rules that may speak up once this is repaired.
    pub reveals: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Step {
    Headers(Vec<(String, HeaderValue)>),
    Set { directive: String, value: String, block: Option<String> },
    Replace { at: String, part: Part, with: String, every: bool },
    Remove { at: String, every: bool },
    Hoist(String),
    Define(String),
}

impl Rule {
    /// Configurations that show it.
    pub fn examples(&self) -> &[Example] {
        match &self.examples {
            Examples::Own(examples) => examples,
            Examples::Builtin(number) => builtin_examples(*number),
        }
    }

    /// Everything it may say of a configuration, with placeholders where a finding fills words in.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        let report =
            std::iter::once(&self.report.message).chain(self.report.related.iter().map(|(_, message)| message));
        report.chain(self.variants.iter().filter_map(|variant| variant.message.as_ref())).map(String::as_str)
    }

    /// Whether it is about comments that silence other rules.
    pub(super) fn watches_comments(&self) -> bool {
        self.subject == Subject::Comment
    }

    /// Whether a fix of it can be applied by the program.
    pub fn safety(&self) -> Option<Safety> {
        self.fixes.iter().map(|fix| fix.safety).min()
    }
}
