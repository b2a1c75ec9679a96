//! One folder is one case: `case.toml` says what is run and what is expected, `in/` are the files it runs on, `out/`
//! those of them that it changes, byte for byte. `UPDATE_GOLDEN=1` writes `out/` and the expected standard output anew.
//!
//! Beside what a case says, all cases obey: without `--fix` no file changes; with it, a second run changes no byte.

use std::path::Path;

use serde::Deserialize;

use crate::run::{self, Files, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The arguments.
    args: Vec<String>,
    /// The file, beside `case.toml`, that comes on standard input.
    stdin: Option<String>,
    /// The exit code.
    status: i32,
    /// The file, beside `case.toml`, that standard output equals byte for byte.
    stdout_is: Option<String>,
    /// What standard output contains; when empty, and `stdout_is` is not given, there must be none.
    #[serde(default)]
    stdout: Vec<String>,
    /// What standard error contains; when empty, there must be none.
    #[serde(default)]
    stderr: Vec<String>,
}

#[test]
fn all_cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/cases");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in walkdir::WalkDir::new(folder).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.unwrap();
        count += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        failures.extend(check(entry.path()).into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(count > 0, "no cases");
    assert!(failures.is_empty(), "{} of {count} cases:\n\n{}", failures.len(), failures.join("\n\n"));
}

/// What is wrong in a case.
fn check(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
    let case: Case = match toml::from_str(&text) {
        Ok(case) => case,
        Err(error) => return Some(error.to_string()),
    };
    let before = run::read(&folder.join("in"));
    let sandbox = run::folder(&before);
    let stdin = case.stdin.as_ref().map(|name| std::fs::read(folder.join(name)).unwrap()).unwrap_or_default();
    let result = run(sandbox.path(), &case.args, &stdin);
    let after = run::read(sandbox.path());
    let changed: Files = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).map(owned).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        update(folder, &case, &changed, &result.stdout);
    }
    let fail = |why: &str| Some(format!("{why}\n{}", result.shown()));
    if result.status != case.status {
        return fail(&format!("expected exit status {}", case.status));
    }
    if let Some(name) = &case.stdout_is {
        if result.stdout != std::fs::read(folder.join(name)).unwrap_or_default() {
            return fail(&format!("standard output is not `{name}`"));
        }
    } else if let Some(why) = differs(&result.stdout, &case.stdout, "standard output") {
        return fail(&why);
    }
    if let Some(why) = differs(&result.stderr, &case.stderr, "standard error") {
        return fail(&why);
    }
    if let Some((path, _)) = before.iter().find(|(path, _)| !after.contains_key(*path)) {
        return fail(&format!("`{}` is gone", path.display()));
    }
    let expected = run::read(&folder.join("out"));
    if changed != expected {
        let paths: Vec<_> = changed.keys().collect();
        return fail(&format!("other files or bytes changed than those in out/: {paths:?}"));
    }
    if case.args.iter().any(|arg| arg == "--fix") {
        run(sandbox.path(), &case.args, &stdin);
        if run::read(sandbox.path()) != after {
            return fail("a second --fix changed something");
        }
    }
    None
}

fn owned((path, bytes): (&std::path::PathBuf, &Vec<u8>)) -> (std::path::PathBuf, Vec<u8>) {
    (path.clone(), bytes.clone())
}

fn differs(output: &[u8], expected: &[String], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    match expected.iter().find(|part| !text.contains(part.as_str())) {
        Some(missing) => Some(format!("{name} lacks `{missing}`")),
        None if expected.is_empty() && !text.is_empty() => Some(format!("{name} is not empty")),
        None => None,
    }
}

fn update(folder: &Path, case: &Case, changed: &Files, stdout: &[u8]) {
    let _ = std::fs::remove_dir_all(folder.join("out"));
    for (path, bytes) in changed {
        let path = folder.join("out").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    if let Some(name) = &case.stdout_is {
        std::fs::write(folder.join(name), stdout).unwrap();
    }
}
