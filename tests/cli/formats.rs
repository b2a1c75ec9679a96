//! The forms of a report, on files whose names and texts mean something to each of them: `hostile/in`, under the rule in
//! `hostile/rules`. `UPDATE_GOLDEN=1` writes the expected reports anew.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{self, Run, run};

fn hostile() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/hostile")
}

/// The arguments for a report on all hostile files, one of which is not there.
fn args(format: &str) -> Vec<OsString> {
    let rules = hostile().join("rules");
    let mut args: Vec<OsString> =
        ["--isolated", "--select", "hostile", "--output-format", format, "--rules"].map(OsString::from).to_vec();
    args.push(rules.into());
    args.push("gone ::notice::.conf".into());
    args.extend(run::read(&hostile().join("in")).into_keys().map(PathBuf::into_os_string));
    args
}

fn report(format: &str) -> Run {
    let folder = run::folder(&run::read(&hostile().join("in")));
    let result = run(folder.path(), &args(format), b"");
    assert_eq!(result.status, 2, "{}", result.shown());
    result
}

#[test]
fn hostile_text_is_tamed_in_every_form() {
    for format in ["full", "concise", "json", "github", "sarif", "gitlab", "rdjson", "junit"] {
        let result = report(format);
        let text = String::from_utf8(result.stdout).unwrap();
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(raw), "{format}: {text:?}");
        assert!(
            format == "github" || !text.lines().any(|line| line.trim_start().starts_with("::")),
            "{format}: {text}"
        );
        let text = text.replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"VERSION\"");
        let golden = hostile().join(format!("{format}.golden"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(&golden).unwrap(), "{}", golden.display());
    }
}

#[test]
fn problems_and_findings_stand_in_every_form() {
    for format in ["full", "concise", "json", "github", "sarif", "gitlab", "rdjson", "junit", "html"] {
        let result = report(format);
        let text = String::from_utf8_lossy(&result.stdout);
        for word in ["syntax-error", "unreadable", "hostile"] {
            assert!(text.contains(word), "{format} lacks {word}: {text}");
        }
    }
}

fn sarif_schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/schemas/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // Its pattern for languages has a bracket too many, which is no regular expression everywhere; there are none here.
    for holder in ["run", "toolComponent"] {
        schema["definitions"][holder]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn check_sarif(bytes: &[u8]) -> Value {
    let log: Value = serde_json::from_slice(bytes).unwrap();
    let errors: Vec<String> =
        sarif_schema().iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    log
}

#[test]
fn sarif_obeys_its_schema() {
    check_sarif(&report("sarif").stdout);
    let clean = run::folder(&run::Files::from([("nginx.conf".into(), b"events {}\n".to_vec())]));
    check_sarif(&run(clean.path(), &["--output-format", "sarif", "nginx.conf"], b"").stdout);
    let mut log = check_sarif(&run(&examples(), &["--pedantic", "--output-format", "sarif", "."], b"").stdout);
    assert!(log["runs"][0]["results"].as_array().unwrap().len() > 5, "the examples have findings");
    // The schema is not one that takes anything.
    log["runs"][0]["results"][0]["level"] = "catastrophe".into();
    assert!(!sarif_schema().is_valid(&log));
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

#[test]
fn sarif_names_a_finding_alike_when_lines_above_it_come_or_go() {
    let text = std::fs::read_to_string(examples().join("chat-app/broken.conf")).unwrap();
    let prints = |text: &str| -> Vec<Value> {
        let folder = run::folder(&run::Files::from([("a.conf".into(), text.as_bytes().to_vec())]));
        let log = check_sarif(&run(folder.path(), &["--output-format", "sarif", "a.conf"], b"").stdout);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["partialFingerprints"]["primaryLocationLineHash"].clone()).collect()
    };
    let before = prints(&text);
    assert!(!before.is_empty() && before.iter().all(Value::is_string));
    assert_eq!(before, prints(&format!("# one\n# two\n\n{text}")));
}

#[test]
fn paths_are_those_of_the_repository() {
    let files = run::Files::from([
        ("deploy/a.conf".into(), std::fs::read(examples().join("chat-app/broken.conf")).unwrap()),
        (".git/HEAD".into(), b"ref: refs/heads/main\n".to_vec()),
    ]);
    let folder = run::folder(&files);
    let here = folder.path().join("deploy");
    let text =
        |format: &str| String::from_utf8(run(&here, &["--output-format", format, "a.conf"], b"").stdout).unwrap();
    assert!(text("github").contains("file=deploy/a.conf,"));
    assert!(text("gitlab").contains("\"path\": \"deploy/a.conf\""));
    assert!(text("sarif").contains("\"uri\": \"deploy/a.conf\""));
    assert!(text("rdjson").contains("\"path\": \"a.conf\""), "reviewdog adds the folder itself");
}

#[test]
fn a_suggestion_makes_of_the_file_what_fix_makes_of_it() {
    let before = "events {}\nhttp {\n    server {\n        location /ws {\n            proxy_pass http://127.0.0.1:1;\n\
        \u{20}           proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection upgrade;\n\
        \u{20}           proxy_read_timeout 1h;\n        }\n    }\n}\n";
    let folder = run::folder(&run::Files::from([("nginx.conf".into(), before.into())]));
    let args = ["--select", "missing-http-version", "nginx.conf"];
    let mut told = vec!["--output-format", "rdjson"];
    told.extend(args);
    let result: Value = serde_json::from_slice(&run(folder.path(), &told, b"").stdout).unwrap();
    let suggestion = &result["diagnostics"][0]["suggestions"][0];
    let line = |end: &str| usize::try_from(suggestion["range"][end]["line"].as_u64().unwrap()).unwrap();
    let mut lines: Vec<&str> = before.lines().collect();
    lines.splice(line("start") - 1..line("end"), suggestion["text"].as_str().unwrap().lines());
    let mut fixing = vec!["--fix"];
    fixing.extend(args);
    run(folder.path(), &fixing, b"");
    assert_eq!(lines.join("\n") + "\n", std::fs::read_to_string(folder.path().join("nginx.conf")).unwrap());
}

#[test]
fn the_summary_of_a_step_is_added_to() {
    let folder = run::folder(&run::read(&hostile().join("in")));
    let summary = folder.path().join("summary file.md");
    std::fs::write(&summary, "before\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(args("github"))
        .current_dir(folder.path())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n### nginx-wslint\n"), "{text}");
    assert!(!text.contains("<script>") && !text.contains(['\x1b', '\u{202e}']), "{text}");
    let rows = text.lines().filter(|line| line.starts_with("| error |") || line.starts_with("| warning |"));
    let wide = |line: &&str| line.matches('|').count() != 5;
    assert_eq!(rows.filter(wide).collect::<Vec<_>>(), Vec::<&str>::new());
}
