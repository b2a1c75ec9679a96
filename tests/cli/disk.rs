//! Standard output that takes nothing: a full disk is told, a reader that has gone away is not.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::run::{self, Files};

const APP: &str = "server {\n    location /ws { proxy_pass http://127.0.0.1:3000; }\n}\n";

/// Everything that writes to standard output and ends by itself.
const COMMANDS: [&[&str]; 22] = [
    &["app.conf"],
    &["--output-format", "json", "app.conf"],
    &["--output-format", "concise", "app.conf"],
    &["--statistics", "app.conf"],
    &["--diff", "app.conf"],
    &["--fix", "--stdin-filename", "app.conf", "-"],
    &["--fix", "--select", "nope", "-"],
    &["--show-settings"],
    &["--help"],
    &["--version"],
    &["rules"],
    &["rules", "--json"],
    &["rules", "--help"],
    &["explain", "missing-upgrade-header"],
    &["explain", "handshake"],
    &["routes", "app.conf"],
    &["routes", "--json", "app.conf"],
    &["completions", "bash"],
    &["man"],
    &["schema", "report"],
    &["parse", "app.conf"],
    &["init", "new"],
];

#[cfg(feature = "live")]
#[test]
fn a_log_is_followed_for_as_long_as_somebody_reads() {
    let folder = run::folder(&Files::from([("error.log".into(), b"".to_vec())]));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
    command.args(["log", "--follow", "error.log"]).current_dir(folder.path()).stdout(writer);
    let mut child = command.spawn().unwrap();
    let ended = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        child.try_wait().unwrap().is_some()
    });
    let _ = child.kill();
    let _ = child.wait();
    assert!(ended);
}

/// The exit code with that standard output, and what is said on standard error.
fn said(args: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let folder = run::folder(&Files::from([("app.conf".into(), APP.into()), ("new/readme".into(), b"".to_vec())]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(args)
        .current_dir(folder.path())
        .env_remove("NGINX_WSLINT_OUTPUT_FORMAT")
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(APP.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_full_disk_is_told_by_every_command() {
    for args in COMMANDS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (status, said) = said(args, full.into());
        assert_eq!(status, Some(2), "{args:?}: {said}");
        let words = "error: standard output: cannot be written: no space is left on the disk";
        assert_eq!(said.matches(words).count(), 1, "{args:?}: {said}");
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    for args in COMMANDS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (status, said) = said(args, writer.into());
        let expected = match args {
            ["--fix", "--select", ..] => 2,
            ["app.conf"] | ["--output-format" | "--statistics" | "--diff" | "--fix", ..] => 1,
            _ => 0,
        };
        assert_eq!(status, Some(expected), "{args:?}: {said}");
        assert!(!said.contains("standard output") && !said.contains("panicked"), "{args:?}: {said}");
    }
}
