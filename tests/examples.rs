//! The configurations in `examples/`: `broken.conf` becomes `fixed.conf` byte for byte, and nothing is left to say of that.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the program as a filter on a text.
fn filter(option: &str, text: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["--isolated", option, "--stdin-filename", "app.conf", "-"])
        // Apart from this repository, in which other configurations lie around.
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn broken_becomes_fixed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        // Some show other things than a repair.
        if !folder.join("broken.conf").is_file() {
            continue;
        }
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let broken = std::fs::read(folder.join("broken.conf")).unwrap();
        let found = filter("--output-format=concise", &broken);
        assert_eq!(found.status.code(), Some(1), "{name}: nothing is wrong with broken.conf");
        let fixed = filter("--fix", &broken);
        let expected = folder.join("fixed.conf");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &fixed.stdout).unwrap();
        }
        let (text, expected) = (String::from_utf8_lossy(&fixed.stdout), std::fs::read_to_string(expected).unwrap());
        assert!(text == expected, "{name}: --fix gives another text than fixed.conf:\n{text}");
        let left = filter("--output-format=concise", expected.as_bytes());
        let said = [left.stdout, left.stderr].concat();
        assert_eq!(left.status.code(), Some(0), "{name}: left in fixed.conf:\n{}", String::from_utf8_lossy(&said));
        names.push(name);
    }
    assert!(names.len() >= 5, "examples are missing: {names:?}");
}
