//! What fixes make of thousands of configurations: what nginx accepted before it accepts after, every changed line is one
//! that a fix declares, a second run changes nothing, and `git apply` makes the same of the diff.
//!
//! Needs an nginx: the one `NGINX_WSLINT_TEST_NGINX` names, or the first on the path.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says what it expects")]

#[allow(dead_code, reason = "other tests start from one text")]
#[path = "common/check.rs"]
mod check;
#[path = "common/dice.rs"]
mod dice;
#[path = "common/site.rs"]
mod site;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use check::{Files, check_files};
use dice::Dice;
use nginx_wslint::Linter;
use nginx_wslint::report::diff::{self, Change};
use site::site;

/// How many configurations are tried; `NGINX_WSLINT_FIX_INPUTS` overrides it for a longer run.
const INPUTS: usize = 1000;

/// What the configurations came to.
#[derive(Default)]
struct Tally {
    changed: usize,
    accepted: usize,
    broken: Vec<String>,
    patched: Vec<(usize, Files, Files)>,
}

#[test]
fn what_nginx_accepts_stays_so() {
    let nginx = nginx();
    if nginx.is_none() {
        let required = ["CI", "NGINX_WSLINT_REQUIRE_NGINX"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "no nginx on the path, and NGINX_WSLINT_TEST_NGINX names none");
        eprintln!("without nginx: only what it says of the fixes is left out");
    }
    let number = std::env::var("NGINX_WSLINT_FIX_INPUTS").ok().and_then(|number| number.parse().ok());
    let inputs = number.unwrap_or(INPUTS);
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let linter = Linter::default();
            let folder = tempfile::tempdir().expect("a folder");
            let mut tally = Tally::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= inputs {
                    return tally;
                }
                try_one(&linter, nginx.as_deref(), folder.path(), number, &mut tally);
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().map(|handle| handle.join().expect("the thread ends well")).collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let (changed, accepted) = (sum(|t| t.changed), sum(|t| t.accepted));
    let broken: Vec<&String> = tallies.iter().flat_map(|tally| &tally.broken).collect();
    eprintln!(
        "{inputs} configurations: {changed} outcomes differ; of {accepted} accepted before, {} are refused after",
        broken.len()
    );
    assert!(broken.is_empty(), "{}", broken[0]);
    assert!(nginx.is_none() || accepted * 2 > changed, "nginx refuses most of the inputs: they show nothing");
    assert!(changed > inputs / 2, "most of the inputs have nothing to fix: they show nothing");
    let patched: Vec<_> = tallies.into_iter().flat_map(|tally| tally.patched).collect();
    diffs_do_the_same(&patched);
}

fn try_one(linter: &Linter, nginx: Option<&Path>, folder: &Path, number: usize, tally: &mut Tally) {
    let files = site(&mut Dice::new(3_000_000 + number as u64));
    let all = judge(linter, nginx, folder, &format!("number {number}"), &files, tally);
    if number.is_multiple_of(10) && all != files {
        tally.patched.push((number, files, all));
    }
}

/// Fixes files and asks nginx about them before and after; gives them after all fixes.
fn judge(linter: &Linter, nginx: Option<&Path>, folder: &Path, label: &str, files: &Files, tally: &mut Tally) -> Files {
    let root = Path::new("nginx.conf");
    let [safe, all] = std::panic::catch_unwind(|| check_files(linter, root, files))
        .unwrap_or_else(|_| panic!("{label}:\n{}", shown(files)));
    let mut before = None;
    for fixed in [&safe, &all] {
        if fixed == files {
            continue;
        }
        tally.changed += 1;
        let Some(nginx) = nginx else { continue };
        if !*before.get_or_insert_with(|| ask(nginx, folder, files).is_ok()) {
            continue;
        }
        tally.accepted += 1;
        if let Err(why) = ask(nginx, folder, fixed) {
            tally.broken.push(format!("{label}: {why}\nbefore\n{}after\n{}", shown(files), shown(fixed)));
        }
        if all == safe {
            break;
        }
    }
    all
}

#[test]
fn what_nginx_accepts_of_the_rules_examples_stays_so() {
    let (linter, nginx) = (Linter::default(), nginx());
    let mut tally = Tally::default();
    for rule in linter.rules.iter() {
        for (number, example) in rule.examples().iter().enumerate() {
            let (open, close) = match example.context.as_deref().unwrap_or("http") {
                "main" => ("", ""),
                "http" => ("events {}\nhttp {\n", "}\n"),
                "server" => ("events {}\nhttp {\nserver {\n", "}\n}\n"),
                _ => ("events {}\nhttp {\nserver {\nlocation / {\n", "}\n}\n}\n"),
            };
            let mut files: Files =
                example.files.iter().map(|(path, text)| (path.into(), text.clone().into_bytes())).collect();
            files.insert("nginx.conf".into(), format!("{open}{}\n{close}", example.bad).into_bytes());
            let folder = tempfile::tempdir().expect("a folder");
            let label = format!("example {number} of {}", rule.id);
            judge(&linter, nginx.as_deref(), folder.path(), &label, &files, &mut tally);
        }
    }
    let Tally { changed, accepted, broken, .. } = &tally;
    eprintln!("examples: {changed} outcomes differ; of {accepted} accepted before, {} are refused after", broken.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(*changed > 40 && (nginx.is_none() || *accepted > 20), "the examples have hardly anything to fix");
}

/// One patch for many configurations, each in a folder of its own.
fn diffs_do_the_same(patched: &[(usize, Files, Files)]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut patch = Vec::new();
    for (number, before, after) in patched {
        write(&folder.path().join(number.to_string()), before);
        for (path, before) in before.iter().filter(|(path, before)| after[*path] != **before) {
            let name = format!("{number}/{}", path.display());
            let change = Change { path: &name, before, after: &after[path] };
            diff::write(&[change], &mut patch).expect("memory takes it");
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &patch).expect("a patch");
    let output = Command::new("git")
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().expect("a folder around it"))
        .current_dir(folder.path())
        .args(["apply", "--whitespace=nowarn"])
        .arg(file.path())
        .output()
        .expect("git is needed for this test");
    assert!(output.status.success(), "git apply: {}", String::from_utf8_lossy(&output.stderr));
    for (number, _, after) in patched {
        for (path, text) in after {
            let now = std::fs::read(folder.path().join(number.to_string()).join(path)).expect("a file");
            assert!(now == *text, "number {number}: the diff of {} does something else", path.display());
        }
    }
}

fn write(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}

fn shown(files: &Files) -> String {
    let one = |(path, text): (&PathBuf, &Vec<u8>)| format!("# {}\n{}\n", path.display(), String::from_utf8_lossy(text));
    files.iter().map(one).collect()
}

fn nginx() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX_WSLINT_TEST_NGINX") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join("nginx")).find(|file| file.is_file())
}

fn ask(nginx: &Path, folder: &Path, files: &Files) -> Result<(), String> {
    write(folder, files);
    let output = Command::new(nginx)
        .arg("-t")
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .args(["-e", "stderr", "-g", "pid nginx.pid;"])
        .stdin(Stdio::null())
        .output()
        .expect("nginx runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
