//! The main file of a running server, as `--root` names it.

use std::path::{Path, PathBuf};

use nginx_wslint::config::reason;

use super::Failure;

/// The file itself; for a folder the `nginx.conf` in it: which of its other files is the main one, nobody can tell.
///
/// # Errors
/// If there is no such file, or it cannot be read.
pub(super) fn main_file(root: &Path) -> Result<PathBuf, Failure> {
    let file = if root.is_dir() { root.join("nginx.conf") } else { root.to_owned() };
    if root.is_dir() && !file.is_file() {
        let folder = root.display();
        return Err(Failure(format!(
            "{folder}: is a folder without an nginx.conf; name the main file: --root {}",
            root.join("FILE").display()
        )));
    }
    std::fs::File::open(&file)
        .map_err(|error| Failure(format!("{}: cannot be read: {}", file.display(), reason(&error))))?;
    Ok(file)
}
