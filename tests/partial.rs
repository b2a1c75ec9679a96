//! Files that are not whole: with a mistake in them, or still a template. What is certain in them is linted, nothing
//! is said that only follows from what is missing, and no such file is changed.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::path::Path;

use nginx_wslint::Linter;
use nginx_wslint::config::{Memory, TreeOptions};
use nginx_wslint::fix::converge;
use nginx_wslint::rules::{Finding, Safety, Severity};
use nginx_wslint::websocket::Confidence;

/// What is said of one text.
#[derive(Debug)]
struct Said {
    /// What nginx would refuse, in its words.
    errors: Vec<String>,
    /// What the text is a template of.
    template: Option<&'static str>,
    /// The findings that are shown: the rule and the text of the line.
    findings: Vec<String>,
    /// Whether fixing changes anything.
    is_changed: bool,
}

fn lint(text: &str) -> Said {
    let linter = Linter::default();
    let root = Path::new("nginx.conf");
    let relint = |changed: &std::collections::BTreeMap<_, Vec<u8>>| {
        let mut files = Memory::new();
        files.insert(root, text);
        for (path, text) in changed {
            files.insert(std::path::PathBuf::clone(path), text.clone());
        }
        linter.lint(root, &files, &TreeOptions::default())
    };
    let linted = relint(&Default::default());
    let file = &linted.tree.files()[0];
    let errors = linted.tree.problems().iter().map(|problem| problem.message.clone()).collect();
    let template = file.ast.template().map(|template| template.language);
    let mut findings = Vec::new();
    for finding in linted.findings.iter().filter(|finding| is_shown(finding)) {
        let (_, span) = finding.place.locate(&linted.tree);
        let line = file.source.slice(file.source.line_span(span.start)).trim();
        findings.push(format!("{}: {line}", finding.rule.id));
    }
    findings.sort();
    let outcome = converge(linted, Safety::Unsafe, &|_| true, &|_, _| true, &relint).expect("fixes come to an end");
    Said { errors, template, findings, is_changed: !outcome.changed.is_empty() }
}

/// What a user sees who asks for nothing more.
fn is_shown(finding: &Finding<'_>) -> bool {
    finding.confidence > Confidence::Possible && finding.severity > Severity::Info
}

/// A WebSocket route that is right in one server, and one that is wrong in the next.
const WHOLE: &str = r#"worker_processes auto;
events {
    worker_connections 1024;
}
http {
    log_format main '$remote_addr "$request" $status';
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    server {
        listen 80;
        server_name one.example.com;
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
        location ~ "^/a{2}" {
            return 404 "none";
        }
    }
    server {
        listen 80;
        server_name two.example.com;
        location /socket.io/ {
            proxy_pass http://127.0.0.1:4000;
        }
    }
}
"#;

#[test]
fn the_whole_file_has_its_findings() {
    let said = lint(WHOLE);
    assert_eq!(said.errors, [""; 0]);
    assert!(said.findings.iter().any(|finding| finding == "missing-upgrade-header: proxy_pass http://127.0.0.1:4000;"));
    assert!(
        said.findings.iter().all(|finding| finding.contains("4000") || finding.contains("/socket.io/")),
        "{said:?}"
    );
    assert!(said.is_changed);
}

#[test]
fn one_mistake_is_one_error_and_hides_nothing_else() {
    let mistakes = [
        ("a lost ;", "listen 80;", "listen 80"),
        ("a lost ; before a brace", "proxy_read_timeout 1h;", "proxy_read_timeout 1h"),
        ("a lost ; in the route", "proxy_pass http://127.0.0.1:3000;", "proxy_pass http://127.0.0.1:3000"),
        ("a lost ; behind a header", "$http_upgrade;\n            proxy_set", "$http_upgrade\n            proxy_set"),
        ("a lost ; in the map", "default upgrade;", "default upgrade"),
        ("a ; too many", "server_name one.example.com;", "server_name one.example.com;;"),
        ("a ; behind a block", "3000;\n", "3000;\n            ;\n"),
        ("a lost closing quote", "\"none\"", "\"none"),
        ("a lost opening quote", "'$remote_addr", "$remote_addr"),
        ("a lost quote of a regular expression", "\"^/a{2}\"", "\"^/a{2}"),
        ("a regular expression without quotes", "\"^/a{2}\"", "^/a{2}"),
        ("text behind a quote", "\"none\"", "\"none\"x"),
        ("a lost opening brace", "location /ws {", "location /ws"),
        ("a lost closing brace", "1h;\n        }\n", "1h;\n"),
        ("a brace too many", "1h;\n        }\n", "1h;\n        }\n        }\n"),
        ("a brace too many at the end", "4000;\n        }\n    }\n}\n", "4000;\n        }\n    }\n}\n}\n"),
        ("a block without its name", "location /ws {", "{"),
        ("an end that is missing", "4000;\n        }\n    }\n}\n", "4000;\n        }\n    }\n"),
    ];
    let expected = lint(WHOLE).findings;
    let mut wrong = String::new();
    for (why, from, to) in mistakes {
        assert!(WHOLE.contains(from), "{why}");
        let said = lint(&WHOLE.replacen(from, to, 1));
        // One is no mistake to nginx: a word that ends in a quote.
        if said.errors.len() != usize::from(why != "a lost opening quote") {
            wrong += &format!("{why}: errors {:?}\n", said.errors);
        }
        if said.findings != expected {
            wrong += &format!("{why}: findings {:#?}\n", said.findings);
        }
        if said.is_changed && !said.errors.is_empty() {
            wrong += &format!("{why}: changed\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn templates_are_linted_where_they_are_certain_and_never_changed() {
    let headers = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \
                   $connection_upgrade; proxy_read_timeout 1h;";
    let cases = [
        (
            "Jinja",
            format!(
                "server {{\n  listen {{{{ port }}}};\n  location /ws {{\n    proxy_pass http://{{{{ host }}}}:80;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "Jinja",
            format!(
                "server {{\n  {{{{ extra }}}}\n  location /ws {{\n    {{{{ more }}}}\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "Jinja",
            format!(
                "{{% if tls %}}\nserver {{\n  listen 443 ssl;\n{{% else %}}\nserver {{\n  listen 80;\n{{% endif %}}\n  location /ws {{\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "Jinja",
            "server {\n  listen {{ port }};\n  location /ws {\n    proxy_pass http://a:80;\n  }\n}\n".to_owned(),
            true,
        ),
        (
            "ERB",
            format!(
                "server {{\n  <%- if @ssl -%>\n  listen 443 ssl;\n  <%- end -%>\n  location /ws {{\n    proxy_pass <%= @backend %>;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "ERB",
            "server {\n  listen <%= @port %>;\n  location /ws {\n    proxy_pass http://a:80;\n  }\n}\n".to_owned(),
            true,
        ),
        (
            "Go template",
            format!(
                "server {{\n  {{{{- range .Servers }}}}\n  server_name {{{{ .Name }}}};\n  {{{{- end }}}}\n  location /ws {{\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "envsubst",
            format!(
                "server {{\n  listen ${{PORT}};\n  location /ws {{\n    ${{EXTRA}}\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "envsubst",
            "server {\n  listen ${PORT};\n  location /ws {\n    proxy_pass http://a:80;\n  }\n}\n".to_owned(),
            true,
        ),
        (
            "placeholders",
            format!(
                "server {{\n  server_name @@HOST@@;\n  location /ws {{\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
        (
            "excerpt",
            format!(
                "server {{\n  ...\n  location /ws {{\n    ...\n    proxy_pass http://a;\n    {headers}\n  }}\n}}\n"
            ),
            false,
        ),
    ];
    let mut wrong = String::new();
    for (language, text, is_wrong) in cases {
        let said = lint(&text);
        // The map that the variable comes from is not here, which a fragment may leave open.
        let found = said.findings.iter().any(|finding| !finding.starts_with("undefined-upgrade-variable"));
        if said.template != Some(language) || found != is_wrong || said.is_changed || !said.errors.is_empty() {
            wrong += &format!("{language}: {said:#?}\n{text}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_a_placeholder_may_bring_is_not_missed() {
    for line in ["{{ websocket_headers }}", "{% include 'ws.conf' %}", "${HEADERS}", "<%= @headers %>", "..."] {
        let text =
            format!("server {{\n  listen 80;\n  location /ws {{\n    proxy_pass http://a:80;\n    {line}\n  }}\n}}\n");
        let said = lint(&text);
        assert!(said.template.is_some() && !said.is_changed, "{said:?}");
        assert_eq!(said.findings, [""; 0], "{line}");
    }
}
