//! What was read of the disk, for as long as it is still the same there: with a key one text changes and a hundred files
//! do not. Whether they do is asked of each with every run.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use nginx_wslint::config::{Disk, Reader};

/// What tells a file or folder from what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// When its content was changed last, as far as that can be believed.
    modified: SystemTime,
    /// When anything of it was changed last, which no program can set back.
    changed: SystemTime,
    size: u64,
    /// Device and number: another file may have taken its name.
    node: (u64, u64),
}

impl Stamp {
    /// The stamp of what a path leads to; none where there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        let modified = metadata.modified().ok()?;
        #[cfg(unix)]
        let (changed, node) = {
            use std::os::unix::fs::MetadataExt;
            let seconds = Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
            let rest = Duration::from_nanos(u64::try_from(metadata.ctime_nsec()).ok()?);
            (SystemTime::UNIX_EPOCH + seconds + rest, (metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let (changed, node) = (modified, (0, 0));
        Some(Self { modified, changed, size: metadata.len(), node })
    }

    /// Whether all that is written after `now` gets another stamp. The clocks of file systems tick slowly (FAT every two
    /// seconds): what was written a moment ago may be written once more within the same tick.
    fn is_settled(&self, now: SystemTime) -> bool {
        const TICK: Duration = Duration::from_millis(2100);
        now.duration_since(self.changed).is_ok_and(|age| age > TICK)
    }
}

/// What was made of paths, each with the stamp that the path had before.
type Known<K, T> = Mutex<HashMap<K, (Stamp, T)>>;

/// The disk. An answer may be one that was given before, never one that is not true any more.
#[derive(Debug, Default)]
pub(super) struct StampedDisk {
    files: Known<PathBuf, Vec<u8>>,
    globs: Known<String, Option<Vec<PathBuf>>>,
}

impl StampedDisk {
    /// Forgets everything.
    pub(super) fn forget(&self) {
        lock(&self.files).clear();
        lock(&self.globs).clear();
    }

    /// The bytes of a file.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let now = SystemTime::now();
        let stamp = Stamp::of(path);
        if let Some((known, bytes)) = lock(&self.files).get(path)
            && Some(*known) == stamp
        {
            return Ok(bytes.clone());
        }
        let bytes = Disk.read(path)?;
        if let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(now)) {
            lock(&self.files).insert(path.to_owned(), (stamp, bytes.clone()));
        }
        Ok(bytes)
    }

    /// The files of a pattern; see [`Reader::glob`].
    pub(super) fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        let now = SystemTime::now();
        let Some(folder) = only_folder(pattern) else { return Disk.glob(pattern) };
        let stamp = Stamp::of(folder);
        if let Some((known, paths)) = lock(&self.globs).get(pattern)
            && Some(*known) == stamp
        {
            return paths.clone();
        }
        let paths = Disk.glob(pattern);
        if let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(now)) {
            lock(&self.globs).insert(pattern.to_owned(), (stamp, paths.clone()));
        }
        paths
    }
}

fn lock<K, T>(known: &Known<K, T>) -> MutexGuard<'_, HashMap<K, (Stamp, T)>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder whose names alone decide what a pattern matches: there is none where folders match too.
fn only_folder(pattern: &str) -> Option<&Path> {
    let wild = pattern.find(['*', '?', '['])?;
    let slash = pattern.rfind('/')?;
    (0 < slash && slash < wild).then(|| Path::new(&pattern[..slash]))
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir, remove_file, rename, write};
    use std::time::Duration;

    use super::*;

    /// Keeps a file as if it had lain there for long: the time of its last change cannot be set back.
    fn settled(known: &Known<PathBuf, Vec<u8>>, path: &Path) {
        let bytes = std::fs::read(path).unwrap();
        lock(known).insert(path.to_owned(), (Stamp::of(path).unwrap(), bytes));
    }

    fn names(paths: Option<Vec<PathBuf>>) -> Vec<String> {
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        paths.unwrap_or_default().into_iter().map(name).collect()
    }

    #[test]
    fn a_file_is_read_again_when_it_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        let disk = StampedDisk::default();
        write(&path, "one").unwrap();
        settled(&disk.files, &path);
        let hour = SystemTime::now() - Duration::from_secs(3600);
        let age = |path: &Path| File::options().write(true).open(path).unwrap().set_modified(hour).unwrap();
        // The same length, and a time that was set back.
        write(&path, "two").unwrap();
        age(&path);
        assert_eq!(disk.read(&path).unwrap(), b"two");
        // Another file of the same length under its name.
        settled(&disk.files, &path);
        write(folder.path().join("b"), "six").unwrap();
        rename(folder.path().join("b"), &path).unwrap();
        assert_eq!(disk.read(&path).unwrap(), b"six");
        settled(&disk.files, &path);
        remove_file(&path).unwrap();
        assert_eq!(disk.read(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_was_written_a_moment_ago_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        let disk = StampedDisk::default();
        for text in ["one", "two", "six"] {
            write(&path, text).unwrap();
            assert_eq!(disk.read(&path).unwrap(), text.as_bytes());
        }
        assert!(lock(&disk.files).is_empty());
        let stamp = Stamp::of(&path).unwrap();
        assert!(!stamp.is_settled(SystemTime::now()));
        assert!(stamp.is_settled(SystemTime::now() + Duration::from_secs(3)));
        assert!(!stamp.is_settled(SystemTime::now() - Duration::from_secs(3)), "of the future");
    }

    #[test]
    fn what_is_kept_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        write(&path, "one").unwrap();
        let disk = StampedDisk::default();
        lock(&disk.files).insert(path.clone(), (Stamp::of(&path).unwrap(), b"kept".to_vec()));
        assert_eq!(disk.read(&path).unwrap(), b"kept");
        disk.forget();
        assert_eq!(disk.read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_pattern_is_expanded_again_when_its_folder_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("conf.d");
        let pattern = format!("{}/*.conf", inside.display());
        let disk = StampedDisk::default();
        let settled = || {
            let paths = Disk.glob(&pattern);
            lock(&disk.globs).insert(pattern.clone(), (Stamp::of(&inside).unwrap(), paths));
        };
        assert_eq!(disk.glob(&pattern), None, "no folder");
        create_dir(&inside).unwrap();
        write(inside.join("b.conf"), "").unwrap();
        settled();
        assert_eq!(names(disk.glob(&pattern)), ["b.conf"]);
        write(inside.join("a.conf"), "").unwrap();
        assert_eq!(names(disk.glob(&pattern)), ["a.conf", "b.conf"]);
        settled();
        remove_file(inside.join("b.conf")).unwrap();
        assert_eq!(names(disk.glob(&pattern)), ["a.conf"]);
        settled();
        rename(inside.join("a.conf"), inside.join("c.conf")).unwrap();
        assert_eq!(names(disk.glob(&pattern)), ["c.conf"]);
    }

    #[test]
    fn patterns_of_folders_are_not_kept() {
        assert_eq!(only_folder("/etc/nginx/conf.d/*.conf"), Some(Path::new("/etc/nginx/conf.d")));
        assert_eq!(only_folder("/etc/nginx/sites-[ab]"), Some(Path::new("/etc/nginx")));
        assert_eq!(only_folder("/etc/*/conf.d/*.conf"), None);
        assert_eq!(only_folder("/etc/*/nginx.conf"), None);
        assert_eq!(only_folder("*.conf"), None);
        assert_eq!(only_folder("/*.conf"), None);
    }
}
