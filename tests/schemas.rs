//! The JSON Schemas that `schema` prints: what the program reads and writes satisfies them, and what it refuses does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

use std::path::Path;
use std::process::Command;

use jsonschema::Validator;
use nginx_wslint::rules::RuleSet;
use serde_json::{Value, json};

fn run(folder: &Path, args: &[&str]) -> Vec<u8> {
    Command::new(env!("CARGO_BIN_EXE_nginx-wslint")).args(args).current_dir(folder).output().unwrap().stdout
}

fn schema(of: &str) -> Validator {
    let schema: Value = serde_json::from_slice(&run(Path::new("."), &["schema", of])).unwrap();
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{of}: {error}"));
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &Validator, value: &Value, name: &str) {
    let errors: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

fn toml(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn rule_files() {
    let schema = schema("rule");
    for (group, id, text) in RuleSet::builtin_texts() {
        assert_valid(&schema, &toml(text), &format!("{group}/{id}"));
    }
    for entry in walkdir::WalkDir::new("examples/own-rule").into_iter().filter_map(Result::ok) {
        if entry.path().parent().is_some_and(|folder| folder.ends_with("house")) {
            assert_valid(&schema, &toml(&std::fs::read_to_string(entry.path()).unwrap()), "examples/own-rule");
        }
    }
    let (_, _, text) = RuleSet::builtin_texts()[0];
    let right = toml(text);
    let changed = |change: fn(&mut Value)| {
        let mut value = right.clone();
        change(&mut value);
        value
    };
    for (what, wrong) in [
        ("an unknown key", changed(|rule| rule["sumary"] = json!("x"))),
        ("an unknown severity", changed(|rule| rule["severity"] = json!("fatal"))),
        ("a missing key", changed(|rule| drop(rule.as_object_mut().unwrap().remove("why")))),
        ("an unknown fact", changed(|rule| rule["match"]["all"] = json!([{ "fact": "no-such-fact" }]))),
        ("an unknown key of a condition", changed(|rule| rule["match"]["all"] = json!([{ "directve": "x" }]))),
        ("a number for a text", changed(|rule| rule["summary"] = json!(1))),
    ] {
        assert!(!schema.is_valid(&wrong), "{what} is taken for right");
    }
}

#[test]
fn settings() {
    let schema = schema("settings");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("nginx.conf"), "events {}\nhttp {}\n").unwrap();
    run(folder.path(), &["init"]);
    let path = folder.path().join("nginx-wslint.toml");
    let written = std::fs::read_to_string(&path).unwrap();
    let value = toml(&written);
    assert_eq!(value["roots"], json!(["nginx.conf"]));
    assert_valid(&schema, &value, "what `init` writes");

    // Every setting that is commented out is one that is understood, by the schema and by the program.
    let is_setting =
        |line: &str| line.starts_with("[") || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let all: String = written
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let value = toml(&all);
    for key in ["nginx-version", "exclude", "read-timeout", "rules-dir", "rules", "include", "route"] {
        assert!(!value[key].is_null(), "`init` does not show `{key}`");
    }
    assert_valid(&schema, &value, "what `init` comments out");
    let rule = folder.path().join("nginx-rules/house/no-tcp-keepalive.toml");
    std::fs::create_dir_all(rule.parent().unwrap()).unwrap();
    std::fs::copy("examples/own-rule/house/no-tcp-keepalive.toml", rule).unwrap();
    std::fs::write(&path, &all).unwrap();
    let shown = String::from_utf8(run(folder.path(), &["--show-settings", "nginx.conf"])).unwrap();
    let mut shown = toml(&shown);
    assert_eq!(shown["route"][0]["upstream"], "notifier");
    shown.as_object_mut().unwrap().remove("file");
    assert_valid(&schema, &shown, "--show-settings");

    let readme = std::fs::read_to_string("README.md").unwrap();
    let (_, section) = readme.split_once("\n## Settings\n").unwrap();
    let example = section.split("```toml\n").nth(1).and_then(|rest| rest.split_once("```")).unwrap().0;
    assert_valid(&schema, &toml(example), "the settings in the README");

    for wrong in [
        "nginx-verison = \"1.26\"",
        "nginx-version = 1.26",
        "roots = \"nginx.conf\"",
        "[rules]\nhygiene = \"warn\"",
        "[[route]]\nwebsocket = true",
        "[[route]]\npath = \"/ws\"",
        "[[include.map]]\nfrom = \"/etc\"",
    ] {
        assert!(!schema.is_valid(&toml(wrong)), "{wrong} is taken for right");
    }
}

#[test]
fn reports() {
    let schema = schema("report");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let broken = "events {}\nhttp { server { location /ws { proxy_pass http://b; } } }\n";
    std::fs::write(path("nginx.conf"), broken).unwrap();
    std::fs::write(path("syntax.conf"), format!("{broken}}}\n")).unwrap();
    std::fs::write(path("site.conf.j2"), "server { listen {{ port }}; }\n").unwrap();
    let report = |args: &[&str]| -> Value {
        let args = [&["--output-format", "json", "--pedantic"], args].concat();
        serde_json::from_slice(&run(folder.path(), &args)).unwrap()
    };
    let right = report(&["nginx.conf", "syntax.conf", "site.conf.j2", "gone.conf"]);
    assert!(right["diagnostics"].as_array().unwrap().len() > 3, "{right}");
    assert_valid(&schema, &right, "a report of everything");
    std::fs::write(path("known.json"), right.to_string()).unwrap();
    std::fs::write(path("nginx.conf"), "events {}\n").unwrap();
    let compared = report(&["--baseline", "known.json", "nginx.conf"]);
    assert!(!compared["baseline"]["gone"].as_array().unwrap().is_empty(), "{compared}");
    assert_valid(&schema, &compared, "a report beside a baseline");

    for (what, at, value) in [
        ("another version", "/version", json!(2)),
        ("an unknown severity", "/diagnostics/0/severity", json!("fatal")),
        ("a line that is no number", "/diagnostics/0/line", json!("1")),
        ("no summary", "/summary", Value::Null),
    ] {
        let mut wrong = right.clone();
        *wrong.pointer_mut(at).unwrap() = value;
        assert!(!schema.is_valid(&wrong), "{what} is taken for right");
    }
}
