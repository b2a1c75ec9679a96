//! `--baseline`: what an earlier report knows is not told again.

use crate::run::{self, Files, Run, run};

const SITE: &str = "    server {
        listen 80;
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
        }
    }
";

fn configuration(sites: usize) -> String {
    format!("events {{}}\nhttp {{\n{}}}\n", SITE.repeat(sites))
}

/// A folder with that configuration and, as `known.json`, what is found in it.
fn known(text: &str) -> tempfile::TempDir {
    let folder = run::folder(&Files::from([("nginx.conf".into(), text.into())]));
    let report = run(folder.path(), &["--output-format", "json", "nginx.conf"], b"");
    std::fs::write(folder.path().join("known.json"), report.stdout).unwrap();
    folder
}

/// What is said of `text` in a folder that knows another one.
fn said(folder: &tempfile::TempDir, text: &str, args: &[&str]) -> Run {
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    run(folder.path(), &[&["--baseline", "known.json"], args].concat(), b"")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_was_known_stays_known_when_lines_move_and_files_are_named_otherwise() {
    let folder = known(&configuration(2));
    let moved = format!("# a line more\nuser www-data;\n{}", configuration(2));
    for path in ["nginx.conf", "./nginx.conf", "."] {
        let run = said(&folder, &moved, &[path]);
        assert_eq!(run.status, 0, "{}", run.shown());
        assert_eq!(text(&run.stdout), "nothing found in 1 file; 2 known from the baseline\n");
    }
    let absolute = folder.path().canonicalize().unwrap().join("nginx.conf");
    let run = said(&folder, &moved, &[absolute.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.shown());
}

#[test]
fn one_more_of_the_same_is_new() {
    let folder = known(&configuration(2));
    let run = said(&folder, &configuration(3), &["--output-format", "concise", "nginx.conf"]);
    assert_eq!(run.status, 1);
    let out = text(&run.stdout);
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("nginx.conf:20:13: error[missing-upgrade-header]"), "{out}");
    assert_eq!(text(&run.stderr), "2 known from the baseline\n");
}

#[test]
fn what_is_found_no_longer_is_named() {
    let folder = known(&configuration(2));
    let run = said(&folder, &configuration(1), &["nginx.conf"]);
    assert_eq!(run.status, 0);
    assert_eq!(
        text(&run.stdout),
        "no longer found: missing-upgrade-header of the baseline, nginx.conf:13\n\
         nothing found in 1 file; 1 known from the baseline\n"
    );
    let run = said(&folder, &configuration(1), &["--output-format", "json", "nginx.conf"]);
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["baseline"]["known"], 1);
    assert_eq!(report["baseline"]["gone"][0]["line"], 13);
    assert_eq!(report["summary"]["known"], 1);
}

#[test]
fn what_is_found_no_longer_is_named_beside_statistics_too() {
    let folder = known(&configuration(2));
    let gone = "no longer found: missing-upgrade-header of the baseline, nginx.conf:13\n";
    for format in ["full", "concise"] {
        let run = said(&folder, &configuration(1), &["--statistics", "--output-format", format, "nginx.conf"]);
        assert_eq!(
            text(&run.stdout),
            format!("{gone}nothing found in 1 file; 1 known from the baseline\n"),
            "{format}"
        );
        assert_eq!(text(&run.stderr), "", "{format}");
    }
    let run = said(&folder, &configuration(1), &["--statistics", "--output-format", "json", "nginx.conf"]);
    assert_eq!((text(&run.stdout), text(&run.stderr)), ("[]\n".into(), format!("{gone}1 known from the baseline\n")));
    let run = said(&folder, &configuration(1), &["--statistics", "--quiet", "nginx.conf"]);
    assert_eq!(text(&run.stdout), "");
}

#[test]
fn of_files_that_are_not_looked_at_nothing_is_said() {
    let folder = known(&configuration(1));
    std::fs::write(folder.path().join("other.conf"), configuration(0)).unwrap();
    let run = said(&folder, &configuration(0), &["other.conf"]);
    assert_eq!((run.status, text(&run.stdout)), (0, "nothing found in 1 file\n".into()));
}

#[test]
fn a_syntax_error_is_no_old_news() {
    let broken = format!("{} }}\n", configuration(1));
    let folder = known(&broken);
    let run = said(&folder, &broken, &["nginx.conf"]);
    assert_eq!(run.status, 2, "{}", run.shown());
    assert!(text(&run.stdout).contains("syntax-error"), "{}", run.shown());
}
