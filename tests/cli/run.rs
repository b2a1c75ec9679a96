//! Runs the program in a folder of its own.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a run left behind.
pub(crate) struct Run {
    /// The exit code.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: Vec<u8>,
}

impl Run {
    /// Both outputs, to be read by a person.
    pub(crate) fn shown(&self) -> String {
        let (out, err) = (String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr));
        format!("exit status {}\n--- stdout\n{out}\n--- stderr\n{err}", self.status)
    }
}

/// Runs the program in `folder`, untouched by the settings of whoever runs the tests.
pub(crate) fn run(folder: &Path, args: &[impl AsRef<std::ffi::OsStr>], stdin: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(args)
        .current_dir(folder)
        .env_remove("NGINX_WSLINT_OUTPUT_FORMAT")
        .env_remove("GITHUB_STEP_SUMMARY")
        .env_remove("GITHUB_WORKSPACE")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end before it has read everything, or anything.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let status = output.status.code().expect("the program was killed by a signal");
    Run { status, stdout: output.stdout, stderr: output.stderr }
}

/// The files of a folder by their relative path.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Reads all files of a folder; none if there is no such folder.
pub(crate) fn read(folder: &Path) -> Files {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).unwrap().to_owned();
            (path, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// A temporary folder with these files.
pub(crate) fn folder(files: &Files) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}
