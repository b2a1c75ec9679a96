//! Files while they are written: whatever happens, each is the old one or the new one.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Files, folder, read, run};

const APP: &str = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host $host;\n    }\n}\n";

/// Fragments that are each fixed by themselves.
fn many(count: usize) -> Files {
    (0..count).map(|number| (PathBuf::from(format!("app{number}.conf")), APP.into())).collect()
}

/// What `--fix` makes of files when nothing goes wrong, and how long that takes.
fn fixed(files: &Files) -> (Files, Duration) {
    let folder = folder(files);
    let start = Instant::now();
    run(folder.path(), &["--isolated", "--fix", "."], b"");
    let took = start.elapsed();
    let fixed = read(folder.path());
    assert!(fixed.iter().all(|(path, text)| files[path] != *text), "every file is fixed");
    (fixed, took)
}

fn start(folder: &Path) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
    command.args(["--isolated", "--fix", "."]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The files that matter are each old or new; says how many are new. What else lies there is a hidden temporary file.
fn old_or_new(folder: &Path, old: &Files, new: &Files) -> usize {
    let now = read(folder);
    let names: BTreeSet<&PathBuf> = now.keys().filter(|path| !is_temporary(path)).collect();
    assert_eq!(names, old.keys().collect(), "no other file comes or goes");
    let count = |path: &&PathBuf| {
        let text = &now[*path];
        assert!(*text == old[*path] || *text == new[*path], "{} is half written", path.display());
        *text == new[*path]
    };
    names.iter().filter(|path| count(path)).count()
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".nginx-wslint-"))
}

/// How often the program is killed; `NGINX_WSLINT_KILLS` overrides it for a longer run.
const KILLS: usize = 200;

#[test]
fn killed_at_any_moment() {
    let old = many(8);
    let (new, took) = fixed(&old);
    let kills = std::env::var("NGINX_WSLINT_KILLS").ok().and_then(|number| number.parse().ok()).unwrap_or(KILLS);
    let (mut partly, mut left) = (0, 0);
    let place = folder(&old);
    for round in 0..kills {
        for (path, text) in &old {
            std::fs::write(place.path().join(path), text).unwrap();
        }
        let mut child = start(place.path());
        // Spread over the whole run, in steps that no round repeats.
        let part = u32::try_from((round * 7919) % 1000).unwrap();
        std::thread::sleep(took * part / 1000);
        child.kill().unwrap();
        child.wait().unwrap();
        let count = old_or_new(place.path(), &old, &new);
        partly += usize::from(count > 0 && count < old.len());
        left += read(place.path()).keys().filter(|path| is_temporary(path)).count();
    }
    eprintln!(
        "{kills} runs killed: {partly} while files were put in place; {left} temporary files counted beside them"
    );
    // What was left behind is nobody's configuration: neither nginx nor the linter reads it.
    let stale = read(place.path()).into_keys().filter(|path| is_temporary(path)).count();
    let result = run(place.path(), &["--isolated", "--fix", "."], b"");
    assert!(!result.shown().contains(".nginx-wslint-"), "{}", result.shown());
    assert_eq!(old_or_new(place.path(), &old, &new), old.len());
    assert_eq!(read(place.path()).len(), old.len() + stale);
}

#[test]
fn two_runs_at_once() {
    let old = many(8);
    let (new, _) = fixed(&old);
    for _ in 0..25 {
        let place = folder(&old);
        let mut both = [start(place.path()), start(place.path())];
        for child in &mut both {
            assert!(matches!(child.wait().unwrap().code(), Some(0..=2)));
        }
        assert_eq!(old_or_new(place.path(), &old, &new), old.len(), "one of the two has fixed each file");
        assert_eq!(read(place.path()).len(), old.len(), "no temporary file is left");
    }
}

#[test]
fn a_temporary_file_that_was_left_behind_is_no_configuration() {
    let broken = "server { location /ws { proxy_pass";
    let mut files = many(1);
    files.insert("sites-enabled/app".into(), APP.into());
    let clean = run(folder(&files).path(), &["--isolated", "."], b"");
    files.insert(".nginx-wslint-aB3dE5".into(), broken.into());
    files.insert("sites-enabled/.nginx-wslint-aB3dE5".into(), broken.into());
    let result = run(folder(&files).path(), &["--isolated", "."], b"");
    assert_eq!(result.shown(), clean.shown());
}

fn is_superuser() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

/// Runs `--fix` as nobody in particular; nothing where the program cannot be reached by nobody.
fn fix_as_nobody(folder: &Path) -> Option<(i32, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
    command.args(["--isolated", "--fix", "."]).current_dir(folder);
    if is_superuser() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().ok()?;
    Some((output.status.code()?, String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn a_folder_that_may_not_be_written() {
    let files = many(2);
    let place = folder(&files);
    for path in files.keys() {
        std::fs::set_permissions(place.path().join(path), PermissionsExt::from_mode(0o666)).unwrap();
    }
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o555)).unwrap();
    let said = fix_as_nobody(place.path());
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let Some((status, said)) = said else {
        eprintln!("not run: nobody else may start the program where it lies");
        return;
    };
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("app0.conf: cannot be written: no permission to write the folder"), "{said}");
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(read(place.path()), files);
}

#[test]
fn a_file_of_somebody_else_is_not_replaced_although_the_folder_would_allow_it() {
    let files = many(2);
    let place = folder(&files);
    if !is_superuser() {
        eprintln!("not run: only the superuser can give a file to somebody else");
        return;
    }
    chown(place.path(), Some(65534), Some(65534)).unwrap();
    for path in files.keys() {
        std::fs::set_permissions(place.path().join(path), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let Some((status, said)) = fix_as_nobody(place.path()) else {
        eprintln!("not run: nobody else may start the program where it lies");
        return;
    };
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("no permission to write the file; nothing was written"), "{said}");
    assert_eq!(read(place.path()), files);
}

#[test]
fn owners_are_kept() {
    if !is_superuser() {
        eprintln!("not run: only the superuser can give a file to somebody else");
        return;
    }
    let place = folder(&many(1));
    let path = place.path().join("app0.conf");
    chown(&path, Some(65534), Some(65533)).unwrap();
    run(place.path(), &["--isolated", "--fix", "."], b"");
    let metadata = std::fs::metadata(&path).unwrap();
    assert_ne!(std::fs::read_to_string(&path).unwrap(), APP);
    assert_eq!(
        (std::os::unix::fs::MetadataExt::uid(&metadata), std::os::unix::fs::MetadataExt::gid(&metadata)),
        (65534, 65533)
    );
}

/// A mount that ends with the test.
struct Mount(PathBuf);

impl Mount {
    fn new(args: &[&str], at: &Path) -> Option<Self> {
        let status = Command::new("mount").args(args).arg(at).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full() {
    let place = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], place.path()) else {
        eprintln!("not run: a small disk cannot be mounted here");
        return;
    };
    let files = many(3);
    for (path, text) in &files {
        std::fs::write(place.path().join(path), text).unwrap();
    }
    // One page is left: the first file finds room beside it, the second does not.
    let filler = place.path().join("filler");
    for kilobytes in (4..64).step_by(4).rev() {
        if std::fs::write(&filler, vec![b'#'; kilobytes * 1024]).is_ok() {
            let room = std::fs::File::options().append(true).open(&filler).unwrap();
            room.set_len((kilobytes as u64 - 4) * 1024).unwrap();
            break;
        }
    }
    let before = read(place.path());
    let result = run(place.path(), &["--isolated", "--fix", "."], b"");
    assert_eq!(result.status, 2, "{}", result.shown());
    let said = String::from_utf8_lossy(&result.stderr);
    assert!(said.contains("cannot be written: no space is left on the disk; nothing was written"), "{said}");
    assert_eq!(read(place.path()), before);
}

#[test]
fn a_file_that_cannot_be_put_in_place_behind_others_that_were() {
    let files = many(3);
    let place = folder(&files);
    let path = place.path().join("app1.conf");
    let name = path.to_str().unwrap().to_owned();
    let Some(_mount) = Mount::new(&["--bind", &name], &path) else {
        eprintln!("not run: a file cannot be mounted by itself here");
        return;
    };
    let result = run(place.path(), &["--isolated", "--fix", "."], b"");
    assert_eq!(result.status, 2, "{}", result.shown());
    let said = String::from_utf8_lossy(&result.stderr);
    let words = "app1.conf: cannot be written: the file is in use, or mounted by itself; already written: app0.conf";
    assert!(said.contains(words), "{said}");
    let now = read(place.path());
    assert_ne!(now[Path::new("app0.conf")], APP.as_bytes());
    assert_eq!(now[Path::new("app1.conf")], APP.as_bytes());
    assert_eq!(now.len(), files.len(), "no temporary file is left");
}
