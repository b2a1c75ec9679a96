//! Writing a file so that it is either the old one or the new one, whatever happens.

use std::io::{self, Write};
use std::path::Path;

/// Replaces the content of `path` (or of what it links to) from `old` to `new`: a temporary file in the same folder with
/// the same mode and owner, synced, renamed over it, and the folder synced.
///
/// # Errors
/// When the file is no longer what was read, is not writable, or the disk refuses. The old content is kept then.
pub(super) fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
    let target = std::fs::canonicalize(path)?;
    let metadata = std::fs::metadata(&target)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    // Renaming needs no permission on the file itself; ask for it as if it were written in place.
    std::fs::OpenOptions::new().write(true).open(&target)?;
    let folder = target.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut file = tempfile::Builder::new().prefix(".nginx-wslint-").tempfile_in(folder)?;
    file.write_all(new)?;
    file.as_file().set_permissions(metadata.permissions())?;
    keep_owner(file.as_file(), &metadata)?;
    file.as_file().sync_all()?;
    if std::fs::read(&target)? != old {
        return Err(io::Error::other("it changed while it was being linted"));
    }
    file.persist(&target).map_err(|error| error.error)?;
    if let Ok(folder) = std::fs::File::open(folder) {
        // Some file systems cannot sync a folder; the file itself is safe by then.
        let _ = folder.sync_all();
    }
    Ok(())
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
    builder.prefix(".nginx-wslint-");
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

#[cfg(unix)]
fn keep_owner(file: &std::fs::File, metadata: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    if (ours.uid(), ours.gid()) == (metadata.uid(), metadata.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &std::fs::File, _: &std::fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "new content of somebody else").unwrap();
        assert!(replace(&path, b"what was read", b"ours").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"new content of somebody else");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
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
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real.conf", &link).unwrap();
        replace(&link, b"old", b"new").unwrap();
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
