//! Inputs that nobody writes and that must not bring the program down.

use std::fmt::Write;

use crate::run::{Files, folder, read, run};

fn lint(text: impl Into<Vec<u8>>) -> crate::run::Run {
    let files = Files::from([("nginx.conf".into(), text.into())]);
    let folder = folder(&files);
    run(folder.path(), &["nginx.conf"], b"")
}

#[test]
fn a_hundred_thousand_nested_blocks() {
    let open = "location / {\n".repeat(100_000);
    let closed = format!("{open}{}", "}\n".repeat(100_000));
    let whole = lint(closed);
    assert!((0..=2).contains(&whole.status), "{}", whole.status);
    assert_eq!(lint(open).status, 2, "blocks that are never closed are not understood");
}

#[test]
fn a_line_of_a_megabyte() {
    let result = lint(format!("events {{}}\nhttp {{ {} }}\n", "index a.html; ".repeat(80_000)));
    assert_eq!(result.status, 0, "{}", String::from_utf8_lossy(&result.stderr));
}

#[test]
fn thousands_of_broken_routes_are_fixed_in_one_go() {
    let mut text = String::from("events {}\nhttp {\nserver {\n");
    for number in 0..2_000 {
        let _ = writeln!(text, "location /app{number}/ws {{ proxy_pass http://127.0.0.1:3000; }}");
    }
    text.push_str("}\n}\n");
    let folder = folder(&Files::from([("nginx.conf".into(), text.into_bytes())]));
    let first = run(folder.path(), &["--fix", "nginx.conf"], b"");
    assert_eq!(first.status, 0, "{}", String::from_utf8_lossy(&first.stdout));
    let fixed = read(folder.path());
    let text = String::from_utf8(fixed.values().next().unwrap().clone()).unwrap();
    assert_eq!(text.matches("proxy_set_header Upgrade").count(), 2_000);
    assert_eq!(text.matches("map $http_upgrade").count(), 1, "one map serves all");
    run(folder.path(), &["--fix", "nginx.conf"], b"");
    assert_eq!(read(folder.path()), fixed);
}
