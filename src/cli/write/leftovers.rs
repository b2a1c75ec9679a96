//! What a run that was killed has left behind.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::PREFIX;

/// A temporary file lives for as long as it takes to write a few files; one that is older belongs to nobody.
const STALE: Duration = Duration::from_secs(60 * 60);
/// So many letters and digits follow the prefix in the names that `tempfile` makes.
const RANDOM: usize = 6;

/// Removes the temporary files of this program in `folder` that nothing has touched for an hour. What cannot be looked at or
/// removed stays: nothing depends on it.
pub(in crate::cli) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        let is_stale = entry.metadata().is_ok_and(|metadata| {
            let age = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
            metadata.is_file() && age.is_some_and(|age| age > STALE)
        });
        if is_stale {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_ours(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_files_of_this_program_go() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * STALE;
        let cases = [
            (".nginx-wslint-aB3dE6", old, true),
            (".nginx-wslint-aB3dE7", SystemTime::now(), false),
            (".nginx-wslint.toml", old, false),
            (".nginx-wslint-notes!", old, false),
            (".nginx-wslint-settings", old, false),
            ("nginx.conf", old, false),
        ];
        for (name, time, _) in cases {
            std::fs::File::create(folder.path().join(name)).unwrap().set_modified(time).unwrap();
        }
        std::fs::create_dir(folder.path().join(".nginx-wslint-folder")).unwrap();
        remove_leftovers(folder.path());
        for (name, _, goes) in cases {
            assert_eq!(folder.path().join(name).exists(), !goes, "{name}");
        }
        assert!(folder.path().join(".nginx-wslint-folder").exists());
        // The names are those that temporary files really get.
        let made = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder.path()).unwrap();
        assert!(made.path().file_name().and_then(|name| name.to_str()).is_some_and(is_ours));
    }
}
