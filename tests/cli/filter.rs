//! `--fix -` as a filter of an editor: the text comes back whatever happens.

use crate::run::{self, Files, Run, run};

const TEXT: &str = "server {\r\n    # gr\u{fc}n\r\n    location /ws { proxy_pass http://127.0.0.1:3000; }\r\n}";

/// The filter with these arguments more, in a folder with files that are wrong.
fn filter(args: &[&str]) -> Run {
    let files = Files::from([
        ("broken.toml".into(), b"x".to_vec()),
        ("rules/mine.toml".into(), b"x".to_vec()),
        ("empty/readme".into(), b"".to_vec()),
    ]);
    let folder = run::folder(&files);
    let run = run(folder.path(), &[&["--fix", "--stdin-filename", "app.conf"], args, &["-"]].concat(), TEXT.as_bytes());
    assert_eq!(run::read(folder.path()), files, "{args:?}");
    run
}

#[test]
fn what_is_wrong_with_the_arguments_leaves_the_text_as_it_was() {
    for (args, words) in [
        (&["--select", "nope"][..], "there is no rule or group `nope`"),
        (&["--ignore", "nope"], "there is no rule or group `nope`"),
        (&["--config", "broken.toml"], "broken.toml:1:"),
        (&["--config", "nofile.toml"], "nofile.toml: cannot be read"),
        (&["--baseline", "nofile.json"], "nofile.json: cannot be read"),
        (&["--root", "nofile.conf"], "nofile.conf: no such file"),
        (&["--rules", "rules"], "rules/mine.toml:1:"),
        (&["--rules", "nofolder"], "nofolder: no such folder"),
        (&["--nginx-version", "bad"], "--nginx-version"),
        (&["--output-file", "nofolder/x"], "nofolder: no such folder"),
        (&["--output-format", "json=nofolder/x"], "nofolder: no such folder"),
        (&["--output-format", "xml"], "xml"),
        (&["--nonsense"], "--nonsense"),
        (&["--fix=yes"], "--fix"),
        (&["--diff"], "--diff"),
        (&["--nginx-dump"], "not the output of `nginx -T`"),
        (&["other.conf"], "stands alone"),
    ] {
        let run = filter(args);
        assert_eq!(run.status, 2, "{args:?}: {}", run.shown());
        assert!(run.stdout == TEXT.as_bytes(), "{args:?}: {}", run.shown());
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(said.starts_with("error: ") && said.contains(words), "{args:?}: {}", run.shown());
    }
}

#[test]
fn settings_that_are_found_and_wrong_leave_the_text_as_it_was() {
    let folder = run::folder(&Files::from([("nginx-wslint.toml".into(), b"x".to_vec())]));
    for bytes in [TEXT.as_bytes(), b"# caf\xe9\n", b""] {
        let run = run(folder.path(), &["--fix", "--stdin-filename", "app.conf", "-"], bytes);
        assert_eq!((run.status, run.stdout == bytes), (2, true), "{}", run.shown());
        assert!(run.stderr.starts_with(b"error: nginx-wslint.toml:1:") || !run.stderr.is_empty(), "{}", run.shown());
    }
}

#[test]
fn a_report_that_cannot_be_written_comes_behind_the_text() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let run = filter(&["--output-format", "json=/dev/full"]);
    assert_eq!(run.status, 2, "{}", run.shown());
    let text = String::from_utf8_lossy(&run.stdout);
    assert_eq!(text.matches("location /ws").count(), 1, "{}", run.shown());
    assert!(String::from_utf8_lossy(&run.stderr).contains("/dev/full: cannot be written"), "{}", run.shown());
}

#[test]
fn whoever_asks_for_help_or_fixes_files_gets_no_text_back() {
    let folder = run::folder(&Files::new());
    let help = run(folder.path(), &["--fix", "--help", "-"], TEXT.as_bytes());
    assert!(help.status == 0 && help.stdout.starts_with(b"Linter and autofixer"), "{}", help.shown());
    for args in [&["--fix", "--nonsense", "a.conf"][..], &["--nonsense", "-"], &["--fix", "-o", "-", "--nonsense"]] {
        let run = run(folder.path(), args, TEXT.as_bytes());
        assert_eq!((run.status, &run.stdout[..]), (2, &b""[..]), "{args:?}");
    }
}
