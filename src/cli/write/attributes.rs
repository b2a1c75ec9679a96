//! What a file has besides its content.

use std::fs::{File, Metadata};
use std::io;

/// Gives a new file the owner, the extended attributes (access control lists among them) and the mode of an old one.
///
/// # Errors
/// When the system refuses one of them that matters.
pub(super) fn copy(from: &File, metadata: &Metadata, to: &File) -> io::Result<()> {
    // A change of owner takes mode bits away, so the mode comes last.
    copy_owner(metadata, to)?;
    to.set_permissions(metadata.permissions())?;
    copy_extended(from, to)
}

#[cfg(unix)]
fn copy_owner(metadata: &Metadata, to: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let ours = to.metadata()?;
    if (ours.uid(), ours.gid()) == (metadata.uid(), metadata.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(to, Some(metadata.uid()), Some(metadata.gid()))
}

#[cfg(not(unix))]
fn copy_owner(_: &Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

/// Also takes away what the folder gives to new files by default. Labels of the system (`security.…`, `trusted.…`) are
/// copied where that is allowed: where it is not, the system gives the new file its own.
#[cfg(target_os = "linux")]
fn copy_extended(from: &File, to: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr};
    let (wanted, given) = match (names(from), names(to)) {
        (Ok(wanted), Ok(given)) => (wanted, given),
        // A file system without such attributes.
        (Err(error), _) | (_, Err(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let is_of_system = |name: &[u8]| name.starts_with(b"security.") || name.starts_with(b"trusted.");
    for name in given.iter().filter(|name| !wanted.contains(name) && !is_of_system(name)) {
        fremovexattr(to, name.as_slice())?;
    }
    for name in &wanted {
        let set = value(from, name)
            .and_then(|value| fsetxattr(to, name.as_slice(), &value, XattrFlags::empty()).map_err(io::Error::from));
        if !is_of_system(name) {
            set?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn copy_extended(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn names(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let mut list = Vec::with_capacity(rustix::fs::flistxattr_query(file)?.max(1));
    rustix::fs::flistxattr(file, rustix::buffer::spare_capacity(&mut list))?;
    let names = list.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(<[u8]>::to_vec).collect())
}

#[cfg(target_os = "linux")]
fn value(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = Vec::with_capacity(rustix::fs::fgetxattr_query(file, name)?.max(1));
    rustix::fs::fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value))?;
    Ok(value)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_along_and_none_are_added() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| File::create_new(folder.path().join(name)).unwrap());
        let set = |file: &File, name: &str, value: &[u8]| {
            rustix::fs::fsetxattr(file, name, value, rustix::fs::XattrFlags::empty())
        };
        if set(&old, "user.origin", b"puppet").is_err() {
            // The file system of the temporary folder has no such attributes.
            return;
        }
        set(&new, "user.other", b"of the folder").unwrap();
        copy(&old, &old.metadata().unwrap(), &new).unwrap();
        assert_eq!(names(&new).unwrap(), [b"user.origin".to_vec()]);
        assert_eq!(value(&new, b"user.origin").unwrap(), b"puppet");
    }

    /// `user::rw-, user:65534:r--, group::r--, mask::r--, other::---`, as the kernel takes it (`posix_acl_xattr.h`).
    const LIST: [u8; 44] = [
        2, 0, 0, 0, // version 2
        1, 0, 6, 0, 255, 255, 255, 255, // the owner
        2, 0, 4, 0, 254, 255, 0, 0, // somebody else
        4, 0, 4, 0, 255, 255, 255, 255, // the group
        16, 0, 4, 0, 255, 255, 255, 255, // the mask
        32, 0, 0, 0, 255, 255, 255, 255, // all others
    ];

    #[test]
    fn access_control_lists_come_along() {
        const NAME: &str = "system.posix_acl_access";
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| File::create_new(folder.path().join(name)).unwrap());
        if rustix::fs::fsetxattr(&old, NAME, &LIST, rustix::fs::XattrFlags::empty()).is_err() {
            return;
        }
        copy(&old, &old.metadata().unwrap(), &new).unwrap();
        assert_eq!(value(&new, NAME.as_bytes()).unwrap(), LIST);
    }
}
