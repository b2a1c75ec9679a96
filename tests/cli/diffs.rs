//! `--diff` is a patch: `git apply` takes it, and it does what `--fix` does.

use std::path::Path;
use std::process::Command;

use crate::run::{self, Files, read, run};

const APP: &str = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host $host;\n    }\n}\n";

fn is_the_same_as_fix(name: &str, bytes: &[u8]) {
    are_the_same_as_fix(&Files::from([(name.into(), bytes.to_vec())]), &[name]);
}

/// Fixes one copy of the files, and applies the diff to another.
fn are_the_same_as_fix(files: &Files, paths: &[&str]) {
    let (fixed, patched) = (run::folder(files), run::folder(files));
    let with = |option: &str| {
        let mut args = vec![option.to_owned()];
        args.extend(paths.iter().map(|&path| path.to_owned()));
        args
    };
    run(fixed.path(), &with("--fix"), b"");
    let diff = run(patched.path(), &with("--diff"), b"");
    assert_eq!(diff.status, 1, "{}", diff.shown());
    assert_eq!(&read(patched.path()), files, "--diff wrote something");
    apply(patched.path(), &diff.stdout);
    let (fixed, patched) = (read(fixed.path()), read(patched.path()));
    assert_ne!(&fixed, files, "nothing was fixed");
    assert!(fixed == patched, "the diff does something else than --fix:\n{}", diff.shown());
}

fn apply(folder: &Path, diff: &[u8]) {
    // Beside the folder, so that it is not among the files that are compared.
    let patch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(patch.path(), diff).unwrap();
    for check in [&["--check"][..], &[]] {
        let output = Command::new("git")
            // Outside of any repository, whatever the temporary folder lies in.
            .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
            .current_dir(folder)
            .args(["apply", "--whitespace=nowarn"])
            .args(check)
            .arg(patch.path())
            .output()
            .expect("git is needed for this test");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git apply: {said}\n{}", String::from_utf8_lossy(diff));
    }
}

#[test]
fn plain_files() {
    is_the_same_as_fix("app.conf", APP.as_bytes());
}

#[test]
fn carriage_returns() {
    is_the_same_as_fix("app.conf", APP.replace('\n', "\r\n").as_bytes());
}

#[test]
fn no_newline_at_the_end() {
    is_the_same_as_fix("app.conf", APP.trim_end().as_bytes());
    is_the_same_as_fix("app.conf", b"server { location /ws { proxy_pass http://127.0.0.1:3000; } }");
}

#[test]
fn latin_1() {
    is_the_same_as_fix("app.conf", &[b"# caf\xe9\n", APP.as_bytes()].concat());
}

#[test]
fn paths_with_spaces_and_folders() {
    is_the_same_as_fix("my site/chat app.conf", APP.as_bytes());
    let files = Files::from([("conf.d/app.conf".into(), APP.into())]);
    are_the_same_as_fix(&files, &["./conf.d/../conf.d/app.conf"]);
}

#[test]
fn several_files_of_one_tree() {
    let root = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    let server = |name: &str| {
        format!("server {{\n    server_name {name};\n    location /ws {{ proxy_pass http://127.0.0.1:3000; }}\n}}\n")
            .into_bytes()
    };
    let files = Files::from([
        ("nginx.conf".into(), root.as_bytes().to_vec()),
        ("conf.d/a.conf".into(), server("a.example.com")),
        ("conf.d/b.conf".into(), server("b.example.com")),
    ]);
    are_the_same_as_fix(&files, &["nginx.conf", "conf.d"]);
    are_the_same_as_fix(&files, &["."]);
}

#[test]
fn a_file_named_absolutely() {
    let files = Files::from([("app.conf".into(), APP.as_bytes().to_vec())]);
    let folder = run::folder(&files);
    let path = folder.path().join("app.conf");
    let diff = run(folder.path(), &[Path::new("--diff"), &path], b"");
    apply(folder.path(), &diff.stdout);
    assert_ne!(read(folder.path()), files);
}
