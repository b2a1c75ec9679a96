//! What is read: the disk, standard input under a name, and texts that fixes have changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Disk, Memory, Reader};

use super::files::{Asked, real};

/// The disk with some files replaced: standard input under a name, and texts that fixes have changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlay {
    pub(super) memory: Memory,
    pub(super) only_memory: bool,
    /// The names under which files were given, by their real paths: nginx may know the same file by a link.
    names: HashMap<PathBuf, PathBuf>,
}

impl Overlay {
    /// Nothing but what is in memory.
    pub(super) fn only(memory: Memory) -> Self {
        Self { memory, only_memory: true, ..Self::default() }
    }

    /// Speaks of files by the names under which they were asked for.
    pub(super) fn name_as(&mut self, asked: &Asked) {
        self.names.clone_from(&asked.names);
    }
}

impl Reader for Overlay {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        if self.only_memory {
            return self.memory.read(path);
        }
        self.memory.read(&self.called(path)).or_else(|_| Disk.read(path))
    }

    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        if self.only_memory { self.memory.glob(pattern) } else { Disk.glob(pattern) }
    }

    fn exists(&self, path: &Path) -> bool {
        self.memory.exists(path) || (!self.only_memory && (self.memory.exists(&self.called(path)) || Disk.exists(path)))
    }

    fn called(&self, path: &Path) -> PathBuf {
        let name = if self.only_memory { None } else { self.names.get(&real(path)) };
        name.map_or_else(|| path.to_owned(), Clone::clone)
    }
}
