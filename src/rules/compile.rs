//! From the rule as written to the rule that can be applied, with errors that point at the word.

use std::fmt;
use std::path::{Path, PathBuf};

use super::condition::{Compiled, Conditions, of_module};
use super::finding::{HeaderValue, Safety};
use super::rule::{Examples, FixRule, Part, Report, Rule, Step, Subject, Variant};
use super::schema::{self, RuleFile};
use super::severity::Severity;
use super::spanned::Spanned;
use super::spelling::nearest;
use super::wording::toml_error;
use crate::config::{Name, VersionRange};
use crate::syntax::Span;
use crate::websocket::{Confidence, Module};

/// Something wrong in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The word.
    pub span: Span,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for RuleError {}

impl Rule {
    /// Reads and checks a rule file.
    ///
    /// # Errors
    /// Names the word of `text` that is wrong and why.
    pub fn parse(path: &Path, group: &str, id: &str, text: &str) -> Result<Self, RuleError> {
        let checker = Checker { path, text };
        let file: RuleFile = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            checker.error(Span::new(span.clone()), toml_error(text, span, error.message()))
        })?;
        checker.rule(group, id, file)
    }
}

/// Turns written tables into checked ones.
pub(super) struct Checker<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Checker<'_> {
    fn error(&self, span: Span, message: String) -> RuleError {
        RuleError { path: self.path.to_owned(), text: self.text.to_owned(), span, message }
    }

    /// The error at a written value.
    pub(super) fn at<T>(&self, word: &Spanned<T>, message: impl Into<String>) -> RuleError {
        self.error(Span::new(word.span()), message.into())
    }

    /// One of a few words.
    pub(super) fn one_of<T>(
        &self,
        word: &Spanned<String>,
        what: &str,
        names: impl IntoIterator<Item = &'static str>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, RuleError> {
        read(word.get_ref()).ok_or_else(|| {
            let names: Vec<&str> = names.into_iter().collect();
            let hint = nearest(word.get_ref(), names.iter().copied())
                .map_or_else(|| format!("one of {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            self.at(word, format!("`{}` is no {what}: {hint}", word.get_ref()))
        })
    }

    /// A directive that nginx knows.
    pub(super) fn directive(&self, word: &Spanned<String>) -> Result<String, RuleError> {
        let name = word.get_ref();
        let probe = of_module(name, Module::Proxy);
        if Name::of(&probe).is_some() {
            Ok(name.clone())
        } else {
            let hint = nearest(&probe, Name::all().map(Name::text));
            let hint = hint.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            Err(self.at(word, format!("`{name}` is no directive of nginx{hint}")))
        }
    }

    fn severity(&self, word: &Spanned<String>) -> Result<Severity, RuleError> {
        self.one_of(word, "severity", ["error", "warning", "info"], Severity::from_name)
    }

    fn confidence(&self, word: &Spanned<String>) -> Result<Confidence, RuleError> {
        self.one_of(word, "confidence", ["possible", "likely", "certain"], |name| match name {
            "possible" => Some(Confidence::Possible),
            "likely" => Some(Confidence::Likely),
            "certain" => Some(Confidence::Certain),
            _ => None,
        })
    }

    fn module(&self, word: &Spanned<String>) -> Result<Module, RuleError> {
        self.one_of(word, "module", Module::ALL.map(Module::name), |name| {
            Module::ALL.into_iter().find(|module| module.name() == name)
        })
    }

    fn range(&self, word: &Spanned<String>) -> Result<VersionRange, RuleError> {
        word.get_ref().parse().map_err(|error: crate::config::VersionError| self.at(word, error.to_string()))
    }

    fn part(&self, word: Option<&Spanned<String>>, default: Part) -> Result<Part, RuleError> {
        word.map_or(Ok(default), |word| {
            self.one_of(word, "part of a directive", ["name", "value", "head"], |name| match name {
                "name" => Some(Part::Name),
                "value" => Some(Part::Value),
                "head" => Some(Part::Head),
                _ => None,
            })
        })
    }

    fn conditions(
        &self,
        all: Vec<Spanned<schema::Condition>>,
        any: Vec<Spanned<schema::Condition>>,
        none: Vec<Spanned<schema::Condition>>,
    ) -> Result<Conditions, RuleError> {
        let compile = |list: Vec<Spanned<schema::Condition>>| -> Result<Vec<Compiled>, RuleError> {
            list.into_iter().map(|written| Compiled::new(self, written)).collect()
        };
        Ok(Conditions { all: compile(all)?, any: compile(any)?, none: compile(none)? })
    }

    /// What a fix may change: a directive, or one with the header it sets.
    fn change(&self, word: &Spanned<String>, known: &[&str]) -> Result<String, RuleError> {
        let text = word.get_ref();
        if text.starts_with('{') && !text.starts_with("{module}") {
            return self.template(word, known).map(|_| text.clone());
        }
        let directive = text.split(' ').next().unwrap_or_default();
        self.directive(&Spanned::new(word.span(), directive.to_owned())).map(|_| text.clone())
    }

    /// A place that the rule can speak of.
    fn place(&self, word: &Spanned<String>, known: &[&str]) -> Result<String, RuleError> {
        const FIXED: [&str; 4] = ["pass", "block", "server", "subject"];
        let text = word.get_ref();
        let name = text.strip_suffix(".second").unwrap_or(text);
        if FIXED.contains(&name) || known.contains(&name) {
            return Ok(text.clone());
        }
        let hint = nearest(name, FIXED.into_iter().chain(known.iter().copied())).map_or_else(
            || "it is one of pass, block, server, subject, or a name that a condition gives by `as`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Err(self.at(word, format!("`{text}` is no place: {hint}")))
    }

    /// A text whose `{placeholders}` all exist.
    fn template(&self, word: &Spanned<String>, known: &[&str]) -> Result<String, RuleError> {
        let text = word.get_ref();
        for placeholder in text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)) {
            let (name, _) = placeholder.split_once('.').unwrap_or((placeholder, ""));
            let fixed =
                ["location", "server", "upstream", "why", "module", "pings", "read-timeout", "only", "on-versions"];
            if !fixed.contains(&name) && !known.contains(&name) {
                let hint = nearest(name, fixed.into_iter().chain(known.iter().copied()));
                let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{{{near}}}`?"));
                return Err(self.at(word, format!("nothing is called `{{{placeholder}}}` here{hint}")));
            }
        }
        Ok(text.clone())
    }

    pub(super) fn rule(&self, group: &str, id: &str, file: RuleFile) -> Result<Rule, RuleError> {
        let subject = file.r#match.subject.as_ref().map_or(Ok(Subject::Route), |word| {
            self.one_of(word, "subject", ["route", "directive", "comment"], |name| match name {
                "route" => Some(Subject::Route),
                "directive" => Some(Subject::Directive),
                "comment" => Some(Subject::Comment),
                _ => None,
            })
        })?;
        let websocket = file.r#match.websocket.as_ref().map(|word| self.confidence(word)).transpose()?;
        let modules = match &file.r#match.modules[..] {
            [] => vec![Module::Proxy],
            words => words.iter().map(|word| self.module(word)).collect::<Result<_, _>>()?,
        };
        let directives = file.r#match.directives.iter().map(|word| self.directive(word)).collect::<Result<_, _>>()?;
        let when = self.conditions(file.r#match.all, file.r#match.any, file.r#match.none)?;
        let names: Vec<&str> = when.names().collect();
        let report = Report {
            at: self.place(&file.report.at, &names)?,
            part: self.part(file.report.part.as_ref(), Part::Head)?,
            message: self.template(&file.report.message, &names)?,
            each: file.report.each,
            related: file
                .report
                .related
                .iter()
                .map(|related| Ok((self.place(&related.at, &names)?, self.template(&related.message, &names)?)))
                .collect::<Result<_, RuleError>>()?,
        };
        let variants =
            file.variant.into_iter().map(|variant| self.variant(variant, &names)).collect::<Result<_, _>>()?;
        let fixes = file.fix.into_iter().map(|fix| self.fix(fix, &names)).collect::<Result<_, _>>()?;
        Ok(Rule {
            id: id.to_owned(),
            group: group.to_owned(),
            summary: file.summary,
            severity: self.severity(&file.severity)?,
            why: file.why.trim().to_owned(),
            symptom: file.symptom.trim().to_owned(),
            unless: file.unless.map(|text| text.trim().to_owned()),
            nginx: file.nginx.as_ref().map(|word| self.range(word)).transpose()?,
            evidence: file.evidence.trim().to_owned(),
            see: file.see,
            examples: Examples::Own(file.example),
            fixes,
            subject,
            websocket,
            modules,
            directives,
            when,
            report,
            variants,
        })
    }

    fn variant(&self, variant: schema::Variant, known: &[&str]) -> Result<Variant, RuleError> {
        let when = self.conditions(variant.all, variant.any, variant.none)?;
        let names: Vec<&str> = known.iter().copied().chain(when.names()).collect();
        Ok(Variant {
            severity: variant.severity.as_ref().map(|word| self.severity(word)).transpose()?,
            confidence: variant.confidence.as_ref().map(|word| self.confidence(word)).transpose()?,
            message: variant.message.as_ref().map(|word| self.template(word, &names)).transpose()?,
            when,
        })
    }

    fn fix(&self, fix: schema::Fix, known: &[&str]) -> Result<FixRule, RuleError> {
        let when = self.conditions(fix.all, fix.any, fix.none)?;
        let names: Vec<&str> = known.iter().copied().chain(when.names()).collect();
        let mut steps = Vec::new();
        if let Some(set) = &fix.set {
            let in_block = |word: &Spanned<String>| match word.get_ref().as_str() {
                "main" => Ok("main".to_owned()),
                _ => self.place(word, &names),
            };
            steps.push(Step::Set {
                directive: self.directive(&set.directive)?,
                value: set.value.clone(),
                block: set.r#in.as_ref().map(in_block).transpose()?,
            });
        }
        if !fix.headers.is_empty() {
            let value = |text: &str| match text {
                "{upgrade}" => HeaderValue::Upgrade,
                "{upgrade-websocket}" => HeaderValue::UpgradeWebsocket,
                "{connection}" => HeaderValue::Connection,
                "{connection-map}" => HeaderValue::ConnectionMap,
                "{inherited}" => HeaderValue::Inherited,
                text => HeaderValue::Text(text.to_owned()),
            };
            // Written in the order in which people write them.
            let mut lines: Vec<_> =
                fix.headers.iter().map(|(name, text)| (name.clone(), value(text.get_ref()))).collect();
            lines.sort_by_key(|(name, _)| name == "Connection");
            steps.push(Step::Headers(lines));
        }
        for replace in [&fix.replace, &fix.replace_also].into_iter().flatten() {
            let at = self.place(&replace.at, &names)?;
            let part = self.part(replace.part.as_ref(), Part::Value)?;
            steps.push(Step::Replace { at, part, with: replace.with.clone(), every: replace.every });
        }
        if let Some(remove) = &fix.remove {
            steps.push(Step::Remove { at: self.place(&remove.at, &names)?, every: remove.every });
        }
        if let Some(hoist) = &fix.hoist {
            steps.push(Step::Hoist(self.place(&hoist.at, &names)?));
        }
        if let Some(define) = &fix.define {
            steps.push(Step::Define(self.place(&define.at, &names)?));
        }
        let safety = self.one_of(&fix.safety, "safety", ["safe", "unsafe", "advice"], |name| match name {
            "safe" => Some(Safety::Safe),
            "unsafe" => Some(Safety::Unsafe),
            "advice" => Some(Safety::Advice),
            _ => None,
        })?;
        if steps.is_empty() && safety != Safety::Advice {
            return Err(self.at(&fix.safety, "a fix that is no advice has to say what it changes"));
        }
        let title = self.template(&fix.title, &names)?;
        let changes = fix.changes.iter().map(|word| self.change(word, &names)).collect::<Result<_, _>>()?;
        Ok(FixRule { safety, title, when, steps, changes, open_world: fix.open_world, reveals: fix.reveals })
    }
}
