//! `nginx-wslint parse`: its lines and its exit codes.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Runs the command in a folder; gives the lines it prints, what it says on standard error, and its exit code.
fn run(folder: &Path, args: &[&str]) -> (Vec<Value>, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .current_dir(folder)
        .arg("parse")
        .args(args)
        .output()
        .expect("the command runs");
    let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let lines = lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect();
    (lines, String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

#[test]
fn a_line_for_each_file() {
    let folder =
        folder(&[("a.conf", b"listen \"8\\\"0\" x#y; # note\nserver { }\n"), ("b.conf", b"name caf\xe9\0;\n\xe9 }")]);
    let (lines, errors, code) = run(folder.path(), &["a.conf", "b.conf"]);
    let expected = [
        json!({"file": "a.conf", "encoding": "utf-8", "statements": [
            {"line": 1, "end": ";", "args": ["listen", "8\"0", "x#y"]},
            {"line": 2, "end": "{", "args": ["server"]},
            {"line": 2, "end": "}", "args": []},
        ], "error": null}),
        json!({"file": "b.conf", "encoding": "latin-1", "statements": [
            {"line": 1, "end": ";", "args": ["name", "café\0"]},
        ], "error": {"line": 2, "column": 3, "message": "unexpected \"}\""}}),
    ];
    assert_eq!(lines, expected);
    assert_eq!((errors.as_str(), code), ("", Some(2)));
    assert_eq!(run(folder.path(), &["a.conf"]).2, Some(0));
}

#[test]
fn a_file_that_is_not_there_does_not_hide_the_others() {
    let folder = folder(&[("a.conf", b"a;")]);
    let (lines, errors, code) = run(folder.path(), &["none.conf", "a.conf"]);
    assert_eq!(lines.len(), 1);
    assert!(errors.contains("none.conf"), "{errors}");
    assert_eq!(code, Some(2));
}

#[test]
fn a_tree_in_the_order_of_nginx() {
    let folder = folder(&[
        ("nginx.conf", b"include conf.d/*.conf;\ninclude common.conf;\ninclude none/*;\ninclude mime.types;\nz;"),
        ("conf.d/b.conf", b"b;"),
        ("conf.d/a.conf", b"include common.conf;\na;"),
        ("conf.d/.hidden.conf", b"h;"),
        ("common.conf", b"c;"),
        ("unrelated.conf", b"u;"),
    ]);
    let (lines, errors, code) = run(folder.path(), &["--tree", "nginx.conf"]);
    let told: Vec<String> = lines
        .iter()
        .map(|line| match &line["not_found"] {
            Value::Null => line["file"].to_string(),
            absent => format!("{}:{} lacks {absent}", line["file"], line["line"]),
        })
        .collect();
    let expected = [
        "\"nginx.conf\"",
        "\"conf.d/a.conf\"",
        "\"common.conf\"",
        "\"conf.d/b.conf\"",
        "\"nginx.conf\":3 lacks \"none/*\"",
        "\"nginx.conf\":4 lacks \"mime.types\"",
    ];
    assert_eq!(told, expected);
    assert_eq!((errors.as_str(), code), ("", Some(0)));
}

#[test]
fn a_tree_that_bites_its_tail_is_an_error() {
    let folder = folder(&[("nginx.conf", b"include a.conf;"), ("a.conf", b"include nginx.conf;")]);
    let (lines, errors, code) = run(folder.path(), &["--tree", "nginx.conf"]);
    assert_eq!(lines.len(), 2);
    assert!(errors.contains("leads back"), "{errors}");
    assert_eq!(code, Some(2));
}
