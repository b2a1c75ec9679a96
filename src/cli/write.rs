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
