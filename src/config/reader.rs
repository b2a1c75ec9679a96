//! Where files come from: the disk, an `nginx -T` dump, an editor's buffers, a test's map.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::syntax::{self, Ast, Source};

/// What the library reads files through.
pub trait Reader: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Whatever the place the files come from answers.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The files that match a glob pattern in the order in which nginx reads them (`ngx_read_glob`: sorted by name,
    /// `*` and `?` match no `/` and no leading dot). None where the folder itself does not exist here.
    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>>;

    /// Whether a file of this name exists.
    fn exists(&self, path: &Path) -> bool;

    /// The statements of a text that was read here. Whoever reads the same texts again and again may keep them.
    fn parse(&self, source: &Source) -> Ast {
        syntax::parse(source)
    }

    /// The one name of a file that has several, through links or relative paths. A file that is read under two names is
    /// one file all the same: what is changed in it is changed under both.
    fn real(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

/// As the shell's globbing, which nginx uses.
const GLOB: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Reader for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        let literal = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
        let folder = pattern[..literal].rfind('/').map_or(".", |slash| &pattern[..slash.max(1)]);
        if !Path::new(folder).is_dir() {
            return None;
        }
        let mut paths: Vec<PathBuf> = glob::glob_with(pattern, GLOB).ok()?.flatten().collect();
        paths.sort();
        Some(paths)
    }

    fn exists(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn real(&self, path: &Path) -> PathBuf {
        let real = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        real.unwrap_or_else(|_| path.to_owned())
    }
}

/// Files held in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// The files of an `nginx -T` dump, which names each by a line `# configuration file PATH:`, and the first of
    /// them: the root. None when the text has no such line.
    pub fn from_dump(dump: &[u8]) -> Option<(Self, PathBuf)> {
        const MARKER: &[u8] = b"# configuration file ";
        let mut memory = Self::new();
        let mut root = None;
        let mut current: Option<(PathBuf, usize)> = None;
        let mut at = 0;
        for line in dump.split_inclusive(|&byte| byte == b'\n') {
            let trimmed = line.trim_ascii_end();
            if let Some(path) = trimmed.strip_prefix(MARKER).and_then(|rest| rest.strip_suffix(b":")) {
                if let Some((path, start)) = current.take() {
                    memory.insert(path, file_in_dump(&dump[start..at]));
                }
                let path = PathBuf::from(String::from_utf8_lossy(path).into_owned());
                root.get_or_insert_with(|| path.clone());
                current = Some((path, at + line.len()));
            }
            at += line.len();
        }
        if let Some((path, start)) = current {
            memory.insert(path, file_in_dump(&dump[start..]));
        }
        root.map(|root| (memory, root))
    }

    /// All files, sorted by path.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }
}

/// nginx writes one line end behind each file of a dump (`ngx_dump_config` in core/nginx.c).
fn file_in_dump(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

impl Reader for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        let pattern = glob::Pattern::new(pattern).ok()?;
        Some(self.files.keys().filter(|path| pattern.matches_path_with(path, GLOB)).cloned().collect())
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_gives_its_files_back() {
        let dump = b"# configuration file /etc/nginx/nginx.conf:\nevents {}\ninclude a.conf;\n\n\
            # configuration file /etc/nginx/a.conf:\nuser x;\n";
        let (memory, root) = Memory::from_dump(dump).unwrap();
        assert_eq!(root, Path::new("/etc/nginx/nginx.conf"));
        assert_eq!(memory.read(&root).unwrap(), b"events {}\ninclude a.conf;\n");
        assert_eq!(memory.read(Path::new("/etc/nginx/a.conf")).unwrap(), b"user x;");
        assert!(Memory::from_dump(b"events {}\n").is_none());
    }

    #[test]
    fn globs_leave_hidden_files_and_folders_below_alone() {
        let mut memory = Memory::new();
        for path in ["/e/b.conf", "/e/a.conf", "/e/.hidden.conf", "/e/sub/c.conf", "/e/a.txt"] {
            memory.insert(path, "");
        }
        assert_eq!(memory.glob("/e/*.conf").unwrap(), [Path::new("/e/a.conf"), Path::new("/e/b.conf")]);
    }
}
