//! A report made by hand for the tests of the formats.

use super::excerpt::{Label, Line, Window};
use super::model::{
    Diagnostic, EditInfo, FileStatus, FixInfo, LineBlock, PreviewKind, PreviewLine, Problem, Related, Report,
    RouteInfo, Status, UnreadInclude,
};
use super::positions::Point;
use crate::rules::{Safety, Severity};
use crate::websocket::Confidence;

fn point(offset: u32, line: u32, column: u32) -> Point {
    Point { offset, line, column }
}

fn line(number: u32, text: &str) -> Line {
    Line { number, text: text.into(), cut_before: false, cut_after: false }
}

fn window(file: &str, lines: Vec<Line>, label: Label) -> Window {
    Window { file: file.into(), lines, labels: vec![label] }
}

/// An error with everything a finding can have.
pub(super) fn diagnostic() -> Diagnostic {
    let preview = |kind, line, text: &str| PreviewLine { file: "site.conf".into(), kind, line, text: text.into() };
    let own = Label { line: 1, range: 4..31, column: 5, message: None, primary: true };
    let related = Label { line: 0, range: 2..41, column: 3, message: Some("set here".into()), primary: false };
    Diagnostic {
        rule: "lost-headers".into(),
        group: "handshake".into(),
        severity: Severity::Error,
        confidence: Confidence::Likely,
        open: false,
        message: "this line discards `Upgrade`".into(),
        why: "A block with lines of its own inherits none.".into(),
        help: Some("repeat the headers".into()),
        url: Some("https://nginx.org/".into()),
        file: "site.conf".into(),
        start: point(63, 4, 5),
        end: point(90, 4, 32),
        related: vec![Related {
            message: "set here".into(),
            file: "site.conf".into(),
            start: point(10, 2, 3),
            end: point(49, 2, 42),
        }],
        route: Some(RouteInfo {
            location: "/ws".into(),
            server: None,
            confidence: Some(Confidence::Likely),
            why: "its path ends in `/ws`".into(),
        }),
        also: 2,
        fixes: vec![FixInfo {
            title: "repeat the headers".into(),
            safety: Safety::Safe,
            withheld: None,
            edits: vec![EditInfo {
                file: "site.conf".into(),
                start: point(90, 4, 32),
                end: point(90, 4, 32),
                text: "\n    proxy_set_header Upgrade $http_upgrade;".into(),
            }],
            preview: vec![
                preview(PreviewKind::Kept, Some(4), "    proxy_set_header Host $host;"),
                preview(PreviewKind::Added, None, "    proxy_set_header Upgrade $http_upgrade;"),
            ],
            block: Some(LineBlock {
                file: "site.conf".into(),
                first: 4,
                last: 4,
                text: "    proxy_set_header Host $host;\n    proxy_set_header Upgrade $http_upgrade;".into(),
            }),
        }],
        fingerprint: "00000000deadbeef".into(),
        excerpts: vec![
            window("site.conf", vec![line(3, "  location /ws {"), line(4, "    proxy_set_header Host $host;")], own),
            window("outer.conf", vec![line(2, "  proxy_set_header Upgrade $http_upgrade;")], related),
        ],
    }
}

/// One of everything.
pub(super) fn report() -> Report {
    let file = |path: &str, status| FileStatus { path: path.into(), status, template: None };
    let advice = FixInfo {
        title: "name a resolver".into(),
        safety: Safety::Advice,
        withheld: Some("the address is yours".into()),
        edits: Vec::new(),
        preview: Vec::new(),
        block: None,
    };
    let warning = Diagnostic {
        rule: "missing-resolver".into(),
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        start: point(120, 7, 5),
        end: point(130, 7, 15),
        fixes: vec![advice],
        also: 0,
        ..diagnostic()
    };
    let brace = Label { line: 0, range: 0..1, column: 1, message: None, primary: true };
    Report {
        diagnostics: vec![diagnostic(), warning],
        problems: vec![
            Problem {
                file: "broken.conf".into(),
                place: Some((point(20, 3, 1), point(21, 3, 2))),
                message: "unexpected \"}\"".into(),
                help: None,
                excerpt: Some(window("broken.conf", vec![line(3, "}")], brace)),
            },
            Problem {
                file: "gone.conf".into(),
                place: None,
                message: "cannot be read: permission denied".into(),
                help: None,
                excerpt: None,
            },
        ],
        files: vec![
            file("site.conf", Status::Ok),
            file("broken.conf", Status::SyntaxError),
            file("gone.conf", Status::Unreadable),
            FileStatus { path: "site.conf.j2".into(), status: Status::Partial, template: Some("Jinja") },
        ],
        unread: vec![UnreadInclude { file: "site.conf".into(), line: 9, pattern: "/srv/extra.conf".into() }],
        notes: Vec::new(),
        ..Report::default()
    }
}
