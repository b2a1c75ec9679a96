//! `rules`, `rules test` and `explain` as a user calls them, with rules of one's own.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

const OWN: &str = r#"summary  = "Buffering is switched on where it does nothing"
severity = "warning"
why      = "A WebSocket is never buffered."
symptom  = "None."
evidence = "read in a manual"

[match]
all = [{ directive = "proxy_buffering", is = ["on"], as = "line" }]

[report]
at      = "line"
message = "buffering does nothing here"

[[fix]]
safety  = "safe"
title   = "switch it off"
replace = { at = "line", with = "off" }
changes = ["proxy_buffering"]

[[example]]
context = "location"
bad     = "proxy_pass http://127.0.0.1:1; proxy_buffering on;"
good    = "proxy_pass http://127.0.0.1:1; proxy_buffering off;"
"#;

/// Runs the program in `folder`: exit code, standard output, standard error.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
    let output = command.args(args).current_dir(folder).env_remove("FORCE_COLOR").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with `rules/house/no-buffering.toml`.
fn house(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("rules/house")).unwrap();
    fs::write(folder.path().join("rules/house/no-buffering.toml"), text).unwrap();
    folder
}

#[test]
fn the_list_has_a_line_for_each_rule_where_a_program_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(folder.path(), &["rules"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let builtin = nginx_wslint::rules::RuleSet::builtin();
    for rule in builtin.iter() {
        let line = out.lines().find(|line| line.trim_start().starts_with(&format!("{} ", rule.id))).unwrap();
        assert!(line.ends_with(&rule.summary), "{line}");
    }
    assert_eq!(out.lines().filter(|line| line.starts_with("  ")).count(), builtin.iter().count());
}

#[test]
fn the_list_as_json_has_every_field() {
    let folder = house(OWN);
    let (code, out, _) = run(folder.path(), &["rules", "--json", "--rules", "rules"]);
    assert_eq!(code, 0);
    let all: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let own = all.iter().find(|rule| rule["id"] == "no-buffering").unwrap();
    assert_eq!(own["group"], "house");
    assert_eq!(own["fixes"], serde_json::json!([{ "safety": "safe", "title": "switch it off" }]));
    assert_eq!(own["examples"][0]["context"], "location");
    let builtin = all.iter().find(|rule| rule["id"] == "missing-http-version").unwrap();
    assert_eq!(builtin["nginx"], "<1.29.7");
    for key in ["summary", "severity", "why", "symptom", "evidence", "see", "url"] {
        assert!(!builtin[key].is_null(), "{key}");
    }
}

#[test]
fn a_rule_is_explained() {
    let folder = house(OWN);
    let (code, out, _) = run(folder.path(), &["explain", "missing-http-version"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("handshake/missing-http-version  warning, nginx before 1.29.7\n"), "{out}");
    assert!(out.contains("\n  +         proxy_http_version 1.1;\n"), "{out}");
    let (code, out, _) = run(folder.path(), &["explain", "no-buffering", "--rules", "rules"]);
    assert_eq!(code, 0);
    assert!(out.contains("Measured\n  read in a manual\n"), "{out}");
}

#[test]
fn a_rule_that_does_not_exist_is_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(folder.path(), &["explain", "missing-http-versoin"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "error: there is no rule or group `missing-http-versoin`; did you mean `missing-http-version`?\n");
}

#[test]
fn examples_of_own_rules_are_run() {
    let (code, out, _) = run(house(OWN).path(), &["rules", "test", "rules"]);
    assert_eq!((code, out.as_str()), (0, "ok    house/no-buffering  1 example\n1 rule holds\n"));

    let wrong = OWN.replace("proxy_buffering off;\"", "proxy_buffering off; sendfile on;\"");
    let (code, out, _) = run(house(&wrong).path(), &["rules", "test", "rules"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("FAIL  house/no-buffering  1 example\n"), "{out}");
    assert!(out.contains("\n        -proxy_pass http://127.0.0.1:1; proxy_buffering off; sendfile on;\n"), "{out}");
    assert!(out.contains("\n        +proxy_pass http://127.0.0.1:1; proxy_buffering off;\n"), "{out}");
    assert!(out.ends_with("\n1 of 1 rule does not hold\n"), "{out}");
}

#[test]
fn the_example_of_an_own_rule_holds_and_fires() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, out, err) = run(root, &["rules", "test", "examples/own-rule"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "ok    house/no-tcp-keepalive  1 example\n1 rule holds\n", ""));
    let conf = "examples/own-rule/nginx.conf";
    let (code, out, _) = run(root, &["--output-format", "concise", "--rules", "examples/own-rule", conf]);
    assert_eq!(code, 1);
    assert!(out.starts_with(&format!("{conf}:14:13: warning[no-tcp-keepalive] `location /ws` keeps no")), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert_eq!(run(root, &["--output-format", "concise", conf]).0, 0, "nothing to say without it");
}

#[test]
fn a_mistake_in_a_rule_file_is_shown_where_it_stands() {
    let folder = house(&OWN.replace("directive = ", "directve = "));
    for args in [&["rules", "test", "rules"][..], &["rules", "--rules", "rules"], &["explain", "x", "--rules", "rules"]]
    {
        let (code, out, err) = run(folder.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert_eq!(
            err,
            "error: there is no key `directve` here; did you mean `directive`?\n \
             --> rules/house/no-buffering.toml:8:10\n  |\n\
             8 | all = [{ directve = \"proxy_buffering\", is = [\"on\"], as = \"line\" }]\n  |          ^^^^^^^^\n",
        );
    }
}

#[test]
fn a_folder_without_rules_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (args, message) in [
        (["rules", "test", "."], "error: .: no rule files (*.toml) in it\n"),
        (["rules", "test", "nowhere"], "error: nowhere: no such folder\n"),
    ] {
        let (code, out, err) = run(folder.path(), &args);
        assert_eq!((code, out.as_str(), err.as_str()), (2, "", message));
    }
}
