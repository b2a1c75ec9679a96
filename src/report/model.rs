//! What every format writes down: findings with all text and all places resolved, independent of trees and rules.

use super::excerpt::Window;
use super::paths::Base;
use super::positions::Point;
use super::routes::RouteView;
use crate::rules::docs::Article;
use crate::rules::{Safety, Severity};
use crate::websocket::Confidence;

/// Everything there is to say about one run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was found, by file in the order in which the files were read, then by place.
    pub diagnostics: Vec<Diagnostic>,
    /// What kept files from being understood.
    pub problems: Vec<Problem>,
    /// Every file that was asked for.
    pub files: Vec<FileStatus>,
    /// Includes whose text is not here, so that what it would say is unknown.
    pub unread: Vec<UnreadInclude>,
    /// Sentences about the run as a whole, shown before the summary.
    pub notes: Vec<String>,
    /// What the rules of the findings say of themselves, each once; only where it was asked for.
    pub rules: Vec<Article>,
    /// The routes with what was found on them; only where it was asked for.
    pub routes: Vec<RouteState>,
    /// Where the run took place.
    pub base: Base,
}

/// A route and how it does.
#[derive(Clone, Debug)]
pub struct RouteState {
    /// The route.
    pub route: RouteView,
    /// The fingerprints of the findings about it.
    pub findings: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The id of the rule.
    pub rule: String,
    /// The group of the rule.
    pub group: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// It rests on the absence of something that a file which is not here may hold.
    pub open: bool,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The mechanism behind it, in a sentence or two.
    pub why: String,
    /// What to do.
    pub help: Option<String>,
    /// Where to read on.
    pub url: Option<String>,
    /// The file, as it was given.
    pub file: String,
    /// Where it begins.
    pub start: Point,
    /// Behind its last character.
    pub end: Point,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// The route it is about.
    pub route: Option<RouteInfo>,
    /// How many more routes share the very place.
    pub also: usize,
    /// Its repairs.
    pub fixes: Vec<FixInfo>,
    /// The same as long as rule, file, enclosing blocks and the directive's words are: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The text around its places, that of the finding itself first.
    pub excerpts: Vec<Window>,
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// What that place has to do with it.
    pub message: String,
    /// The file.
    pub file: String,
    /// Where it begins.
    pub start: Point,
    /// Behind its last character.
    pub end: Point,
}

/// The route a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// The words behind `location`.
    pub location: String,
    /// The names of its server, when they are in sight.
    pub server: Option<String>,
    /// How sure it is that it carries WebSockets; none when nothing speaks for it.
    pub confidence: Option<Confidence>,
    /// Why it is believed to carry WebSockets, as a clause.
    pub why: String,
}

/// A repair.
#[derive(Clone, Debug)]
pub struct FixInfo {
    /// What it does, as an instruction.
    pub title: String,
    /// Whether it may be applied unasked.
    pub safety: Safety,
    /// Why it is less safe than its rule says.
    pub withheld: Option<String>,
    /// The changes, sorted; none for advice.
    pub edits: Vec<EditInfo>,
    /// The lines that would change, for people.
    pub preview: Vec<PreviewLine>,
    /// All its edits as one piece of whole lines, where they are in one file and near each other.
    pub block: Option<LineBlock>,
}

/// Whole lines of a file and what comes in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBlock {
    /// The file.
    pub file: String,
    /// The first line, from 1.
    pub first: u32,
    /// The last line, itself included.
    pub last: u32,
    /// The new lines, without the last line end.
    pub text: String,
}

/// A change to one file.
#[derive(Clone, Debug)]
pub struct EditInfo {
    /// The file.
    pub file: String,
    /// Where the replaced text begins.
    pub start: Point,
    /// Behind its last character.
    pub end: Point,
    /// What comes in its place.
    pub text: String,
}

/// A line of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewLine {
    /// The file.
    pub file: String,
    /// What happens to it.
    pub kind: PreviewKind,
    /// Its number before the fix; an inserted line has none.
    pub line: Option<u32>,
    /// Its text without line end.
    pub text: String,
}

/// What a fix does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewKind {
    /// Nothing.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// What is wrong with a file as a whole or its syntax.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The place, when the file could be read.
    pub place: Option<(Point, Point)>,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub help: Option<String>,
    /// The text around the place.
    pub excerpt: Option<Window>,
}

impl Problem {
    /// What stands where a finding has the name of its rule.
    pub fn kind(&self) -> &'static str {
        if self.place.is_some() { Status::SyntaxError.name() } else { Status::Unreadable.name() }
    }
}

/// How well a file was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All of it.
    Ok,
    /// It is a template: only what does not depend on filling it in.
    Partial,
    /// What nginx would read before and after its errors.
    SyntaxError,
    /// None of it.
    Unreadable,
}

impl Status {
    /// As written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::SyntaxError => "syntax-error",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A file and how well it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// The file, as it was given.
    pub path: String,
    /// How well it was understood.
    pub status: Status,
    /// The template language it is written in.
    pub template: Option<&'static str>,
}

/// An include whose text is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadInclude {
    /// The file that includes.
    pub file: String,
    /// The line of the `include`.
    pub line: u32,
    /// What it names.
    pub pattern: String,
}

/// The numbers of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files asked for.
    pub files: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are neither.
    pub infos: usize,
    /// Findings that `--fix` mends.
    pub fixable: usize,
    /// Further findings that `--unsafe-fixes` mends.
    pub fixable_unsafe: usize,
}

impl Report {
    /// Counts what is in the report now.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { files: self.files.len(), ..Summary::default() };
        for diagnostic in &self.diagnostics {
            match diagnostic.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Info => summary.infos += 1,
            }
            match super::statistics::appliable(diagnostic) {
                Some(Safety::Safe) => summary.fixable += 1,
                Some(Safety::Unsafe) => summary.fixable_unsafe += 1,
                Some(Safety::Advice) | None => {}
            }
        }
        summary
    }
}
