//! What the README shows is what the program does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use nginx_wslint::rules::RuleSet;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// Compares a part of the README with what it should be, or writes it anew under `UPDATE_GOLDEN=1`.
fn compare(shown: &str, wanted: &str, what: &str) {
    if shown == wanted {
        return;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        // The tests of this file run side by side.
        static WRITING: Mutex<()> = Mutex::new(());
        let _writing = WRITING.lock().unwrap();
        std::fs::write(root().join("README.md"), readme().replacen(shown, wanted, 1)).unwrap();
        return;
    }
    panic!("{what} is not what the README shows; UPDATE_GOLDEN=1 writes it anew. It should be:\n{wanted}");
}

/// Both outputs in the order in which `--diff` writes them.
fn output(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(args)
        .current_dir(root())
        .env_remove("NGINX_WSLINT_OUTPUT_FORMAT")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    String::from_utf8([output.stderr, output.stdout].concat()).unwrap()
}

#[test]
fn terminal_excerpts_are_real() {
    let text = readme();
    let blocks: Vec<&str> =
        text.split("```console\n$ ").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(!blocks.is_empty(), "the README shows nothing");
    for block in blocks {
        let (command, shown) = block.split_once('\n').unwrap();
        let args = command.strip_prefix("cargo run -- ").or_else(|| command.strip_prefix("nginx-wslint "));
        let args: Vec<&str> = args.expect("an excerpt runs the program").split(' ').collect();
        let said = output(&args);
        compare(&format!("$ {command}\n{shown}```"), &format!("$ {command}\n{}\n```", said.trim_end()), command);
    }
}

#[test]
fn the_table_of_rules_is_complete() {
    const MARKS: (&str, &str) = ("<!-- rules -->\n", "<!-- /rules -->");
    let text = readme();
    let shown = text.split_once(MARKS.0).and_then(|(_, rest)| rest.split_once(MARKS.1)).expect("marks of the table").0;
    let mut table = String::from("| rule | finds | severity | fix |\n|---|---|---|---|\n");
    for rule in RuleSet::builtin().iter() {
        let (id, group, fix) = (&rule.id, &rule.group, rule.safety().map_or("none", |safety| safety.name()));
        let (summary, severity) = (&rule.summary, rule.severity.name());
        let _ = writeln!(table, "| [{id}](rules/{group}/{id}.toml) | {summary} | {severity} | {fix} |");
    }
    compare(&format!("{}{shown}{}", MARKS.0, MARKS.1), &format!("{}{table}{}", MARKS.0, MARKS.1), "the table of rules");
}

#[test]
fn options_and_paths_that_are_named_exist() {
    let commands = ["routes", "probe", "log", "doctor"].map(|command| output(&[command, "--help"]));
    let help = [output(&["--help"]), commands.concat()].concat();
    // Of cargo, git and docker.
    let others = ["--release", "--path", "--rm", "--user", "--network", "--from"];
    let text = readme();
    for option in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.starts_with("--")) {
        let known = others.contains(&option) || option.trim_matches('-').is_empty();
        assert!(known || help.contains(option), "the README speaks of `{option}`, which is no option");
    }
    for link in text.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0) {
        assert!(link.contains("://") || root().join(link).exists(), "`{link}` does not exist");
    }
}

#[test]
fn the_tests_are_run_as_the_readme_says() {
    let command = "cargo test";
    let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(readme().lines().any(|line| line.starts_with(command)), "the README does not run the tests");
    assert!(script.lines().any(|line| line == command), ".ci/run does not run the tests as the README does");
}
