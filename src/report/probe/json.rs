//! For programs. One object; times in milliseconds, lines from 1; whatever is not known is `null`:
//!
//! ```json
//! {"version": 1, "healthy": false,
//!  "diagnosis": {"id": "handshake-refused", "text": "…", "advice": ["…"], "rules": ["missing-upgrade-header"]},
//!  "probe": {
//!    "url": "ws://127.0.0.1:8080/ws", "address": "127.0.0.1:8080",
//!    "steps": [{"step": "connect", "passed": true, "ms": 0.1, "text": "…", "notes": []}],
//!    "answer": {"status": 400, "reason": "Bad Request", "headers": [["Server", "nginx"]], "body": "…"},
//!    "silence_ms": null,
//!    "diagnosis": {}},
//!  "backend": null,
//!  "config": {
//!    "file": "nginx.conf", "line": 12, "server": "…", "location": "location /ws", "to": "http://127.0.0.1:3000",
//!    "timeout": {"file": "nginx.conf", "line": 14, "text": "proxy_read_timeout 3s"},
//!    "findings": [{"rule": "…", "severity": "error", "message": "…", "file": "…", "line": 12, "column": 9,
//!                  "explains": true}]}}
//! ```
//!
//! `backend` has the keys of `probe`. Text from the network has its hidden characters spelt out, as everywhere.

use serde::Serialize;

use super::{Outcome, Place};
use crate::live::probe::{Answer, Diagnosis, Report, Step};
use crate::report::escape::visible;

/// Rises when a key changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct OutcomeView<'a> {
    version: u32,
    healthy: bool,
    diagnosis: DiagnosisView<'a>,
    probe: ReportView<'a>,
    backend: Option<ReportView<'a>>,
    config: Option<PlaceView>,
}

#[derive(Serialize)]
struct ReportView<'a> {
    url: String,
    address: Option<String>,
    steps: Vec<StepView>,
    answer: Option<AnswerView>,
    silence_ms: Option<f64>,
    diagnosis: DiagnosisView<'a>,
}

#[derive(Serialize)]
struct StepView {
    step: String,
    passed: bool,
    ms: f64,
    text: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct AnswerView {
    status: u16,
    reason: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Serialize)]
struct DiagnosisView<'a> {
    id: &'static str,
    text: String,
    advice: Vec<String>,
    rules: &'a [&'static str],
}

#[derive(Serialize)]
struct PlaceView {
    file: String,
    line: u32,
    server: String,
    location: String,
    to: Option<String>,
    timeout: Option<LineView>,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
struct LineView {
    file: String,
    line: u32,
    text: String,
}

#[derive(Serialize)]
struct FindingView {
    rule: String,
    severity: &'static str,
    message: String,
    file: String,
    line: u32,
    column: u32,
    explains: bool,
}

/// Writes all that was found out as JSON.
///
/// # Errors
/// Never: all keys and values are text and numbers.
pub fn json(outcome: &Outcome<'_>) -> serde_json::Result<String> {
    let view = OutcomeView {
        version: VERSION,
        healthy: !outcome.verdict.kind.is_problem(),
        diagnosis: DiagnosisView::from(outcome.verdict),
        probe: ReportView::from(outcome.through),
        backend: outcome.direct.map(ReportView::from),
        config: outcome.place.map(PlaceView::from),
    };
    Ok(serde_json::to_string_pretty(&view)? + "\n")
}

fn shown(text: &str) -> String {
    visible(text).into_owned()
}

fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

impl<'a> From<&'a Report> for ReportView<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            url: shown(&report.url),
            address: report.address.map(|address| address.to_string()),
            steps: report.steps.iter().map(StepView::from).collect(),
            answer: report.answer.as_ref().map(AnswerView::from),
            silence_ms: report.silence.map(milliseconds),
            diagnosis: DiagnosisView::from(&report.diagnosis),
        }
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        Self {
            step: step.stage.name().to_ascii_lowercase(),
            passed: step.passed,
            ms: milliseconds(step.took),
            text: shown(&step.text),
            notes: step.notes.iter().map(|note| shown(note)).collect(),
        }
    }
}

impl From<&Answer> for AnswerView {
    fn from(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            reason: shown(&answer.reason),
            headers: answer.headers.iter().map(|(name, value)| (shown(name), shown(value))).collect(),
            body: shown(&String::from_utf8_lossy(&answer.body)),
        }
    }
}

impl<'a> From<&'a Diagnosis> for DiagnosisView<'a> {
    fn from(diagnosis: &'a Diagnosis) -> Self {
        Self {
            id: diagnosis.kind.id(),
            text: shown(&diagnosis.sentence),
            advice: diagnosis.advice.iter().map(|advice| shown(advice)).collect(),
            rules: &diagnosis.rules,
        }
    }
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> Self {
        let finding = |(rank, one): (usize, &super::Diagnostic)| FindingView {
            rule: one.rule.clone(),
            severity: one.severity.name(),
            message: shown(&one.message),
            file: shown(&one.file),
            line: one.start.line,
            column: one.start.column,
            explains: rank < place.explaining,
        };
        Self {
            file: shown(&place.at.0),
            line: place.at.1,
            server: shown(&place.server),
            location: shown(&place.location),
            to: place.to.as_deref().map(shown),
            timeout: place.timeout.as_ref().map(|(file, line, text)| LineView {
                file: shown(file),
                line: *line,
                text: shown(text),
            }),
            findings: place.findings.iter().enumerate().map(finding).collect(),
        }
    }
}
