//! What shells offer, as the shells themselves tell: those that are installed here.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::run;

/// The scripts of a shell, written to a folder of their own.
fn script(shell: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["completions", shell], b"");
    assert_eq!(printed.status, 0, "{}", printed.shown());
    std::fs::write(folder.path().join("script"), &printed.stdout).unwrap();
    (folder, String::from_utf8(printed.stdout).unwrap())
}

/// What a shell prints; none where it is not installed.
fn said(program: &str, args: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    assert!(output.stderr.is_empty(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Lines, and a word that is offered at the end of each.
const OFFERED: [(&str, &str); 7] = [
    ("nginx-wslint expl", "explain"),
    ("nginx-wslint explain missing-up", "missing-upgrade-header"),
    ("nginx-wslint explain life", "lifetime"),
    ("nginx-wslint --select zero", "zero-timeout"),
    ("nginx-wslint site.conf --output-format sa", "sarif"),
    ("nginx-wslint site.conf --fail-on ne", "never"),
    ("nginx-wslint man pa", "parse"),
];

#[test]
fn bash_offers_subcommands_rules_and_values() {
    let (folder, script) = script("bash");
    let function = script.split('(').next().unwrap().to_owned();
    for (line, word) in OFFERED {
        let words: Vec<&str> = line.split(' ').collect();
        let (current, previous) = (words[words.len() - 1], words[words.len() - 2]);
        let ask = format!(
            "source ./script; COMP_WORDS=({line}); COMP_CWORD={}; {function} nginx-wslint {current} {previous}; echo \"${{COMPREPLY[@]}}\"",
            words.len() - 1
        );
        let Some(offered) = said("bash", &["--norc", "-c", &ask], folder.path()) else { return };
        assert!(offered.split_whitespace().any(|one| one == word), "{line}: {offered}");
    }
}

#[test]
fn fish_offers_subcommands_rules_and_values() {
    let (folder, _) = script("fish");
    for (line, word) in OFFERED {
        let ask = format!("source ./script; complete -C '{line}'");
        let Some(offered) = said("fish", &["--no-config", "-c", &ask], folder.path()) else { return };
        assert!(offered.lines().any(|one| one.split('\t').next() == Some(word)), "{line}: {offered}");
    }
}

#[test]
fn zsh_reads_its_script() {
    let (folder, script) = script("zsh");
    for word in ["missing-upgrade-header", "lifetime", "sarif", "never"] {
        assert!(script.contains(word), "{word}");
    }
    said("zsh", &["-f", "-n", "script"], folder.path());
}
