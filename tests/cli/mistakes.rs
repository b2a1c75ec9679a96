//! What is said to who gets it wrong: what is meant, and what to do instead.

use crate::run::{self, Files, Run, run};

const APP: &str = "server {\n    location /ws { proxy_pass http://127.0.0.1:3000; }\n}\n";

fn here(args: &[&str]) -> Run {
    let files = Files::from([
        ("app.conf".into(), APP.into()),
        ("sites/app.conf".into(), APP.into()),
        ("empty/readme".into(), b"".to_vec()),
        ("zero.json".into(), b"".to_vec()),
        ("pattern.toml".into(), b"exclude = [\"[\"]\n".to_vec()),
        ("no-rules.toml".into(), b"rules-dir = \"empty\"\n".to_vec()),
    ]);
    run(run::folder(&files).path(), args, b"")
}

/// Fails unless this is all that is said, with exit code 2.
fn says(args: &[&str], message: &str) {
    let run = here(args);
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(
        (run.status, &run.stdout[..], &*said),
        (2, &b""[..], format!("error: {message}\n").as_str()),
        "{args:?}"
    );
}

#[test]
fn a_subcommand_of_other_linters() {
    for word in ["lint", "check", "scan", "run", "test"] {
        let rest = "no such file, and no subcommand: linting needs none;";
        says(&[word, "sites"], &format!("{word}: {rest} `nginx-wslint sites`"));
        says(&[word, "app.conf", "sites"], &format!("{word}: {rest} `nginx-wslint app.conf …`"));
        says(&[word], &format!("{word}: {rest} `nginx-wslint`"));
    }
    for word in ["fix", "format"] {
        let rest = "no such file, and no subcommand: fixing is an option;";
        says(&[word, "sites"], &format!("{word}: {rest} `nginx-wslint --fix sites`"));
    }
    says(&["explan", "sites"], "explan: no such file, and no subcommand; did you mean `nginx-wslint explain`?");
    assert!(here(&["check", "nowhere"]).shown().contains("check: "), "a path like any other");
}

#[test]
fn a_file_where_a_folder_is_meant() {
    says(&["init", "app.conf"], "app.conf: is no folder");
    says(&["init", "nowhere"], "nowhere: no such folder");
    says(&["rules", "test", "app.conf"], "app.conf: is no folder");
    says(&["--rules", "app.conf", "app.conf"], "app.conf: is no folder");
}

#[test]
fn a_folder_without_rules() {
    for args in [&["--rules", "empty", "app.conf"][..], &["rules", "test", "empty"], &["rules", "--rules", "empty"]] {
        says(args, "empty: no rule files (*.toml) in it");
    }
    says(&["--config", "no-rules.toml", "app.conf"], "empty: no rule files (*.toml) in it");
}

#[test]
fn a_baseline_in_which_nothing_stands() {
    let message = "zero.json: it is empty, and no report; `--output-format json=FILE` writes one";
    says(&["--baseline", "zero.json", "app.conf"], message);
}

#[test]
fn a_pattern_that_is_none() {
    let run = here(&["--config", "pattern.toml", "app.conf"]);
    let said = String::from_utf8_lossy(&run.stderr);
    let first = "error: no pattern for files: a range is not closed or empty, at its character 1; `[[]` means a `[`\n";
    assert!(said.starts_with(first) && said.contains("pattern.toml:1:12"), "{}", run.shown());
}

#[test]
fn all_rules_can_be_named_at_once() {
    let concise = |args: &[&str]| here(&[&["--output-format", "concise", "app.conf"], args].concat());
    let all = concise(&[]);
    assert_eq!(all.status, 1);
    assert_eq!(concise(&["--select", "all"]).stdout, all.stdout);
    assert_eq!(concise(&["--select", "lifetime,all"]).stdout, all.stdout);
    assert_eq!(concise(&["--ignore", "all"]).status, 0);
    assert_eq!(concise(&["--select", "ALL"]).status, 2);
}

#[test]
fn what_could_not_be_read_is_explained_as_rules_are() {
    for (name, words) in [("syntax-error", "nginx does not start"), ("unreadable", "Nothing of the file is known")] {
        let run = here(&["explain", name]);
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        assert_eq!(run.status, 0, "{}", run.shown());
        assert!(text.starts_with(&format!("{name}  error\n")), "{text}");
        for part in ["\nWhat it means\n", "\nWhat to do\n", words] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let coloured = here(&["explain", "--color", "always", name]);
        assert!(coloured.stdout.starts_with(b"\x1b[1m"), "{}", coloured.shown());
        says(
            &["--ignore", name, "app.conf"],
            &format!("`{name}` is no rule, and always told; `nginx-wslint explain {name}`"),
        );
    }
}

#[test]
fn routes_of_a_file_that_is_not_there() {
    let run = here(&["routes", "nofile"]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status, 2);
    assert_eq!(said, "error[unreadable] nofile: cannot be read: no such file\n\n");
}
