use super::super::routes::RouteView;
use super::super::{Base, RouteState, sample};
use super::*;
use crate::Linter;
use crate::config::Memory;

fn written(report: &Report) -> String {
    page(report).into_string()
}

/// A report on real text, with routes and rules.
fn real() -> Report {
    let text = "events {}\nhttp {\n  upstream chat { server 10.0.0.1:80; }\n  server {\n    server_name chat.example;\n\
        location /ws { proxy_pass http://chat; }\n    location / { proxy_pass http://127.0.0.1:8080; }\n\
        location /good/ws { proxy_pass http://chat; proxy_http_version 1.1; proxy_read_timeout 1h;\n\
        proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }\n  }\n}\n";
    of(text)
}

fn of(text: &str) -> Report {
    let mut files = Memory::new();
    files.insert("nginx.conf", text);
    let linter = Linter::default();
    let linted = linter.lint("nginx.conf".as_ref(), &files, &Default::default());
    let scope = super::super::Scope { asked: &|_| true, shown: &|_| true, editable: &|_| true };
    let mut builder = super::super::Builder::new().with_background(None).at(Base::default());
    builder.add(&linted, &scope);
    builder.finish()
}

#[test]
fn every_finding_problem_and_rule_has_its_place() {
    let report = real();
    let text = written(&report);
    assert!(!report.diagnostics.is_empty());
    assert_eq!(text.matches("<article class=\"finding ").count(), report.diagnostics.len());
    assert_eq!(text.matches("<article class=\"rule-page\"").count(), report.rules.len());
    let problems = written(&sample::report());
    assert_eq!(problems.matches("<article class=\"problem error\">").count(), 2);
}

#[test]
fn the_picture_tells_how_each_route_does() {
    let report = real();
    let state = |location: &str| {
        let index = report.routes.iter().position(|route| route.route.location == location).unwrap();
        Map::of(&report).states[index]
    };
    assert_eq!(state("/ws"), State::Broken);
    assert_eq!(state("/"), State::Plain);
    let text = written(&report);
    assert!(text.contains("1 route cannot carry WebSockets as configured"), "{text}");
    let rows = text.split("<ol class=\"rows\">").nth(1).unwrap().split("</ol>").next().unwrap();
    assert_eq!(rows.matches("<li ").count(), 3);
    assert!(rows.contains("<li class=\"broken\"><a href=\"#finding-"), "{rows}");
}

#[test]
fn what_is_wrong_with_a_line_is_wrong_with_the_routes_around_it() {
    let text = |upgrade: &str| {
        format!(
            "events {{}}\nhttp {{\n  server {{\n    location /ws {{ proxy_pass http://127.0.0.1:1; proxy_http_version 1.1;\n\
             proxy_set_header Upgrade {upgrade}; proxy_set_header Connection upgrade; }}\n  }}\n}}\n"
        )
    };
    let states = |text: &str| Map::of(&of(text)).states;
    assert_eq!(states(&text("\\$http_upgrade")), [State::Broken]);
    assert_ne!(states(&text("$http_upgrade")), [State::Broken]);
    assert_eq!(states(&text("$http_upgrade").replace("events {}", "events {} }")), [State::Broken]);
}

#[test]
fn links_lead_somewhere() {
    let text = written(&real());
    for link in text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(text.contains(&format!("id=\"{link}\"")), "nothing is called {link}");
    }
}

#[test]
fn nothing_in_a_configuration_is_markup() {
    let evil = "\u{202e}</code><script>alert(1)</script>\x1b[2J\" onload=\"x";
    let mut report = real();
    let mut route: RouteView = report.routes[0].route.clone();
    route.location = evil.into();
    route.pass.to = evil.into();
    if let Some(server) = &mut route.server {
        server.names = vec![evil.into()];
        server.listen = vec![evil.into()];
    }
    report.routes.push(RouteState { route, findings: Vec::new() });
    let mut one = sample::diagnostic();
    one.rule = evil.into();
    one.message = evil.into();
    one.file = evil.into();
    one.url = Some("javascript:alert(1)".into());
    one.fixes[0].title = evil.into();
    one.fixes[0].preview[0].text = evil.into();
    one.excerpts[0].lines[0].text = evil.into();
    one.excerpts[1].labels[0].message = Some(evil.into());
    one.fingerprint = evil.into();
    report.diagnostics.push(one);
    report.files[0].path = evil.into();
    report.notes.push(evil.into());
    report.rules[0].see = vec!["javascript:alert(1)".into(), evil.into()];
    let text = written(&report);
    assert!(!text.contains("<script") && !text.contains("\" onload=\"x"), "{text}");
    assert!(!text.contains("href=\"javascript"), "{text}");
    assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'));
}

#[test]
fn the_page_asks_for_nothing() {
    let text = written(&real());
    for request in ["<script", "<img", "<iframe", "<object", "src=", "@import", "url(", "<form"] {
        assert!(!text.contains(request), "{request}");
    }
    assert!(text.contains("default-src 'none'"));
}
