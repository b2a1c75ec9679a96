//! What an earlier report knew, so that only what is new is told.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::VERSION;
use super::model::Report;

/// A finding of an earlier report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Known {
    /// Its rule.
    pub rule: String,
    /// Its file, as it was given then.
    pub file: String,
    /// Its line then.
    pub line: u32,
    /// What it said.
    pub message: String,
    /// By which it is known again.
    pub fingerprint: String,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Compared {
    /// How many findings the earlier report knew; they are no longer in this one.
    pub known: usize,
    /// What the earlier report knew and is found no longer, in its order.
    pub gone: Vec<Known>,
}

/// The findings of an earlier JSON report.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    findings: Vec<Known>,
}

/// Why a text is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Nothing stands in it.
    #[error("it is empty, and no report; `--output-format json=FILE` writes one")]
    Empty,
    /// It is not JSON, or not a report.
    #[error("no report in JSON: {0}")]
    NoReport(#[from] serde_json::Error),
    /// It is a report of another form.
    #[error(
        "a report of version {0}, and this program reads version {VERSION}; write it anew with --output-format json"
    )]
    OtherVersion(u64),
}

/// The version alone, so that the rest of another form need not be understood.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Deserialize)]
struct Written {
    diagnostics: Vec<WrittenDiagnostic>,
}

#[derive(Deserialize)]
struct WrittenDiagnostic {
    group: String,
    rule: String,
    file: String,
    line: u32,
    message: String,
    fingerprint: String,
}

impl Baseline {
    /// Reads a report as `--output-format json` writes it.
    ///
    /// # Errors
    /// When the text is no such report, or one of another version.
    pub fn read(text: &[u8]) -> Result<Self, BaselineError> {
        if text.trim_ascii().is_empty() {
            return Err(BaselineError::Empty);
        }
        let Versioned { version } = serde_json::from_slice(text)?;
        if version != u64::from(VERSION) {
            return Err(BaselineError::OtherVersion(version));
        }
        let Written { diagnostics } = serde_json::from_slice(text)?;
        // What could not be understood is told every time.
        let findings = diagnostics.into_iter().filter(|one| one.group != "syntax").map(|one| Known {
            rule: one.rule,
            file: one.file,
            line: one.line,
            message: one.message,
            fingerprint: one.fingerprint,
        });
        Ok(Self { findings: findings.collect() })
    }

    /// Takes what is known out of a report and notes there how much that was, and what of its files is found no longer.
    pub fn silence(&self, report: &mut Report) {
        let known: HashSet<&str> = self.findings.iter().map(|known| known.fingerprint.as_str()).collect();
        let found: HashSet<String> = report.diagnostics.iter().map(|one| one.fingerprint.clone()).collect();
        let before = report.diagnostics.len();
        report.diagnostics.retain(|one| !known.contains(one.fingerprint.as_str()));
        for route in &mut report.routes {
            route.findings.retain(|fingerprint| !known.contains(fingerprint.as_str()));
        }
        // Of files that were not looked at nothing can be said.
        let files: HashSet<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
        let is_gone = |one: &&Known| files.contains(one.file.as_str()) && !found.contains(one.fingerprint.as_str());
        let gone: Vec<Known> = self.findings.iter().filter(is_gone).cloned().collect();
        report.baseline = Some(Compared { known: before - report.diagnostics.len(), gone });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{json, sample};
    use super::*;

    fn written(report: &Report) -> Baseline {
        let mut out = Vec::new();
        json::write(report, &mut out).unwrap();
        Baseline::read(&out).unwrap()
    }

    #[test]
    fn what_was_known_is_not_told_again() {
        let mut report = sample::report();
        let all = report.diagnostics.len();
        let baseline = written(&report);
        baseline.silence(&mut report);
        assert!(report.diagnostics.is_empty());
        assert_eq!(report.problems.len(), 2, "what could not be read is no old news");
        assert_eq!(report.baseline, Some(Compared { known: all, gone: Vec::new() }));
    }

    #[test]
    fn what_is_gone_is_named_for_the_files_that_were_looked_at() {
        let baseline = written(&sample::report());
        let mut report = sample::report();
        report.diagnostics.clear();
        baseline.silence(&mut report);
        let gone = report.baseline.take().unwrap().gone;
        assert_eq!(gone.first().map(|one| (one.rule.as_str(), one.line)), Some(("lost-headers", 4)));
        report.files.clear();
        baseline.silence(&mut report);
        assert_eq!(report.baseline, Some(Compared::default()));
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, words) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{", "no report in JSON: EOF"),
            ("{}", "missing field `version`"),
            ("{\"version\": 1}", "missing field `diagnostics`"),
            ("{\"version\": 2}", "version 2"),
            ("{\"version\": 1, \"diagnostics\": [{}]}", "missing field"),
            ("[]", "no report in JSON"),
        ] {
            let said = Baseline::read(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
