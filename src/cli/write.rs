//! Writing a file so that it is either the old one or the new one, whatever happens.

mod attributes;
mod leftovers;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

pub(super) use leftovers::remove_leftovers;
use tempfile::NamedTempFile;

/// What temporary files are called. nginx's `*` matches no leading dot, and neither do folders that are linted, so that
/// one that is left behind by a crash is nobody's configuration.
const PREFIX: &str = ".nginx-wslint-";

/// The new content of a file, complete and synced, beside the file and ready to take its place.
pub(super) struct Replacement {
    target: PathBuf,
    old: Vec<u8>,
    new: NamedTempFile,
}

/// Whether [`create`] can be expected to succeed, asked before the work that a report is about.
///
/// # Errors
/// What `create` would say of the folder, or of a folder in the file's place.
pub(super) fn may_create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{}: no such folder", folder.display())));
    }
    Ok(())
}

/// Writes a report: a new file, or whatever was in its place before is replaced at once. What is no regular file, such as
/// `/dev/stderr` or a pipe, is written to.
///
/// # Errors
/// When the folder or the file is not writable, or the disk refuses. What was there before is kept then.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = std::fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return std::fs::OpenOptions::new().append(true).open(&target)?.write_all(bytes);
    }
    if before.is_some() {
        std::fs::OpenOptions::new().write(true).open(&target)?;
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder_of(&target))?;
    file.write_all(bytes)?;
    if let Some(metadata) = before {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Replacement {
    /// Writes what `path` (or what it links to) is to hold instead of `old` into a temporary file in the same folder,
    /// with the same mode, owner and extended attributes. The file itself is untouched; without more it stays so, and
    /// the temporary file goes.
    ///
    /// # Errors
    /// When the file is no longer what was read, is not writable, or the disk refuses: in words, ready to be read.
    pub(super) fn prepare(path: &Path, old: Vec<u8>, new: &[u8]) -> io::Result<Self> {
        let target = std::fs::canonicalize(path).map_err(|error| said(&error, "the file"))?;
        let metadata = std::fs::metadata(&target).map_err(|error| said(&error, "the file"))?;
        if metadata.permissions().readonly() {
            return Err(io::Error::new(ErrorKind::PermissionDenied, "the file is read-only"));
        }
        // Renaming needs no permission on the file itself; ask for it as if it were written in place.
        let source = std::fs::OpenOptions::new().read(true).write(true).open(&target);
        let source = source.map_err(|error| said(&error, "the file"))?;
        let folder = target.parent().ok_or(ErrorKind::NotFound)?;
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(folder)
            .map_err(|error| said(&error, &format!("the folder {}", folder.display())))?;
        let filled = (|| {
            file.write_all(new)?;
            attributes::copy(&source, &metadata, file.as_file())?;
            file.as_file().sync_all()
        })();
        filled.map_err(|error| said(&error, "the file"))?;
        let replacement = Self { target, old, new: file };
        replacement.check_unchanged(new)?;
        Ok(replacement)
    }

    /// Puts the new file in place of the old one, and makes sure that the folder remembers.
    ///
    /// # Errors
    /// When the file has changed meanwhile, or the disk refuses. The old content is kept then.
    pub(super) fn put_in_place(self) -> io::Result<()> {
        let new = std::fs::read(self.new.path()).map_err(|error| said(&error, "the file"))?;
        if self.check_unchanged(&new)? {
            return Ok(());
        }
        let folder = self.target.parent().map(Path::to_owned);
        self.new.persist(&self.target).map_err(|error| said(&error.error, "the file"))?;
        if let Some(Ok(folder)) = folder.map(std::fs::File::open) {
            // Some file systems cannot sync a folder; the file itself is safe by then.
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Whether the file says already what it is to say, as another run may have seen to; an error where it says neither
    /// that nor what was read.
    fn check_unchanged(&self, new: &[u8]) -> io::Result<bool> {
        let now = std::fs::read(&self.target).map_err(|error| said(&error, "the file"))?;
        if now != self.old && now != new {
            return Err(io::Error::other("it changed while it was being linted"));
        }
        Ok(now == new)
    }
}

/// An error in words that say what it concerns, without the numbers of the system.
fn said(error: &io::Error, what: &str) -> io::Error {
    let words = match error.kind() {
        ErrorKind::NotFound => format!("{what} is no longer there"),
        ErrorKind::PermissionDenied => format!("no permission to write {what}"),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::StorageFull => "no space is left on the disk".to_owned(),
        ErrorKind::QuotaExceeded => "the disk quota is exceeded".to_owned(),
        ErrorKind::ResourceBusy => format!("{what} is in use, or mounted by itself"),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
        Replacement::prepare(path, old.to_vec(), new)?.put_in_place()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "new content of somebody else").unwrap();
        assert!(replace(&path, b"what was read", b"ours").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"new content of somebody else");
        assert_eq!(names(folder.path()), ["a.conf"]);
    }

    #[test]
    fn a_file_that_changes_after_the_first_look_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "old").unwrap();
        let replacement = Replacement::prepare(&path, b"old".to_vec(), b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        std::fs::write(&path, "somebody else's").unwrap();
        let error = replacement.put_in_place().unwrap_err();
        assert_eq!(error.to_string(), "it changed while it was being linted");
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody else's");
        assert_eq!(names(folder.path()), ["a.conf"]);
    }

    #[test]
    fn what_another_run_has_done_already_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "new").unwrap();
        replace(&path, b"old", b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_file_or_folder_that_has_gone_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site/a.conf");
        assert_eq!(replace(&path, b"old", b"new").unwrap_err().to_string(), "the file is no longer there");
        std::fs::create_dir(folder.path().join("site")).unwrap();
        std::fs::write(&path, "old").unwrap();
        let replacement = Replacement::prepare(&path, b"old".to_vec(), b"new").unwrap();
        std::fs::remove_dir_all(folder.path().join("site")).unwrap();
        assert_eq!(replacement.put_in_place().unwrap_err().to_string(), "the file is no longer there");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_report_takes_the_place_of_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        for text in ["first and long", "second"] {
            create(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(may_create(folder.path()).is_err());
        assert!(may_create(&folder.path().join("no/out.json")).is_err());
        create(Path::new("/dev/null"), b"gone").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.conf"), folder.path().join("link.conf"));
        for mode in [0o640, 0o600, 0o664, 0o755] {
            std::fs::write(&real, "old").unwrap();
            std::fs::set_permissions(&real, std::fs::Permissions::from_mode(mode)).unwrap();
            let _ = std::os::unix::fs::symlink("real.conf", &link);
            replace(&link, b"old", b"new").unwrap();
            assert_eq!(std::fs::read(&real).unwrap(), b"new");
            assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "old").unwrap();
        let mut permissions = std::fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).unwrap();
        assert_eq!(replace(&path, b"old", b"new").unwrap_err().to_string(), "the file is read-only");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.conf"]);
    }
}
