//! What is printed where: colours, `--silent`, reports beside a diff, `-` for standard output.

use crate::run::{self, Files, Run, run};

const APP: &str = "server {\r\n    # a\tb \x1b[2J\r\n    location /ws {\r\n        proxy_pass http://127.0.0.1:3000;\r\n        proxy_set_header Host $host;\r\n    }\r\n}\r\n";

fn app(args: &[&str]) -> Run {
    let folder = run::folder(&Files::from([("app.conf".into(), APP.into())]));
    let result = run(folder.path(), args, b"");
    assert!(!folder.path().join("-").exists(), "{args:?}");
    result
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A text without what colours it.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').unwrap().1)
}

#[test]
fn a_diff_has_the_colours_of_git() {
    let raw = text(&app(&["--diff", "app.conf"]).stdout);
    let coloured = text(&app(&["--diff", "--color", "always", "app.conf"]).stdout);
    for line in [
        "\x1b[1m--- a/app.conf\x1b[0m\n",
        "\x1b[1m+++ b/app.conf\x1b[0m\n",
        "\x1b[36m@@ -",
        "\x1b[32m+        proxy_http_version 1.1;\x1b[0m\r\n",
        "\n         proxy_set_header Host $host;\r\n",
    ] {
        assert!(coloured.contains(line), "{line:?}: {coloured:?}");
    }
    assert_eq!(plain(&coloured), raw.replace('\x1b', "\\x1b"), "nothing but colours, and nothing that is obeyed");
    assert!(raw.contains("# a\tb \x1b[2J\r\n"), "a patch is what the file says");
    assert_eq!(text(&app(&["--diff", "--color", "never", "app.conf"]).stdout), raw);
}

#[test]
fn one_line_a_finding_has_colours_too() {
    let raw = text(&app(&["--output-format", "concise", "app.conf"]).stdout);
    let coloured = text(&app(&["--output-format", "concise", "--color", "always", "app.conf"]).stdout);
    assert_eq!(plain(&coloured), raw);
    for part in
        ["\x1b[1mapp.conf\x1b[0m\x1b[36m:\x1b[0m4\x1b[36m:\x1b[0m9", "\x1b[1;31merror[missing-upgrade-header]\x1b[0m"]
    {
        assert!(coloured.contains(part), "{coloured:?}");
    }
    let broken = text(&app(&["--output-format", "concise", "--color", "always", "nofile.conf"]).stdout);
    assert!(
        broken.starts_with("\x1b[1mnofile.conf\x1b[0m\x1b[36m:\x1b[0m \x1b[1;31merror[unreadable]\x1b[0m"),
        "{broken:?}"
    );
}

#[test]
fn silent_prints_no_diff_but_says_by_its_code_that_there_is_one() {
    let run = app(&["--silent", "--diff", "app.conf"]);
    assert_eq!((run.status, text(&run.stdout), text(&run.stderr)), (1, String::new(), String::new()));
}

#[test]
fn a_report_for_programs_stands_beside_a_diff_even_where_nothing_remains() {
    let args = ["--diff", "--select", "missing-http-version", "--output-format", "json", "app.conf"];
    let run = app(&args);
    assert!(run.stdout.starts_with(b"--- a/app.conf"), "{}", run.shown());
    let report: serde_json::Value = serde_json::from_slice(&run.stderr).unwrap();
    assert_eq!(report["diagnostics"], serde_json::json!([]), "{}", run.shown());
    let people = app(&["--diff", "--select", "missing-http-version", "app.conf"]);
    assert!(people.stderr.is_empty(), "{}", people.shown());
}

#[test]
fn what_was_fixed_is_told_beside_statistics_too() {
    let told = "2 problems fixed in 1 file\n";
    for format in ["full", "concise"] {
        let run = app(&["--fix", "--statistics", "--ignore", "lifetime", "--output-format", format, "app.conf"]);
        assert_eq!(text(&run.stdout), format!("{told}nothing found in 1 file\n"), "{format}: {}", run.shown());
        assert_eq!(text(&run.stderr), "", "{format}");
    }
    let run = app(&["--fix", "--statistics", "--ignore", "lifetime", "--output-format", "json", "app.conf"]);
    assert_eq!((text(&run.stdout), text(&run.stderr)), ("[]\n".into(), told.into()));
}

#[test]
fn a_hyphen_is_standard_output() {
    let printed = app(&["--output-format", "json", "app.conf"]);
    for args in
        [&["--output-format", "json=-", "app.conf"][..], &["--output-format", "json", "--output-file", "-", "app.conf"]]
    {
        assert_eq!(app(args).stdout, printed.stdout, "{args:?}");
    }
    let both = app(&["--output-format", "json=-", "--output-format", "full", "app.conf"]);
    assert_eq!(both.status, 2);
    assert!(text(&both.stderr).contains("one report can be printed, not `json` and `full`"), "{}", both.shown());
}
